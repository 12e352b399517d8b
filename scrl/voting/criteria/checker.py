"""Criteria: what one may ask of a rule, and the ballots on which a rule fails it.

``check`` looks for a failure at one profile and returns it as a ``Violation``, which says which
ballots changed, and how, and what flipped. A tie for first counts against the rule, unless a
``reading`` says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from scrl.data.files import quoted
from scrl.types import InputError
from scrl.voting.anonymous_profile import AnonymousProfile
from scrl.voting.criteria import electorates as e
from scrl.voting.criteria import interprofile as d
from scrl.voting.criteria import intraprofile as c
from scrl.voting.criteria.violations import Violation, describe_violation
from scrl.voting.registry import RULES, Rule

#: Which outcomes are compared: all, a tie for first counting against the rule; only those with one
#: winner; only those in which nobody is tied anywhere.
READINGS = ("ties", "sole", "strict")
#: Comparisons counted for one profile, at the most.
MAX_COMPARISONS = 20_000


@dataclass(frozen=True)
class Criterion:
    """What one may ask of a rule.

    Attributes:
        name: as in ``Rule.satisfies``; title: on a page.
        statement: what is asked, in a sentence; reference: who asked it.
        titles: what to call the electorates that are compared.
        change, explanation: sentences about a violation, with names to fill in.
        cases, fault: as in ``intraprofile`` and ``interprofile``.
    """

    name: str
    title: str
    statement: str
    reference: str
    titles: tuple[str, ...]
    change: str
    explanation: str
    comparisons: Callable
    is_violated: Callable


_ONE = ("The ballots",)
_TWO = ("Before", "After")

CRITERIA: dict[str, Criterion] = {
    x.name: x
    for x in (
        Criterion(
            "majority", "Majority",
            "A candidate whom more than half of the voters put first wins.",
            "May 1952",
            _ONE, "", "More than half of the voters put {who} first, and {rule} elects {first}.",
            c.majority_comparisons, c.fails_to_win_alone,
        ),
        Criterion(
            "majority-loser", "Majority loser",
            "A candidate whom more than half of the voters put last does not win.",
            "Borda 1784",
            _ONE, "", "More than half of the voters put {who} last, and {rule} elects {first}.",
            c.majority_loser_comparisons, c.wins_anyway,
        ),
        Criterion(
            "condorcet", "Condorcet winner",
            "A candidate who beats every other head to head wins.",
            "Condorcet 1785",
            _ONE, "", "{who} beats every other candidate head to head, and {rule} elects {first}.",
            c.condorcet_comparisons, c.fails_to_win_alone,
        ),
        Criterion(
            "condorcet-loser", "Condorcet loser",
            "A candidate who loses to every other head to head does not win.",
            "Borda 1784",
            _ONE, "",
            "{who} loses to every other candidate head to head, and {rule} elects {first}.",
            c.condorcet_loser_comparisons, c.wins_anyway,
        ),
        Criterion(
            "smith", "Smith",
            "The winner is in the smallest set of candidates who all beat everybody outside it.",
            "Smith 1973",
            _ONE, "",
            "Head to head each of {who} beats everybody else, and {rule} elects {first}.",
            c.smith_comparisons, c.winner_outside_set,
        ),
        Criterion(
            "pareto", "Pareto",
            "Where every voter prefers one candidate to another, the other does not win.",
            "Pareto 1906; the weak form, of winners",
            _ONE, "",
            "For {who} there is somebody whom every voter prefers, and {rule} elects {first}.",
            c.pareto_comparisons, c.wins_anyway,
        ),
        Criterion(
            "unanimity", "Unanimity",
            "A candidate whom every voter puts first wins.",
            "Arrow 1951, of winners",
            _ONE, "", "Every voter puts {who} first, and {rule} elects {first}.",
            c.unanimity_comparisons, c.fails_to_win_alone,
        ),
        Criterion(
            "monotonicity", "Monotonicity",
            "A winner who is raised on some ballots, the rest of them as it was, still wins.",
            "Smith 1973; Fishburn 1982",
            _TWO, "{voters} raise{s} {who}: {old} becomes {new}.",
            "{who} is liked better than before and loses by it: {rule} elected {first} and now "
            "elects {second}.",
            d.monotonicity_comparisons, d.stops_winning,
        ),
        Criterion(
            "participation", "Participation",
            "To come and vote never makes the outcome worse for the voter.",
            "Moulin 1988, the no-show paradox; tied winners compared by Kelly's extension",
            ("Without them", "With them"), "{voters} come{s} to vote {new}.",
            "By their own ballots they lose by voting: {rule} elected {first} without them and "
            "elects {second} with them.",
            d.participation_comparisons, d.participation_violation,
        ),
        Criterion(
            "reversal", "Reversal symmetry",
            "Who wins alone does not win when every ballot is turned upside down.",
            "Saari 1994",
            ("The ballots", "All upside down"), "Every ballot is turned upside down.",
            "{rule} elects {first} by these ballots, and {second} by their exact opposite.",
            d.reversal_comparisons, d.reversal_violation,
        ),
        Criterion(
            "clones", "Independence of clones",
            "A candidate who enters next to a like one on every ballot changes nothing for the "
            "others, nor whether one of the like wins.",
            "Tideman 1987",
            ("Without the clone", "With the clone"),
            "{gone} enters; on every ballot {who} stand next to each other.",
            "Only a clone has entered: {rule} elected {first} without {gone} and elects {second} "
            "with {gone}.",
            d.clones_comparisons, d.clones_violation,
        ),
        Criterion(
            "iia", "Irrelevant alternatives",
            "Who of two is ahead does not depend on whether a third stands.",
            "Arrow 1951, of orders; Ray 1973",
            ("All stand", "One withdraws"), "{gone} withdraws.",
            "No voter has changed how {ahead} and {behind} compare, and {rule} has: {ahead} was "
            "ahead while {gone} stood, {behind} is now.",
            d.iia_comparisons, d.iia_violation,
        ),
        Criterion(
            "local-iia", "Local irrelevant alternatives",
            "Who of two is ahead does not depend on whether the first or the last of the order "
            "stands.",
            "Young 1988",
            ("All stand", "One withdraws"), "{gone}, {end} of all, withdraws.",
            "No voter has changed how {ahead} and {behind} compare, and {rule} has: {ahead} was "
            "ahead while {gone} stood, {behind} is now.",
            d.iia_comparisons, d.local_iia_violation,
        ),
        Criterion(
            "later-no-harm", "Later-no-harm",
            "To rank more candidates further down a ballot never harms one ranked above them.",
            "Woodall 1997; those not yet ranked are tied last",
            _TWO, "{voters} who wrote {old} write{s} more: {new}.",
            "{harmed} stands as high on these ballots as before and loses by what is said of "
            "others: {rule} elected {first} and now elects {second}.",
            d.later_no_harm_comparisons, d.stops_winning,
        ),
        Criterion(
            "reinforcement", "Reinforcement",
            "Who wins in each of two electorates wins when they vote together.",
            "Young 1974, also called consistency",
            ("One electorate", "Another", "Together"), "Both electorates vote together.",
            "{rule} elects {first} in one electorate and {second} in the other, and together "
            "{third}.",
            d.reinforcement_comparisons, d.reinforcement_violation,
        ),
        Criterion(
            "anonymity", "Anonymity",
            "It does not matter who casts which ballot.",
            "May 1952",
            _TWO, "Voters exchange their ballots.",
            "The same ballots are cast by others, and the order of {rule} is not the same.",
            d.anonymity_comparisons, d.anonymity_violation,
        ),
        Criterion(
            "neutrality", "Neutrality",
            "It does not matter which candidate bears which name.",
            "May 1952",
            _TWO, "{who} exchange names on every ballot.",
            "Names are exchanged, and the order of {rule} is not that with the names exchanged.",
            d.neutrality_comparisons, d.neutrality_violation,
        ),
    )
}  # fmt: skip


def get_criterion(name: str) -> Criterion:
    if name not in CRITERIA:
        raise InputError(
            f"There is no criterion {quoted(name)}; choose from {', '.join(CRITERIA)}."
        )
    return CRITERIA[name]


def is_testable(rule: Rule) -> bool:
    """Whether criteria of orders say anything of a rule: it is no lottery and reads orders."""
    return not rule.lottery and rule.reads != "utility"


def violated_comparisons(
    criterion: Criterion, cases: c.Comparisons, place: list[np.ndarray], reading: str
):
    """Which cases break a criterion ``[k]``, given places ``[k, m]`` of each electorate."""
    found = criterion.is_violated(cases, place)
    test = {"ties": None, "sole": e.has_sole_winner, "strict": e.has_no_ties}[reading]
    if test is not None:
        for p in place:
            found = found & test(p)
    return found


def check_criterion(
    profile: AnonymousProfile, rule: str, criterion: str, reading: str = "ties"
) -> Violation | None:
    """A failure of ``criterion`` by ``rule`` that begins at these ballots, or None.

    Changes that are tried: one voter, or all with the same ballot, for monotonicity, participation
    and later-no-harm; each candidate for those who withdraw or are cloned (on up to 128 ways to
    place the clone); up to 128 ways to split the ballots in two. Of several failures one in which
    no outcome has a tie is preferred.

    Raises:
        InputError: for unknown names, and a rule that is a lottery or reads utilities.
    """
    found = check_rules(profile, [rule], criterion, reading)
    return found[rule]


def check_rules(
    profile: AnonymousProfile, rules: list[str], criterion: str, reading: str = "ties"
) -> dict[str, Violation | None]:
    """``check`` for several rules, counted together."""
    asked = get_criterion(criterion)
    for name in rules:
        if not is_testable(RULES[name]):
            raise InputError(
                f"{RULES[name].title} does not make an order of orders; criteria are of rules "
                "that do."
            )
    if len(profile.names) < 2:
        return dict.fromkeys(rules)
    rows, line = np.unique(profile.place, axis=0, return_inverse=True)
    weight = np.zeros((1, len(rows)))
    np.add.at(weight[0], line.ravel(), profile.weight)
    cases = asked.comparisons(rows, weight, True)[:MAX_COMPARISONS]
    if not len(cases):
        return dict.fromkeys(rules)
    place = e.count_places(cases.rows, *cases.stacked(), list(rules))
    split = np.split(place, len(cases.weight))
    out: dict[str, Violation | None] = {}
    for i, name in enumerate(rules):
        own = [p[:, i] for p in split]
        out[name] = None
        for level in ("strict", "sole", "ties"):
            at = np.flatnonzero(violated_comparisons(asked, cases, own, level))
            if len(at) and READINGS.index(level) >= READINGS.index(reading):
                out[name] = describe_violation(asked, name, cases, own, at[0], profile.names)
                break
    return out
