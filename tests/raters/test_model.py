"""The network that reads ballots: special cases, invariances, gradients."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import choix
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from scrl.choice_models import (
    fit_pair_counts,
    losses,
    pair_counts,
)
from scrl.config import IndividualConfig, Schedule
from scrl.data import parse_ratings
from scrl.data.batches import buckets
from scrl.networks import Phase, Sizes, Table
from scrl.raters import Individual, fit_individual, masking
from scrl.raters.fitting import TrainingData, training_loss
from scrl.raters.model import DeviceBucket, graph_definition, initial_parameters
from scrl.scenarios import load_scenario, sample, with_overrides
from scrl.types import Ratings
from tests import lanes
from tests.compiling import QUICKLY
from tests.tiny import TINY

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
SMALL = IndividualConfig(latent=3, width=8, heads=2, preference=4)
#: One pooled rater, and a prior too wide to be felt, since it is felt once for each rater. Large
#: batches, because the comparison is of optima and not of the luck of the last steps' draws.
POOLED = replace(
    IndividualConfig(latent=1, width=8, heads=1, preference=2, cells=768, prior_sd=1e3),
    constant=True,
    regime="full",
    schedule=Schedule(rate=5e-3, explore=(100, 100), ramp=0, cool=400, chunk=250),
)


def ratings_of(rows) -> Ratings:
    """Ratings from (rater, prompt, places)."""
    lines = [
        json.dumps({"rater": r, "prompt": p, "ranking": places, "ballot": str(i)})
        for i, (r, p, places) in enumerate(rows)
    ]
    return parse_ratings("\n".join(lines).encode(), "ballots.jsonl")


# -- a model of one pooled rater is an old acquaintance -------------------------------------------


@pytest.fixture(scope="module")
def incomplete() -> Ratings:
    """The ballots on which Bradley–Terry and Plackett–Luce differ from Borda and each other."""
    scenario = load_scenario(SCENARIOS / "tennessee-morristown.yaml")
    return sample(with_overrides(scenario, raters=1000), 0).ratings


def pooled_rewards(ratings, likelihood):
    config = replace(POOLED, likelihood=likelihood)
    model, _ = fit_individual(jax.random.key(0), ratings, config)
    rewards = model.rewards(np.random.default_rng(0).normal(size=(3, config.latent)))
    np.testing.assert_array_equal(rewards[0], rewards[2], "a constant latent says nothing")
    return rewards[0] - rewards[0].mean()


@lanes.deep_only
@pytest.mark.slow
def test_with_pairs_it_is_bradley_terry(incomplete):
    wanted = fit_pair_counts(pair_counts(incomplete), incomplete.catalogue.offsets)
    np.testing.assert_allclose(pooled_rewards(incomplete, "pair"), wanted, atol=0.05)


@pytest.mark.slow
def test_with_lists_it_is_plackett_luce(incomplete):
    rankings = []
    for b in range(incomplete.ballots):
        some = slice(*incomplete.offsets[b : b + 2])
        rankings.append(incomplete.item[some][np.argsort(incomplete.rank[some])].tolist())
    wanted = choix.ilsr_rankings(5, rankings, alpha=1e-6)
    pairs = fit_pair_counts(pair_counts(incomplete), incomplete.catalogue.offsets)
    assert np.abs(wanted - wanted.mean() - pairs).max() > 0.15, "the two would be told apart"
    np.testing.assert_allclose(
        pooled_rewards(incomplete, "list"), wanted - wanted.mean(), atol=0.05
    )


# -- what cannot matter ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reader(incomplete):
    """A network with random parameters, which sends different ballots to different posteriors."""
    rng = np.random.default_rng(0)
    start = initial_parameters(jax.random.key(0), Sizes.of(incomplete.catalogue), TINY)
    params = jax.tree.map(lambda leaf: leaf + 0.3 * rng.normal(size=leaf.shape), start)
    network = Individual(params, incomplete.catalogue, TINY)
    posterior = network.embed(incomplete)[1]
    assert min(np.ptp(part, axis=0).min() for part in posterior) > 0.01
    return network


def same_posterior(one, other):
    np.testing.assert_allclose(one.mean, other.mean, atol=2e-4)
    np.testing.assert_allclose(one.log_variance, other.log_variance, atol=2e-4)


def test_the_order_in_which_slots_are_stored_does_not_matter(reader, incomplete):
    some = incomplete.select(incomplete.ballot_rater < 200)
    order = np.lexsort((np.random.default_rng(0).random(len(some.rank)), some.entry_ballot))
    shuffled = replace(some, completion=some.completion[order], rank=some.rank[order])
    assert (shuffled.completion != some.completion).any()
    same_posterior(reader.embed(some)[1], reader.embed(shuffled)[1])


def test_the_order_of_a_raters_ballots_does_not_matter(reader, incomplete):
    rows = [("r0", [["Memphis"], ["Nashville"]]), ("r0", [["Knoxville"], ["Memphis"]])]
    rows += [("r0", [["Chattanooga"], ["Nashville"], ["Memphis"]])]
    posteriors = []
    for several in (rows, rows[::-1]):
        ratings = like(incomplete, several)
        posteriors.append(reader.embed(ratings)[1])
    same_posterior(*posteriors)


def like(ratings: Ratings, rows) -> Ratings:
    """Ballots (rater, places) on the one prompt of ``ratings``."""
    names = ratings.catalogue.names(0)
    raters = tuple(dict.fromkeys(r for r, _ in rows))
    entries = [
        (names.index(c), i) for _, places in rows for i, tied in enumerate(places) for c in tied
    ]
    sizes = [sum(map(len, places)) for _, places in rows]
    return Ratings(
        ratings.catalogue, raters, [raters.index(r) for r, _ in rows], np.zeros(len(rows)),
        np.ones(len(rows)), np.concatenate([[0], np.cumsum(sizes)]), *zip(*entries, strict=True),
    )  # fmt: skip


def test_padding_never_moves_an_embedding(reader, incomplete):
    """The same rater alone, and padded to the shape of one with three longer ballots."""
    short = ("short", [["Memphis"], ["Nashville"]])
    long = [("long", [[c] for c in incomplete.catalogue.names(0)])] * 3
    alone, beside = like(incomplete, [short]), like(incomplete, [short, *long])
    shapes = [{bucket.mask.shape[1:] for bucket in buckets(r)} for r in (alone, beside)]
    assert shapes[0] != shapes[1]
    assert len(shapes[1]) == 1, "both raters share the larger shape"
    same_posterior(
        reader.embed(alone)[1],
        jax.tree.map(lambda x: x[:1], reader.embed(beside)[1]),
    )


def test_what_is_hidden_cannot_leak(reader, incomplete):
    """A ballot with completions hidden is embedded like one that never held them."""
    names = incomplete.catalogue.names(0)
    whole = like(incomplete, [("r", [[c] for c in names])])
    keep = np.array([True, False, True, False, True])
    cut = whole.keep(keep)
    never = like(incomplete, [("r", [[names[0]], [names[2]], [names[4]]])])
    assert cut.rank.tolist() == [0, 2, 4]
    assert never.rank.tolist() == [0, 1, 2]
    same_posterior(reader.embed(cut)[1], reader.embed(never)[1])


def test_raters_without_ballots_share_one_posterior(reader, incomplete):
    some = incomplete.select(incomplete.ballot_rater >= 10)
    read, posterior = reader.embed(some, include_empty=True)
    np.testing.assert_array_equal(read, np.arange(1000))
    np.testing.assert_array_equal(posterior.mean[:10], np.tile(posterior.mean[0], (10, 1)))
    assert len(reader.embed(some)[0]) == 1000 - 10


# -- gradients ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def network():
    rows = [
        ("r0", "p", [["a"], ["b", "c"]]), ("r0", "q", [["x"], ["y"]]), ("r1", "q", [["x", "y"]]),
        ("r1", "p", [["c"], ["b"], ["a"]]),
    ]  # fmt: skip
    ratings = ratings_of(rows)
    sizes = Sizes.of(ratings.catalogue)
    return ratings, sizes, SMALL, initial_parameters(jax.random.key(0), sizes, SMALL)


def test_gradients_are_finite_under_every_mask(network):
    """All 64 masks of 3 + 3 slots, the empty one included."""
    ratings, sizes, config, params = network
    table = Table.of(ratings.catalogue)
    item = jnp.array([[0, 1, 2], [3, 4, 0]])
    rank = jnp.array([[0, 1, 1], [1, 0, 0]])
    jitter = jnp.arange(6).reshape(2, 3) / 6

    def loss(params, mask):
        model = nnx.merge(graph_definition(sizes, config), params)
        basis = model.reward_basis(table)
        posterior = model.encode(basis, item, masking.full_view(rank, mask))
        reward = model.rewards(basis, posterior.reparameterise(jnp.ones(SMALL.latent)))[item]
        target = jnp.ones_like(mask)
        nll = jax.vmap(losses.list_loss)(reward, rank, target, jitter).sum()
        return nll + losses.kl_loss(*posterior)

    masks = jnp.array(list(itertools.product([False, True], repeat=6))).reshape(-1, 2, 3)
    each = jax.vmap(jax.value_and_grad(loss), (None, 0))
    values, gradients = jax.jit(each, compiler_options=QUICKLY)(params, masks)
    assert np.isfinite(values).all()
    for leaf in jax.tree.leaves(gradients):
        assert np.isfinite(leaf).all()
    size = sum(np.abs(leaf).reshape(64, -1).sum(1) for leaf in jax.tree.leaves(gradients))
    assert (size > 0).all()


@cache
def graded(sizes, config):
    objective = jax.value_and_grad(training_loss(sizes, config), has_aux=True)
    return jax.jit(objective, compiler_options=QUICKLY)


@pytest.mark.parametrize("likelihood", lanes.deep(["list"], ["list", "pair"]))
@pytest.mark.parametrize("regime", masking.REGIMES)
def test_gradients_of_the_objective_are_finite_in_every_regime(network, regime, likelihood):
    """In the program that serves every regime (``tests/studies/test_masking_regimes.py`` compares
    it with the single ones)."""
    ratings, sizes, config, params = network
    config = replace(config, regime=masking.ANY, likelihood=likelihood, single=0.3, cells=64)
    (rows,) = map(DeviceBucket.of, buckets(ratings))
    number = np.int32(masking.number_of(regime))
    share = np.ones(1, np.float32)
    data = TrainingData(Table.of(ratings.catalogue), (rows,), share, number)
    objective = graded(sizes, config)
    for i, ramp in enumerate((0.0, 0.5, 1.0)):
        phase = Phase(jnp.array(500), jnp.array(ramp))
        (value, told), gradients = objective(params, jax.random.key(i), data, phase)
        assert np.isfinite(value)
        assert all(np.isfinite(x) for x in told.values())
        assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradients))
