"""Kept counterexamples, and the table of rules and criteria that they prove."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from scrl.voting.anonymous_profile import AnonymousProfile
from scrl.voting.criteria.checker import CRITERIA, READINGS, is_testable
from scrl.voting.criteria.violations import Violation
from scrl.voting.registry import RULES

FILE = Path(__file__).with_name("counterexamples.json")
#: Criteria of the published table; of others ``Rule.satisfies`` says nothing.
PUBLISHED_CRITERIA = (
    "majority", "majority-loser", "condorcet", "condorcet-loser", "smith", "monotonicity",
    "participation", "reversal", "clones", "later-no-harm",
)  # fmt: skip
_UNTIED = "It is kept where no two candidates tie at any count, as in large elections."
#: Where a rule keeps a criterion but for ties in its own count, how far it does.
PROVISOS = {
    ("instant-runoff", "majority-loser"): _UNTIED,
    ("instant-runoff", "condorcet-loser"): _UNTIED,
    ("instant-runoff", "clones"): _UNTIED,
    ("coombs", "condorcet-loser"): _UNTIED,
    ("nanson", "reversal"): "It is kept where nobody's score is exactly the mean in any round.",
}


@dataclass(frozen=True, eq=False)
class TableCell:
    """What is known of a rule and a criterion.

    Attributes:
        state: ``"Y"`` kept, by the published table; ``"N"`` not kept, with a counterexample;
            ``"-"`` no counterexample found.
        violation: the counterexample to be shown, without ties if there is one; None without any.
            Of a ``"Y"`` with a ``proviso`` it is what the proviso excludes.
        smallest: the one with fewest candidates, then voters, a tie for first counted against.
        proviso: how far a ``"Y"`` holds; "" where it holds for all.
        searched: voters up to which all electorates were searched, by candidates.
    """

    rule: str
    criterion: str
    state: str
    violation: Violation | None
    smallest: Violation | None
    proviso: str
    searched: dict[int, int]


def to_dict(violation: Violation, reading: str) -> dict:
    """A counterexample as it is kept."""
    return {
        "rule": violation.rule,
        "criterion": violation.criterion,
        "reading": reading,
        "profiles": [profile.to_text("; ") for profile in violation.profiles],
        "orders": violation.orders,
        "who": violation.candidates,
        "moved": violation.changed_ballot,
        "change": violation.change,
        "explanation": violation.explanation,
    }


def from_dict(data: dict) -> Violation:
    return Violation(
        data["rule"],
        data["criterion"],
        tuple(AnonymousProfile.from_text(text) for text in data["profiles"]),
        CRITERIA[data["criterion"]].titles,
        tuple(data["orders"]),
        tuple(data["who"]),
        tuple(data["moved"]) if data["moved"] else None,
        data["change"],
        data["explanation"],
    )


@cache
def _file() -> dict:
    return json.loads(FILE.read_text("utf-8"))


@cache
def load_counterexamples() -> dict[tuple[str, str, str], Violation]:
    """Counterexamples by rule, criterion and reading."""
    return {(x["rule"], x["criterion"], x["reading"]): from_dict(x) for x in _file()["kept"]}


@cache
def satisfaction_table() -> dict[tuple[str, str], TableCell]:
    """Every rule that is no lottery and reads orders, and every criterion."""
    return {(r, c): table_cell(r, c) for r in RULES if is_testable(RULES[r]) for c in CRITERIA}


def table_cell(rule: str, criterion: str) -> TableCell:
    found = [load_counterexamples().get((rule, criterion, reading)) for reading in READINGS]
    known = [x for x in found if x is not None]
    searched = {int(m): n for m, n in _file()["searched"][criterion].items()}
    return TableCell(
        rule,
        criterion,
        "Y" if is_claimed(rule, criterion) else "N" if known else "-",
        known[-1] if known else None,
        known[0] if known else None,
        PROVISOS.get((rule, criterion), "") if is_claimed(rule, criterion) else "",
        searched,
    )


def is_claimed(rule: str, criterion: str) -> bool:
    """Whether the published table says that the rule keeps the criterion."""
    return criterion in (RULES[rule].satisfies or ())
