"""Welfare, regret and distortion of outcomes under known utilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from scrl.types import Ballots, InputError
from scrl.voting.counting import aggregate_all
from scrl.voting.distortion.worst_case import check_lotteries
from scrl.voting.profiles.profile import Profile

#: Distributions of ``draw_utilities``.
UTILITY_KINDS = ("unit-sum", "uniform", "normal", "spatial")


@dataclass(frozen=True, eq=False)
class Welfare:
    """Welfare of lotteries under known utilities. Means are weighted by the ballots.

    Attributes:
        mean: utility of each candidate ``[candidates]``.
        best: the candidate with the highest mean utility.
        expected: mean utility under each lottery ``[...]``.
        regret: ``mean[best] - expected``; 0 is optimal.
        distortion: ``mean[best] / expected``; 1 is optimal, ``inf`` where ``expected`` is 0. NaN
            where any utility is negative, since a ratio needs a meaningful zero; regret does not.
        groups: labels of the voter groups, in the order of the profile.
        share: of the total weight ``[groups]``.
        by_group: mean utility of each group under each lottery ``[..., groups]``.
        group_best: mean utility of each group's best candidate ``[groups]``.
        group_worst: mean utility of each group's worst candidate ``[groups]``.
    """

    mean: np.ndarray
    best: int
    expected: np.ndarray
    regret: np.ndarray
    distortion: np.ndarray
    groups: tuple[str, ...]
    share: np.ndarray
    by_group: np.ndarray
    group_best: np.ndarray
    group_worst: np.ndarray

    @property
    def minority(self) -> int:
        """The group with the smallest share."""
        return int(np.argmin(self.share))

    @property
    def satisfaction(self) -> np.ndarray:
        """Utility of each group, scaled from 0 for its worst to 1 for its best candidate
        ``[..., groups]``; 1 for an indifferent group."""
        span = self.group_best - self.group_worst
        return np.where(
            span > 0, (self.by_group - self.group_worst) / np.where(span > 0, span, 1), 1
        )


def evaluate_welfare(profile: Profile, lotteries: ArrayLike) -> Welfare:
    """The welfare of lotteries among the voters of a profile with utilities.

    Ballots with the same label are one group; a ballot without a label is a group of its own.

    Args:
        lotteries: probabilities ``[..., candidates]``.

    Raises:
        InputError: where a utility is not known, or for invalid probabilities.
    """
    if profile.utility is None or not np.isfinite(profile.utility).all() or not profile.is_complete:
        raise InputError("Welfare needs to know what every candidate is worth on every ballot.")
    p = check_lotteries(lotteries, len(profile.names))
    weight = profile.weight / profile.weight.sum()
    mean = weight @ profile.utility
    best = int(np.argmax(mean))
    expected = p @ mean
    names = [label or f"ballot {i + 1}" for i, label in enumerate(profile.labels)]
    groups = tuple(dict.fromkeys(names))
    group_weight = np.array([[name == group for name in names] for group in groups]) * weight
    share = group_weight.sum(1)
    by_group = group_weight @ profile.utility / share[:, None]
    return Welfare(
        mean, best, expected, mean[best] - expected,
        distortion_ratio(mean[best], expected, (profile.utility >= 0).all()),
        groups, share, p @ by_group.T, by_group.max(1), by_group.min(1),
    )  # fmt: skip


def distortion_ratio(
    best: ArrayLike, expected: ArrayLike, has_zero: ArrayLike = True
) -> np.ndarray:
    """best / expected; 1 where both are zero or less.

    Args:
        best: highest mean utility ``[...]``.
        expected: mean utility of the outcome ``[...]``.
        has_zero: whether the zero of the utilities is meaningful ``[...]``; else the ratio is NaN.
    """
    best, expected = np.broadcast_arrays(np.asarray(best, float), np.asarray(expected, float))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where((best <= 0) & (expected <= 0), 1.0, best / expected)
    return np.where(has_zero, ratio, np.nan)


# -- the typical case -----------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class SampledDistortion:
    """Distortion of rules on random contests.

    Attributes:
        rules: names.
        distortion: ``[rules, contests]``; NaN where a utility is negative.
        regret: ``[rules, contests]``, in standard deviations of all utilities of the contest.
        best_elected: probability that the rule elects a candidate with the highest mean utility
            ``[rules, contests]``.
    """

    rules: tuple[str, ...]
    distortion: np.ndarray
    regret: np.ndarray
    best_elected: np.ndarray


def draw_utilities(kind: str, contests: int, voters: int, candidates: int, seed: int) -> np.ndarray:
    """Random utilities ``[contests, voters, candidates]``.

    Args:
        kind: ``unit-sum``: uniform on the simplex; ``uniform``: each uniform on [0, 1];
            ``normal``: each standard normal around the candidate's quality, itself normal with
            standard deviation ½; ``spatial``: minus the distance between voter and candidate in a
            unit square. Voters are independent, given quality or positions of the candidates.

    Raises:
        InputError: for an unknown kind.
    """
    rng = np.random.default_rng(seed)
    shape = (contests, voters, candidates)
    if kind == "unit-sum":
        u = rng.exponential(size=shape)
        return u / u.sum(-1, keepdims=True)
    if kind == "uniform":
        return rng.random(shape)
    if kind == "normal":
        return rng.normal(size=shape) + rng.normal(0, 0.5, (contests, 1, candidates))
    if kind == "spatial":
        voter_position = rng.random((contests, voters, 1, 2))
        candidate_position = rng.random((contests, 1, candidates, 2))
        return -np.linalg.norm(voter_position - candidate_position, axis=-1)
    raise InputError(
        f"There is no kind of utilities {kind!r}; choose from {', '.join(UTILITY_KINDS)}."
    )


def sample_distortion(
    rules: Sequence[str],
    *,
    candidates: int = 5,
    voters: int = 25,
    contests: int = 1_000,
    kind: str = "unit-sum",
    seed: int = 0,
) -> SampledDistortion:
    """Distortion of rules on contests drawn by ``draw_utilities``.

    Raises:
        InputError: for an unknown kind or rule.
    """
    return distortion_of_utilities(draw_utilities(kind, contests, voters, candidates, seed), rules)


def distortion_of_utilities(utility: np.ndarray, rules: Sequence[str]) -> SampledDistortion:
    """Distortion of rules on contests with utilities ``[contests, voters, candidates]``."""
    names = tuple(dict.fromkeys(rules))
    outcomes = aggregate_all(Ballots(utility), names)
    p = np.stack([outcomes[name].chances for name in names])
    mean = utility.mean(1)
    best = mean.max(-1)
    expected = (p * mean).sum(-1)
    deviation = utility.std(axis=(1, 2))
    best_elected = (p * (mean >= best[:, None] - 1e-12)).sum(-1)
    distortion = distortion_ratio(best, expected, (utility >= 0).all(axis=(1, 2)))
    regret = (best - expected) / np.where(deviation > 0, deviation, 1.0)
    return SampledDistortion(names, distortion, regret, best_elected)


# -- a minority that decides ----------------------------------------------------------------------


def minority_profile(share: float, dummies: int = 3, gap: float = 1e-4) -> Profile:
    """A profile whose Borda winner only a minority likes.

    The candidates are A, the dummies and a last one; there are two types. Type 1 is almost
    indifferent: A is worth 1 and each next candidate ``gap`` less. To type 2 the last candidate is
    worth 1, A is worth -1 + dummies·gap, and each dummy ``gap`` less than the one before. With
    three dummies these are the figures of the blog post.

    Args:
        share: of type 1.
        dummies: number of dummy candidates.
        gap: difference of utility between neighbours.

    Raises:
        InputError: for a share outside 0 to 1, fewer than 1 or more than 24 dummies, or a gap that
            changes the order.
    """
    if not 0 < share < 1:
        raise InputError("The share of type 1 lies between 0 and 1.")
    if not 1 <= dummies <= 24 or not 0 < gap * (dummies + 1) < 1:
        raise InputError("Between A and the last stand 1 to 24 dummies, little apart.")
    offset = gap * np.arange(dummies + 2)
    first = 1 - offset
    second = np.append(dummies * gap - 1 - offset[:-1], 1.0)
    names = [chr(ord("A") + i) for i in range(dummies + 2)]
    return Profile.from_utilities(names, [first, second], [share, 1 - share], ("type 1", "type 2"))


def minority_threshold(dummies: int = 3) -> float:
    """The share of type 1 above which Borda elects A.

    With k dummies A has (k+1)·share + k·(1 - share) points and the last candidate
    (k+1)·(1 - share). They are equal at a share of 1/(k + 2).
    """
    return 1 / (dummies + 2)
