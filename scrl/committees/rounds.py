"""Sequential rules: one candidate a round, every way of breaking ties followed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from scrl.committees.approvals import TIE_TOLERANCE
from scrl.committees.batches import (
    ApprovalBatch,
    ElectedCommittees,
    members_of,
    within_limit,
)

#: Memories of one committee that differ by less than this share are the same.
_SAME_MEMORY = 1e-9


@dataclass(frozen=True, eq=False)
class ElectionRound:
    """One round of a sequential rule.

    Attributes:
        chosen: the candidate that is elected (or removed, by a reverse rule).
        tied: all candidates that could have been chosen in the round, ``chosen`` among them.
        score: by which the round decided ``[candidates]``, higher better; NaN for candidates that
            could not be chosen.
    """

    chosen: int
    tied: tuple[int, ...]
    score: np.ndarray


@dataclass(eq=False)
class Frontier:
    """The partial committees that some way of breaking ties reaches.

    Attributes:
        profile: of each partial committee, ascending ``[states]``.
        committee: its mask ``[states]``.
        all_found: whether no partial committee was dropped ``[profiles]``.
        memory: what the rule remembers of each group of ballots ``[states, groups]``, or None.
        groups: the members that the ballots of each group approve, as a mask
            ``[states, groups]``; None where the groups are the ballots.
    """

    profile: np.ndarray
    committee: np.ndarray
    all_found: np.ndarray
    memory: np.ndarray | None = None
    groups: np.ndarray | None = None

    @classmethod
    def start(cls, profiles: int, committee: int = 0) -> Frontier:
        """One partial committee in each profile, without memory."""
        masks = np.full(profiles, committee, np.int64)
        return cls(np.arange(profiles), masks, np.ones(profiles, bool))

    @property
    def is_first(self) -> bool:
        """Whether each profile has exactly one partial committee."""
        count = len(self.all_found)
        return len(self.profile) == count and bool((self.profile == np.arange(count)).all())

    def rows_of(self, array: np.ndarray) -> np.ndarray:
        """The entries of ``array [profiles, ...]`` for each partial committee; those of all
        profiles ``[1, ...]`` as they are."""
        return array if len(array) == 1 or self.is_first else array[self.profile]

    @property
    def rows(self) -> np.ndarray | None:
        """The profile of each partial committee, or None where they are the profiles."""
        return None if self.is_first else self.profile

    def part(self, chosen: np.ndarray) -> Frontier:
        """The partial committees for which ``chosen`` (a mask or indices) asks."""
        memory = None if self.memory is None else self.memory[chosen]
        groups = None if self.groups is None else self.groups[chosen]
        return Frontier(
            self.profile[chosen], self.committee[chosen], self.all_found, memory, groups
        )

    def without_memory(self) -> Frontier:
        """The partial committees alone."""
        return Frontier(self.profile, self.committee, self.all_found)

    def advance(
        self,
        score: np.ndarray,
        tolerance: np.ndarray | float,
        limit: int,
        batch: ApprovalBatch | None = None,
        change: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray] | None = None,
    ) -> Frontier:
        """Choose each candidate with the best score.

        Args:
            score: ``[states, candidates]``; −inf for candidates that cannot be chosen.
            tolerance: of ties ``[states]`` or a number.
            limit: most partial committees of a profile; with 1, the first candidate is chosen.
            batch: where there is a memory.
            change: the memory of ballots that approve the chosen candidate, from that before, the
                states that go on and their choices.
        """
        m = score.shape[1]
        best = score.max(axis=1)
        tied = score >= (best - tolerance)[:, None]
        if limit == 1:
            state, chosen = np.arange(len(tied)), tied.argmax(axis=1)
            all_found = self.all_found.copy()
            all_found[self.profile] &= tied.sum(axis=1) == 1
        else:
            state, chosen = np.nonzero(tied)
            all_found = self.all_found
        bit = np.int64(1) << (m - 1 - chosen)
        committee, profile = self.committee[state] ^ bit, self.profile[state]
        if not self.is_first:
            # In the order of ``_distinct``, which then need not move the memory. Choices of one
            # partial committee stand in this order already.
            order = np.lexsort([-committee, profile])
            state, chosen, bit = state[order], chosen[order], bit[order]
            profile, committee = profile[order], committee[order]
        new = Frontier(profile, committee, all_found)
        if change is not None:
            assert self.memory is not None
            assert batch is not None
            before = self.memory[state]
            after = change(before, state, chosen)
            if self.groups is None:
                new.memory = np.where(batch.approvals_of(profile, chosen), after, before)
            else:
                had = self.groups[state]
                new.memory = np.concatenate([before, after], axis=1)
                new.groups = np.concatenate([had, had | bit[:, None]], axis=1)
        return new if new.is_first else new._distinct(limit, m)

    def _distinct(self, limit: int, m: int) -> Frontier:
        """Equal partial committees merged, and at most ``limit`` of a profile kept; those of a
        profile stand beside each other in the order of their members."""
        order = np.arange(len(self.profile))
        profile, committee = self.profile, self.committee
        new = np.ones(len(order), bool)
        new[1:] = (committee[1:] != committee[:-1]) | (profile[1:] != profile[:-1])
        if self.memory is not None and not new.all():
            # Memories of one committee are told apart by a random projection.
            key = np.arange(self.memory.shape[1]) if self.groups is None else self.groups
            print_ = (self.memory * _random_numbers(1 << m if key.ndim > 1 else len(key))[key]).sum(
                axis=1
            )
            order = np.lexsort([print_, -self.committee, self.profile])
            new[1:] |= np.diff(print_[order]) > _SAME_MEMORY * np.abs(print_).max()
        kept, complete = within_limit(profile[new], len(self.all_found), limit)
        if new.all() and complete.all():
            return self
        found = self.part(order[new][kept])
        found.all_found = self.all_found & complete
        return found

    def elected(self, m: int, limit: int) -> ElectedCommittees:
        """The committees, those that differ in memory alone merged."""
        done = self.without_memory()
        if not self.is_first:
            done = done.part(np.lexsort([-self.committee, self.profile]))._distinct(limit, m)
        return ElectedCommittees(done.profile, members_of(done.committee, m), None, done.all_found)


@lru_cache(maxsize=32)
def _random_numbers(count: int) -> np.ndarray:
    """Fixed random numbers ``[count]``."""
    return np.random.default_rng(0).random(count)


def joined(parts: list[Frontier]) -> Frontier:
    """The partial committees of all parts, ascending by profile, without memory."""
    profile = np.concatenate([p.profile for p in parts])
    order = np.argsort(profile, kind="stable")
    committee = np.concatenate([p.committee for p in parts])[order]
    all_found = np.logical_and.reduce([p.all_found for p in parts])
    return Frontier(profile[order], committee, all_found)


def record_round(
    rounds: list[ElectionRound] | None, score: np.ndarray, tolerance: np.ndarray | float
) -> None:
    """Add the round of the first state to ``rounds``, where it is not None.

    Args:
        score, tolerance: as in ``Frontier.advance``.
    """
    if rounds is None:
        return
    first, near = score[0], float(np.broadcast_to(tolerance, len(score))[0])
    tied = np.flatnonzero(first >= first.max() - near)
    shown = np.where(np.isfinite(first), first, np.nan)
    rounds.append(ElectionRound(int(tied[0]), tuple(tied.tolist()), shown))


def near(values: np.ndarray, floor: float = 1e-300) -> np.ndarray:
    """The tolerance of ties beside the largest finite value of each row ``[states]``."""
    size = np.where(np.isfinite(values), np.abs(values), 0.0)
    return TIE_TOLERANCE * np.maximum(size.max(axis=1), floor)
