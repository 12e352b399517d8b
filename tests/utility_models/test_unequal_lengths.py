"""One long ballot among short ones pads none of them, and changes no sum."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.types import Catalogue, Ratings
from scrl.utility_models import TieModel, ballot_table, curvature, tabulate
from scrl.utility_models.ballot_table import similar_lengths
from scrl.utility_models.rater_posteriors import group_raters
from scrl.utility_models.type_mixture import TypeProblem
from scrl.utility_models.type_parameters import Types

SHORT, LONG = 5, 60


def ratings_of(ties, seed=0, raters=40):
    """Ballots of two to four completions on two prompts, and one of all of a long prompt."""
    rng = np.random.default_rng(seed)
    offsets = np.array([0, SHORT, 2 * SHORT, 2 * SHORT + LONG])
    catalogue = Catalogue(
        ("p", "q", "long"), tuple(f"c{i}" for i in range(offsets[-1])), np.arange(offsets[-1]),
        offsets,
    )  # fmt: skip
    prompts = [*np.tile([0, 1], raters), 2]
    ballots = [
        offsets[p] + rng.permutation(LONG if p == 2 else SHORT)[: LONG if p == 2 else 2 + i % 3]
        for i, p in enumerate(prompts)
    ]
    sizes = np.array([len(ballot) for ballot in ballots])
    top = [np.maximum(n // 2, 1) if ties else n for n in sizes]
    rank = [np.unique(rng.integers(0, k, n), return_inverse=True)[1] if ties else np.arange(n)
            for n, k in zip(sizes, top, strict=True)]  # fmt: skip
    rater = [*np.repeat(np.arange(raters), 2), raters - 1]
    return Ratings(
        catalogue, tuple(f"r{i}" for i in range(raters)), rater, prompts, np.ones(len(ballots)),
        np.r_[0, np.cumsum(sizes)], np.concatenate(ballots), np.concatenate(rank),
    )  # fmt: skip


def padded_to_the_longest(monkeypatch):
    for module in (ballot_table, curvature):
        monkeypatch.setattr(module, "similar_lengths", lambda length: [slice(None)])


def test_parts_hold_every_ballot_once_without_the_long_ones_padding():
    slots = tabulate(ratings_of(ties=True)).slots
    rows = np.concatenate([np.arange(len(slots.mask))[rows] for rows, _ in slots.parts])
    np.testing.assert_array_equal(np.sort(rows), np.arange(len(slots.mask)))
    assert slots.padded < 2.5 * slots.mask.sum() < slots.mask.size / 3
    for rows, part in slots.parts:
        for name in ("item", "mask", "tie_start", "tie_stop"):
            whole, own = getattr(slots, name)[rows], getattr(part, name)
            np.testing.assert_array_equal(own, whole[:, : own.shape[1]])
        assert not slots.mask[rows, part.mask.shape[1] :].any()


@pytest.mark.parametrize("lengths", [[], [7], [2, 3, 4, 5, 6], [20] * 9])
def test_lengths_alike_are_one_part(lengths):
    assert similar_lengths(np.array(lengths, int)) == [slice(None)]


@pytest.mark.parametrize("ties", [False, True])
def test_steps_of_types_are_those_of_padded_ballots(ties, monkeypatch):
    ratings, rng = ratings_of(ties), np.random.default_rng(1)
    reward = rng.normal(size=(2, ratings.catalogue.items))

    def found():
        problem = TypeProblem(tabulate(ratings))
        assert problem.uses_hessian
        own = (TieModel.start(problem.slots),) * 2 if ties else ()
        mixture = Types(reward, np.full(2, 0.5), reward[0], ties=own)
        weight = np.arange(2.0 * len(problem.table.prompt)).reshape(2, -1) % 7 + 1
        step = problem.m_step(mixture, weight)
        tied = problem.ties_step(reward, own, weight)
        after = [prevalence for model in tied for prevalence in (model.inner, model.final)]
        return step.reward, step.variance, problem.by_row(reward, own), *after

    in_parts = found()
    padded_to_the_longest(monkeypatch)
    for one, two in zip(in_parts, found(), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("ties", [False, True])
def test_likelihoods_of_raters_are_those_of_padded_ballots(ties, monkeypatch):
    ratings = ratings_of(ties)
    utility = np.random.default_rng(2).normal(size=ratings.catalogue.items)

    def found():
        table, rows = tabulate(ratings), {}
        own = TieModel.start(table.slots) if ties else None
        for group in group_raters(table):
            for row, *values in zip(
                group.rows, *group.likelihood(utility[group.item], own), strict=True
            ):
                rows[int(row)] = values
        return rows

    in_parts = found()
    padded_to_the_longest(monkeypatch)
    for row, values in found().items():
        for one, two in zip(in_parts[row], values, strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-12)
