"""Committees, axioms and counts of the single transferable vote as other libraries' tests have
them; ``tests/published/committees.json`` holds ballots, sources and what is expected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scrl.committees import ApprovalProfile, check_representation, count_stv, elect_committee
from scrl.voting import Profile

PUBLISHED = Path(__file__).parents[1] / "published" / "committees.json"
SUITE = json.loads(PUBLISHED.read_text(encoding="utf-8"))


def approvals(candidates: str, ballots: list[str]) -> ApprovalProfile:
    """Ballots such as ``"abc*3"``: three voters who approve a, b and c."""
    pairs = [ballot.partition("*") for ballot in ballots]
    weights = [int(count or 1) for _, _, count in pairs]
    return ApprovalProfile.from_sets(candidates, [names for names, _, _ in pairs], weights)


def test_all_tied_committees_are_the_published_ones():
    wrong, rules = [], set()
    for case in SUITE["committees"]:
        profile = approvals(**SUITE["approvals"][case["profile"]])
        for named, expected in case["expected"].items():
            rule, _, completion = named.partition("/")
            settings = {"completion": completion} if completion else {}
            outcome = elect_committee(profile, rule, case["seats"], **settings)
            found = sorted("".join(sorted(names)) for names in outcome.named())
            rules.add(named)
            if isinstance(expected, list):
                same = found == expected
            else:
                assert "count" in expected or "convention" in case
                same = len(found) == expected.get("count", len(found))
                same &= expected.get("among", found[0]) in found
            if not same:
                wrong.append((case["test"], named, found, expected))
    assert not wrong, "\n".join(map(str, wrong))
    assert len(rules) >= 16


@pytest.mark.parametrize("case", SUITE["representation"], ids=lambda case: case["test"])
def test_axioms_hold_where_the_literature_says_so(case):
    profile = approvals(case["candidates"], case["ballots"])
    members = [profile.names.index(name) for name in case["committee"]]
    assert check_representation(case["axiom"], profile, members).holds == case["holds"]


@pytest.mark.parametrize(
    "case", SUITE["stv"], ids=lambda case: f"{case['library']}, {case['test']}"
)
def test_stv_elects_the_published_committee(case):
    profile = Profile.from_text(case["ballots"])
    count = count_stv(profile, case["seats"], **case.get("settings", {}))
    found = [set(names) for names in count.outcome.named()]
    assert set(case["elected"]) in found
    if "convention" not in case:
        assert len(found) == 1, "a tie that no convention explains"
    votes = case.get("votes", [])
    for stage, expected in zip(count.stages, votes, strict=False):
        told = dict(zip(profile.names, stage.votes, strict=True))
        assert {name: told[name] for name in expected} == pytest.approx(expected, abs=1e-9)
    assert len(count.stages) >= len(votes)
    if "last" in case:
        told = dict(zip(profile.names, count.stages[-1].votes, strict=True))
        assert {name: told[name] for name in case["last"]} == pytest.approx(case["last"], abs=1e-5)
