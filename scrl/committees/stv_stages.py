"""The stages of a count by the single transferable vote, and how ways of breaking ties are
followed."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np

from scrl.committees.approvals import TIE_TOLERANCE
from scrl.committees.outcomes import CommitteeOutcome
from scrl.committees.quotas import Quota

#: How a surplus moves on, and how ties are broken.
TRANSFERS = ("weighted-inclusive", "last-parcel", "meek")
TIE_BREAKS = ("all", "backwards", "order")
#: Most ways of breaking ties that are followed, and most cells (ballots × candidates) of them.
MAX_WAYS, MAX_CELLS = 5_000, 20_000_000
#: Status of a candidate.
HOPEFUL, ELECTED, OUT = 0, 1, 2


@dataclass(frozen=True, eq=False)
class StvStage:
    """One stage of a count.

    Attributes:
        votes: at the beginning of the stage, those that elected candidates keep included
            ``[candidates]``.
        exhausted: weight of the ballots that count for nobody.
        elected: the candidates whom the stage finds elected.
        moved: the candidates whose votes move on.
        event: ``"surplus"``, ``"out"`` or ``"end"``.
        tied: candidates who could have taken the place of ``moved``, itself among them; empty
            where there was no tie.
        transfers: from each candidate to each other, in the last column to nobody
            ``[candidates, candidates + 1]``; what a candidate keeps stands on the diagonal.
        quota: of the stage; Meek's falls as ballots are exhausted.
        status: of each candidate after the stage: ``HOPEFUL``, ``ELECTED`` or ``OUT``.
    """

    votes: np.ndarray
    exhausted: float
    elected: tuple[int, ...]
    moved: tuple[int, ...]
    event: str
    tied: tuple[int, ...]
    transfers: np.ndarray
    quota: float
    status: np.ndarray


@dataclass(frozen=True, eq=False)
class StvCount:
    """A count by the single transferable vote.

    Attributes:
        outcome: all committees that some way of breaking ties elects.
        stages: where ties are broken by the stated rule, and then by the order of the candidates.
        quota: of the first stage.
        transfer: a name of ``TRANSFERS``.
    """

    outcome: CommitteeOutcome
    stages: tuple[StvStage, ...]
    quota: Quota
    transfer: str

    def to_text(self) -> str:
        """A line for each candidate with its votes at each stage, then what each stage does."""
        names = [name if len(name) <= 30 else f"{name[:29]}…" for name in self.outcome.names]
        wide = max(map(len, [*names, "exhausted"]))
        cells = [[f"{v:.10g}" for v in np.round([*s.votes, s.exhausted], 5)] for s in self.stages]
        rows = [
            f"{name:<{wide}}" + "".join(f"{stage[row]:>13}" for stage in cells)
            for row, name in enumerate([*names, "exhausted"])
        ]
        head = " " * wide + "".join(f"{f'stage {i + 1}':>13}" for i in range(len(cells)))
        events = [_event(i + 1, stage, names) for i, stage in enumerate(self.stages)]
        title = f"{self.outcome}; {self.outcome.reading}"
        return "\n".join([title, head, *rows, *filter(None, events)])

    def __repr__(self) -> str:
        return self.to_text()


def _event(number: int, stage: StvStage, names: list[str]) -> str:
    """What a stage does, in a line; empty for nothing."""
    elected = ", ".join(names[c] for c in stage.elected)
    moved = ", ".join(names[c] for c in stage.moved)
    said = [f"elected: {elected}"] if elected else []
    if moved:
        said.append(f"surplus of {moved} moves" if stage.event == "surplus" else f"out: {moved}")
    return f"stage {number}: {'; '.join(said)}" if said else ""


@dataclass(frozen=True, eq=False)
class CountSettings:
    """The ballots and settings of a count.

    Attributes:
        place: on the ballot, -1 = left out ``[ballots, candidates]``.
        weight: ``[ballots]``.
        seats: to fill.
        quota: how many votes elect.
        transfer, ties, simultaneous, decimals: as in ``stv.count_stv``.
    """

    place: np.ndarray
    weight: np.ndarray
    seats: int
    quota: Quota
    transfer: str
    ties: str
    simultaneous: bool
    decimals: int | None

    @property
    def total(self) -> float:
        """The weight of all ballots."""
        return float(self.weight.sum())

    @property
    def near(self) -> float:
        """Votes that differ by less are tied."""
        return TIE_TOLERANCE * self.total

    def break_tie(
        self, tied: np.ndarray, stages: tuple[StvStage, ...], lowest: bool
    ) -> tuple[int, ...]:
        """The candidates that may be taken, by the rule for ties.

        Args:
            tied: the candidates.
            stages: before this one.
            lowest: whether the candidate with fewer votes is taken, not with more.
        """
        if self.ties == "order":
            return (int(tied[0]),)
        if self.ties == "backwards":
            for stage in reversed(stages):
                votes = stage.votes[tied] if lowest else -stage.votes[tied]
                tied = tied[votes <= votes.min() + self.near]
                if len(tied) == 1:
                    break
        return tuple(tied.tolist())


def without_votes(hopeful: np.ndarray, votes: np.ndarray, near: float, free: int) -> list[int]:
    """The hopeful candidates without votes, who go out together: one by one they would go in any
    order, as nothing moves. Empty where there are fewer than two, or where they are needed to fill
    the seats.

    Args:
        hopeful: mask ``[candidates]``.
        votes: ``[candidates]``.
        near: votes up to which a candidate has none.
        free: seats that are not filled.
    """
    empty = np.flatnonzero(hopeful & (votes <= near))
    enough = int(hopeful.sum()) - len(empty) >= free
    return empty.tolist() if enough and len(empty) > 1 else []


def next_preferences(place: np.ndarray, open_to: np.ndarray) -> np.ndarray:
    """For each ballot its highest candidates among those who may receive votes, as equal shares
    that sum to one, or to zero where there is none ``[ballots, candidates]``.

    Args:
        place: as in ``CountSettings``.
        open_to: who may receive votes ``[candidates]``.
    """
    can = (place >= 0) & open_to
    level = np.where(can, place, np.iinfo(np.int32).max)
    top = can & (level == level.min(axis=1, keepdims=True))
    return top / np.maximum(top.sum(axis=1, keepdims=True), 1)


class CountState(Protocol):
    """One way of breaking ties, at one stage."""

    @property
    def key(self) -> Hashable:
        """Equal for states that go on alike."""
        ...

    @property
    def status(self) -> np.ndarray:
        """Of each candidate ``[candidates]``."""
        ...

    @property
    def stages(self) -> tuple[StvStage, ...]:
        """So far."""
        ...


S = TypeVar("S", bound=CountState)


def follow(
    start: S, advance: Callable[[S], tuple[bool, list[S]]], limit: int, cells: int = 1
) -> tuple[list[tuple[int, ...]], tuple[StvStage, ...], bool]:
    """Follow every way of breaking ties to its end.

    Args:
        advance: from a state, whether it was the last, and the states that follow, or the final
            state alone.
        limit: most committees.
        cells: of the arrays of a state.

    Returns:
        The committees, the stages of the first way, and whether all committees were found.
    """
    waiting, seen, found = [start], {start.key}, set()
    ways = min(MAX_WAYS, max(MAX_CELLS // cells, 20))
    first: tuple[StvStage, ...] = ()
    while waiting:
        ended, following = advance(waiting.pop())
        if ended:
            (last,) = following
            first = first or last.stages
            found.add(tuple(np.flatnonzero(last.status == ELECTED).tolist()))
            if len(found) >= limit or len(seen) > ways:
                break
            continue
        new = {state.key: state for state in reversed(following)}
        waiting += [state for key, state in new.items() if key not in seen]
        seen |= new.keys()
    return sorted(found), first, not waiting
