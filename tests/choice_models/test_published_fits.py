"""Maximum likelihood scores of choix's test data, ``tests/published/fits.json``."""

import json
from pathlib import Path

import choix
import numpy as np
import pytest

import scrl

SUITE = json.loads((Path(__file__).parents[1] / "published" / "fits.json").read_text())


@pytest.mark.parametrize("case", SUITE["bradley_terry"], ids=lambda case: case["file"])
def test_strengths_of_pairs(case):
    pairs = [tuple(map(str, pair)) for pair in case["won_and_lost"]]
    board = scrl.fit_bradley_terry(pairs)
    score = np.log(case["strengths"])
    found = [board.score[board.names.index(str(i))] for i in range(len(score))]
    np.testing.assert_allclose(found, score - score.mean(), atol=1e-6)


@pytest.mark.parametrize("case", SUITE["plackett_luce"], ids=lambda case: case["file"])
def test_scores_of_rankings(case):
    board = scrl.fit_plackett_luce([[str(i) for i in ranking] for ranking in case["rankings"]])
    found = [board.score[board.names.index(str(i))] for i in range(len(case["scores"]))]
    np.testing.assert_allclose(found, case["scores"], atol=case.get("within", 1e-6))
    again = choix.ilsr_rankings(len(found), case["rankings"], tol=1e-12)
    np.testing.assert_allclose(found, again - again.mean(), atol=1e-7)
