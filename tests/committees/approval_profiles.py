"""Random approval profiles with ties, duplicates and weights, and abcvoting's reading of them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np

from scrl.committees import ApprovalProfile

#: Our rule -> abcvoting's rule, and its algorithm (exact where it has one).
ABC_RULES = {
    "av": ("av", "standard"), "sav": ("sav", "standard"), "pav": ("pav", "brute-force"),
    "slav": ("slav", "brute-force"), "cc": ("cc", "brute-force"),
    "seq-pav": ("seqpav", "standard"), "seq-slav": ("seqslav", "standard"),
    "seq-cc": ("seqcc", "standard"), "rev-seq-pav": ("revseqpav", "standard"),
    "phragmen": ("seqphragmen", "standard-fractions"),
    "enestroem-phragmen": ("phragmen-enestroem", "standard-fractions"),
    "minimax-phragmen": ("minimaxphragmen", "gurobi"),
    "maximin-support": ("maximin-support", "gurobi"),
    "monroe": ("monroe", "brute-force"),
    "equal-shares": ("equal-shares", "standard-fractions"),
    "equal-shares/none": ("equal-shares-without-completion", "standard-fractions"),
    "equal-shares/av": ("equal-shares-with-av-completion", "standard-fractions"),
    "equal-shares/add-one": ("equal-shares-with-increment-completion", "standard-fractions"),
}  # fmt: skip
#: Rules that abcvoting counts for voters of weight 1 only.
UNWEIGHTED = ("monroe",)


def draw_approvals(
    rng: np.random.Generator, weighted: bool = True, most: tuple[int, int] = (7, 9)
) -> tuple[np.ndarray, np.ndarray, int]:
    """Approvals ``[ballots, candidates]``, whole weights ``[ballots]`` and seats."""
    m, n = int(rng.integers(1, most[0])), int(rng.integers(1, most[1]))
    approves = rng.random((n, m)) < rng.choice([0.2, 0.5, 0.8])
    if rng.random() < 0.3:
        approves = approves[rng.integers(0, n, n)]
    weight = rng.integers(1, 4, n) if weighted and rng.random() < 0.5 else np.ones(n, int)
    return approves, weight, int(rng.integers(1, m + 1))


def drawn(seed: int, count: int, **settings: object) -> Iterator[tuple[ApprovalProfile, Any, int]]:
    """Random profiles, abcvoting's version of them (None without it), and a number of seats."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        approves, weight, seats = draw_approvals(rng, **settings)
        theirs = to_abcvoting(approves, weight) if find_spec("abcvoting") else None
        yield to_profile(approves, weight), theirs, seats


def to_profile(approves: np.ndarray, weight: np.ndarray) -> ApprovalProfile:
    return ApprovalProfile(tuple("abcdefghijklmnop"[: approves.shape[1]]), approves, weight)


def to_abcvoting(approves: np.ndarray, weight: np.ndarray) -> Any:
    from abcvoting.preferences import Profile as AbcProfile
    from abcvoting.preferences import Voter

    profile = AbcProfile(approves.shape[1])
    for row, w in zip(approves, weight, strict=True):
        profile.add_voter(Voter(np.flatnonzero(row).tolist(), weight=int(w)))
    return profile
