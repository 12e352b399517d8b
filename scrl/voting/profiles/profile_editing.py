"""Ballots merged, restricted, renamed, sampled and compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Self

import numpy as np

from scrl.data.files import quoted
from scrl.types import InputError
from scrl.voting.profiles.profile_data import ProfileData, on_demand
from scrl.voting.profiles.rankings import candidate_name, dense_places, distinct_rows

#: Most ballots, and letters of a line, that ``str`` shows.
_SHOWN_BALLOTS, _SHOWN_LETTERS = 10, 100


class EditableProfile(ProfileData):
    """What ``Profile`` makes other profiles by; none of it counts the ballots."""

    @property
    def voters(self) -> float:
        """The number of voters: the sum of the weights."""
        return float(self.weight.sum())

    def first_places(self) -> dict[str, float]:
        """The number of voters who rank each candidate first; a tied top is split equally."""
        first = self.place == 0
        share = self.weight / np.maximum(first.sum(1), 1)
        return dict(zip(self.names, (share @ first).tolist(), strict=True))

    def mentions(self) -> dict[str, float]:
        """The number of voters who rank each candidate at all.

        >>> from scrl import Profile
        >>> Profile.from_text("3: A > B; 2: B").mentions()
        {'A': 3.0, 'B': 5.0}
        """
        ranked = self.weight @ (self.place >= 0)
        return dict(zip(self.names, ranked.tolist(), strict=True))

    # -- other profiles ---------------------------------------------------------------------------

    def merged(self) -> Self:
        """The profile with equal ballots (of one label and equal utilities) merged, the heaviest
        first.

        >>> from scrl import Profile
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

    def select(self, ballots: np.ndarray, weight: np.ndarray | None = None) -> Self:
        """Only some ballots.

        >>> from scrl import Profile
        >>> profile = Profile.from_text("3: A > B; 2: B > A; 1: A")
        >>> profile.select(profile.weight > 1).to_text()
        '3: A > B\\n2: B > A'

        Args:
            ballots: a boolean mask ``[ballots]``, or indices.
            weight: their new weights; the old ones where None.
        """
        try:
            rows = np.arange(len(self.place))[ballots]
        except (IndexError, TypeError, ValueError):
            raise InputError(
                f"{quoted(ballots)} selects no ballots; give a mask of the {len(self.place)} "
                f"ballots, or indices from 0 to {len(self.place) - 1}."
            ) from None
        return replace(
            self,
            place=self.place[rows],
            weight=self.weight[rows] if weight is None else weight,
            labels=tuple(self.labels[i] for i in rows),
            utility=None if self.utility is None else self.utility[rows],
        )

    def restrict(self, candidates: Iterable[str]) -> Self:
        """The profile with only these candidates, in the order given. Ballots that rank none of
        them are left out, since a blank ballot counts nothing; equal ballots are not merged.

        >>> from scrl import Profile
        >>> Profile.from_text("3: A > B > C; 2: C").restrict(["C", "B"]).to_text()
        'candidates: C, B\\n3: B > C\\n2: C'

        Raises:
            InputError: for an unknown or repeated name, or where no ballot is left.
        """
        names = [candidate_name(name) for name in _listed(candidates)]
        ranked = self.place[:, [self._index(name) for name in names]] >= 0
        kept = np.flatnonzero(ranked.any(1))
        if not len(kept):
            raise InputError("No ballot ranks any of these candidates; name others.")
        found = self.select(kept)._in_order(names)
        place = np.where(found.place < 0, np.nan, found.place)
        return replace(found, place=dense_places(place))

    def without(self, candidates: str | Iterable[str]) -> Self:
        """The profile without these candidates, as in ``restrict``.

        >>> from scrl import Profile
        >>> Profile.from_text("3: A > B > C; 2: C > A").without("A").to_text()
        '3: B > C\\n2: C'
        """
        gone = {self._index(name) for name in _listed(candidates)}
        return self.restrict(name for i, name in enumerate(self.names) if i not in gone)

    def renamed(self, names: Mapping[str, str] | Sequence[str]) -> Self:
        """The profile with other names: a new name by old one, or all names in order."""
        if isinstance(names, Mapping):
            new = {self._index(old): name for old, name in names.items()}
            names = [new.get(i, name) for i, name in enumerate(self.names)]
        if isinstance(names, str) or len(names) != len(self.names):
            raise InputError(f"Give {len(self.names)} names, or a dictionary of new names.")
        return replace(self, names=tuple(map(candidate_name, names)))

    def sample(
        self,
        voters: int | None = None,
        seed: int | np.random.Generator = 0,
        replace: bool = True,
    ) -> Self:
        """A random sample of the voters.

        >>> from scrl import Profile
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
        drawn: Self = on_demand("voting.profiles.sampling").sample(self, voters, seed, replace)
        return drawn

    def __add__(self, other: Self) -> Self:
        """The voters of both profiles, which have the same candidates."""
        if not isinstance(other, EditableProfile):
            return NotImplemented
        if set(self.names) != set(other.names):
            raise InputError("The profiles have different candidates; restrict them to the same.")
        other = other._in_order(self.names)
        known = self.utility is not None and other.utility is not None
        return replace(
            self,
            place=np.vstack([self.place, other.place]),
            weight=np.append(self.weight, other.weight),
            labels=self.labels + other.labels,
            utility=np.vstack([self.utility, other.utility]) if known else None,  # type: ignore[list-item]
        )

    # -- as an object -----------------------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        """Whether the same candidates have the same ballots with the same weights, in whatever
        order, and whether or not equal ballots are merged."""
        if not isinstance(other, EditableProfile):
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
        lines += [truncated(line) for line in text.splitlines()]
        if kinds > _SHOWN_BALLOTS:
            lines.append(f"… and {_number(kinds - _SHOWN_BALLOTS, 'more ballot')}")
        return "\n".join(lines)

    # -- parts ------------------------------------------------------------------------------------

    def _index(self, name: str) -> int:
        if name not in self.names:
            raise InputError(f"{quoted(name)} is not among the candidates.")
        return self.names.index(name)

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

    def _in_order(self, names: Sequence[str]) -> Self:
        """The profile with only these candidates, in this order; places are not dense."""
        columns = [self.names.index(name) for name in names]
        utility = None if self.utility is None else self.utility[:, columns]
        return replace(self, names=tuple(names), place=self.place[:, columns], utility=utility)


def truncated(line: str) -> str:
    """A line, cut to ``_SHOWN_LETTERS``."""
    return line if len(line) <= _SHOWN_LETTERS else line[: _SHOWN_LETTERS - 1] + "…"


def _listed(names: str | Iterable[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _number(count: float, noun: str) -> str:
    """A count with its noun, such as ``3 ballots``."""
    return f"{count:,.10g} {noun}" + "s" * (count != 1)
