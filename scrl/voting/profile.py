"""Weighted ballots over named candidates, as users write, count, edit and share them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from scrl.data.files import quoted
from scrl.types import InputError, Outcome
from scrl.voting.profile_data import ProfileData, format_ballot, on_demand
from scrl.voting.profile_pairwise import dominant_set, margin_graph, pairwise_counts
from scrl.voting.rankings import candidate_name, dense_places, distinct_rows

__all__ = ["Profile", "format_ballot"]

#: What a ballot says of the candidates that it leaves out, and what the width of a victory is,
#: unless it is said; the values are explained at ``counting.aggregate``.
_LEFT_OUT, _WIDTHS = "last", "shares"
#: Head-to-head counts closer than this share of the weight are tied, as in ``contest``.
_TIE = 1e-9
#: Most ballots that ``str`` shows.
_SHOWN_BALLOTS = 10


class Profile(ProfileData):
    """An anonymous preference profile: distinct ballots and how many voters cast each.

    >>> from scrl import Profile
    >>> profile = Profile.from_counts({"A > B > C": 4, "B > C > A": 3, "C > B > A": 2})
    >>> profile.condorcet_winner(), profile.winners("plurality")
    ('B', ['A'])

    The constructors are ``from_counts`` and ``from_rankings`` (names), ``from_orders``,
    ``from_ranks`` and ``from_utilities`` (arrays), ``from_frame``, ``from_file`` and ``from_text``.
    Every method that counts reads candidates that a ballot leaves out as tied last, unless
    ``left_out`` says ``"unseen"`` or ``"pref_voting"`` (docs/conventions.md).

    Attributes:
        names: of the candidates.
        place: place on the ballot ``[ballots, candidates]``, 0 = best, equal = tied, dense; -1
            where the ballot does not rank the candidate.
        weight: number (or share) of voters who cast the ballot ``[ballots]``, positive.
        labels: name of the voters who cast the ballot, such as a rater type ``[ballots]``; "" for
            none.
        utility: utility of each candidate to those voters ``[ballots, candidates]``, or None where
            only orders are known.
    """

    @property
    def voters(self) -> float:
        """The number of voters: the sum of the weights."""
        return float(self.weight.sum())

    # -- head to head -----------------------------------------------------------------------------

    def pairwise(self, left_out: str | None = _LEFT_OUT) -> np.ndarray:
        """The number of voters who rank a above b ``[candidates, candidates]``.

        >>> Profile.from_text("3: A > B; 2: B").pairwise()
        array([[0., 3.],
               [2., 0.]])

        Args:
            left_out: what a ballot says of a candidate that it leaves out: ``"last"``, tied behind
                all that it ranks; ``"unseen"`` and ``"pref_voting"``, nothing.

        Raises:
            InputError: for another value.
        """
        read = self._read(left_out)
        return pairwise_counts(read.place, read.weight)

    def margins(self, left_out: str | None = _LEFT_OUT) -> np.ndarray:
        """Voters who rank a above b less those who rank b above a ``[candidates, candidates]``.

        >>> Profile.from_text("3: A > B; 2: B").margins()
        array([[ 0.,  1.],
               [-1.,  0.]])
        """
        count = self.pairwise(left_out)
        return count - count.T

    def margin(self, a: str, b: str, left_out: str | None = _LEFT_OUT) -> float:
        """Voters who rank ``a`` above ``b`` less those who rank ``b`` above ``a``."""
        return float(self.margins(left_out)[self._index(a), self._index(b)])

    def condorcet_winner(self, left_out: str | None = _LEFT_OUT) -> str | None:
        """The candidate who beats every other head to head, or None."""
        beats = self._beats(left_out)
        return self._only(beats.sum(1) == len(self.names) - 1)

    def condorcet_loser(self, left_out: str | None = _LEFT_OUT) -> str | None:
        """The candidate whom every other beats head to head, or None; None for one candidate."""
        beats = self._beats(left_out)
        return self._only((beats.sum(0) == len(self.names) - 1) & (len(self.names) > 1))

    def smith_set(self, left_out: str | None = _LEFT_OUT) -> list[str]:
        """The smallest set of candidates who all beat everybody outside it head to head.

        >>> Profile.from_text("1: A > B > C > D; 1: B > C > A > D; 1: C > A > B > D").smith_set()
        ['A', 'B', 'C']
        """
        return self._named(dominant_set(~self._beats(left_out).T))

    # -- by rules ---------------------------------------------------------------------------------

    def outcome(
        self, rule: str, left_out: str | None = _LEFT_OUT, widths: str = _WIDTHS
    ) -> Outcome:
        """The outcome of a rule, as arrays: ``scrl.aggregate`` of this profile.

        Raises:
            InputError: for an unknown rule, or one that cannot count this profile.
        """
        from scrl.voting import aggregate

        return aggregate(self, rule, left_out, widths)

    def winners(
        self, rule: str, left_out: str | None = _LEFT_OUT, widths: str = _WIDTHS
    ) -> list[str]:
        """The candidates in first place by a rule; of a lottery, those who win most probably.

        >>> Profile.from_text("4: A > B > C; 3: B > C > A; 2: C > B > A").winners("borda")
        ['B']
        """
        return self._named(self.outcome(rule, left_out, widths).place == 0)

    def order(
        self, rule: str, left_out: str | None = _LEFT_OUT, widths: str = _WIDTHS
    ) -> list[list[str]]:
        """The order of a rule, best first; each place is the list of names tied there.

        >>> Profile.from_text("4: A > B > C; 3: B > C > A; 2: C > B > A").order("borda")
        [['B'], ['A'], ['C']]
        """
        return self.outcome(rule, left_out, widths).order(list(self.names))

    def scores(
        self, rule: str, left_out: str | None = _LEFT_OUT, widths: str = _WIDTHS
    ) -> dict[str, float]:
        """The score of each candidate by a rule, higher better; of a lottery its probability.

        >>> Profile.from_text("4: A > B > C; 4: B > C > A; 2: C > B > A").scores("plurality")
        {'A': 0.4, 'B': 0.4, 'C': 0.2}
        """
        return self.outcome(rule, left_out, widths).by_name(list(self.names))

    def count_all_rules(
        self,
        rules: Iterable[str] | None = None,
        left_out: str | None = _LEFT_OUT,
        widths: str = _WIDTHS,
    ) -> tuple[dict[str, Outcome], dict[str, str]]:
        """The outcomes of all rules, and why a rule cannot count: ``scrl.count_all_rules``."""
        from scrl.voting import count_all_rules

        return count_all_rules(self, rules, left_out, widths)

    def bootstrap(
        self,
        rule: str,
        draws: int = 1_000,
        seed: int | np.random.Generator = 0,
        left_out: str | None = _LEFT_OUT,
        widths: str = _WIDTHS,
    ) -> dict[str, float]:
        """How often each candidate wins by a rule when voters are drawn again with replacement.

        >>> shares = Profile.from_text("52: A > B; 48: B > A").bootstrap("plurality")
        >>> .5 < shares["A"] < .8
        True

        Args:
            draws: number of resampled electorates; ties for first place are split equally.
        """
        sampling = on_demand("voting.profile_sampling")
        return sampling.bootstrap(self, rule, draws, seed, left_out, widths)

    def plot_margins(
        self, left_out: str | None = _LEFT_OUT, *, dark: bool = False, scale: float = 1.0
    ) -> Any:
        """The margin graph as a Plotly figure: an arrow from the winner of each head-to-head
        contest to the loser, with the margin as a share of the voters."""
        graph = margin_graph(self.margins(left_out) / self.voters)
        return on_demand("figures").majority_graph(graph, self.names, dark=dark, scale=scale)

    # -- other profiles ---------------------------------------------------------------------------

    def merged(self) -> Profile:
        """The profile with equal ballots (of one label and equal utilities) merged, the heaviest
        first.

        >>> Profile.from_text("1: A > B; 2: B > A; 3: A > B").merged().to_text()
        '4: A > B\\n2: B > A'
        """
        plain = self.utility is None and not any(self.labels)
        if plain:
            first, row = distinct_rows(self.place)
        else:
            keys = np.unique(self._keys(), axis=0, return_index=True, return_inverse=True)
            first, row = keys[1], keys[2].ravel()
        total = np.bincount(row, self.weight, len(first))
        heaviest = np.argsort(-total, kind="stable")
        return self.select(first[heaviest], total[heaviest])

    def select(self, ballots: np.ndarray, weight: np.ndarray | None = None) -> Profile:
        """Only some ballots.

        >>> profile = Profile.from_text("3: A > B; 2: B > A; 1: A")
        >>> profile.select(profile.weight > 1).to_text()
        '3: A > B\\n2: B > A'

        Args:
            ballots: a boolean mask ``[ballots]``, or indices.
            weight: their new weights; the old ones where None.
        """
        rows = np.arange(len(self.place))[ballots]
        return Profile(
            self.names,
            self.place[rows],
            self.weight[rows] if weight is None else weight,
            tuple(self.labels[i] for i in rows),
            None if self.utility is None else self.utility[rows],
        )

    def restrict(self, candidates: Iterable[str]) -> Profile:
        """The profile with only these candidates, in the order given. Ballots that rank none of
        them are left out, since a blank ballot counts nothing; equal ballots are not merged.

        >>> Profile.from_text("3: A > B > C; 2: C").restrict(["C", "B"]).to_text()
        'candidates: C, B\\n3: B > C\\n2: C'

        Raises:
            InputError: for an unknown or repeated name, or where no ballot is left.
        """
        names = [candidate_name(name) for name in _listed(candidates)]
        columns = [self._index(name) for name in names]
        kept = np.flatnonzero((self.place[:, columns] >= 0).any(1))
        if not len(kept):
            raise InputError("No ballot ranks any of these candidates; name others.")
        place = self.place[kept][:, columns].astype(float)
        place[place < 0] = np.nan
        utility = None if self.utility is None else self.utility[kept][:, columns]
        labels = tuple(self.labels[i] for i in kept)
        return Profile(tuple(names), dense_places(place), self.weight[kept], labels, utility)

    def without(self, candidates: str | Iterable[str]) -> Profile:
        """The profile without these candidates, as in ``restrict``.

        >>> Profile.from_text("3: A > B > C; 2: C > A").without("A").to_text()
        '3: B > C\\n2: C'
        """
        gone = {self._index(name) for name in _listed(candidates)}
        return self.restrict(name for i, name in enumerate(self.names) if i not in gone)

    def renamed(self, names: Mapping[str, str] | Sequence[str]) -> Profile:
        """The profile with other names: a new name by old one, or all names in order."""
        if isinstance(names, Mapping):
            new = {self._index(old): str(name) for old, name in names.items()}
            names = [new.get(i, name) for i, name in enumerate(self.names)]
        if isinstance(names, str) or len(names) != len(self.names):
            raise InputError(f"Give {len(self.names)} names, or a dictionary of new names.")
        return Profile(tuple(map(str, names)), self.place, self.weight, self.labels, self.utility)

    def sample(
        self,
        voters: int | None = None,
        seed: int | np.random.Generator = 0,
        replace: bool = True,
    ) -> Profile:
        """A random sample of the voters.

        >>> Profile.from_text("30: A > B; 10: B > A").sample(8, seed=0).voters
        8.0

        Args:
            voters: number to draw; as many as the profile has where None.
            seed: a seed or a ``numpy.random.Generator``.
            replace: whether a voter may be drawn again (a bootstrap sample); without, weights must
                be whole numbers of voters.

        Raises:
            InputError: for a number of voters that cannot be drawn.
        """
        return on_demand("voting.profile_sampling").sample(self, voters, seed, replace)

    def __add__(self, other: Profile) -> Profile:
        """The voters of both profiles, which have the same candidates."""
        if not isinstance(other, Profile):
            return NotImplemented
        if set(self.names) != set(other.names):
            raise InputError("The profiles have different candidates; restrict them to the same.")
        other = other._in_order(self.names)
        known = self.utility is not None and other.utility is not None
        return Profile(
            self.names,
            np.vstack([self.place, other.place]),
            np.append(self.weight, other.weight),
            self.labels + other.labels,
            np.vstack([self.utility, other.utility]) if known else None,  # type: ignore[list-item]
        )

    # -- as an object -----------------------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        """Whether the same candidates have the same ballots with the same weights, in whatever
        order, and whether or not equal ballots are merged."""
        if not isinstance(other, Profile):
            return NotImplemented
        if set(self.names) != set(other.names):
            return False
        ours, theirs = (p._in_order(sorted(p.names)).merged() for p in (self, other))
        rows = [p._keys() for p in (ours, theirs)]
        order = [np.lexsort(r.T) for r in rows]
        return np.array_equal(rows[0][order[0]], rows[1][order[1]]) and np.allclose(
            ours.weight[order[0]], theirs.weight[order[1]], rtol=1e-9, atol=0
        )

    def __hash__(self) -> int:
        return hash(frozenset(self.names))

    def __repr__(self) -> str:
        shown = self.merged()
        kinds = len(shown.weight)
        lines = [
            f"Profile of {_number(self.voters, 'voter')}, {_number(kinds, 'different ballot')}, "
            f"{_number(len(self.names), 'candidate')}"
        ]
        rows = np.arange(min(kinds, _SHOWN_BALLOTS))
        text = shown.select(rows, shown.weight[rows]).to_text()
        lines += [cut if len(cut) <= 100 else cut[:99] + "…" for cut in text.splitlines()]
        if kinds > _SHOWN_BALLOTS:
            lines.append(f"… and {_number(kinds - _SHOWN_BALLOTS, 'more ballot')}")
        return "\n".join(lines)

    # -- parts ------------------------------------------------------------------------------------

    def _read(self, left_out: str | None) -> Profile:
        """The ballots that head-to-head counts read."""
        from scrl.voting import check_reading, complete_ballots

        check_reading(left_out)
        return complete_ballots(self) if left_out == "last" else self

    def _beats(self, left_out: str | None) -> np.ndarray:
        """Whether more voters rank a above b than b above a ``[candidates, candidates]``."""
        return np.asarray(self.margins(left_out) > _TIE * self.voters)

    def _index(self, name: str) -> int:
        if name not in self.names:
            raise InputError(f"{quoted(name)} is not among the candidates.")
        return self.names.index(name)

    def _named(self, mask: np.ndarray) -> list[str]:
        return [self.names[i] for i in np.flatnonzero(mask)]

    def _only(self, mask: np.ndarray) -> str | None:
        """The name of the one candidate for whom the mask is true, or None."""
        named = self._named(mask)
        return named[0] if len(named) == 1 else None

    def _keys(self) -> np.ndarray:
        """A row of numbers for each ballot, equal for equal ballots ``[ballots, ...]``."""
        parts = [self.place]
        if self.utility is not None:
            parts.append(np.where(self.place >= 0, self.utility, 0.0))
        if any(self.labels):
            label = np.array(self.labels)
            # Labels are compared across profiles, so that each letter is a number.
            letters = label.view(np.uint32).reshape(len(label), -1)
            parts.append(letters)
        return np.hstack(parts)

    def _in_order(self, names: Sequence[str]) -> Profile:
        """The profile with its candidates in another order."""
        columns = [self.names.index(name) for name in names]
        utility = None if self.utility is None else self.utility[:, columns]
        return Profile(tuple(names), self.place[:, columns], self.weight, self.labels, utility)


def _listed(names: str | Iterable[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _number(count: float, noun: str) -> str:
    """A count with its noun, such as ``3 ballots``."""
    return f"{count:,.10g} {noun}" + "s" * (count != 1)
