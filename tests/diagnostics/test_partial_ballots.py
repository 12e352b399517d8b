"""Raters embedded by parts of their ballots."""

from dataclasses import replace

import numpy as np
import pytest

import scrl
from scrl.diagnostics import (
    compare_omission,
    embed_by_prompt,
    nearest_profile,
    orders_to_ratings,
    partial_ballots,
    type_profiles,
)
from scrl.raters import Embedding, FittedRun, Posterior
from scrl.types import Catalogue


def test_longer_ballots_say_more_and_none_beats_perfect_knowledge_by_luck(experiment):
    found = partial_ballots(experiment.fitted_run)
    rows = found.by_length()
    assert [row["length"] for row in rows] == [1, 2, 3, 4, 5]
    assert [row["ballots"] for row in rows] == [20, 40, 40, 20, 4]
    assert rows[-1]["right"] == rows[-1]["best"] == 1
    assert rows[-1]["away"] == pytest.approx(0, abs=1e-4)
    assert rows[1]["away"] > rows[3]["away"]
    assert all(row["right"] <= row["best"] + 1e-9 for row in rows)
    (pair,) = [i for i in found.indices_of_pair(0, 0, 3) if found.type[i] == 0]
    assert found.unique[pair]
    assert found.correct[pair]
    assert found.unique_pair_accuracy() > 0.9


def test_a_single_completion_is_read_with_its_place(experiment):
    individual = experiment.fitted_run.individual
    item, length = np.array([0, 0, 1]), np.array([5, 5, 5])
    top, last, _ = individual.embed_single(item, np.array([0, 4, 2]), length).mean
    near = nearest_profile(np.stack([top, last]), type_profiles(experiment.fitted_run))
    assert near[0] == 0  # only Memphis' raters put Memphis first
    assert near[1] != 0


def test_leaving_out_moves_a_type_less_than_another_type_is_away(experiment):
    found = compare_omission(experiment.fitted_run)
    assert (
        experiment.catalogue.completions[experiment.catalogue.members[found.item]] == "Morristown"
    )
    assert [row["type"] for row in found.by_type] == [0, 1, 2, 3]
    assert sum(row["with"] + row["without"] for row in found.by_type) == len(
        experiment.fitted_run.embedded_raters
    )
    assert all(0 < row["share"] < 0.5 for row in found.by_type)
    assert all(row["right with"] > 0.95 for row in found.by_type)


class Reader:
    """Embeds a rater at its type, shifted by each prompt it answered."""

    def __init__(self, shift: float):
        self.shift = shift

    def embed(self, ratings, include_empty=False):
        read = np.unique(ratings.ballot_rater)
        mean = 4.0 * np.eye(3, dtype=np.float32)[ratings.rater_type[read]]
        np.add.at(mean[:, 2], np.searchsorted(read, ratings.ballot_rater),
                  self.shift * ratings.ballot_prompt)  # fmt: skip
        return Embedding(read, Posterior(mean, np.zeros_like(mean)))


def test_how_far_prompts_move_raters_is_measured_against_how_far_types_are_apart():
    names = ("a", "b", "c")
    catalogue = Catalogue(("p", "q"), names, np.tile(np.arange(3), 2), [0, 3, 6])
    ratings = orders_to_ratings(catalogue, [[(0, [0, 1]), (1, [4, 3])]] * 4)
    ratings = replace(ratings, rater_type=np.array([0, 0, 1, 1]), types=("x", "y"))
    learnt = FittedRun(ratings, ratings, 0, Reader(0.5), None, None, np.zeros((1, 3)))
    found = embed_by_prompt(learnt)
    assert found.within == pytest.approx(0.5)
    assert found.between == pytest.approx(4 * 2**0.5)
    assert found.ratio == pytest.approx(8 * 2**0.5)
    assert found.accuracy == {0: 1.0, 1: 1.0}
    assert (found.type[found.prompt == 1] == [0, 0, 1, 1]).all()


def test_contexts_need_two_prompts(experiment):
    with pytest.raises(scrl.InputError, match="two prompts"):
        embed_by_prompt(experiment.fitted_run)
