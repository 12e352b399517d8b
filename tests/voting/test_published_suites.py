"""Elections of other libraries' tests and of textbooks, with the winners that they expect.

``tests/published/single_winner.json`` holds ballots, the library, file and test that they are from,
the rule's name there, what is expected, and the settings of scrl that give the same. Where no
setting does, the convention that explains the difference stands beside what scrl says.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from scrl.voting import RULES, Profile, aggregate_all

PUBLISHED = Path(__file__).parents[1] / "published"
SUITE = json.loads((PUBLISHED / "single_winner.json").read_text(encoding="utf-8"))
BY_LIBRARY: dict[str, list[dict]] = {}
for _case in SUITE["cases"]:
    BY_LIBRARY.setdefault(_case["library"], []).append(_case)
#: Questions that are no rules.
OF_PROFILES = {
    "condorcet winner": lambda profile: [profile.condorcet_winner()],
    "condorcet loser": lambda profile: [profile.condorcet_loser()],
    "smith set": Profile.smith_set,
}


def parsed(order: str) -> list[set[str]]:
    return [set(place.split("=")) for place in order.split(">")]


def settings_of(check: dict) -> tuple[str, str]:
    return check.get("left_out", "last"), check.get("widths", "shares")


@pytest.mark.parametrize("library", BY_LIBRARY)
def test_the_winners_are_the_published_ones(library):
    wrong = []
    for case in BY_LIBRARY[library]:
        profile = Profile.from_text(SUITE["elections"][case["election"]])
        for settings in dict.fromkeys(map(settings_of, case["checks"])):
            checks = [c for c in case["checks"] if settings_of(c) == settings]
            rules = [c["rule"] for c in checks if c["rule"] in RULES]
            outcomes = aggregate_all(profile, rules, *settings) if rules else {}
            for check in checks:
                if check["rule"] in OF_PROFILES:
                    found = OF_PROFILES[check["rule"]](profile)
                    fault = sorted(found) != sorted(check["winners"])
                else:
                    found = outcomes[check["rule"]].order(profile.names)
                    fault = differs(check, found, outcomes[check["rule"]].scores, profile)
                if fault:
                    wrong.append((case["file"], case["test"], check, found))
    assert not wrong, "\n".join(map(str, wrong))


def differs(check: dict, found: list[list[str]], scores: np.ndarray, profile: Profile) -> bool:
    """Whether an order is not what is expected."""
    order = [set(place) for place in found]
    if "points" in check:
        points = [check["points"][name] for name in profile.names]
        mean = np.array(points) / profile.weight.sum() - check.get("points_less", 0)
        if not np.allclose(scores, mean, atol=1e-9):
            return True
    if "order" in check:
        ours = parsed(check.get("ours", check["order"]))
        return order != ours or ("ours" in check and ours == parsed(check["order"]))
    if "refines" in check:
        names = check["refines"].split(">")
        places = [next(i for i, place in enumerate(order) if name in place) for name in names]
        return places != sorted(places) or len(order) == len(names)
    if "not" in check:
        return bool(order[0] & set(check["not"]))
    expected = set(check.get("ours", check["winners"]))
    return order[0] != expected or ("ours" in check and expected == set(check["winners"]))


def test_every_difference_has_a_stated_convention():
    checks = [check for case in SUITE["cases"] for check in case["checks"]]
    for check in checks:
        assert ("convention" in check) == ("ours" in check or "refines" in check), check
    assert Counter("ours" in check for check in checks)[True] <= 6
    assert len(checks) >= 250
