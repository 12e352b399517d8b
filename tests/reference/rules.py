"""A ballot is ``(place of each candidate it ranks, weight)``; a rule gives ``{candidate: place}``.

Nothing here is shared with the library: sums over ballots, searches over all orders and walks over
all chains of victories, in fractions.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from itertools import permutations

Ballot = tuple[dict[int, int], int]
HALF = Fraction(1, 2)


class Contest:
    def __init__(self, ballots: list[Ballot], candidates: list[int]):
        self.candidates = list(candidates)
        kept = [({c: p for c, p in b.items() if c in candidates}, w) for b, w in ballots]
        self.ballots = [(b, w) for b, w in kept if b and w]
        self.weight = sum(w for _, w in self.ballots)
        self.prefer = {(a, b): self._share(a, b) for a in candidates for b in candidates if a != b}
        self.duel = {(a, b): self._duel(a, b) for a, b in self.prefer}

    def _share(self, a, b) -> Fraction:
        """Of all ballots, those that rank a strictly above b."""
        won = sum(w for r, w in self.ballots if a in r and b in r and r[a] < r[b])
        return Fraction(won, self.weight)

    def _duel(self, a, b) -> Fraction:
        met = sum(w for r, w in self.ballots if a in r and b in r)
        lead = (self.prefer[a, b] - self.prefer[b, a]) * self.weight
        return HALF + lead / (2 * met) if met else HALF

    def tops(self, left: set, last: bool = False, least: int = 1) -> dict[int, Fraction]:
        """First places (or last places, on ballots that rank ``least`` of those left)."""
        found = dict.fromkeys(left, Fraction(0))
        for ballot, w in self.ballots:
            here = {c: p for c, p in ballot.items() if c in left}
            if len(here) >= least and here:
                best = max(here.values()) if last else min(here.values())
                tied = [c for c, p in here.items() if p == best]
                for c in tied:
                    found[c] += Fraction(w, len(tied) * self.weight)
        return found

    def places(self) -> dict[int, dict[int, Fraction]]:
        """candidate -> place -> share, a tie spread over the places it fills."""
        found = {c: defaultdict(Fraction) for c in self.candidates}
        for ballot, w in self.ballots:
            for c, p in ballot.items():
                ahead = sum(q < p for q in ballot.values())
                tied = sum(q == p for q in ballot.values())
                for at in range(ahead, ahead + tied):
                    found[c][at] += Fraction(w, tied * self.weight)
        return found

    def borda(self, left=None) -> dict[int, Fraction]:
        left = self.candidates if left is None else left
        return {a: sum((self.duel[a, b] for b in left if b != a), Fraction(0)) for a in left}


def by_score(score: dict) -> dict[int, int]:
    return {a: sum(other > mine for other in score.values()) for a, mine in score.items()}


def points(contest: Contest, worth) -> dict[int, int]:
    """``worth(place)`` points for a place."""
    return by_score(
        {
            c: sum((worth(p) * share for p, share in at.items()), Fraction(0))
            for c, at in contest.places().items()
        }
    )


def bucklin(contest: Contest) -> dict[int, int]:
    key = {}
    m = len(contest.candidates)
    for c, at in contest.places().items():
        votes = Fraction(0)
        for level in range(m):
            votes += at[level]
            if votes > HALF:
                break
        else:
            level = m
        key[c] = (-level, votes)
    return by_score(key)


def leads(contest: Contest) -> dict:
    return {pair: p - HALF for pair, p in contest.duel.items() if p > HALF}


def reachable(edges: set, start) -> set:
    found, front = set(), {start}
    while front:
        front = {b for a, b in edges if a in front} - found
        found |= front
    return found


def strength(lead: dict, a, b) -> Fraction:
    """The width at which a chain of victories still leads from a to b."""
    for width in sorted(set(lead.values()), reverse=True):
        if b in reachable({pair for pair, x in lead.items() if x >= width}, a):
            return width
    return Fraction(0)


def schulze(contest: Contest) -> dict[int, int]:
    lead = leads(contest)
    pairs = [(a, b) for a in contest.candidates for b in contest.candidates if a != b]
    path = {pair: strength(lead, *pair) for pair in pairs}
    beaten = {
        c: -sum(path[b, a] > path[a, b] for b, a in pairs if a == c) for c in contest.candidates
    }
    return by_score(beaten)


def cycles_through(lead: dict, a, b):
    """Every cycle of victories that uses a ≻ b, as the widths of its victories."""

    def walk(at, seen, widths):
        for (c, d), x in lead.items():
            if c == at and d == a:
                yield [*widths, x]
            elif c == at and d not in seen:
                yield from walk(d, {*seen, d}, [*widths, x])

    yield from walk(b, {a, b}, [lead[a, b]])


def split_cycle_winners(contest: Contest) -> set:
    lead = leads(contest)
    kept = {
        (a, b) for (a, b), x in lead.items()
        if all(min(cycle) < x for cycle in cycles_through(lead, a, b))
    }  # fmt: skip
    return set(contest.candidates) - {b for _, b in kept}


def ranked_pairs_winners(contest: Contest) -> set:
    lead, locked = leads(contest), set()
    for width in sorted(set(lead.values()), reverse=True):
        level = {pair for pair, x in lead.items() if x == width}
        locked |= {(a, b) for a, b in level if a not in reachable(locked | level, b)}
    return set(contest.candidates) - {b for _, b in locked}


def kemeny_winners(contest: Contest) -> set:
    def wrong(order):
        return sum(
            contest.duel[b, a] for i, a in enumerate(order) for b in order[i + 1 :]
        )  # fmt: skip

    cost = {order: wrong(order) for order in permutations(contest.candidates)}
    least = min(cost.values())
    return {order[0] for order, x in cost.items() if x == least}


def again(winners):
    """The winners share a place, are removed, and the rule runs again."""

    def rule(contest: Contest) -> dict[int, int]:
        place, left, ballots = {}, set(contest.candidates), contest.ballots
        while left:
            some = contest if not place else without(contest, ballots, left)
            first = winners(some)
            place |= dict.fromkeys(first, len(place))
            left -= first
        return place

    return rule


def without(contest: Contest, ballots, left) -> Contest:
    """The same duels among fewer candidates (a ballot that ranks one of them still weighs)."""
    some = Contest.__new__(Contest)
    some.candidates, some.ballots, some.weight = sorted(left), ballots, contest.weight
    some.prefer = {p: x for p, x in contest.prefer.items() if set(p) <= left}
    some.duel = {p: x for p, x in contest.duel.items() if set(p) <= left}
    return some


def eliminated(losers):
    """The reverse of elimination."""

    def rule(contest: Contest) -> dict[int, int]:
        left, place = set(contest.candidates), {}
        while left:
            out = losers(contest, left)
            left = left - out
            place |= dict.fromkeys(out, len(left))
        return place

    return rule


def least(score: dict) -> set:
    return {c for c, x in score.items() if x == min(score.values())}


def below_mean(contest: Contest, left: set) -> set:
    score = contest.borda(left)
    mean = sum(score.values()) / len(left)
    return {c for c, x in score.items() if x < mean} or left


def coombs(contest: Contest) -> dict[int, int]:
    left, place, ahead = set(contest.candidates), {}, 0
    while left:
        first = contest.tops(left)
        winner = {c for c in left if first[c] > sum(first.values()) / 2}
        if winner:
            place |= dict.fromkeys(winner, ahead)
            ahead, left = ahead + 1, left - winner
            continue
        last = contest.tops(left, last=True, least=2)
        out = {c for c in left if last[c] == max(last.values())}
        left = left - out
        place |= dict.fromkeys(out, ahead + len(left))
    return place


def plurality_veto(contest: Contest) -> dict[int, int]:
    credit = contest.tops(set(contest.candidates))
    left = {c for c in credit if credit[c] > 0}
    place = {c: len(left) for c in credit if credit[c] == 0}
    while left:
        rate = contest.tops(left, last=True)
        times = [credit[c] / rate[c] for c in left if rate[c]]
        for c in left if times else ():
            credit[c] -= rate[c] * min(times)
        out = {c for c in left if credit[c] == 0} if times else left
        left = left - out
        place |= dict.fromkeys(out, len(left))
    return place


def copeland(contest: Contest) -> dict[int, int]:
    return by_score(
        {
            a: sum((p > HALF) + HALF * (p == HALF) for (x, _), p in contest.duel.items() if x == a)
            for a in contest.candidates
        }
    )


def minimax(contest: Contest) -> dict[int, int]:
    return by_score(
        {
            a: -max((1 - 2 * p for (x, _), p in contest.duel.items() if x == a), default=0)
            for a in contest.candidates
        }
    )


def minimax_winning_votes(contest: Contest) -> dict[int, int]:
    return by_score(
        {
            a: -max(
                (contest.prefer[b, a] for (x, b), p in contest.duel.items() if x == a and p < HALF),
                default=0,
            )
            for a in contest.candidates
        }
    )


RULES = {
    "plurality": lambda c: by_score(c.tops(set(c.candidates))),
    "anti-plurality": lambda c: by_score(
        {a: -x for a, x in c.tops(set(c.candidates), last=True, least=2).items()}
    ),
    "2-approval": lambda c: points(c, lambda place: place < 2),
    "3-approval": lambda c: points(c, lambda place: place < 3),
    "borda": lambda c: by_score(c.borda()),
    "dowdall": lambda c: points(c, lambda place: Fraction(1, place + 1)),
    "bucklin": bucklin,
    "copeland": copeland,
    "minimax": minimax,
    "minimax-winning-votes": minimax_winning_votes,
    "schulze": schulze,
    "split-cycle": again(split_cycle_winners),
    "ranked-pairs": again(ranked_pairs_winners),
    "kemeny": again(kemeny_winners),
    "instant-runoff": eliminated(lambda c, left: least(c.tops(left))),
    "coombs": coombs,
    "baldwin": eliminated(lambda c, left: least(c.borda(left))),
    "nanson": eliminated(below_mean),
    "plurality-veto": plurality_veto,
    "random-ballot": lambda c: by_score(c.tops(set(c.candidates))),
}
