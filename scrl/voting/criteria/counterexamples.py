"""The stored counterexamples, and the table of rules and criteria that they prove."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from scrl.voting.criteria.checker import CRITERIA, READINGS, is_testable
from scrl.voting.criteria.violations import Violation
from scrl.voting.profiles.profile import Profile
from scrl.voting.registry import RULES

FILE = Path(__file__).with_name("counterexamples.json")
#: Criteria of the published table. ``Rule.satisfies`` names no others.
PUBLISHED_CRITERIA = (
    "majority", "majority-loser", "condorcet", "condorcet-loser", "smith", "monotonicity",
    "participation", "reversal", "clones", "later-no-harm",
)  # fmt: skip
_UNTIED = "It holds where no two candidates tie in any round, as in large elections."
#: For rules that satisfy a criterion except for ties in their own count: where they satisfy it.
PROVISOS = {
    ("instant-runoff", "majority-loser"): _UNTIED,
    ("instant-runoff", "condorcet-loser"): _UNTIED,
    ("instant-runoff", "clones"): _UNTIED,
    ("coombs", "condorcet-loser"): _UNTIED,
    ("nanson", "reversal"): "It holds where no candidate has exactly the mean score in any round.",
}


@dataclass(frozen=True, eq=False)
class TableCell:
    """Whether a rule satisfies a criterion.

    Attributes:
        rule: name of the rule.
        criterion: name of the criterion.
        state: ``"Y"`` satisfied, by the published table; ``"N"`` violated, with a counterexample;
            ``"-"`` no counterexample found.
        violation: the counterexample under the strictest reading that has one; None without any.
            For a ``"Y"`` it is a case that the proviso excludes.
        smallest: the counterexample with fewest candidates, then voters, where a tie for first
            counts against the rule; None without any.
        proviso: where a ``"Y"`` holds; "" where it holds everywhere.
        searched: number of candidates -> most voters of which every electorate was searched.
    """

    rule: str
    criterion: str
    state: str
    violation: Violation | None
    smallest: Violation | None
    proviso: str
    searched: dict[int, int]


def to_dict(violation: Violation, reading: str) -> dict[str, Any]:
    """A violation as an entry of the file of counterexamples."""
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


def from_dict(data: dict[str, Any]) -> Violation:
    """The violation of an entry of the file of counterexamples."""
    return Violation(
        data["rule"],
        data["criterion"],
        tuple(Profile.from_text(text) for text in data["profiles"]),
        CRITERIA[data["criterion"]].titles,
        tuple(data["orders"]),
        tuple(data["who"]),
        tuple(data["moved"]) if data["moved"] else None,
        data["change"],
        data["explanation"],
    )


@cache
def _file() -> dict[str, Any]:
    """The content of the file of counterexamples."""
    return json.loads(FILE.read_text("utf-8"))


@cache
def load_counterexamples() -> dict[tuple[str, str, str], Violation]:
    """The stored counterexamples by rule, criterion and reading."""
    entries = _file()["kept"]
    return {(x["rule"], x["criterion"], x["reading"]): from_dict(x) for x in entries}


@cache
def satisfaction_table() -> dict[tuple[str, str], TableCell]:
    """The cell of every testable rule and every criterion."""
    return {(r, c): table_cell(r, c) for r in RULES if is_testable(RULES[r]) for c in CRITERIA}


def table_cell(rule: str, criterion: str) -> TableCell:
    """The cell of one rule and one criterion."""
    by_reading = [load_counterexamples().get((rule, criterion, reading)) for reading in READINGS]
    known = [violation for violation in by_reading if violation is not None]
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
    """Whether the published table says that the rule satisfies the criterion."""
    return criterion in (RULES[rule].satisfies or ())
