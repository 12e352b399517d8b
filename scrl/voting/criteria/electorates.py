"""Ballots and electorates as arrays, for criteria and the search for counterexamples.

A *row* is a possible ballot: the places of the candidates ``[m]``, 0 = best, equal = tied, dense,
-1 where a candidate is not ranked. An electorate is the number of voters who cast each row
``[rows]``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations_with_replacement, permutations

import numpy as np

from scrl.data.batches import padded_size
from scrl.types import Ballots
from scrl.voting.contest import TIE_TOLERANCE
from scrl.voting.counting import aggregate_all
from scrl.voting.profiles.pairwise import dominant_set

#: Numbers of electorates counted in one call. There are few, so that few programs are compiled.
BATCH_SIZES = (128, 1_024, 8_192)
#: Different ballots of an electorate that are counted at least, for the same reason.
LEAST_KINDS = 8

# -- one ballot -----------------------------------------------------------------------------------


def tied_groups(row: np.ndarray) -> list[list[int]]:
    """The candidates of each place, best first."""
    return [np.flatnonzero(row == p).tolist() for p in range(row.max() + 1)]


def row_from_groups(groups: Iterable[Sequence[int]], m: int) -> tuple[int, ...]:
    """The row with these candidates at each place; empty places are left out."""
    row = [-1] * m
    for place, group in enumerate(g for g in groups if g):
        for c in group:
            row[c] = place
    return tuple(row)


def raised_rows(row: np.ndarray, c: int, all_places: bool) -> list[tuple[int, ...]]:
    """Rows with candidate ``c`` raised and the order of the other candidates unchanged.

    A candidate who is tied first leaves the tie.

    Args:
        all_places: whether to raise ``c`` to every higher place, or by one step only.
    """
    if row[c] < 0:
        return []
    groups = tied_groups(row)
    untied = len(groups[row[c]]) == 1
    others = [[x for x in group if x != c] for group in groups]
    highest = int(row[c]) - untied
    places = range(highest, -1, -1) if all_places else range(highest, max(highest - 1, -1), -1)
    return [row_from_groups([*others[:p], [c], *others[p:]], len(row)) for p in places]


def extended_rows(row: np.ndarray) -> list[tuple[int, ...]]:
    """Rows with one of the candidates tied last moved ahead of the others tied there."""
    *head, last = tied_groups(row)
    if len(last) < 2:
        return []
    return [row_from_groups([*head, [c], [x for x in last if x != c]], len(row)) for c in last]


def reversed_row(row: np.ndarray) -> tuple[int, ...]:
    """The row in reverse order; unranked candidates stay unranked."""
    return tuple(int(row.max() - p) if p >= 0 else -1 for p in row)


def are_clones(row: np.ndarray, candidates: Sequence[int]) -> bool:
    """Whether the ballot ranks all of ``candidates`` and no other candidate between them or tied
    with one of them."""
    inside = row[list(candidates)]
    others = np.delete(row, list(candidates))
    return bool(
        inside.min() >= 0 and not ((others >= inside.min()) & (others <= inside.max())).any()
    )


def strictly_above(row: np.ndarray) -> np.ndarray:
    """Whether the ballot ranks both candidates and the first strictly above the second
    ``[m, m]``."""
    ranked = row >= 0
    return (row[:, None] < row[None, :]) & ranked[:, None] & ranked[None, :]


# -- all ballots and all electorates --------------------------------------------------------------


def strict_rows(m: int) -> np.ndarray:
    """Every strict order of m candidates ``[m!, m]``."""
    return np.argsort(np.array(list(permutations(range(m)))), axis=1)


def truncated_rows(m: int) -> np.ndarray:
    """Every ballot that ranks one or more candidates and ties two or more for last."""
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
    """As ``all_electorates``, with one of each class that is equal up to renaming candidates."""
    rows, weight = strict_rows(m), all_electorates(m, n)
    own_hash = weight.astype(np.uint64) @ row_hashes(rows)
    least_hash = own_hash.copy()
    for renamed in permutations(range(m)):
        renamed_hash = weight.astype(np.uint64) @ row_hashes(rows[:, list(renamed)])
        least_hash = np.minimum(least_hash, renamed_hash)
    return weight[own_hash == least_hash]


def row_hashes(rows: np.ndarray) -> np.ndarray:
    """A hash of each row ``[rows]``.

    The weighted sum of the hashes identifies an electorate. Sums wrap at 2^64; two of 10^5
    electorates collide with a probability of one in 10^9.
    """
    with np.errstate(over="ignore"):
        mixed = np.full(len(rows), 0x9E3779B97F4A7C15, np.uint64)
        for column in rows.T.astype(np.int64):
            mixed = (mixed ^ (column + 2).astype(np.uint64)) * np.uint64(0xBF58476D1CE4E5B9)
            mixed ^= mixed >> np.uint64(29)
            mixed *= np.uint64(0x94D049BB133111EB)
            mixed ^= mixed >> np.uint64(32)
    return mixed


# -- quantities of electorates and outcomes -------------------------------------------------------


def pairwise_shares(rows: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """P(a ≻ b) of each electorate ``[n, m, m]``; ½ where no ballot ranks both."""
    above = np.stack([strictly_above(row) for row in rows]).astype(float)
    ranked = (rows >= 0).astype(float)
    margin = np.einsum("nr,rab->nab", weight, above - above.transpose(0, 2, 1))
    total = np.einsum("nr,ra,rb->nab", weight, ranked, ranked)
    return 0.5 + 0.5 * margin / np.where(total > 0, total, 1.0)


def winners(place: np.ndarray) -> np.ndarray:
    """Whether a candidate is first, alone or tied ``[..., m]``."""
    return place == 0


def has_sole_winner(place: np.ndarray) -> np.ndarray:
    """Whether exactly one candidate is first ``[...]``."""
    return (place == 0).sum(-1) == 1


def has_no_ties(place: np.ndarray) -> np.ndarray:
    """Whether no two candidates share a place ``[...]``."""
    ordered = np.sort(place, axis=-1)
    return ~((np.diff(ordered, axis=-1) == 0) & (ordered[..., 1:] >= 0)).any(-1)


def smith_set(pairwise: np.ndarray) -> np.ndarray:
    """The smallest set whose members all beat every other candidate ``[n, m]``.

    Args:
        pairwise: P(a ≻ b) ``[n, m, m]``.
    """
    return dominant_set(pairwise >= 0.5 - TIE_TOLERANCE)


# -- counting -------------------------------------------------------------------------------------


class PlaceCache:
    """Places by rule of electorates over the same rows; each electorate is counted once.

    Args:
        rules: names of the rules.
    """

    def __init__(self, rules: Sequence[str]):
        self.rules = list(rules)
        self._keys = np.empty(0, np.uint64)
        self._places = np.empty((0, len(self.rules), 0))
        self._m = 0

    def places(
        self, rows: np.ndarray, weight: np.ndarray, candidate_mask: np.ndarray | None = None
    ) -> np.ndarray:
        """The places of all candidates; -1 for a candidate who does not stand.

        Args:
            weight: numbers of voters, integers ``[n, rows]``.
            candidate_mask: who stands ``[n, m]``; everybody, if None.

        Returns:
            ``[n, rules, m]``
        """
        m = rows.shape[1]
        if candidate_mask is None:
            candidate_mask = np.ones((len(weight), m), bool)
        if self._m != m:
            self._keys, self._places = np.empty(0, np.uint64), np.empty((0, len(self.rules), m))
            self._m = m
        keys = np.zeros(len(weight), np.uint64)
        mask_codes = candidate_mask @ (1 << np.arange(m))
        for code in np.unique(mask_codes):
            selected = mask_codes == code
            stands = candidate_mask[selected][0]
            # Ballots that rank the standing candidates alike get one hash.
            restricted = np.stack([strictly_above(row)[stands].sum(0) for row in rows])
            restricted = np.where(stands & (rows >= 0), restricted, -1)
            electorate_hash = weight[selected].astype(np.uint64) @ row_hashes(restricted)
            keys[selected] = electorate_hash + np.uint64(code)
        distinct, first = np.unique(keys, return_index=True)
        missing = first[~np.isin(distinct, self._keys)]
        if len(missing):
            self._add(keys[missing], rows, weight[missing], candidate_mask[missing])
        return self._places[np.searchsorted(self._keys, keys)]

    def _add(
        self, keys: np.ndarray, rows: np.ndarray, weight: np.ndarray, candidate_mask: np.ndarray
    ) -> None:
        """Counts electorates and stores their places, sorted by key."""
        places = count_places(rows, weight, candidate_mask, self.rules)
        all_keys = np.concatenate([self._keys, keys])
        order = np.argsort(all_keys)
        self._keys = all_keys[order]
        self._places = np.concatenate([self._places, places]).astype(np.int8)[order]


def count_places(
    rows: np.ndarray, weight: np.ndarray, candidate_mask: np.ndarray, rules: Sequence[str]
) -> np.ndarray:
    """Places of all candidates by each rule ``[n, rules, m]``.

    Args:
        weight: ``[n, rows]``.
        candidate_mask: who stands ``[n, m]``.
    """
    batches = []
    for start in range(0, len(weight), BATCH_SIZES[-1]):
        batch_weight = weight[start : start + BATCH_SIZES[-1]]
        batch_mask = candidate_mask[start : start + BATCH_SIZES[-1]]
        n = len(batch_weight)
        size = next(b for b in BATCH_SIZES if b >= n)
        fill = np.minimum(np.arange(size), n - 1)
        # An electorate casts few of the possible ballots; only those are counted.
        most = max(int((batch_weight > 0).sum(1).max()), LEAST_KINDS)
        kinds = min(padded_size(most), len(rows))
        cast = np.argsort(batch_weight <= 0, axis=1, kind="stable")[fill, :kinds]
        ballots = Ballots(
            -rows.astype(np.float32)[cast],
            rows[cast] >= 0,
            np.take_along_axis(batch_weight[fill], cast, 1),
            batch_mask[fill],
        )
        outcomes = aggregate_all(ballots, rules, None)
        batches.append(np.stack([outcomes[rule].place[:n] for rule in rules], axis=1))
    return np.concatenate(batches)
