"""Many small electorates over one list of possible ballots: what criteria and searches read.

A *row* is a possible ballot, places of the candidates ``[m]``, 0 = best, equal = tied, dense, -1
where a candidate is not ranked. An electorate is how many voters cast each row ``[rows]``.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations_with_replacement, permutations

import numpy as np

from scrl.data.batches import padded_size
from scrl.types import Ballots
from scrl.voting.counting import aggregate_all
from scrl.voting.profile import TIE_TOLERANCE

# -- one ballot -----------------------------------------------------------------------------------


def tied_groups(row: np.ndarray) -> list[list[int]]:
    """The candidates of each place, best first."""
    return [np.flatnonzero(row == p).tolist() for p in range(row.max() + 1)]


def row_from_groups(tied: Iterable[list[int]], m: int) -> tuple[int, ...]:
    """The row with these candidates at each place; places that hold nobody are left out."""
    row = [-1] * m
    for at, names in enumerate(t for t in tied if t):
        for c in names:
            row[c] = at
    return tuple(row)


def raised_rows(row: np.ndarray, c: int, far: bool) -> list[tuple[int, ...]]:
    """The row with candidate ``c`` one place higher, or with ``far`` at every higher place, the
    others as they were; it leaves those with whom it is tied first."""
    if row[c] < 0:
        return []
    before = tied_groups(row)
    alone = len(before[row[c]]) == 1
    rest = [[x for x in tied if x != c] for tied in before]
    top = int(row[c]) - alone
    stops = range(top, -1, -1) if far else range(top, max(top - 1, -1), -1)
    return [row_from_groups([*rest[:at], [c], *rest[at:]], len(row)) for at in stops]


def extended_rows(row: np.ndarray) -> list[tuple[int, ...]]:
    """The row with one of the candidates tied last put ahead of the others tied there."""
    *head, last = tied_groups(row)
    if len(last) < 2:
        return []
    return [row_from_groups([*head, [c], [x for x in last if x != c]], len(row)) for c in last]


def reversed_row(row: np.ndarray) -> tuple[int, ...]:
    """The row upside down; who is not ranked stays so."""
    return tuple(int(row.max() - p) if p >= 0 else -1 for p in row)


def are_clones(row: np.ndarray, some: tuple[int, ...]) -> bool:
    """Whether all of ``some`` are ranked and nobody else stands between, or level with, two of
    them: what clones are."""
    inside = row[list(some)]
    others = np.delete(row, list(some))
    return bool(
        inside.min() >= 0 and not ((others >= inside.min()) & (others <= inside.max())).any()
    )


def strictly_above(row: np.ndarray) -> np.ndarray:
    """Whom the ballot ranks strictly above whom ``[m, m]``."""
    on = row >= 0
    return (row[:, None] < row[None, :]) & on[:, None] & on[None, :]


# -- all ballots and all electorates --------------------------------------------------------------


def strict_rows(m: int) -> np.ndarray:
    """Every strict order of m candidates ``[m!, m]``."""
    return np.argsort(np.array(list(permutations(range(m)))), axis=1)


def truncated_rows(m: int) -> np.ndarray:
    """Every ballot that ranks some, and ties two or more for last."""
    rows = {
        row_from_groups([*([c] for c in head), [c for c in range(m) if c not in head]], m)
        for k in range(1, m - 1)
        for head in permutations(range(m), k)
    }
    return np.array(sorted(rows)).reshape(-1, m)


def all_electorates(m: int, n: int) -> np.ndarray:
    """Every electorate of n voters with strict orders ``[electorates, m!]``."""
    size = len(strict_rows(m))
    chosen = np.array(list(combinations_with_replacement(range(size), n)), int)
    weight = np.zeros((len(chosen), size), np.int16)
    np.add.at(weight, (np.arange(len(chosen))[:, None], chosen), 1)
    return weight


def distinct_electorates(m: int, n: int) -> np.ndarray:
    """As ``all_electorates``, one of each class that renaming the candidates makes equal."""
    rows, weight = strict_rows(m), all_electorates(m, n)
    hashes = row_hashes(rows)
    own = weight.astype(np.uint64) @ hashes
    least = own.copy()
    for renamed in permutations(range(m)):
        least = np.minimum(least, weight.astype(np.uint64) @ row_hashes(rows[:, list(renamed)]))
    return weight[own == least]


def row_hashes(rows: np.ndarray) -> np.ndarray:
    """A number for each row ``[rows]``; equal rows have equal ones. Sums of them tell electorates
    apart (wrapping at 2^64: a chance of one in 10^9 that two of 10^5 are confused)."""
    with np.errstate(over="ignore"):
        mixed = np.full(len(rows), 0x9E3779B97F4A7C15, np.uint64)
        for column in rows.T.astype(np.int64):
            mixed = (mixed ^ (column + 2).astype(np.uint64)) * np.uint64(0xBF58476D1CE4E5B9)
            mixed ^= mixed >> np.uint64(29)
            mixed *= np.uint64(0x94D049BB133111EB)
            mixed ^= mixed >> np.uint64(32)
    return mixed


# -- what electorates say -------------------------------------------------------------------------


def pairwise_shares(rows: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """P(a ≻ b) of each electorate ``[n, m, m]``; ½ where no ballot ranks both."""
    above = np.stack([strictly_above(row) for row in rows]).astype(float)
    on = (rows >= 0).astype(float)
    lead = np.einsum("nr,rab->nab", weight, above - above.transpose(0, 2, 1))
    met = np.einsum("nr,ra,rb->nab", weight, on, on)
    return 0.5 + 0.5 * lead / np.where(met > 0, met, 1.0)


def winners(place: np.ndarray) -> np.ndarray:
    """Who is first ``[..., m]``."""
    return place == 0


def has_sole_winner(place: np.ndarray) -> np.ndarray:
    """Whether one candidate alone is first ``[...]``."""
    return (place == 0).sum(-1) == 1


def has_no_ties(place: np.ndarray) -> np.ndarray:
    """Whether no two candidates share any place ``[...]``."""
    inside = np.sort(place, axis=-1)
    return ~((np.diff(inside, axis=-1) == 0) & (inside[..., 1:] >= 0)).any(-1)


def smith_set(above: np.ndarray) -> np.ndarray:
    """The smallest set of candidates who all beat everybody outside ``[n, m]``: those who reach
    everybody by steps to candidates who do not beat them."""
    reach = above >= 0.5 - TIE_TOLERANCE
    for c in range(above.shape[-1]):
        reach |= reach[:, :, c, None] & reach[:, c, None, :]
    return reach.all(-1)


class PlaceCache:
    """Places by rule of electorates over the same rows, each electorate counted once."""

    def __init__(self, rules: list[str]):
        self.rules = list(rules)
        self._keys = np.empty(0, np.uint64)
        self._places: np.ndarray | None = None
        self._m = 0

    def places(
        self, rows: np.ndarray, weight: np.ndarray, standing: np.ndarray | None = None
    ) -> np.ndarray:
        """``[n, rules, m]`` of whole weights ``[n, rows]``; -1 for who does not stand."""
        m = rows.shape[1]
        if standing is None:
            standing = np.ones((len(weight), m), bool)
        if self._m != m:
            self._keys, self._places = np.empty(0, np.uint64), np.empty((0, len(self.rules), m))
            self._m = m
        keys = np.zeros(len(weight), np.uint64)
        who = standing @ (1 << np.arange(m))
        for mask in np.unique(who):
            at = who == mask
            seen = standing[at][0]
            # Electorates that agree on who stands are one.
            inside = np.stack([strictly_above(row)[seen].sum(0) for row in rows])
            inside = np.where(seen & (rows >= 0), inside, -1)
            keys[at] = weight[at].astype(np.uint64) @ row_hashes(inside) + np.uint64(mask)
        new, first = np.unique(keys, return_index=True)
        missing = first[~np.isin(new, self._keys)]
        if len(missing):
            self._add(keys[missing], rows, weight[missing], standing[missing])
        at = np.searchsorted(self._keys, keys)
        return self._places[at]

    def _add(self, keys, rows, weight, standing) -> None:
        found = count_places(rows, weight, standing, self.rules)
        order = np.argsort(all_ := np.concatenate([self._keys, keys]))
        self._keys = all_[order]
        self._places = np.concatenate([self._places, found]).astype(np.int8)[order]


#: How many electorates are counted together: few sizes, so that few programs are compiled.
BATCHES = (128, 1_024, 8_192)


def count_places(rows, weight, standing, rules: list[str]) -> np.ndarray:
    """Places ``[n, rules, m]`` of electorates with weights ``[n, rows]``."""
    found = []
    for i in range(0, len(weight), BATCHES[-1]):
        w, s = weight[i : i + BATCHES[-1]], standing[i : i + BATCHES[-1]]
        n, size = len(w), next(b for b in BATCHES if b >= len(w))
        fill = np.minimum(np.arange(size), n - 1)
        # Of many possible ballots each electorate casts few.
        kinds = min(padded_size(int((w > 0).sum(1).max())), len(rows))
        cast = np.argsort(w <= 0, axis=1, kind="stable")[fill, :kinds]
        ballots = Ballots(
            -rows.astype(np.float32)[cast],
            rows[cast] >= 0,
            np.take_along_axis(w[fill], cast, 1),
            s[fill],
        )
        outcomes = aggregate_all(ballots, rules)
        found.append(np.stack([outcomes[rule].place[:n] for rule in rules], axis=1))
    return np.concatenate(found)
