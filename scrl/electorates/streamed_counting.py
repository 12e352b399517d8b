"""Elections of any number of voters, contest by contest, in bounded memory.

The ballots of one contest are ranks of one byte, filled block by block and counted as
``scrl.aggregate`` counts them. Where even these do not fit the memory that may be used, they are
merged as they come: to pairwise sums where the rules read nothing else, else to distinct orders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from scrl.data.files import quoted
from scrl.data.table import MAX_COMPLETIONS
from scrl.electorates.counts import CountsFile, ElectorateCounts, Line, assembled, header_of
from scrl.electorates.merged_ballots import MAX_CODED, DistinctOrders, PairwiseSums
from scrl.electorates.ranked_blocks import Contest, Utilities, rank_type
from scrl.types import Ballots, InputError, Outcome
from scrl.voting import RULES, aggregate_all

#: Voters whose utilities are asked for at once.
BLOCK = 65_536
#: Voters, at most.
MAX_VOTERS = 1_000_000_000_000
#: Bytes that ballots and their count may take by default.
MEMORY = 1 << 30
#: Contests × voters × candidates that are counted together.
GROUP_CELLS = 2_000_000
#: Bytes of a cell of a contest while it is counted: ranks of this contest and the next, bits of
#: pairs, and what a rule holds; utilities in double precision where a rule adds them.
_BYTES_A_RANK, _BYTES_A_UTILITY = 30, 40

#: Called with the number of contests that are counted.
OnContest = Callable[[int], None]


def memory_of_contest(voters: int, candidates: int, rules: Sequence[str]) -> int:
    """Bytes that counting a contest takes at most, with its ballots held."""
    cells = voters * candidates
    ordinal = any(RULES[name].reads != "utility" for name in rules)
    cardinal = any(RULES[name].reads == "utility" for name in rules)
    bytes_a_rank = _BYTES_A_RANK * np.dtype(rank_type(candidates)).itemsize
    return cells * (ordinal * bytes_a_rank + cardinal * _BYTES_A_UTILITY)


def count_electorate(
    utilities: Utilities,
    candidates: Sequence[int] | np.ndarray,
    voters: int,
    rules: Sequence[str],
    checkpoint: str | Path | None = None,
    about: Mapping[str, str] | None = None,
    block: int = BLOCK,
    memory: int = MEMORY,
    on_contest: OnContest | None = None,
) -> ElectorateCounts:
    """Count an electorate by rules, contest after contest.

    Outcomes are those of ``scrl.aggregate`` on all ballots at once. Memory beside what
    ``utilities`` holds is at most ``memory`` and 16 × block × candidates bytes, whatever the number
    of voters and contests; outcomes take 12 bytes a rule and candidate.

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> counts = count_electorate(lambda contest, own: rng.normal(size=(own.stop - own.start, 3)),
    ...                           [3, 3], voters=100, rules=["borda", "minimax"])
    >>> counts.outcome(1, "borda").place.shape
    (3,)

    Args:
        utilities: called with a contest and a slice of voters, gives ``[voters, candidates]``,
            higher better; equal ones are tied. Called once a contest and block, from a thread.
        candidates: how many stand in each contest ``[contests]``.
        voters: how many vote in every contest, each with the same weight.
        rules: names in ``scrl.RULES``.
        checkpoint: a file that keeps the outcomes as they come. Where it is there, the contests in
            it are not counted again; a process that is killed loses the contest at which it was.
        about: what the electorate is; a checkpoint of another one is refused.
        block: voters whose utilities are asked for at once.
        memory: bytes that ballots and their count may take.
        on_contest: called with the number of contests that are counted.

    Raises:
        InputError: for an unknown rule, utilities that are none, ballots that fit in no form, or a
            checkpoint of another electorate.
    """
    names, sizes = _named(rules), _counted(candidates)
    _check(names, sizes, voters, block, memory)
    header = header_of(names, sizes, voters, about or {})
    file = CountsFile(Path(checkpoint), header) if checkpoint is not None else None
    lines: dict[int, Line] = dict(file.lines) if file else {}
    left = [i for i in range(len(sizes)) if i not in lines]
    counter = _Counter(utilities, sizes, voters, names, block, memory)
    report = on_contest or (lambda counted: None)
    try:
        report(len(lines))
        for found in counter.outcomes(left):
            if file:
                file.add(found)
            lines.update({line.contest: line for line in found})
            report(len(lines))
    finally:
        if file:
            file.close()
    return assembled(header, lines)


def _named(rules: Sequence[str]) -> list[str]:
    """The names of rules, each once."""
    if isinstance(rules, str) or not isinstance(rules, Iterable):
        raise InputError(f"rules is {quoted(rules)}; give a list of names, such as ['borda'].")
    return list(dict.fromkeys(map(str, rules)))


def _counted(candidates: Sequence[int] | np.ndarray) -> list[int]:
    """The numbers of candidates as whole numbers of Python."""
    found = np.asarray(candidates)
    if found.ndim != 1 or (found.dtype.kind not in "iu" and found.size):
        raise InputError(
            f"candidates is {quoted(candidates)}; give a list of whole numbers, one a contest."
        )
    return [int(m) for m in found]


def _check(rules: list[str], sizes: list[int], voters: int, block: int, memory: int) -> None:
    for what, value in (("voters", voters), ("block", block), ("memory", memory)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer):
            raise InputError(f"{what} is {quoted(value)}; give a whole number.")
    if voters > MAX_VOTERS:
        raise InputError(f"There are {voters:,} voters; at most {MAX_VOTERS:,} can be counted.")
    if max(sizes, default=0) > MAX_COMPLETIONS:
        raise InputError(
            f"A contest has {max(sizes):,} candidates; at most {MAX_COMPLETIONS:,} can be counted."
        )
    if not rules:
        raise InputError("There is no rule to count by; name one, such as 'borda'.")
    for name in rules:
        limit = RULES[name].max_candidates
        if limit is not None and max(sizes, default=0) > limit:
            raise InputError(
                f"{RULES[name].title} counts at most {limit:,} candidates and a contest has "
                f"{max(sizes):,}; choose another rule."
            )
        if RULES[name].of_profile is not None:
            raise InputError(f"{RULES[name].title} counts profiles only; choose another rule.")
    if not sizes or min(sizes) < 1:
        raise InputError("There is nothing to count: give contests of one candidate or more.")
    if voters < 1 or block < 1:
        raise InputError("There is nobody to count: give one voter or more.")


class _Counter:
    """Counts contests; arguments as of ``count_electorate``."""

    def __init__(
        self, utilities: Utilities, sizes: list[int], voters: int, rules: list[str], block: int,
        memory: int,
    ) -> None:  # fmt: skip
        self.utilities, self.sizes, self.voters, self.rules = utilities, sizes, voters, rules
        self.block, self.memory = min(block, voters), memory
        self.ordinal = [name for name in rules if RULES[name].reads != "utility"]
        self.cardinal = [name for name in rules if RULES[name].reads == "utility"]

    def outcomes(self, contests: Sequence[int]) -> Iterator[list[Line]]:
        """Lines of groups of contests, in their order. While one group is counted, the ballots of
        the next are made."""
        groups = list(self._groups(contests))
        with ThreadPoolExecutor(1) as ahead:
            coming: Future[Any] | None = ahead.submit(self._ballots, groups[0]) if groups else None
            for number, group in enumerate(groups):
                assert coming is not None
                ballots = coming.result()
                if number + 1 < len(groups):
                    coming = ahead.submit(self._ballots, groups[number + 1])
                yield self._count(group, ballots)

    def _groups(self, contests: Sequence[int]) -> Iterator[list[int]]:
        """Contests that are counted together: neighbours of one size, as many as are few cells."""
        group: list[int] = []
        for contest in contests:
            m = self.sizes[contest]
            most = max(1, GROUP_CELLS // (self.voters * m))
            if group and (self.sizes[group[0]] != m or len(group) >= most):
                yield group
                group = []
            group.append(contest)
        if group:
            yield group

    def _ballots(self, group: list[int]) -> Any:
        """The ballots of a group: contests that are held, or what they are merged to."""
        m = self.sizes[group[0]]
        if memory_of_contest(self.voters, m, self.rules) <= self.memory:
            held = [Contest(m, self.voters, self.ordinal != [], self.cardinal != []) for _ in group]
            for contest, number in zip(held, group, strict=True):
                contest.fill(self.utilities, number, self.block)
            return held
        return [self._merged(number) for number in group]

    def _merged(self, number: int) -> DistinctOrders | PairwiseSums:
        """The ballots of a contest that cannot be held."""
        m = self.sizes[number]
        if self.cardinal:
            raise InputError(
                f"{RULES[self.cardinal[0]].title} reads every utility, and those of "
                f"{self.voters:,} voters for {m:,} candidates do not fit the memory that may be "
                f"used; allow {memory_of_contest(self.voters, m, self.rules) / 1e9:.1f} GB, or "
                "choose a rule that reads orders."
            )
        by_pairs = all(RULES[name].reads == "pairwise" for name in self.rules)
        if not by_pairs and m > MAX_CODED:
            raise InputError(
                f"The ballots of {self.voters:,} voters for {m:,} candidates do not fit the memory "
                f"that may be used; allow "
                f"{memory_of_contest(self.voters, m, self.rules) / 1e9:.1f} GB, or choose rules "
                "that read pairs only, such as borda, copeland or minimax."
            )
        most = self.memory // (64 + _BYTES_A_RANK * m)
        merged = PairwiseSums(m) if by_pairs else DistinctOrders(m, most)
        for start in range(0, self.voters, self.block):
            own = slice(start, min(start + self.block, self.voters))
            part = Contest(m, own.stop - own.start, True, False)
            part.fill(partial(self._of_voters, own), number, self.block)
            assert part.rank is not None
            merged.add(part.rank)
        return merged

    def _of_voters(self, own: slice, contest: int, part: slice) -> Any:
        """Utilities of a part of some voters."""
        return self.utilities(contest, slice(own.start + part.start, own.start + part.stop))

    def _count(self, group: list[int], ballots: list[Any]) -> list[Line]:
        if isinstance(ballots[0], Contest):
            found = self._count_held(ballots)
        else:
            found = [self._count_merged(merged) for merged in ballots]
        return [
            Line(number, np.stack([outcomes[name].place for name in self.rules]),
                 np.stack([outcomes[name].scores for name in self.rules]))
            for number, outcomes in zip(group, found, strict=True)
        ]  # fmt: skip

    def _count_held(self, held: list[Contest]) -> list[dict[str, Outcome]]:
        found: dict[str, Outcome] = {}
        if self.ordinal:
            rank = _stacked([c.rank for c in held if c.rank is not None])
            found |= aggregate_all(Ballots(rank=rank), self.ordinal)
        if self.cardinal:
            utility = _stacked([c.utility for c in held if c.utility is not None])
            found |= aggregate_all(Ballots(utility), self.cardinal)
        return [
            {name: Outcome(name, o.place[i], o.scores[i], o.lottery) for name, o in found.items()}
            for i in range(len(held))
        ]

    def _count_merged(self, merged: DistinctOrders | PairwiseSums) -> dict[str, Outcome]:
        if isinstance(merged, PairwiseSums):
            return merged.outcomes(self.rules)
        return aggregate_all(merged.ballots(), self.rules)


def _stacked(contests: list[np.ndarray]) -> np.ndarray:
    """Contests ``[candidates, voters]`` as ``[contests, voters, candidates]``, one without a
    copy."""
    whole = np.stack(contests) if len(contests) > 1 else contests[0][None]
    return whole.swapaxes(1, 2)
