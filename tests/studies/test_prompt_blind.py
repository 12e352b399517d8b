"""Claims about prompts read, shuffled and hidden, in the stored result."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.studies import load_baked, prompt_blind


@pytest.fixture(scope="module")
def result() -> dict:
    return load_baked("prompt-blind")["result"]


def test_models_read_prompts_as_far_as_tastes_depend_on_them(result):
    for method in prompt_blind.METHODS:
        left = [world[f"{method}, survives"] for world in result["worlds"]]
        assert (np.diff(left) < 0).all()
        assert left[0] == pytest.approx(1.0, abs=0.02)
        assert abs(left[-1]) < 0.05
        for world in result["worlds"][1:]:
            assert world[f"{method}, gain"][1] > 0, "reading pays"


def test_on_the_scenarios_of_texts_shuffling_costs_next_to_nothing(result):
    for stem in ("text-detail", "text-caution"):
        found = result["texts"][stem]
        for method in prompt_blind.METHODS:
            assert found[f"{method}, survives"] > 0.9
            assert found[f"{method}, read"][2] < found["oracle"][1]


def test_pairs_right_and_outcomes():
    offsets = np.array([0, 3, 5])
    truth = np.array([2.0, 1.0, 1.0, 0.0, 5.0])
    score = np.array([3.0, 3.0, 1.0, 9.0, 8.0])
    # Counted: (0, 1) tied, (0, 2) right, (3, 4) wrong; (1, 2) is a tie of the truth.
    assert prompt_blind.pairs_right(score, truth, offsets) == pytest.approx(0.5)
    counts = prompt_blind.outcome_counts(truth, offsets, 4.0)
    assert counts.wins_first.tolist() == [4.0, 4.0, 2.0, 0.0]
    utility = np.array([[2.0, 1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 2.0, 1.0, 0.0]])
    assert prompt_blind.borda(utility, offsets) == pytest.approx([1.0, 1.0, 1.0, 1.0, 0.0])
