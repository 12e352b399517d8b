"""What to say of the way in which truncated ballots were read: in words, and where it decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from scrl.types import Ballots, Outcome
from scrl.voting.contest import TIE_TOLERANCE
from scrl.voting.registry import RULES
from scrl.voting.truncated_ballots import COUNTS, LAST, PREF_VOTING, SHARES, UNSEEN

#: A victory is thin where fewer than this share of the weight ranks both candidates.
THIN_SHARE = 0.01
#: Voters × candidates² up to which thin victories are searched, and pairs that are looked at.
MAX_WORK, MAX_PAIRS = 20_000_000_000, 1_000
#: Rules that differ between widths, and that a note names.
MAX_NAMED = 6
#: Rules that add up shares P(a ≻ b), besides those that read nothing else.
_SUM_SHARES = frozenset({"borda", "proportional-borda"})

_MEANINGS = {
    LAST: "the candidates that a ballot leaves out are tied in its last place",
    UNSEEN: "a ballot says nothing of the candidates that it leaves out",
    PREF_VOTING: "the candidates that a ballot leaves out count as in the package pref_voting",
    None: "a ballot says nothing of the candidates that it leaves out, and counts for first places "
    "if it ranks one",
}
_WIDTHS = {
    SHARES: "the width of a victory is a share of the ballots that rank both candidates",
    COUNTS: "the width of a victory is a number of ballots, over all ballots",
}


class ThinVictory(NamedTuple):
    """A victory that few ballots decide.

    Attributes:
        winner, loser: the candidates.
        weight: of the ballots that rank both.
        total: the weight of all ballots.
    """

    winner: int
    loser: int
    weight: float
    total: float


def describe_reading(left_out: str | None, widths: str = SHARES) -> str:
    """The reading of truncated ballots as one sentence; arguments as in ``aggregate``."""
    clauses = [_MEANINGS[left_out]]
    if left_out in (UNSEEN, None):
        clauses.append(_WIDTHS[widths])
    text = "; ".join(clauses)
    return f"{text[0].upper()}{text[1:]}."


def silent_ballots_note(silent: float, total: float) -> str:
    """What to say of ballots that rank one candidate only, where the others are unseen.

    Args:
        silent: their weight; total: that of all ballots.
    """
    if silent <= 0:
        return ""
    return (
        f"{_weight(silent)} of {_weight(total)} ballots by weight ({_percent(silent / total)}) "
        "rank one candidate only: they compare no two candidates and are not counted. Read as "
        "tied last, they count."
    )


def thin_victories(ballots: Ballots) -> list[ThinVictory]:
    """The victories that rest on less than ``THIN_SHARE`` of the weight, the thinnest first; among
    the ``MAX_PAIRS`` pairs that fewest ballots rank.

    Args:
        ballots: of one contest, with utilities ``[voters, candidates]``, ``ranked`` and ``weight``.
    """
    assert ballots.utility is not None
    utility = np.asarray(ballots.utility)
    ranked = np.ones(utility.shape, bool) if ballots.ranked is None else np.asarray(ballots.ranked)
    weight = np.ones(len(utility)) if ballots.weight is None else np.asarray(ballots.weight, float)
    counted = weight > 0
    utility, ranked, weight = utility[counted], ranked[counted], weight[counted]
    if ranked.all() or len(utility) * utility.shape[1] ** 2 > MAX_WORK:
        return []
    both = np.triu((ranked * weight[:, None]).T @ ranked.astype(float), 1)
    total = float(weight.sum())
    pairs = np.argwhere((both > 0) & (both < THIN_SHARE * total))
    pairs = pairs[np.argsort(both[tuple(pairs.T)], kind="stable")[:MAX_PAIRS]]
    found = []
    for a, b in pairs.tolist():
        rows = ranked[:, a] & ranked[:, b]
        margin = float(weight[rows] @ np.sign(utility[rows, a] - utility[rows, b]))
        if abs(margin) > TIE_TOLERANCE * both[a, b]:
            winner, loser = (a, b) if margin > 0 else (b, a)
            found.append(ThinVictory(winner, loser, float(both[a, b]), total))
    return sorted(found, key=lambda victory: victory.weight / victory.total)


def thin_victories_note(
    found: Iterable[tuple[str, Sequence[str], Sequence[ThinVictory]]],
) -> str:
    """What to say of thin victories; "" where there are none.

    Args:
        found: of each contest its name ("" for the only one), the names of its candidates, and its
            thin victories.
    """
    several = [part for part in found if part[2]]
    if not several:
        return ""
    number = sum(len(victories) for *_, victories in several)
    contest, names, (victory, *_) = min(several, key=lambda part: part[2][0][2] / part[2][0][3])
    where = f" on ‘{contest}’" if contest else ""
    one = number == 1
    return (
        f"{number:,} head-to-head {'victory rests' if one else 'victories rest'} on less than "
        f"{_percent(THIN_SHARE)} of the weight{'' if one else ', the thinnest'}{where}: "
        f"{names[victory.winner]} over {names[victory.loser]} by {_weight(victory.weight)} of "
        f"{_weight(victory.total)} ballots. As a share it is as wide as any other; widths as "
        "counts of ballots do not do this."
    )


def rules_of_widths(rules: Iterable[str]) -> list[str]:
    """Those of the rules whose outcome may depend on what the width of a victory is."""
    return [
        name
        for name in rules
        if (RULES[name].reads == "pairwise" or name in _SUM_SHARES)
        and RULES[name].family != "likelihood"
    ]


def other_widths_notes(
    contests: Iterable[tuple[str, Sequence[str], Mapping[str, Outcome], Mapping[str, Outcome]]],
    widths: str,
) -> tuple[str, ...]:
    """Which winners would be others with the other widths of victories.

    Args:
        contests: of each contest its name ("" for the only one), the names of its candidates, and
            rule -> outcome by ``widths`` and by the other.
        widths: what was counted.
    """
    other = "counts of ballots, as most libraries measure them" if widths == SHARES else "shares"
    lines = list(_differences(contests))
    if not lines:
        return ()
    more = len(lines) - MAX_NAMED
    text = "; ".join(lines[:MAX_NAMED]) + (f"; and {more:,} more" if more > 0 else "")
    return (f"With widths as {other}, other candidates win: {text}.",)


def _differences(
    contests: Iterable[tuple[str, Sequence[str], Mapping[str, Outcome], Mapping[str, Outcome]]],
) -> Iterator[str]:
    for contest, names, ours, theirs in contests:
        for rule, outcome in theirs.items():
            first = [[names[i] for i in np.flatnonzero(o.place[: len(names)] == 0)]
                     for o in (outcome, ours[rule])]  # fmt: skip
            if first[0] != first[1] and not outcome.lottery:
                where = f" on ‘{contest}’" if contest else ""
                yield (
                    f"{RULES[rule].title}{where} elects {' and '.join(first[0])} instead of "
                    f"{' and '.join(first[1])}"
                )


def _weight(value: float) -> str:
    return f"{value:,.10g}"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.3g} %"
