"""Meek's count: every elected candidate keeps a part of each ballot, found by iteration.

Source: Hill, Wichmann and Woodall, Algorithm 123: single transferable vote by Meek's method (1987).
Equal ranks are counted as all their orders, in equal shares, as Hill (2001) proposes.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, replace

import numpy as np

from scrl.committees.stv_stages import (
    ELECTED,
    HOPEFUL,
    OUT,
    CountSettings,
    StvStage,
    follow,
    without_votes,
)

#: The votes of elected candidates differ from the quota by at most this share of all votes.
_CONVERGED = 1e-14
_MAX_ITERATIONS = 5_000
#: Votes that differ by less than this share are tied. An iteration in double precision reaches it.
_TIE = 1e-11


@dataclass(frozen=True, eq=False)
class MeekState:
    """One way of breaking ties, at one stage.

    Attributes:
        status: of each candidate ``[candidates]``.
        keep: the part of a ballot that each candidate keeps ``[candidates]``.
        stages: so far.
    """

    status: np.ndarray
    keep: np.ndarray
    stages: tuple[StvStage, ...] = ()

    @property
    def key(self) -> Hashable:
        """Equal for states that go on alike."""
        return self.status.tobytes()


def count_meek(
    settings: CountSettings, limit: int
) -> tuple[list[tuple[int, ...]], tuple[StvStage, ...], bool]:
    """As ``gregory.count_by_transfers``."""
    m = settings.place.shape[1]
    start = MeekState(np.full(m, HOPEFUL), np.ones(m))
    return follow(start, lambda state: _advance(settings, state), limit)


def meek_votes(place: np.ndarray, weight: np.ndarray, keep: np.ndarray) -> tuple[np.ndarray, float]:
    """The votes of each candidate, and the weight that nobody keeps.

    Args:
        place, weight: as in ``CountSettings``.
        keep: the part of what reaches a candidate that it keeps ``[candidates]``.
    """
    left, votes = weight.astype(float), np.zeros(place.shape[1])
    for level in range(int(place.max()) + 1):
        at = (place == level) & (keep > 0)
        count = at.sum(axis=1)
        share = left / np.maximum(count, 1)
        votes += keep * (share @ at)
        left = np.where(count > 0, left - share * (at @ keep), left)
    return votes, float(left.sum())


def _converge(settings: CountSettings, state: MeekState) -> tuple[MeekState, StvStage]:
    """Elect whoever exceeds the quota and adapt what the elected keep, until nothing changes."""
    status, keep = state.status.copy(), state.keep.copy()
    new: list[int] = []
    for _ in range(_MAX_ITERATIONS):
        votes, excess = meek_votes(settings.place, settings.weight, keep)
        quota = (settings.total - excess) / (settings.seats + 1)
        elected = status == ELECTED
        reached = (status == HOPEFUL) & (votes > quota + _TIE * settings.total)
        if reached.any() and int(elected.sum()) < settings.seats:
            status[reached] = ELECTED
            new += np.flatnonzero(reached).tolist()
            elected = status == ELECTED
        elif not elected.any() or np.abs(votes - quota)[elected].max() < (
            _CONVERGED * settings.total
        ):
            break
        keep = np.where(elected, np.minimum(keep * quota / np.maximum(votes, 1e-300), 1.0), keep)
    m = len(votes)
    transfers = np.zeros((m, m + 1))
    transfers[np.arange(m), np.arange(m)] = votes
    stage = StvStage(votes, excess, tuple(new), (), "end", (), transfers, quota, status)
    return MeekState(status, keep, state.stages), stage


def _advance(settings: CountSettings, state: MeekState) -> tuple[bool, list[MeekState]]:
    """The states that follow one stage."""
    state, stage = _converge(settings, state)
    status = state.status
    filled, hopeful = int((status == ELECTED).sum()), status == HOPEFUL
    if filled >= settings.seats or filled + int(hopeful.sum()) <= settings.seats:
        takes_seat = hopeful if filled < settings.seats else np.zeros_like(hopeful)
        final = np.where(takes_seat, ELECTED, np.where(hopeful, OUT, status))
        elected = (*stage.elected, *np.flatnonzero(takes_seat).tolist())
        last = replace(stage, elected=elected, status=final)
        return True, [MeekState(final, state.keep, (*state.stages, last))]
    votes = np.where(hopeful, stage.votes, np.inf)
    tied = np.flatnonzero(votes <= votes.min() + _TIE * settings.total)
    together = without_votes(hopeful, stage.votes, _TIE * settings.total, settings.seats - filled)
    if together:
        return False, [_exclude(settings, state, stage, tuple(together), ())]
    said = tuple(tied.tolist()) if len(tied) > 1 else ()
    chosen = settings.break_tie(tied, state.stages, lowest=True)
    return False, [_exclude(settings, state, stage, (c,), said) for c in chosen]


def _exclude(
    settings: CountSettings,
    state: MeekState,
    stage: StvStage,
    moved: tuple[int, ...],
    tied: tuple[int, ...],
) -> MeekState:
    """The state after the candidates ``moved`` go out."""
    gone, kept, out = state.status.copy(), state.keep.copy(), list(moved)
    gone[out], kept[out] = OUT, 0.0
    after, excess = meek_votes(settings.place, settings.weight, kept)
    transfers = stage.transfers.copy()
    transfers[out] = 0.0
    gain = np.maximum(after - stage.votes, 0.0)
    gain[out] = 0.0
    transfers[out[0], :-1] = gain
    transfers[out[0], -1] = max(excess - stage.exhausted, 0.0)
    done = replace(stage, moved=moved, event="out", tied=tied, transfers=transfers, status=gone)
    return MeekState(gone, kept, (*state.stages, done))
