"""The margin of victory of a rule: how many ballots have to change before the winners change."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from scrl.types import InputError
from scrl.voting.profiles.profile import Profile
from scrl.voting.registry import RULES
from scrl.voting.robustness import aims
from scrl.voting.robustness.electorate import (
    CHANGES,
    REMOVE,
    REPLACE,
    BallotChange,
    Electorate,
    electorate,
)
from scrl.voting.robustness.elimination import RunoffSearch
from scrl.voting.robustness.pairwise import (
    Aim,
    MarginSearch,
    changed_order_of_margins,
    changed_victories,
)
from scrl.voting.robustness.positional import POINTS, bucklin_change, positional_change
from scrl.voting.robustness.search import favouring_change
from scrl.voting.truncated_ballots import LAST


@dataclass(frozen=True)
class _MarginRule:
    """How the search goes for a rule that reads margins.

    Attributes:
        starts: what comes true if the winners change.
        fallback: what changes then in any case; None where ``starts`` say all.
        max_candidates: with more the search would take too long.
    """

    starts: Callable[[Electorate], list[aims.Start]]
    fallback: Aim | None
    max_candidates: int


_MARGIN_RULES = {
    "copeland": _MarginRule(aims.copeland_starts, changed_order_of_margins, 15),
    "minimax": _MarginRule(aims.minimax_starts, changed_order_of_margins, 50),
    "schulze": _MarginRule(aims.schulze_starts, changed_order_of_margins, 15),
    "split-cycle": _MarginRule(aims.split_cycle_starts, changed_order_of_margins, 15),
    "ranked-pairs": _MarginRule(aims.refinement_starts, changed_order_of_margins, 8),
    "river": _MarginRule(aims.refinement_starts, changed_order_of_margins, 8),
    "stable-voting": _MarginRule(aims.refinement_starts, changed_order_of_margins, 8),
    "slater": _MarginRule(aims.sign_starts, changed_victories, 10),
    "smith-set": _MarginRule(aims.sign_starts, changed_victories, 10),
    "schwartz-set": _MarginRule(aims.sign_starts, changed_victories, 10),
    "uncovered-set": _MarginRule(aims.sign_starts, changed_victories, 10),
    "kemeny": _MarginRule(aims.kemeny_starts, None, aims.MAX_KEMENY),
}
#: The rules whose margin is exact, where time suffices.
EXACT_RULES = (*POINTS, "bucklin", "instant-runoff", *_MARGIN_RULES)
#: The method of a margin that there is not.
IMPOSSIBLE = "No change of ballots changes the winners."
#: Seconds that a search may take unless told otherwise.
SECONDS = 10.0


@dataclass(frozen=True, eq=False)
class MarginOfVictory:
    """How many ballots have to change before the winners change.

    Attributes:
        rule: its name in the registry.
        change: what happens to ballots: ``"replace"``, ``"add"`` or ``"remove"``.
        winners: the candidates in first place.
        lower: no change of fewer ballots changes the winners; None where no change does.
        upper: so many ballots suffice, as the witness shows; None where none was found.
        unit: the weight of one ballot: 1 where all weights are whole numbers of voters.
        ballots: the number of ballots, in units.
        new_winners: the candidates in first place after the witness's change.
        removed, added: the witness: the ballots taken away, as they were cast, and the ballots
            put in their place; None without one.
        method: how the bounds were found, in a sentence.
    """

    rule: str
    change: str
    winners: tuple[str, ...]
    lower: int | None
    upper: int | None
    unit: float
    ballots: int
    new_winners: tuple[str, ...]
    removed: Profile | None
    added: Profile | None
    method: str

    @property
    def exact(self) -> bool:
        """Whether the bounds are equal."""
        return self.lower == self.upper

    def to_dict(self) -> dict[str, Any]:
        """The margin as plain JSON; the witness as ballots in text."""
        return {
            "rule": self.rule, "change": self.change, "winners": list(self.winners),
            "lower": self.lower, "upper": self.upper, "exact": self.exact, "unit": self.unit,
            "ballots": self.ballots, "new_winners": list(self.new_winners),
            "removed": _lines(self.removed), "added": _lines(self.added), "method": self.method,
        }  # fmt: skip


def margin_of_victory(
    profile: Profile,
    rule: str,
    *,
    left_out: str = LAST,
    change: str = REPLACE,
    seconds: float = SECONDS,
) -> MarginOfVictory:
    """The fewest ballots whose change changes the set of winners.

    A candidate that draws level with the winner changes this set, as does one of several winners
    that falls behind. A ballot that is replaced or added ranks all candidates, without ties.

    Exact for ``EXACT_RULES`` where the time suffices: in closed form for points for places (Xia
    2012), by branch and bound with integer programmes for instant runoff (Magrino et al. 2011, Blom
    et al. 2016) and for rules that read majorities. For other rules it is a pair of bounds. The
    upper bound is always a change of ballots that was counted.

    >>> profile = Profile.from_text("42: M>N>C>K; 26: N>C>K>M; 15: C>K>N>M; 17: K>C>N>M")
    >>> margin_of_victory(profile, "plurality").upper
    8

    Args:
        profile: weights are whole numbers of voters, or whole multiples of a millionth.
        rule: its name in the registry.
        left_out: what a ballot says of candidates that it leaves out; ``"last"`` only.
        change: ``"replace"``, ``"add"`` or ``"remove"`` ballots.
        seconds: time for the search, after which bounds are returned.

    Raises:
        InputError: for ballots or a rule that have no margin, such as a lottery.
    """
    if not isinstance(profile, Profile):
        raise InputError(
            f"A margin of victory is computed for a Profile, not for a {type(profile).__name__}; "
            "give the profile of an election record."
        )
    if change not in CHANGES:
        raise InputError(
            f"Ballots can change by {', '.join(CHANGES)}; {change!r} is none of these."
        )
    if left_out != LAST and not profile.is_complete:
        raise InputError(
            "A margin of victory is computed for ballots that rank all candidates; read the "
            "candidates that a ballot leaves out as tied last."
        )
    if RULES[rule].lottery:
        raise InputError(f"{RULES[rule].title} draws the winner, so that it has no margin.")
    voters = electorate(profile, rule)
    deadline = time.monotonic() + seconds
    found, least, method = _search(voters, change, deadline)
    return _result(voters, change, found, least, method)


def _search(
    voters: Electorate, kind: str, deadline: float
) -> tuple[BallotChange | None, int | None, str]:
    """The smallest change found, a lower bound of its size (None where no change suffices) and the
    method."""
    rule, m = voters.rule, voters.size
    if rule in POINTS or rule == "bucklin":
        count = bucklin_change if rule == "bucklin" else positional_change
        found = count(voters, kind)
        if found is None:
            return None, None, IMPOSSIBLE
        return found, found.size, "The margin is exact, from a formula for each pair."
    known = favouring_change(voters, kind, deadline)
    simple = simple_bound(voters, kind)
    if known is not None and known.size == simple:
        return known, simple, "The margin is exact: a criterion of the rule gives the lower bound."
    search: RunoffSearch | MarginSearch | None = None
    if rule == "instant-runoff":
        search = RunoffSearch(voters, kind, deadline)
        found = search.run(known)
    elif rule in _MARGIN_RULES and m <= _MARGIN_RULES[rule].max_candidates:
        search = MarginSearch(voters, kind, deadline)
        how = _MARGIN_RULES[rule]
        found = search.run(how.starts(voters), how.fallback, known)
    if search is None:
        return known, simple, "The lower bound is a simple one; the upper bound was searched for."
    if found is None and time.monotonic() < deadline:
        return None, None, IMPOSSIBLE
    least = max(simple, search.least)
    least = least if found is None else min(least, found.size)
    if found is not None and least == found.size:
        return found, least, "The margin is exact, by branch and bound with integer programmes."
    return found, least, "The time did not suffice for an exact margin; these are bounds."


def simple_bound(voters: Electorate, kind: str) -> int:
    """A lower bound for any rule, from the criteria that it satisfies: a candidate with a majority
    of first places, or one that beats all others, has to lose this first."""
    satisfies = RULES[voters.rule].satisfies or frozenset()
    if len(voters.winners) > 1:
        return 1
    (winner,) = voters.winners
    step = 2 if kind == REPLACE else 1
    bound = 1
    others = np.arange(voters.size) != winner
    if "condorcet" in satisfies and (voters.margin[winner, others] > 0).all():
        bound = max(bound, -(-int(voters.margin[winner, others].min()) // step))
    if "majority" in satisfies:
        alone = (voters.place[:, [winner]] < voters.place[:, others]).all(1)
        lead = 2 * int(voters.count[alone].sum()) - voters.ballots
        bound = max(bound, -(-lead // step))
    return bound


def _result(
    voters: Electorate, kind: str, found: BallotChange | None, least: int | None, method: str
) -> MarginOfVictory:
    names = voters.cast.names
    after = frozenset[int]() if found is None else voters.winners_after(found)
    if found is not None and after == voters.winners:  # the count disagrees with the search
        found, after = None, frozenset()
        method = "The witness did not change the winners when it was counted; only the lower bound."
    return MarginOfVictory(
        voters.rule, kind, tuple(names[a] for a in sorted(voters.winners)), least,
        None if found is None else found.size, voters.unit, voters.ballots,
        tuple(names[a] for a in sorted(after)),
        None if found is None else voters.removed_ballots(found),
        None if found is None or kind == REMOVE else voters.added_ballots(found), method,
    )  # fmt: skip


def _lines(profile: Profile | None) -> list[str]:
    if profile is None:
        return []
    return [
        f"{weight:.10g}: {' > '.join(' = '.join(tied) for tied in order)}"
        for weight, order in zip(profile.weight, profile.orders(), strict=True)
    ]
