"""How much welfare a rule leaves on the table, where it is known what candidates are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scrl.types import Ballots, InputError
from scrl.voting.anonymous_profile import AnonymousProfile
from scrl.voting.counting import aggregate_all
from scrl.voting.distortion.worst_case import check_lotteries

#: How ``draw_utilities`` draws them.
UTILITY_KINDS = ("unit-sum", "uniform", "normal", "spatial")


@dataclass(frozen=True, eq=False)
class Welfare:
    """Outcomes judged by utilities. Means are over the weight of the ballots.

    Attributes:
        mean: utility of each candidate ``[candidates]``.
        best: the candidate with the greatest.
        expected: mean utility under each lottery ``[...]``.
        regret: what it falls short of the best, ``mean[best] - expected``; 0 is perfect.
        distortion: ``mean[best] / expected``; 1 is perfect, ``inf`` where ``expected`` is 0. NaN
            where somebody's utility is negative: a ratio needs a zero that means something, and
            ``regret`` does not.
        groups: names of the kinds of voter, in the order of the profile.
        share: of the weight ``[groups]``.
        by_group: mean utility of each group ``[..., groups]``.
        group_best: what its own favourite candidate would give it ``[groups]``.
        group_worst: likewise its least favourite.
        minority: the group with the smallest share.
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
        return int(np.argmin(self.share))

    @property
    def satisfaction(self) -> np.ndarray:
        """Where each group's utility lies between its worst and its best candidate
        ``[..., groups]``, 0 to 1; 1 for a group that does not care."""
        span = self.group_best - self.group_worst
        return np.where(
            span > 0, (self.by_group - self.group_worst) / np.where(span > 0, span, 1), 1
        )


def evaluate_welfare(profile: AnonymousProfile, lotteries) -> Welfare:
    """What probabilities ``[..., candidates]`` are worth to the voters of a profile with
    utilities. Ballots of one label are one group; one without a label is its own.

    Raises:
        InputError: where utilities are not known or not of every candidate, or for what is no
            lottery.
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
    of = np.array([[name == group for name in names] for group in groups]) * weight
    share = of.sum(1)
    by_group = of @ profile.utility / share[:, None]
    return Welfare(
        mean, best, expected, mean[best] - expected,
        distortion_ratio(mean[best], expected, (profile.utility >= 0).all()),
        groups, share, p @ by_group.T, by_group.max(1), by_group.min(1),
    )  # fmt: skip


def distortion_ratio(best, expected, meaningful=True) -> np.ndarray:
    """best / expected, 1 where both are zero; NaN where a ratio means nothing."""
    best, expected = np.broadcast_arrays(np.asarray(best, float), np.asarray(expected, float))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.where((best <= 0) & (expected <= 0), 1.0, best / expected)
    return np.where(meaningful, found, np.nan)


# -- the typical case -----------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class SampledDistortion:
    """Distortion of rules on drawn contests.

    Attributes:
        rules: their names.
        distortion: ``[rules, contests]``; NaN where a utility is negative.
        regret: ``[rules, contests]``, in standard deviations of all utilities of the contest.
        best_elected: probability that the rule elects the candidate with the greatest mean utility
            ``[rules, contests]``.
    """

    rules: tuple[str, ...]
    distortion: np.ndarray
    regret: np.ndarray
    best_elected: np.ndarray


def draw_utilities(kind: str, contests: int, voters: int, candidates: int, seed) -> np.ndarray:
    """Utilities ``[contests, voters, candidates]``, independent from voter to voter unless said.

    ``unit-sum``: uniform among those that add up to one; ``uniform``: each uniform on [0, 1];
    ``normal``: each standard normal around a candidate's quality, itself normal with sd ½;
    ``spatial``: minus the distance in a unit square.

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
        who, what = rng.random((contests, voters, 1, 2)), rng.random((contests, 1, candidates, 2))
        return -np.linalg.norm(who - what, axis=-1)
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
    seed=0,
) -> SampledDistortion:
    """How rules do on contests drawn by ``draw_utilities``.

    Raises:
        InputError: for an unknown kind or rule.
    """
    return distortion_of_utilities(draw_utilities(kind, contests, voters, candidates, seed), rules)


def distortion_of_utilities(utility: np.ndarray, rules: Sequence[str]) -> SampledDistortion:
    """How rules do on contests with utilities ``[contests, voters, candidates]``."""
    names = tuple(dict.fromkeys(rules))
    outcomes = aggregate_all(Ballots(utility), names)
    p = np.stack([outcomes[name].chances for name in names])
    mean = utility.mean(1)
    best = mean.max(-1)
    expected = (p * mean).sum(-1)
    spread = utility.std(axis=(1, 2))
    hit = (p * (mean >= best[:, None] - 1e-12)).sum(-1)
    found = distortion_ratio(best, expected, (utility >= 0).all(axis=(1, 2)))
    return SampledDistortion(
        names, found, (best - expected) / np.where(spread > 0, spread, 1.0), hit
    )


# -- a minority that decides ----------------------------------------------------------------------


def minority_profile(share: float, k: int = 3, gap: float = 1e-4) -> AnonymousProfile:
    """Two types and candidates A, k dummies and the last, of whom Borda elects A although a
    minority alone likes it.

    To the ``share`` of type 1 all candidates are nearly alike, from A, worth 1, each ``gap`` less
    than the one before; to type 2 the last is worth 1, and A, the best of the others, -1 + k·gap,
    each of them ``gap`` less. With k = 3 these are the figures of the blog post.

    Raises:
        InputError: for a share outside 0 to 1, k outside 1 to 24, or a gap that turns an order.
    """
    if not 0 < share < 1:
        raise InputError("The share of type 1 lies between 0 and 1.")
    if not 1 <= k <= 24 or not 0 < gap * (k + 1) < 1:
        raise InputError("Between A and the last stand 1 to 24 dummies, little apart.")
    step = gap * np.arange(k + 2)
    first = 1 - step
    second = np.append(k * gap - 1 - step[:-1], 1.0)
    names = [chr(ord("A") + i) for i in range(k + 2)]
    return AnonymousProfile.from_utilities(
        names, [first, second], [share, 1 - share], ("type 1", "type 2")
    )


def minority_threshold(k: int = 3) -> float:
    """The share of type 1 above which Borda elects A: A has (k+1)·share + k·(1 - share) points and
    the last (k+1)·(1 - share), equal at 1/(k + 2)."""
    return 1 / (k + 2)
