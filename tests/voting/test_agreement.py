"""A few of the random profiles of ``benchmarks/agreement.py``, and what that found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scrl.voting import RULES
from tests.voting import library_oracles as oracles

FOUND = json.loads((Path(__file__).parents[2] / "benchmarks" / "agreement.json").read_text())
#: Rules that pref_voting has not, or means otherwise (docs/agreement.md).
NOT_THERE = {"young", "plurality-veto"}
#: So few that scrl counts them without compiling.
SAMPLE = 12


@pytest.mark.parametrize("left_out", ["last", "unseen", "pref_voting"])
def test_the_winners_are_those_of_pref_voting(left_out):
    """Complete strict ballots are those of test_oracles."""
    chosen = [
        c for c in oracles.comparisons() if c.left_out == left_out and c.ballots != oracles.STRICT
    ]
    several = 0
    for comparison in chosen:
        found = oracles.compare(comparison, SAMPLE, seed=1)
        assert not found.unexplained, (comparison, found.example)
        several += found.several_winners
    assert len({c.rule for c in chosen}) >= 13
    assert several > len(chosen) / 2, "too few ties to have tested them"


def test_the_stored_comparison_is_of_all_rules_and_leaves_nothing_unexplained():
    compared = [row for row in FOUND["rows"] if row["library"] == "pref_voting"]
    keys = {(row["rule"], row["ballots"], row["left_out"], row["widths"]) for row in compared}
    assert keys == {(c.rule, c.ballots, c.left_out, c.widths) for c in oracles.comparisons()}
    assert FOUND["unexplained"] == sum(row["unexplained"] for row in FOUND["rows"]) == 0
    for row in FOUND["rows"]:
        assert row["equal"] + sum(row["explained"].values()) == row["profiles"], row
    missing = set(RULES) - {row["rule"] for row in compared}
    families = {RULES[name].family for name in missing}
    assert families <= {"likelihood", "utility", "lottery", "elimination", "pairwise"}
    assert {n for n in missing if RULES[n].family in ("elimination", "pairwise")} == NOT_THERE
