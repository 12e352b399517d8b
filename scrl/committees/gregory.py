"""Counts in which a surplus moves on once: the weighted inclusive and the last-parcel method."""

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
    next_preferences,
    without_votes,
)


@dataclass(frozen=True, eq=False)
class GregoryState:
    """One way of breaking ties, at one stage.

    Attributes:
        held: the weight of each ballot that each candidate holds ``[ballots, candidates]``.
        parcel: the part of ``held`` that the candidate received last.
        status: of each candidate ``[candidates]``.
        pending: elected candidates whose surplus has not moved on ``[candidates]``.
        stages: so far.
    """

    held: np.ndarray
    parcel: np.ndarray
    status: np.ndarray
    pending: np.ndarray
    stages: tuple[StvStage, ...] = ()

    @property
    def key(self) -> Hashable:
        """Equal for states that go on alike."""
        last = self.stages[-1].votes if self.stages else self.status
        amounts = (self.held.ravel(), self.parcel.ravel(), np.asarray(last, float))
        rounded = tuple(np.round(a, 9).tobytes() for a in amounts)
        return (self.status.tobytes(), self.pending.tobytes(), *rounded)


def count_by_transfers(
    settings: CountSettings, limit: int
) -> tuple[list[tuple[int, ...]], tuple[StvStage, ...], bool]:
    """The committees, the stages of the first way of breaking ties, and whether all were found."""
    m = settings.place.shape[1]
    first = next_preferences(settings.place, np.ones(m, bool)) * settings.weight[:, None]
    start = GregoryState(first, first, np.full(m, HOPEFUL), np.zeros(m, bool))
    return follow(start, lambda state: _advance(settings, state), limit, first.size)


def _advance(settings: CountSettings, state: GregoryState) -> tuple[bool, list[GregoryState]]:
    """The states that follow one stage."""
    votes = state.held.sum(axis=0)
    hopeful = state.status == HOPEFUL
    new = hopeful & settings.quota.is_reached(votes, settings.total)
    status = np.where(new, ELECTED, state.status)
    filled = int((status == ELECTED).sum())
    if filled < settings.seats and filled + int((status == HOPEFUL).sum()) <= settings.seats:
        new = new | (status == HOPEFUL)
        status = np.where(status == HOPEFUL, ELECTED, status)
        filled = int((status == ELECTED).sum())
    surplus = votes - settings.quota.value
    pending = (state.pending | new) & (surplus > settings.near)
    stage = StvStage(
        votes, settings.total - votes.sum(), tuple(np.flatnonzero(new).tolist()), (), "end", (),
        np.diag(votes)[:, [*range(len(votes)), 0]] * ([1] * len(votes) + [0]),
        settings.quota.value, status,
    )  # fmt: skip
    state = replace(state, status=status, pending=pending)
    if filled >= settings.seats or not (status == HOPEFUL).any():
        status = np.where(status == HOPEFUL, OUT, status)
        last = replace(stage, status=status)
        return True, [replace(state, status=status, stages=(*state.stages, last))]
    if pending.any() and settings.simultaneous:
        return False, [_move(settings, state, stage, tuple(np.flatnonzero(pending)), ())]
    together = without_votes(status == HOPEFUL, votes, settings.near, settings.seats - filled)
    if together and not pending.any():
        return False, [_move(settings, state, stage, tuple(together), ())]
    eligible = pending if pending.any() else status == HOPEFUL
    amount = -surplus if pending.any() else votes
    low = np.where(eligible, amount, np.inf)
    tied = np.flatnonzero(low <= low.min() + settings.near)
    chosen = settings.break_tie(tied, state.stages, lowest=not pending.any())
    said = tuple(tied.tolist()) if len(tied) > 1 else ()
    return False, [_move(settings, state, stage, (c,), said) for c in chosen]


def _move(
    settings: CountSettings,
    state: GregoryState,
    stage: StvStage,
    moved: tuple[int, ...],
    tied: tuple[int, ...],
) -> GregoryState:
    """The state after the votes of the candidates ``moved`` move on."""
    leaves_office = bool(state.status[moved[0]] == HOPEFUL)
    status = state.status.copy()
    if leaves_office:
        status[list(moved)] = OUT
    targets = next_preferences(settings.place, status == HOPEFUL)
    held, m = state.held.copy(), len(status)
    received = np.zeros_like(held)
    transfers = stage.transfers.copy()
    for c in moved:
        c = int(c)
        gone = state.held[:, c] if leaves_office else _surplus(settings, state, stage, targets, c)
        amounts = gone[:, None] * targets
        received += amounts
        # An elected candidate keeps the quota: what nobody receives is exhausted.
        held[:, c] = 0.0 if leaves_office else _kept(settings, state, gone, targets, c)
        transfers[c, :m] = amounts.sum(axis=0)
        transfers[c, c] = held[:, c].sum()
        transfers[c, m] = stage.votes[c] - transfers[c, :m].sum()
    held += received
    parcel = np.where(received.sum(axis=0) > 0, received, state.parcel)
    pending = state.pending.copy()
    pending[list(moved)] = False
    done = replace(
        stage, moved=tuple(int(c) for c in moved), event="out" if leaves_office else "surplus",
        tied=tied, transfers=transfers, status=status,
    )  # fmt: skip
    return GregoryState(held, parcel, status, pending, (*state.stages, done))


def _surplus(
    settings: CountSettings, state: GregoryState, stage: StvStage, targets: np.ndarray, c: int
) -> np.ndarray:
    """The weight of each ballot that candidate ``c`` passes on ``[ballots]``."""
    surplus = stage.votes[c] - settings.quota.value
    if settings.transfer == "weighted-inclusive":
        value = state.held[:, c] * (surplus / stage.votes[c])
    else:
        going = state.parcel[:, c] * (targets.sum(axis=1) > 0)
        value = going * min(1.0, surplus / max(going.sum(), 1e-300))
    if settings.decimals is None:
        return value
    unit = 10.0**settings.decimals
    return settings.weight * np.floor(value / settings.weight * unit + 1e-6) / unit


def _kept(
    settings: CountSettings, state: GregoryState, gone: np.ndarray, targets: np.ndarray, c: int
) -> np.ndarray:
    """What candidate ``c`` keeps of each ballot ``[ballots]``, a quota in all."""
    rest = state.held[:, c] - gone
    # Ballots of the last parcel that count for nobody else stay, as do cut decimals.
    total = rest.sum()
    return rest * (settings.quota.value / total) if total > 0 else rest
