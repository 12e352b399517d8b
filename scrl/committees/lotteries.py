"""Lotteries over committees.

Random serial dictator draws the voters in a random order; each adds whom it approves while seats
remain. Nash's rule maximises the product of the voters' expected numbers of members over all
chances of the candidates (Fain, Goel and Munagala, The core of the participatory budgeting problem,
2016). A lottery over committees realises the chances (Aziz and others, Best of both worlds fairness
in approval-based committee voting, 2023).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from scipy.optimize import Bounds, minimize

from scrl.committees.approvals import ApprovalProfile, check_seats
from scrl.committees.batches import masks_of, members_of
from scrl.committees.elections import approvals_of
from scrl.data.files import quoted
from scrl.types import InputError, frozen
from scrl.voting.profiles.profile import Profile

LOTTERIES = ("random-serial-dictator", "nash")
#: Most committees that a lottery lists.
MAX_COMMITTEES = 100_000
_FIRST_STEPS = 200
#: Chances nearer to 0 or 1 are 0 or 1.
_ROUNDED = 1e-7


@dataclass(frozen=True, eq=False)
class CommitteeLottery:
    """A lottery over committees.

    Attributes:
        names: of the candidates.
        committees: members of each ``[committees, candidates]``.
        probability: of each ``[committees]``.
        reading: how the rule read the ballots, in words.
    """

    names: tuple[str, ...]
    committees: np.ndarray
    probability: np.ndarray
    reading: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "committees", frozen(self.committees, bool))
        object.__setattr__(self, "probability", frozen(self.probability, np.float64))

    @property
    def chances(self) -> np.ndarray:
        """The probability that each candidate is elected ``[candidates]``."""
        return self.probability @ self.committees

    def draw(self, rng: int | np.random.Generator) -> tuple[int, ...]:
        """A committee by lot, as candidate indices; ``rng`` is a seed or a generator."""
        chosen = np.random.default_rng(rng).choice(len(self.probability), p=self.probability)
        return tuple(np.flatnonzero(self.committees[chosen]).tolist())


def committee_lottery(
    profile: Profile | ApprovalProfile, rule: str, seats: int, approve: int | str | None = None
) -> CommitteeLottery:
    """A lottery over committees by a rule.

    Args:
        rule: a name of ``LOTTERIES``.
        approve: as in ``elect_committee``.

    Raises:
        InputError: for another rule, or more committees than can be listed.
    """
    if rule not in LOTTERIES:
        raise InputError(f"The lotteries are {', '.join(LOTTERIES)}, not {quoted(rule)}.")
    seats = check_seats(seats, len(profile.names))
    approvals = approvals_of(profile, approve).grouped
    if rule == "nash":
        chances = nash_chances(approvals.approves, approvals.weight, seats)
        return lottery_with_chances(approvals.names, chances, approvals.threshold)
    if comb(len(profile.names), seats) > MAX_COMMITTEES:
        raise InputError(
            f"There are more than {MAX_COMMITTEES:,} committees of {seats} members; random serial "
            "dictator lists them all."
        )
    masks, probability = _serial_dictators(approvals.approves, approvals.weight, seats)
    members = members_of(masks, len(profile.names))
    return CommitteeLottery(approvals.names, members, probability, approvals.threshold)


def _serial_dictators(
    approves: np.ndarray, weight: np.ndarray, seats: int
) -> tuple[np.ndarray, np.ndarray]:
    """Committees and their probabilities, exact.

    All that matters of the voters drawn so far is the committee: who was drawn is satisfied. So the
    next voter with a wish is drawn from those whose approved candidates are not all elected.
    """
    everybody = (1 << approves.shape[1]) - 1
    wishes = masks_of(approves)
    by_size: list[dict[int, float]] = [{} for _ in range(seats + 1)]
    by_size[0][0] = 1.0
    for size in range(seats):
        for committee, chance in by_size[size].items():
            has_wish = (wishes & ~committee) != 0
            drawn = wishes[has_wish].tolist() or [everybody]
            parts = weight[has_wish] if has_wish.any() else np.ones(1)
            for wish, part in zip(drawn, (parts / parts.sum()).tolist(), strict=True):
                added = _additions(wish & ~committee, seats - size)
                for more in added:
                    later = by_size[size + more.bit_count()]
                    new = committee | more
                    later[new] = later.get(new, 0.0) + chance * part / len(added)
    masks = np.array(sorted(by_size[seats], reverse=True), np.int64)
    return masks, np.array([by_size[seats][int(mask)] for mask in masks])


def _additions(wish: int, free: int) -> list[int]:
    """What a voter adds: all of the wished candidates, or equally likely as many as fit."""
    if wish.bit_count() <= free:
        return [wish]
    bits = [1 << b for b in range(wish.bit_length()) if wish >> b & 1]
    return [sum(chosen) for chosen in combinations(bits, free)]


def nash_chances(approves: np.ndarray, weight: np.ndarray, seats: int) -> np.ndarray:
    """The chances p of the candidates that maximise Σ weight · log(Σ of p over the approved), with
    0 ≤ p ≤ 1 and Σ p = ``seats`` ``[candidates]``.

    Steps that each maximise a lower bound of the objective, as in expectation–maximisation, come
    near; sequential quadratic programming finishes. Where there are seats for everybody whom
    somebody approves, the others share what is left.

    Args:
        approves: ``[ballots, candidates]``.
        weight: ``[ballots]``.
    """
    m = approves.shape[1]
    supported = approves.any(axis=0)
    if supported.sum() <= seats:
        rest = (seats - supported.sum()) / max(m - supported.sum(), 1)
        return np.where(supported, 1.0, rest)
    value = approves.astype(float)
    chances = np.where(supported, seats / supported.sum(), 0.0)
    voters = value.any(axis=1)
    weight = np.where(voters, weight, 0.0) / weight[voters].sum()
    for _ in range(_FIRST_STEPS):
        utility = np.asarray(np.where(voters, value @ chances, 1.0))
        chances = _capped((weight / utility) @ value * chances, seats)

    def loss(chances: np.ndarray) -> tuple[float, np.ndarray]:
        utility = np.where(voters, np.maximum(value @ chances, 1e-12), 1.0)
        return -float(weight @ np.log(utility)), -(weight / utility) @ value

    found = minimize(
        loss, chances, jac=True, method="SLSQP", bounds=Bounds(0.0, 1.0 * supported),
        constraints={"type": "eq", "fun": lambda p: p.sum() - seats, "jac": np.ones_like},
        options={"ftol": 1e-15, "maxiter": 500},
    )  # fmt: skip
    if found.fun <= loss(chances)[0]:
        chances = np.clip(found.x, 0.0, 1.0)
    chances[chances < _ROUNDED] = 0.0
    chances[chances > 1 - _ROUNDED] = 1.0
    inner = (chances > 0) & (chances < 1)
    if inner.any():
        chances[inner] *= (seats - (chances == 1).sum()) / chances[inner].sum()
    return chances


def _capped(parts: np.ndarray, total: float) -> np.ndarray:
    """Numbers in proportion to ``parts`` but at most 1, which sum to ``total``."""
    full = np.zeros(len(parts), bool)
    for _ in range(len(parts)):
        rest = np.where(full, 0.0, parts)
        scaled = rest * ((total - full.sum()) / max(rest.sum(), 1e-300))
        over = scaled > 1
        if not over.any():
            break
        full |= over
    return np.where(full, 1.0, np.minimum(scaled, 1.0))


def lottery_with_chances(
    names: tuple[str, ...], chances: np.ndarray, reading: str = ""
) -> CommitteeLottery:
    """A lottery over at most m committees in which each candidate has its chance.

    Every step takes the candidates with most chance left as a committee, as long as it stays
    possible to realise the rest: until one of them is used up, or another must be in all committees
    that follow.

    Args:
        chances: between 0 and 1, with a whole number as their sum ``[candidates]``.

    Raises:
        InputError: for other chances.
    """
    left = np.array(chances, float)
    seats = round(float(left.sum()))
    if left.min() < -1e-9 or left.max() > 1 + 1e-9 or abs(left.sum() - seats) > 1e-6 or seats < 1:
        raise InputError("Chances lie between 0 and 1, and their sum is the number of seats.")
    committees: list[np.ndarray] = []
    probability, mass = [], 1.0
    while mass > 1e-12 and len(committees) < 4 * len(left) + 4:
        order = np.argsort(-left, kind="stable")
        inside, outside = order[:seats], order[seats:]
        step = float(left[inside].min())
        if len(outside):
            step = min(step, mass - float(left[outside].max()))
        step = mass if step >= mass - 1e-12 else max(step, 1e-15)
        member = np.zeros(len(left), bool)
        member[inside] = True
        committees.append(member)
        probability.append(step)
        left[inside] -= step
        mass -= step
    shares = np.array(probability)
    return CommitteeLottery(names, np.array(committees), shares / shares.sum(), reading)
