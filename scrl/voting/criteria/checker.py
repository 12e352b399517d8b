"""Criteria of voting rules, and the check of a rule on a given profile.

``check_criterion`` looks for a violation that begins at a profile and returns it as a
``Violation``. A tie for first counts against the rule, unless a ``reading`` says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scrl.data.files import quoted
from scrl.types import InputError
from scrl.voting.criteria import electorates
from scrl.voting.criteria import interprofile as inter
from scrl.voting.criteria import intraprofile as intra
from scrl.voting.criteria.comparisons import Comparisons, Criterion
from scrl.voting.criteria.violations import Violation, describe_violation
from scrl.voting.profiles.profile import Profile
from scrl.voting.registry import RULES, Rule

#: Which outcomes are compared: all, where a tie for first counts against the rule; those with one
#: winner; those without any tie.
READINGS = ("ties", "sole", "strict")
#: Most comparisons counted for one profile.
MAX_COMPARISONS = 20_000

_ONE = ("The ballots",)
_TWO = ("Before", "After")

CRITERIA: dict[str, Criterion] = {
    criterion.name: criterion
    for criterion in (
        Criterion(
            "majority", "Majority",
            "If more than half of the voters put a candidate first, that candidate wins.",
            "May 1952",
            _ONE, "",
            "More than half of the voters put {candidates} first, and {rule} elects {first}.",
            intra.one_electorate(intra.majority_winner), intra.required_winner_fails,
        ),
        Criterion(
            "majority-loser", "Majority loser",
            "If more than half of the voters put a candidate last, that candidate does not win.",
            "Borda 1784",
            _ONE, "",
            "More than half of the voters put {candidates} last, and {rule} elects {first}.",
            intra.one_electorate(intra.majority_loser), intra.excluded_candidate_wins,
        ),
        Criterion(
            "condorcet", "Condorcet winner",
            "If a candidate beats every other one head to head, that candidate wins.",
            "Condorcet 1785",
            _ONE, "",
            "{candidates} beats every other candidate head to head, and {rule} elects {first}.",
            intra.one_electorate(intra.condorcet_winner), intra.required_winner_fails,
        ),
        Criterion(
            "condorcet-loser", "Condorcet loser",
            "If a candidate loses to every other one head to head, that candidate does not win.",
            "Borda 1784",
            _ONE, "",
            "{candidates} loses to every other candidate head to head, and {rule} elects {first}.",
            intra.one_electorate(intra.condorcet_loser), intra.excluded_candidate_wins,
        ),
        Criterion(
            "smith", "Smith",
            "The winner belongs to the Smith set: the smallest group of candidates each of whom "
            "beats everybody outside the group.",
            "Smith 1973",
            _ONE, "",
            "Head to head each of {candidates} beats everybody else, and {rule} elects {first}.",
            intra.one_electorate(intra.smith_set), intra.winner_outside_set,
        ),
        Criterion(
            "pareto", "Pareto",
            "If every voter prefers one candidate to another, the other one does not win.",
            "Pareto 1906; the weak form, of winners",
            _ONE, "",
            "For {candidates} there is somebody whom every voter prefers, and {rule} elects "
            "{first}.",
            intra.one_electorate(intra.pareto_dominated), intra.excluded_candidate_wins,
        ),
        Criterion(
            "unanimity", "Unanimity",
            "If every voter puts the same candidate first, that candidate wins.",
            "Arrow 1951, of winners",
            _ONE, "",
            "Every voter puts {candidates} first, and {rule} elects {first}.",
            intra.one_electorate(intra.unanimous_winner), intra.required_winner_fails,
        ),
        Criterion(
            "monotonicity", "Monotonicity",
            "If voters move the winner up on their ballots and change nothing else, the winner "
            "still wins.",
            "Smith 1973; Fishburn 1982",
            _TWO, "{voters} raise{s} {candidates}: {old} becomes {new}.",
            "{candidates} is liked better than before and loses by it: {rule} elected {first} and "
            "now elects {second}.",
            inter.monotonicity_comparisons, inter.stops_winning,
        ),
        Criterion(
            "participation", "Participation",
            "A voter never gets a worse result by voting than by staying at home.",
            "Moulin 1988, the no-show paradox; tied winners compared by Kelly's extension",
            ("Without them", "With them"), "{voters} come{s} to vote {new}.",
            "By their own ballots they lose by voting: {rule} elected {first} without them and "
            "elects {second} with them.",
            inter.participation_comparisons, inter.participation_violation,
        ),
        Criterion(
            "reversal", "Reversal symmetry",
            "If everybody turns their ballot upside down, a candidate who won alone does not win "
            "again.",
            "Saari 1994",
            ("The ballots", "All upside down"), "Every ballot is turned upside down.",
            "{rule} elects {first} by these ballots, and {second} by their exact opposite.",
            inter.reversal_comparisons, inter.reversal_violation,
        ),
        Criterion(
            "clones", "Independence of clones",
            "A clone is a near copy of a candidate: on every ballot the two stand next to each "
            "other. If a clone enters, the others win or lose as before, and one of the two wins "
            "exactly if the original did.",
            "Tideman 1987",
            ("Without the clone", "With the clone"),
            "{withdrawn} enters; on every ballot {candidates} stand next to each other.",
            "Only a clone has entered: {rule} elected {first} without {withdrawn} and elects "
            "{second} with {withdrawn}.",
            inter.clones_comparisons, inter.clones_violation,
        ),
        Criterion(
            "iia", "Irrelevant alternatives",
            "Which of two candidates ends up ahead does not depend on whether a third one stands.",
            "Arrow 1951, of orders; Ray 1973",
            ("All stand", "One withdraws"), "{withdrawn} withdraws.",
            "No voter has changed how {ahead} and {behind} compare, and {rule} has: {ahead} was "
            "ahead while {withdrawn} stood, {behind} is now.",
            inter.iia_comparisons, inter.iia_violation,
        ),
        Criterion(
            "local-iia", "Local irrelevant alternatives",
            "Which of two candidates ends up ahead does not change when the first or the last of "
            "the result withdraws.",
            "Young 1988",
            ("All stand", "One withdraws"), "{withdrawn}, {end} of all, withdraws.",
            "No voter has changed how {ahead} and {behind} compare, and {rule} has: {ahead} was "
            "ahead while {withdrawn} stood, {behind} is now.",
            inter.iia_comparisons, inter.local_iia_violation,
        ),
        Criterion(
            "later-no-harm", "Later-no-harm",
            "Ranking more candidates at the bottom of a ballot never harms a candidate ranked "
            "above them.",
            "Woodall 1997; those not yet ranked are tied last",
            _TWO, "{voters} who wrote {old} write{s} more: {new}.",
            "{harmed} stands as high on these ballots as before and loses by what is said of "
            "others: {rule} elected {first} and now elects {second}.",
            inter.later_no_harm_comparisons, inter.stops_winning,
        ),
        Criterion(
            "reinforcement", "Reinforcement",
            "If two groups of voters elect the same candidate separately, they elect that "
            "candidate together.",
            "Young 1974, also called consistency",
            ("One electorate", "Another", "Together"), "Both electorates vote together.",
            "{rule} elects {first} in one electorate and {second} in the other, and together "
            "{third}.",
            inter.reinforcement_comparisons, inter.reinforcement_violation,
        ),
        Criterion(
            "anonymity", "Anonymity",
            "Only the ballots count, not who casts them.",
            "May 1952",
            _TWO, "Voters exchange their ballots.",
            "The same ballots are cast by others, and the order of {rule} is not the same.",
            inter.anonymity_comparisons, inter.anonymity_violation,
        ),
        Criterion(
            "neutrality", "Neutrality",
            "The rule treats all candidates alike, whatever their names.",
            "May 1952",
            _TWO, "{candidates} exchange names on every ballot.",
            "Names are exchanged, and the order of {rule} is not that with the names exchanged.",
            inter.neutrality_comparisons, inter.neutrality_violation,
        ),
    )
}  # fmt: skip


def get_criterion(name: str) -> Criterion:
    """The criterion of a name.

    Raises:
        InputError: for an unknown name.
    """
    if name not in CRITERIA:
        raise InputError(
            f"There is no criterion {quoted(name)}; choose from {', '.join(CRITERIA)}."
        )
    return CRITERIA[name]


def is_testable(rule: Rule) -> bool:
    """Whether the criteria apply to a rule: it is no lottery and reads orders, not utilities."""
    return not rule.lottery and rule.reads != "utility"


def violated_comparisons(
    criterion: Criterion, comparisons: Comparisons, places: Sequence[np.ndarray], reading: str
) -> np.ndarray:
    """Which comparisons violate a criterion ``[k]``.

    Args:
        places: the rule's places ``[k, m]`` of each electorate compared.
        reading: one of ``READINGS``.
    """
    violated = criterion.is_violated(comparisons, places)
    if reading == "ties":
        return violated
    is_compared = {"sole": electorates.has_sole_winner, "strict": electorates.has_no_ties}[reading]
    for place in places:
        violated = violated & is_compared(place)
    return violated


def check_criterion(
    profile: Profile, rule: str, criterion: str, reading: str = "ties"
) -> Violation | None:
    """A violation of a criterion by a rule that begins at a profile; None where none is found.

    For monotonicity, participation and later-no-harm one voter, or all voters with the same
    ballot, change it. Each candidate withdraws, or is cloned in up to 128 ways. The ballots are
    split in two in up to 128 ways. A violation without ties is preferred.

    Raises:
        InputError: for unknown names, and a rule that is a lottery or reads utilities.
    """
    return check_rules(profile, [rule], criterion, reading)[rule]


def check_rules(
    profile: Profile, rules: Sequence[str], criterion: str, reading: str = "ties"
) -> dict[str, Violation | None]:
    """``check_criterion`` for several rules, counted together.

    Raises:
        InputError: as ``check_criterion``.
    """
    tested = get_criterion(criterion)
    for name in rules:
        if not is_testable(RULES[name]):
            raise InputError(
                f"{RULES[name].title} does not make an order of orders; criteria are of rules "
                "that do."
            )
    if len(profile.names) < 2:
        return dict.fromkeys(rules)
    rows, index = np.unique(profile.place, axis=0, return_inverse=True)
    weight = np.zeros((1, len(rows)))
    np.add.at(weight[0], index.ravel(), profile.weight)
    comparisons = tested.comparisons(rows, weight, True)[:MAX_COMPARISONS]
    if not len(comparisons):
        return dict.fromkeys(rules)
    all_weight, all_masks = comparisons.stacked()
    places = electorates.count_places(comparisons.rows, all_weight, all_masks, rules)
    by_electorate = np.split(places, len(comparisons.weight))
    # The strictest readings come first, down to the one that is asked for.
    readings = READINGS[READINGS.index(reading) :][::-1]
    found: dict[str, Violation | None] = dict.fromkeys(rules)
    for i, name in enumerate(rules):
        own = [place[:, i] for place in by_electorate]
        for level in readings:
            violated = np.flatnonzero(violated_comparisons(tested, comparisons, own, level))
            if len(violated):
                found[name] = describe_violation(
                    tested, name, comparisons, own, int(violated[0]), profile.names
                )
                break
    return found
