"""The ballots of an election as arrays, and the ways to make them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from scrl.types import Ballots, InputError, frozen
from scrl.voting.profiles.names import check_distinct, quoted_name
from scrl.voting.profiles.rankings import (
    Ranking,
    candidate_name,
    checked_weights,
    dense_places,
    distinct_rows,
    number_array,
    read_orders,
    read_rankings,
    read_ranks,
    whole_places,
)  # fmt: skip
from scrl.voting.profiles.text import read_profile_text


def on_demand(module: str) -> Any:
    """A module that only some calls need.

    Its name is text, so that what stored results depend on (``studies.code_hash``) includes no
    readers of files and no figures, and so that modules above a profile can be called from it.
    """
    return import_module(f"scrl.{module}")


@dataclass(frozen=True, eq=False)
class ProfileData:
    """Names of candidates, ballots and their weights: the fields of ``Profile``.

    Attributes:
        names: of the candidates, in the one spelling that texts and files keep (``plain_name``).
        place: place on the ballot ``[ballots, candidates]``, 0 = best, equal = tied, dense; -1
            where the ballot does not rank the candidate.
        weight: number (or share) of voters who cast the ballot ``[ballots]``, positive.
        labels: name of the voters who cast the ballot, such as a rater type ``[ballots]``; "" for
            none.
        utility: utility of each candidate to those voters ``[ballots, candidates]``, or None where
            only orders are known.
    """

    names: tuple[str, ...]
    place: np.ndarray
    weight: np.ndarray
    labels: tuple[str, ...] = ()
    utility: np.ndarray | None = None

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        set_(self, "names", tuple(map(candidate_name, self.names)))
        set_(self, "place", frozen(whole_places(self.place), np.int32))
        set_(self, "weight", checked_weights(self.weight, len(self.place), False))
        set_(self, "labels", tuple(self.labels) or ("",) * len(self.place))
        if self.utility is not None:
            set_(self, "utility", frozen(self.utility, np.float64))
        self._check_shapes()

    def _check_shapes(self) -> None:
        n, m = len(self.place), len(self.names)
        check_distinct(self.names)
        for field, array in (("places", self.place), ("utilities", self.utility)):
            if array is not None and array.shape != (n, m):
                shape = ", ".join(map(str, array.shape))
                raise InputError(
                    f"The {field} have the shape [{shape}]; with {n} ballots of {m} candidates it "
                    f"is [{n}, {m}]."
                )
        if len(self.labels) != n:
            raise InputError(f"There are {len(self.labels)} labels for {n} ballots; give one each.")

    # -- from Python objects ----------------------------------------------------------------------

    @classmethod
    def from_counts(
        cls, counts: Mapping[Any, float], candidates: Sequence[str] | None = None
    ) -> Self:
        """From the number of voters who cast each ballot.

        >>> from scrl import Profile
        >>> Profile.from_counts({"A > B = C": 3, ("B", "A"): 2}).to_text()
        '3: A > B = C\\n2: B > A'

        Args:
            counts: ballot -> number of voters. A ballot is text or a tuple of names, best first; a
                nested tuple or frozenset is a tie. Equal ballots are added.
            candidates: all names, in order; by first appearance where None.

        Raises:
            InputError: for a ballot that cannot be read, an unknown name or a weight that is not
                positive.
        """
        if not isinstance(counts, Mapping):
            raise InputError("Give a dictionary of counts, such as {'A > B': 3, 'B > A': 2}.")
        names, place = read_rankings(list(counts), candidates)
        first, row = distinct_rows(place)
        weight = checked_weights(list(counts.values()), len(place))
        total = np.bincount(row, weight, len(first))
        kept = np.argsort(first)
        return cls(names, place[first[kept]], total[kept])

    @classmethod
    def from_rankings(
        cls,
        rankings: Iterable[Ranking],
        weight: ArrayLike | None = None,
        labels: Sequence[str] = (),
        *,
        candidates: Sequence[str] | None = None,
    ) -> Self:
        """From rankings of names, a row each.

        >>> from scrl import Profile
        >>> orders = [["A", "B", "C"], ["C", ("A", "B")], {"B": 1, "A": 2}, "B > C"]
        >>> print(Profile.from_rankings(orders, [4, 3, 2, 1]).to_text())
        4: A > B > C
        3: C > A = B
        2: B > A
        1: B > C

        Args:
            rankings: each a list of names, best first, where a nested list or set is a tie; a rank
                by name, 1 = best; or text such as ``"A > B = C"``. A candidate not named is left
                out.
            weight: number of voters ``[rankings]``; 1 each where None.
            labels: names of the voters ``[rankings]``.
            candidates: all names, in order; by first appearance where None.

        Raises:
            InputError: naming the ranking.
        """
        names, place = read_rankings(rankings, candidates)
        return cls(names, place, _ones(weight, len(place)), tuple(labels))

    # -- from arrays ------------------------------------------------------------------------------

    @classmethod
    def from_orders(
        cls,
        names: Sequence[str],
        orders: Sequence[Sequence[int | Sequence[int]] | np.ndarray],
        weight: ArrayLike | None = None,
        labels: Sequence[str] = (),
    ) -> Self:
        """From orders of candidate indices, best first; a nested sequence is a tie.

        >>> from scrl import Profile
        >>> Profile.from_orders("abc", [[0, 1, 2], [2, (0, 1)]], [3, 2]).to_text()
        '3: a > b > c\\n2: c > a = b'

        Raises:
            InputError: for an index that is out of range, negative or repeated.
        """
        place = read_orders(orders, len(names))
        return cls(tuple(names), place, _ones(weight, len(orders)), tuple(labels))

    @classmethod
    def from_ranks(
        cls,
        names: Sequence[str],
        ranks: ArrayLike,
        weight: ArrayLike | None = None,
        labels: Sequence[str] = (),
        *,
        best: float = 1,
    ) -> Self:
        """From ranks ``[ballots, candidates]``, the lowest best; equal ranks are tied.

        >>> from scrl import Profile
        >>> Profile.from_ranks("abc", [[1, 2, 2], [None, 2, 1]]).to_text()
        '1: a > b = c\\n1: c > b'

        Args:
            names: of the candidates.
            ranks: None or NaN where a candidate is left out.
            best: the least rank that may occur: 1, or 0 where ranks count from 0.

        Raises:
            InputError: for a rank below ``best``, which would be a candidate left out in some data
                and the winner in others.
        """
        place = read_ranks(names, ranks, best)
        return cls(tuple(names), place, _ones(weight, len(place)), tuple(labels))

    @classmethod
    def from_utilities(
        cls,
        names: Sequence[str],
        utility: ArrayLike,
        weight: ArrayLike | None = None,
        labels: Sequence[str] = (),
    ) -> Self:
        """From utilities ``[ballots, candidates]``, the highest best; equal utilities are tied, and
        a candidate without one (NaN) is left out.

        >>> from scrl import Profile
        >>> Profile.from_utilities("ab", [[1.0, 0.5], [0.2, 0.9]], [3, 2]).to_text()
        '3: a > b\\n2: b > a'
        """
        utility = number_array(utility, len(names), "utilities")
        if np.isinf(utility).any():
            raise InputError("A utility is infinite; give a number.")
        place = dense_places(-utility)
        return cls(tuple(names), place, _ones(weight, len(place)), tuple(labels), utility)

    # -- from tables, files and text --------------------------------------------------------------

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        choices: Sequence[Any] | None = None,
        ranks: Sequence[Any] | None = None,
        scores: Sequence[Any] | None = None,
        voter: Any = None,
        candidate: Any = None,
        rank: Any = None,
        score: Any = None,
        weight: Any = None,
        label: Any = None,
        candidates: Sequence[str] | None = None,
        best: float = 1,
        repeated: str = "refuse",
    ) -> Self:
        """From a data frame of pandas, polars or Arrow. Blank ballots are left out.

        >>> import pandas
        >>> from scrl import Profile
        >>> frame = pandas.DataFrame({"choice_1": ["A", "A", "B"], "choice_2": ["B", "B", None]})
        >>> Profile.from_frame(frame).merged().to_text()
        '2: A > B\\n1: B'
        >>> long = pandas.DataFrame({"who": [1, 1, 2], "what": ["x", "y", "y"], "place": [1, 2, 1]})
        >>> Profile.from_frame(long, voter="who", candidate="what", rank="place").to_text()
        '1: x > y\\n1: y'

        Columns called ``choice_1``, ``choice_2`` … or ``voter``, ``candidate`` and ``rank`` (or
        ``score``) need no argument, nor does ``weight``.

        Args:
            choices: of a row a ballot: columns of the first choice, the second …; an empty cell is
                skipped.
            ranks, scores: of a row a ballot: columns that are candidates. The lowest rank, or the
                highest score, is best; scores are kept as utilities. An empty cell leaves the
                candidate out.
            voter, candidate, rank, score: columns of a frame with a row a ranked candidate.
            weight: column of the number of voters, 1 each without one. In the frame with a row a
                ranked candidate it is the same in all rows of a voter.
            label: column of a label of the ballot, such as the voter's group.
            candidates: all names, in order, of ``choices`` or ``candidate``; by first appearance
                where None.
            best: the least rank that may occur.
            repeated: what to do with a candidate chosen twice on a ballot: ``"refuse"`` it, or
                count the ``"first"`` choice.

        Raises:
            InputError: where the columns are not stated, or hold what they should not.
        """
        frames = on_demand("voting.profiles.frames")
        stated = frames.Columns(
            choices, ranks, scores, voter, candidate, rank, score, weight, label
        )
        return cls(*frames.read_frame(frame, stated, candidates, best, repeated))

    @classmethod
    def from_file(
        cls,
        path: str | Path,
        contest: str | None = None,
        columns: Mapping[str, object] | None = None,
        **settings: Any,
    ) -> Self:
        """From a file of ballots: CSV, JSON Lines, Parquet, Excel or PrefLib (docs/files.md), or a
        published election as ``election_records.read_election`` reads it.

        >>> from scrl import Profile
        >>> Profile.from_file("tests/golden/tennessee-four.csv").condorcet_winner()
        'Nashville'

        Ballots stay as they were cast, and equal ones are merged.

        Args:
            contest: the election (or prompt) to read, where the file holds several.
            columns: names of the columns, as in ``scrl.load_ratings``.
            settings: how faults of a published election's ballots are read, such as
                ``preset="maine"`` or ``overvotes="skip"``.

        Raises:
            InputError: where the file cannot be read, or holds several elections and none is named.
        """
        files = on_demand("voting.profiles.files")
        return cls(*files.read_ballot_file(path, contest, columns, settings))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read ballots such as ``3: A > B = C``, one a line or separated by semicolons.

        A ballot is its weight (1 where omitted) and its candidates, best first. An optional first
        line ``candidates: A, B, C`` fixes the candidates and their order; otherwise they are
        numbered by first appearance.

        Raises:
            InputError: naming the line and the correction.
        """
        names, place, weight = read_profile_text(text)
        return cls(names, place, weight)

    # -- as text and as ballots -------------------------------------------------------------------

    @property
    def is_complete(self) -> bool:
        """Whether every ballot ranks all candidates."""
        return bool((self.place >= 0).all())

    @property
    def is_strict(self) -> bool:
        """Whether every ballot ranks all candidates without ties."""
        m = len(self.names)
        return bool((np.sort(self.place, axis=1) == np.arange(m)).all())

    def ballots(self) -> Ballots:
        """``Ballots`` of the utilities where they are known, else of the orders."""
        rank = self.place if self.utility is None else None
        return Ballots(self.utility, self.place >= 0, self.weight, rank=rank)

    def orders(self) -> list[list[list[str]]]:
        """The order of each ballot, best first; each place is the list of names tied there."""
        found = []
        for row in self.place.tolist():
            order: list[list[str]] = [[] for _ in range(max(row, default=-1) + 1)]
            for name, place in zip(self.names, row, strict=True):
                if place >= 0:
                    order[place].append(name)
            found.append([tied for tied in order if tied])
        return found

    def counts(self) -> dict[str, float]:
        """The number of voters by ballot, written as ``A > B = C``.

        >>> from scrl import Profile
        >>> Profile.from_text("3: A > B; 2: B").counts()
        {'A > B': 3.0, 'B': 2.0}
        """
        found: dict[str, float] = {}
        written = {name: quoted_name(name) for name in self.names}
        for order, weight in zip(self.orders(), self.weight.tolist(), strict=True):
            text = format_ballot([[written[name] for name in tied] for tied in order])
            found[text] = found.get(text, 0.0) + weight
        return found

    def to_text(self, separator: str = "\n") -> str:
        """The text that ``from_text`` reads, such as ``3: A > B = C``; without utilities."""
        written = {name: quoted_name(name) for name in self.names}
        lines = []
        mentioned = [name for order in self.orders() for tied in order for name in tied]
        is_plain = all(name == text and not name[0].isdigit() for name, text in written.items())
        if list(dict.fromkeys(mentioned)) != list(self.names) or not is_plain:
            lines.append("candidates: " + ", ".join(written.values()))
        for weight, order in zip(self.weight.tolist(), self.orders(), strict=True):
            short = f"{weight:.10g}"
            exact = short if float(short) == weight else repr(weight)
            ballot = format_ballot([[written[name] for name in tied] for tied in order])
            lines.append(f"{exact}: {ballot}")
        return separator.join(lines)


def _ones(weight: ArrayLike | None, ballots: int) -> np.ndarray:
    return np.ones(ballots) if weight is None else checked_weights(weight, ballots)


def format_ballot(order: Sequence[Sequence[str]]) -> str:
    """An order as text, such as ``A > B = C``."""
    return " > ".join(" = ".join(tied) for tied in order)
