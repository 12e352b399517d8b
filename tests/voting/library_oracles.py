"""Random profiles by scrl and by the libraries that mean the same rule.

Winners are compared. Where a library follows another convention (docs/agreement.md states it), the
comparison names the convention for the profiles to which it applies, and for no others.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import factorial, prod

import numpy as np
from pref_voting import c1_methods as c1
from pref_voting import iterative_methods as rounds
from pref_voting import margin_based_methods as margins
from pref_voting import other_methods as other
from pref_voting import scoring_methods as points
from pref_voting.combined_methods import smith_minimax
from pref_voting.profiles import Profile as StrictProfile
from pref_voting.profiles_with_ties import ProfileWithTies

from scrl.types import Ballots
from scrl.voting import RULES, aggregate

MOST_CANDIDATES, MOST_BALLOTS = 5, 7
#: pref_voting walks through all orders of equal victories, of ties both ways; most of them here.
MOST_ORDERS = 150
#: Kinds of ballots: strict and complete; with ties and candidates left out; with candidates left
#: out and no ties.
STRICT, WEAK, SHORT = "complete strict", "ties and truncation", "truncation"
EQUAL_VICTORIES, PROPORTIONS = "equal victories", "only proportions of weights count here"


@dataclass(frozen=True)
class Comparison:
    """A rule beside another library's.

    Attributes:
        library, there: the library, and its function's name.
        ballots: ``STRICT``, ``WEAK`` or ``SHORT``.
        left_out, widths: scrl's settings.
        winners: of pref_voting's profile -> candidates in first place.
        convention: that may explain a difference, and to which profiles it applies.
    """

    rule: str
    there: str
    ballots: str
    left_out: str
    widths: str
    winners: Callable[[StrictProfile | ProfileWithTies], list[int]]
    few_orders: bool = False
    convention: tuple[str, Callable] | None = None
    library: str = "pref_voting"


@dataclass
class Agreement:
    """What a comparison found: counts of profiles, and one that nothing explains."""

    profiles: int = 0
    equal: int = 0
    several_winners: int = 0
    explained: Counter = field(default_factory=Counter)
    unexplained: int = 0
    example: str = ""


def equal_victories(profile: ProfileWithTies) -> bool:
    """Whether two victories have the same margin, or a pair of candidates is tied."""
    return orders_of_victories(profile) > 1


def orders_of_victories(profile: ProfileWithTies) -> int:
    """In how many orders victories can be taken, a tied pair either way round."""
    margin = np.array(profile.margin_matrix)
    sizes, count = np.unique(np.abs(margin[np.triu_indices(len(margin), 1)]), return_counts=True)
    return prod(
        factorial(int(n) if size else 2 * int(n)) for size, n in zip(sizes, count, strict=True)
    )


def common_divisor(profile: StrictProfile) -> bool:
    """Whether the electorate is a smaller one several times over."""
    return bool(np.gcd.reduce(np.array(profile._rcounts)) > 1)


CONVENTIONS = {
    "ranked-pairs": (EQUAL_VICTORIES, equal_victories),
    "dodgson": (PROPORTIONS, common_divisor),
}


def approval(k: int) -> Callable[[StrictProfile], list[int]]:
    return lambda profile: points.scoring_rule(profile, score=lambda _, place: int(place <= k))


def winning_votes(profile: StrictProfile | ProfileWithTies) -> list[int]:
    return margins.minimax(profile, strength_function=profile.support)


#: Rules of margins: pref_voting counts all ballots by them.
OF_MARGINS: dict[str, Callable] = {
    "copeland": c1.copeland, "minimax": margins.minimax, "schulze": margins.beat_path,
    "split-cycle": margins.split_cycle, "kemeny": other.kemeny_young,
    "ranked-pairs": margins.ranked_pairs, "river": margins.river,
    "simple-stable-voting": margins.simple_stable_voting, "stable-voting": margins.stable_voting,
    "slater": c1.slater, "smith-set": c1.top_cycle, "schwartz-set": c1.gocha,
    "uncovered-set": c1.uc_gill, "smith-minimax": smith_minimax,
}  # fmt: skip
#: Rules that it counts for complete strict ballots only.
OF_STRICT: dict[str, Callable] = {
    "plurality": points.plurality, "anti-plurality": points.anti_plurality,
    "2-approval": approval(2), "3-approval": approval(3), "borda": points.borda,
    # Whole numbers, since sums of thirds are tied or not by their rounding.
    "dowdall": lambda p: points.scoring_rule(p, score=lambda _, place: 60 // place),
    "bucklin": other.bucklin, "coombs": rounds.coombs, "baldwin": rounds.baldwin,
    "nanson": rounds.strict_nanson,
    "instant-runoff": lambda p: rounds.instant_runoff(p, exit_on_majority=False),
    "minimax-winning-votes": winning_votes, "dodgson": other.dodgson,
}  # fmt: skip
#: Rules that take pref_voting tens of milliseconds a profile are compared on fewer.
MOST_PROFILES = {"dodgson": 1_000}
#: Rules with a function of their own for ballots with ties, those left out tied last.
OF_WEAK: dict[str, Callable] = {
    "borda": points.borda_for_profile_with_ties,
    "instant-runoff": lambda p: rounds.split_irv(_completed(p)),
    "minimax-winning-votes": winning_votes,
}
#: Rules with a function of their own for ballots that leave candidates out.
OF_SHORT: dict[str, Callable] = {
    "plurality": points.plurality,
    "borda": points.borda_for_profile_with_ties,
    "bucklin": other.bucklin_for_truncated_linear_orders,
    "instant-runoff": rounds.instant_runoff_for_truncated_linear_orders,
}


def _completed(profile: ProfileWithTies) -> ProfileWithTies:
    """A copy with the candidates that a ballot leaves out tied in its last place."""
    copy = ProfileWithTies(
        [dict(r.rmap) for r in profile._rankings], list(profile.rcounts), list(profile.candidates)
    )
    copy.add_unranked_candidates()
    return copy


def comparisons() -> list[Comparison]:
    """Every rule beside pref_voting's, for each kind of ballots and reading that it counts."""
    found = []
    for rule, count in (OF_STRICT | OF_MARGINS).items():
        found.append(_comparison(rule, count, STRICT, "last", "shares"))
    for rule, count in (OF_WEAK | OF_MARGINS).items():
        found.append(_comparison(rule, count, WEAK, "last", "shares"))
    for rule, count in OF_MARGINS.items():
        found.append(_comparison(rule, count, WEAK, "unseen", "counts"))
        if rule in ("copeland", "slater", "smith-set", "schwartz-set", "uncovered-set"):
            found.append(_comparison(rule, count, WEAK, "unseen", "shares"))
    for rule, count in (OF_SHORT | OF_MARGINS).items():
        found.append(_comparison(rule, count, SHORT, "pref_voting", "shares"))
    return [c for c in found if c.rule in RULES]


def _comparison(rule: str, count: Callable, ballots: str, left_out: str, widths: str) -> Comparison:
    there = getattr(count, "name", {"instant-runoff": "Instant Runoff"}.get(rule, rule))
    few = rule in ("ranked-pairs", "river")
    return Comparison(rule, there, ballots, left_out, widths, count, few, CONVENTIONS.get(rule))


def compare(comparison: Comparison, profiles: int, seed: int = 0) -> Agreement:
    """Count random profiles both ways: scrl all at once, the library one by one."""
    profiles = min(profiles, MOST_PROFILES.get(comparison.rule, profiles))
    drawn = list(_draw(comparison, profiles, seed))
    place = aggregate(
        _stacked(drawn), comparison.rule, comparison.left_out, comparison.widths
    ).place
    found = Agreement()
    for (rows, weight, profile), places in zip(drawn, place, strict=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wanted = sorted(comparison.winners(profile))
        winners = np.flatnonzero(places[: rows.shape[1]] == 0).tolist()
        found.profiles += 1
        found.several_winners += len(wanted) > 1
        if winners == wanted:
            found.equal += 1
        elif comparison.convention and comparison.convention[1](profile):
            found.explained[comparison.convention[0]] += 1
        else:
            found.unexplained += 1
            found.example = f"{rows.tolist()} weights {weight.tolist()}: {winners} not {wanted}"
    return found


def _draw(
    comparison: Comparison, profiles: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray, StrictProfile | ProfileWithTies]]:
    """Places ``[ballots, candidates]`` with -1 for those left out, weights, and the library's
    profile. Half of the profiles have small weights, so that ties of all kinds occur."""
    rng = np.random.default_rng([seed, len(comparison.rule), len(comparison.ballots)])
    drawn = 0
    while drawn < profiles:
        m, n = int(rng.integers(2, MOST_CANDIDATES + 1)), int(rng.integers(1, MOST_BALLOTS + 1))
        place = rng.permuted(np.tile(np.arange(m), (n, 1)), axis=1)
        if comparison.ballots == WEAK:
            place = rng.integers(0, m, (n, m))
        if comparison.ballots != STRICT:
            place = np.where(rng.random((n, m)) < 0.3, -1, place)
        place = place[(place >= 0).any(1)]
        compared = (place >= 0).sum(1) > 1
        if (comparison.left_out == "unseen" and not compared.any()) or not len(place):
            continue
        place = np.stack([_dense(row) for row in place])
        weight = rng.integers(1, rng.choice([4, 60]), len(place))
        profile = _library_profile(place, weight, comparison)
        if comparison.few_orders and orders_of_victories(profile) > MOST_ORDERS:
            continue
        drawn += 1
        yield place, weight, profile


def _dense(row: np.ndarray) -> np.ndarray:
    """Places 0, 1, 2 … of the ranked candidates; pref_voting reads a gap as an empty place."""
    dense = np.full(len(row), -1)
    dense[row >= 0] = np.unique(row[row >= 0], return_inverse=True)[1].ravel()
    return dense


def _library_profile(
    place: np.ndarray, weight: np.ndarray, comparison: Comparison
) -> StrictProfile | ProfileWithTies:
    if comparison.ballots == STRICT:
        return StrictProfile(place.argsort(1).tolist(), weight.tolist())
    ranks = [{c: int(p) for c, p in enumerate(row) if p >= 0} for row in place]
    profile = ProfileWithTies(ranks, weight.tolist(), candidates=list(range(place.shape[1])))
    if comparison.left_out == "last":
        profile.use_extended_strict_preference()
    return profile


def _stacked(drawn: list[tuple]) -> Ballots:
    """The ballots of all profiles, padded ``[profiles, ballots, candidates]``."""
    shape = (len(drawn), MOST_BALLOTS, MOST_CANDIDATES)
    utility, ranked = np.zeros(shape), np.zeros(shape, bool)
    weight, standing = np.zeros(shape[:2]), np.zeros((len(drawn), MOST_CANDIDATES), bool)
    for i, (place, votes, _) in enumerate(drawn):
        n, m = place.shape
        utility[i, :n, :m], ranked[i, :n, :m] = -place, place >= 0
        weight[i, :n], standing[i, :m] = votes, True
    return Ballots(utility, ranked, weight, standing)
