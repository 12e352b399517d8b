"""Covariances of very many prompts hold no table of them, and agree with one."""

from __future__ import annotations

import numpy as np

from scrl.types import Catalogue, Ratings
from scrl.utility_models import covariance, tabulate
from scrl.utility_models.covariance import CovarianceUpdate, initial_covariance
from scrl.utility_models.rater_posteriors import find_posterior, group_raters

PROMPTS, NAMES = 4, 3


def catalogue():
    """Three completions of one name on each of four prompts."""
    return Catalogue(
        tuple(f"p{i}" for i in range(PROMPTS)), tuple("abc"), np.tile(np.arange(NAMES), PROMPTS),
        NAMES * np.arange(PROMPTS + 1),
    )  # fmt: skip


def both(monkeypatch):
    """The covariance with a table of prompts, and without."""
    table = initial_covariance(catalogue())
    monkeypatch.setattr(covariance, "MAX_TABLE", 1)
    without = initial_covariance(catalogue())
    assert not isinstance(without.between_prompts, np.ndarray)
    return table, without


def test_entries_are_those_of_the_table(monkeypatch):
    table, without = both(monkeypatch)
    item = np.arange(PROMPTS * NAMES)
    found = [c.of(item[:, None], item[None]) for c in (table, without)]
    np.testing.assert_array_equal(*found)


def test_draws_have_the_covariance(monkeypatch):
    _, without = both(monkeypatch)
    item, draws = np.arange(PROMPTS * NAMES), 40_000
    drawn = without.draw(draws, np.random.default_rng(0))
    wanted = without.of(item[:, None], item[None])
    # The standard error of an entry is at most √(2 / draws).
    np.testing.assert_allclose(np.cov(drawn.T), wanted, atol=5 * np.sqrt(2 / draws))


def test_completions_are_updated_alike_and_prompts_stay(monkeypatch):
    rng, raters = np.random.default_rng(1), 30
    ratings = Ratings(
        catalogue(), tuple(map(str, range(raters))), np.arange(raters),
        rng.integers(0, PROMPTS, raters), np.ones(raters), NAMES * np.arange(raters + 1),
        rng.permuted(np.tile(np.arange(NAMES), (raters, 1)), axis=1).ravel(),
        np.tile(np.arange(NAMES), raters),
    )  # fmt: skip
    table = tabulate(ratings)
    moved = []
    for old in both(monkeypatch):
        for of_prompts in (False, True):
            update = CovarianceUpdate(table, old, of_prompts)
            for group in group_raters(table):
                update.add(group, find_posterior(group, np.zeros(PROMPTS * NAMES), old.of))
            moved.append(update.covariance())
    np.testing.assert_allclose(moved[0].between_completions, moved[2].between_completions)
    assert moved[3].between_prompts is moved[2].between_prompts


def test_without_variation_the_square_of_a_raters_items_is_made_when_asked():
    ratings = Ratings(
        catalogue(), ("r",), np.zeros(2, int), np.array([0, 1]), np.ones(2), np.array([0, 3, 6]),
        np.array([0, 1, 2, 2, 1, 0]), np.array([0, 1, 2, 0, 1, 1]),
    )  # fmt: skip
    (group,) = group_raters(tabulate(ratings))
    mean = np.linspace(-1, 1, PROMPTS * NAMES)
    found = find_posterior(group, mean, None)
    nats, slope, curve = group.likelihood(mean[group.item])
    np.testing.assert_array_equal(found.log_evidence, nats)
    np.testing.assert_array_equal(found.alpha, slope)
    assert "_matrices" not in vars(found)
    np.testing.assert_array_equal(found.information, curve)
    assert not found.covariance.any()
