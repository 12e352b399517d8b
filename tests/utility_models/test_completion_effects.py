"""Features of completions: similar completions are known by each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from scrl.config import RatersConfig
from scrl.types import Catalogue, Ratings
from scrl.utility_models import tabulate
from scrl.utility_models.completion_effects import CompletionEffects, weight_hessian
from scrl.utility_models.curvature import Block, Curvature
from scrl.utility_models.feature_basis import FeatureBasis, feature_basis
from scrl.utility_models.likelihood import choices
from scrl.utility_models.population_fit import FittedPopulation, fit_population
from scrl.utility_models.type_mixture import TypeProblem
from tests import lanes

SHARE = np.array([0.6, 0.3, 0.1])
#: The three kinds and one more: looking for yet more takes half of the time of a fit.
FEW_TYPES = lanes.deep(RatersConfig(max_types=4), RatersConfig())


def catalogue_of(features: np.ndarray | None, items: int, prompts: int = 1) -> Catalogue:
    """Prompts that offer the same ``items`` completions."""
    return Catalogue(
        tuple(f"p{p}" for p in range(prompts)), tuple(f"c{i}" for i in range(items)),
        np.tile(np.arange(items), prompts), items * np.arange(prompts + 1),
        completion_features=features,
    )  # fmt: skip


def pair_ratings(catalogue: Catalogue, better: np.ndarray, worse: np.ndarray) -> Ratings:
    """One prompt's pairs ``[raters, pairs]`` as ballots of two."""
    raters, pairs = better.shape
    size = raters * pairs
    return Ratings(
        catalogue, tuple(f"r{i}" for i in range(raters)), np.repeat(np.arange(raters), pairs),
        np.zeros(size, int), np.ones(size), 2 * np.arange(size + 1),
        np.stack([better, worse], axis=-1).ravel(), np.tile([0, 1], size),
    )  # fmt: skip


def sampled_pairs(
    rng: np.random.Generator, utility: np.ndarray, kind: np.ndarray, pairs: int, items: int
) -> tuple[np.ndarray, np.ndarray]:
    """Bradley–Terry pairs of raters of these kinds, among the first ``items``."""
    a = rng.integers(items, size=(len(kind), pairs))
    b = (a + rng.integers(1, items, size=a.shape)) % items
    wins = rng.random(a.shape) < expit(utility[kind[:, None], a] - utility[kind[:, None], b])
    return np.where(wins, a, b), np.where(wins, b, a)


def three_kinds(seed: int, items: int) -> tuple[np.ndarray, np.ndarray]:
    """Features ``[items, 5]``, and utilities ``[3, items]`` that are linear in them."""
    rng = np.random.default_rng(seed)
    features, weight = rng.normal(size=(items, 5)), rng.normal(size=(3, 5))
    return features, 5 / np.sqrt(5) * weight @ features.T


def accuracy(
    fitted: FittedPopulation, catalogue: Catalogue, utility: np.ndarray, items: int, said: int = 4
) -> tuple[float, float]:
    """Pairs of new raters that are predicted rightly after a few of theirs, and what one who knows
    the kinds predicts rightly of them."""
    rng = np.random.default_rng(99)
    kind = rng.choice(3, 1500, p=SHARE)
    better, worse = sampled_pairs(rng, utility, kind, said, items)
    first, second = sampled_pairs(rng, utility, kind, 12, utility.shape[1])
    nats = np.log(SHARE) + np.log(expit(utility[:, better] - utility[:, worse])).sum(axis=2).T
    known = np.exp(nats - nats.max(axis=1, keepdims=True))
    known /= known.sum(axis=1, keepdims=True)
    bayes = np.einsum("rk,krp->rp", known, expit(utility[:, first] - utility[:, second]))
    visible = pair_ratings(catalogue, better, worse)
    rater = np.repeat(np.arange(len(kind)), first.shape[1])
    found = fitted.population.pair_probability(visible, rater, first.ravel(), second.ravel())
    return float((found > 0.5).mean()), float((bayes > 0.5).mean())


@pytest.mark.parametrize("seed", lanes.deep([1], [0, 1]))
def test_features_tell_of_what_few_raters_ranked(seed):
    features, utility = three_kinds(seed, 60)
    rng = np.random.default_rng(seed + 50)
    better, worse = sampled_pairs(rng, utility, rng.choice(3, lanes.deep(200, 300), p=SHARE), 6, 60)
    with_features, without = (catalogue_of(x, 60) for x in (features, None))
    found, bayes = accuracy(
        fit_population(pair_ratings(with_features, better, worse), FEW_TYPES),
        with_features, utility, 60,
    )  # fmt: skip
    blind, _ = accuracy(
        fit_population(pair_ratings(without, better, worse), FEW_TYPES), without, utility, 60
    )
    assert found > bayes - 0.02
    assert found > blind + 0.05


@lanes.deep_only
def test_features_without_information_change_little():
    features, utility = three_kinds(3, 20)
    rng = np.random.default_rng(8)
    better, worse = sampled_pairs(rng, utility, rng.choice(3, lanes.deep(200, 600), p=SHARE), 8, 20)
    noise = catalogue_of(rng.normal(size=features.shape), 20)
    without = catalogue_of(None, 20)
    misled, blind = (
        accuracy(fit_population(pair_ratings(of, better, worse), FEW_TYPES), of, utility, 20)[0]
        for of in (noise, without)
    )
    assert misled > blind - 0.01


@lanes.deep_only
def test_a_completion_that_nobody_ranked_is_predicted():
    items, raters = lanes.deep((20, 200), (40, 800))
    ranked = items * 3 // 4
    features, utility = three_kinds(5, items)
    rng = np.random.default_rng(9)
    better, worse = sampled_pairs(rng, utility, rng.choice(3, raters, p=SHARE), 8, ranked)
    catalogue = catalogue_of(features, items)
    fitted = fit_population(pair_ratings(catalogue, better, worse), FEW_TYPES)
    new = SHARE @ utility[:, ranked:]
    mean = (fitted.population.share @ fitted.population.reward)[ranked:]
    assert np.corrcoef(new, mean)[0, 1] > 0.9
    found, bayes = accuracy(fitted, catalogue, utility, ranked)
    assert found > bayes - 0.03


@lanes.deep_only
def test_variation_between_raters_follows_features():
    """One type; raters' utilities are Gaussian and linear in the features."""
    items, raters, types = lanes.deep((20, 200, 2), (30, 400, 12))
    rng = np.random.default_rng(4)
    features = rng.normal(size=(items, 3))
    utility = 2.5 / np.sqrt(3) * rng.normal(size=(raters, 3)) @ features.T
    better, worse = sampled_pairs(rng, utility, np.arange(raters), 12, items - 5)
    catalogue = catalogue_of(features, items)
    config = RatersConfig(max_types=types)
    fitted = fit_population(pair_ratings(catalogue, better, worse), config)
    covariance = fitted.population.covariance
    of = covariance.of(np.arange(items)[:, None], np.arange(items))
    true = features @ features.T
    # Among the five that nobody ranked, too.
    for part in (np.arange(items - 5), np.arange(items - 5, items)):
        upper = np.triu_indices(len(part), 1)
        rows = np.ix_(part, part)
        assert np.corrcoef(of[rows][upper], true[rows][upper])[0, 1] > 0.6


def test_weights_of_raters_equal_repetition():
    features, utility = three_kinds(2, 12)
    rng = np.random.default_rng(1)
    better, worse = sampled_pairs(rng, utility, rng.choice(3, 80, p=SHARE), 5, 12)
    catalogue = catalogue_of(features, 12)
    once = pair_ratings(catalogue, better, worse)
    twice = pair_ratings(catalogue, np.repeat(better, 2, axis=0), np.repeat(worse, 2, axis=0))
    tables = [tabulate(once), tabulate(twice)]
    doubled = TypeProblem(replace(tables[0], mass=2 * tables[0].mass))
    np.testing.assert_allclose(
        doubled.one_type().reward, TypeProblem(tables[1]).one_type().reward, atol=1e-8
    )


# -- the parts ------------------------------------------------------------------------------------


def test_kernels_are_represented():
    points = np.random.default_rng(0).normal(size=(40, 3))
    basis = FeatureBasis.of(points)
    value = basis(points)
    scaled = (points - points.mean(0)) / points.std(0)
    squares = ((scaled[:, None] - scaled) ** 2).sum(-1)
    for group, width in enumerate(basis.widths, start=1):
        own = value[:, basis.group == group]
        np.testing.assert_allclose(own @ own.T, np.exp(-0.5 * squares / width**2), atol=2e-3)


def test_functions_of_items_are_centred_in_each_prompt():
    features = np.random.default_rng(1).normal(size=(5, 2))
    catalogue = catalogue_of(features, 5, prompts=3)
    basis = feature_basis(catalogue)
    assert basis is not None
    value = basis.of_items(catalogue)
    assert np.abs(value.reshape(3, 5, -1).sum(axis=1)).max() < 1e-9


@pytest.mark.parametrize("value", [0.1, 123.456, 1e9 + 0.1])
def test_constant_features_change_nothing(value):
    # The mean of equal numbers may differ from them by rounding.
    for items in range(3, 20):
        points = np.random.default_rng(items).normal(size=(items, 3))
        more = np.column_stack([points, np.full(items, value)])
        own, basis = FeatureBasis.of(points), FeatureBasis.of(more)
        np.testing.assert_allclose(basis.widths, own.widths)
        np.testing.assert_array_equal(basis.group, own.group)
        other = more + np.array([0, 0, 0, 5.0])
        np.testing.assert_allclose(basis(other), basis(more), atol=1e-6)


@pytest.mark.parametrize(
    "features", [None, np.eye(4), np.ones((4, 2)), np.full((7, 2), 0.1), np.empty((4, 0))]
)
def test_features_that_tell_nothing_are_not_read(features):
    items = 4 if features is None else len(features)
    assert feature_basis(catalogue_of(features, items)) is None


def test_the_joint_step_is_that_of_the_whole_system():
    """Against the dense Newton step in weights and own parts together."""
    rng = np.random.default_rng(3)
    features = rng.normal(size=(7, 2))
    effects = CompletionEffects.of(catalogue_of(features, 7))
    assert effects is not None
    value, functions = effects.value, effects.value.shape[1]
    root = rng.normal(size=(7, 7))
    hessian, slope, precision = root @ root.T, rng.normal(size=7) * 0.01, 4.0
    own = rng.normal(size=7) * 0.01
    inverse = np.linalg.inv(hessian + precision * np.eye(7))
    curvature = Curvature(np.diag(inverse), (Block(inverse[None], np.arange(7)),))
    change = curvature.step(slope - precision * own)
    step = effects.step(0, own + change, precision, curvature, limit=1e9)
    prior = effects.sd[effects.basis.group] ** -2.0
    whole = np.block([
        [value.T @ hessian @ value + np.diag(prior), value.T @ hessian],
        [hessian @ value, hessian + precision * np.eye(7)],
    ])  # fmt: skip
    wanted = np.linalg.solve(whole, np.r_[value.T @ slope, slope - precision * own])
    np.testing.assert_allclose(step.weight, wanted[:functions], atol=1e-8)
    total = value @ wanted[:functions] + wanted[functions:]
    np.testing.assert_allclose(change + step.change, total, atol=1e-8)
    covariance = np.linalg.inv(whole)
    both = np.hstack([value, np.eye(7)])
    np.testing.assert_allclose(
        np.diag(inverse) + step.reward_variance, np.diag(both @ covariance @ both.T), atol=1e-8
    )
    np.testing.assert_allclose(
        np.diag(inverse) + step.own_variance, np.diag(covariance)[functions:], atol=1e-8
    )


def test_the_hessian_in_weights_is_that_of_finite_differences():
    rng = np.random.default_rng(6)
    features, utility = three_kinds(6, 6)
    catalogue = catalogue_of(features, 6)
    better, worse = sampled_pairs(rng, utility, rng.choice(3, 10, p=SHARE), 3, 6)
    table = tabulate(pair_ratings(catalogue, better, worse))
    effects = CompletionEffects.of(catalogue)
    assert effects is not None
    value, weight = effects.value, rng.random(len(table.prompt))
    gamma = 0.3 * rng.normal(size=value.shape[1])

    def slope(gamma: np.ndarray) -> np.ndarray:
        found = choices(table.slots, (value @ gamma)[table.slots.item])
        by_slot = weight[:, None, None] * found.gradient[..., None] * value[table.slots.item]
        return by_slot.sum(axis=(0, 1))

    found = choices(table.slots, (value @ gamma)[table.slots.item])
    hessian = weight_hessian(table.slots, found, weight, value)
    step = 1e-5
    numeric = np.stack([
        (slope(gamma - step * unit) - slope(gamma + step * unit)) / (2 * step)
        for unit in np.eye(len(gamma))
    ])  # fmt: skip
    np.testing.assert_allclose(hessian, numeric, atol=1e-3)
