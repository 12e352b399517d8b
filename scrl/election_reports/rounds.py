"""Counts that go by rounds: instant runoff and the single transferable vote."""

from __future__ import annotations

import numpy as np

from scrl.committees import OUT, StvStage, count_stv
from scrl.election_reports.headlines import joined
from scrl.election_reports.report_data import RoundEntry, SeatsEntry, StageEntry
from scrl.voting import Profile, complete_ballots


def runoff_rounds(profile: Profile) -> list[RoundEntry]:
    """The rounds of instant runoff as ``rules.elimination`` counts it, in ballots.

    A ballot that prefers none of those left is exhausted: it favours nobody, whether candidates
    left out are tied last or unseen.
    """
    remaining, rounds = list(range(len(profile.names))), []
    while True:
        votes = first_votes(profile, remaining)
        tally = (profile.weight @ votes)[remaining]
        lowest = tally <= tally.min() + 1e-9 * profile.voters
        named = {profile.names[c]: float(n) for c, n in zip(remaining, tally, strict=True)}
        exhausted = float(profile.voters - tally.sum())
        out = [c for c, goes in zip(remaining, lowest, strict=True) if goes]
        after = [c for c in remaining if c not in out]
        last = len(after) <= 1
        winners = after or remaining
        rounds.append(
            RoundEntry(
                named, max(exhausted, 0.0), tuple(profile.names[c] for c in out if after),
                tuple(profile.names[c] for c in winners) if last else (),
            )
        )  # fmt: skip
        if last:
            return rounds
        remaining = after


def first_votes(profile: Profile, remaining: list[int]) -> np.ndarray:
    """How each ballot's vote is split among its best of those left ``[ballots, candidates]``; zero
    where it prefers none of them to another."""
    place = complete_ballots(profile).place[:, remaining]
    best = place == place.min(1, keepdims=True)
    tied = best.sum(1, keepdims=True)
    votes = np.zeros(profile.place.shape)
    counts = (tied < len(remaining)) | (len(remaining) == 1)
    votes[:, remaining] = np.where(counts, best / tied, 0.0)
    return votes


def transferable_vote(profile: Profile, seats: int) -> SeatsEntry:
    """The count of several seats by the single transferable vote, Droop quota and weighted
    inclusive transfers.

    Raises:
        InputError: for more seats than candidates.
    """
    found = count_stv(profile, seats)
    names = profile.names
    stages, gone = [], set[int]()
    for stage in found.stages:
        out = set(np.flatnonzero(stage.status == OUT).tolist()) - gone
        gone |= out
        stages.append(
            StageEntry(
                dict(zip(names, map(float, stage.votes), strict=True)), float(stage.exhausted),
                _event(names, stage), tuple(names[c] for c in stage.elected),
                tuple(names[c] for c in sorted(out)),
            )
        )  # fmt: skip
    committees = found.outcome.committees
    elected = {c for stage in found.stages for c in stage.elected}
    return SeatsEntry(
        seats, float(found.quota.value),
        f"Single transferable vote; {found.outcome.reading}; transfers {found.transfer}.",
        tuple(names[c] for c in sorted(elected)), len(committees) > 1, tuple(stages),
    )  # fmt: skip


def _event(names: tuple[str, ...], stage: StvStage) -> str:
    moved = joined([names[c] for c in stage.moved])
    if stage.event == "surplus":
        return f"Surplus of {moved} moves on."
    if stage.event == "out":
        goes = "goes" if len(stage.moved) == 1 else "go"
        return f"{moved} {goes} out."
    return "The count ends."
