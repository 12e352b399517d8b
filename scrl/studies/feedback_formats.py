"""The same raters observed through each format of feedback, and what each costs in raters.

A rater of a type thinks u of the prompt's completions and errs by Gumbel noise of the scenario's
scale s, afresh in each answer. Asked about

``thumbs``: one completion, +1 where it beats the rater's standard: a completion worth the mean, to
    this type, of all that the prompt offers, judged with the same noise. P(+1) = σ((u − mean) / s):
    approval against what one is used to. Raters may differ in how strict they are, which shifts
    the standard by a normal number that a rater keeps.
``pair``: two, the preferred one: P(i ≻ j) = σ((uᵢ − uⱼ) / s). A standard cancels.
``tie``: the same two, and "about the same" where the noisy gap is narrower than a width.
``list``: a few, all in order: Plackett–Luce.
``split``: the same list taken apart into its pairs, as most reward models do.

Each is fitted by its own likelihood (logistic with a number for each completion, Bradley–Terry,
Davidson, Plackett–Luce, Bradley–Terry) with the house's prior. With one type of rater all are right
and find u / s, so that only cost tells them apart. With several they also differ in what endless
raters would say: shares of approval, Borda's order (pairs, ties and split lists), and the
Plackett–Luce order, which gives first places more say.

All numbers of raters and all seeds are fitted at once from counts; nothing is compiled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from scrl.choice_models import bradley_terry, davidson, plackett_luce
from scrl.choice_models.newton import maximise
from scrl.choice_models.rank_metrics import pair_accuracy
from scrl.random_streams import HostStream, host_rng
from scrl.scenarios.scenario import Scenario
from scrl.types import InputError

FORMATS = ("thumbs", "pair", "tie", "list", "split")
#: Numbers of raters observed, each the first of the next.
RATERS = tuple(2**i for i in range(1, 11))
#: Completions at most: the sets that a list chooses from are counted one by one.
MOST = 8
#: Scores of endless raters nearer than this are a tie.
SCORE_TIE = 1e-6
#: Weight of the questions that stand for endless raters, so that the prior says nothing.
ENDLESS = 1e7


@dataclass(frozen=True)
class Asking:
    """How raters are asked.

    Attributes:
        questions: of one rater; length: completions on a list, at most all.
        strict: standard deviation of raters' standards, in units of utility.
        width: a gap below which a rater calls two completions about the same, likewise.
    """

    questions: int = 1
    length: int = 4
    strict: float = 0.0
    width: float = 0.5


@dataclass(frozen=True, eq=False)
class World:
    """Types of rater and one prompt: utilities ``[types, items]``, shares ``[types]`` and the scale
    of the noise."""

    utility: np.ndarray
    share: np.ndarray
    noise: float

    @property
    def items(self) -> int:
        return self.utility.shape[1]

    @property
    def worth(self) -> np.ndarray:
        """Mean utility of all raters ``[items]``."""
        return self.share @ self.utility


def world_of(scenario: Scenario, prompt: str) -> World:
    """One prompt of a scenario; everybody answers whatever is asked.

    Raises:
        InputError: for a prompt with too many completions, or none of that name.
    """
    if prompt not in scenario.prompts:
        raise InputError(f"{scenario.name} has no prompt '{prompt}'.")
    offsets = scenario.catalogue.offsets
    p = list(scenario.prompts).index(prompt)
    utility = scenario.type_utilities[:, offsets[p] : offsets[p + 1]]
    if utility.shape[1] > MOST:
        raise InputError(
            f"'{prompt}' offers {utility.shape[1]} completions; formats are compared on at most "
            f"{MOST}."
        )
    return World(utility, scenario.type_shares, scenario.noise)


@dataclass(frozen=True, eq=False)
class Observed:
    """What each format makes of the same raters.

    Attributes:
        raters: how many ``[numbers]``.
        score: format -> fitted rewards ``[numbers, seeds, items]``.
        limit: format -> scores of endless raters ``[items]``, of which only the order counts.
    """

    raters: np.ndarray
    score: dict[str, np.ndarray]
    limit: dict[str, np.ndarray]

    def right(self, truth: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """Share of pairs put as ``truth [items]`` has them, or as endless raters would in the
        format itself where None: format -> ``[numbers, seeds]``; NaN where it ties them all."""
        return {
            name: pair_accuracy(score, self.limit[name] if truth is None else truth, SCORE_TIE)
            for name, score in self.score.items()
        }


def observe(
    world: World, asking: Asking, seed: int, seeds: int = 60, raters=RATERS, prior_sd: float = 10.0
) -> Observed:
    """Draw raters of independent types, ask them in every format and fit.

    Args:
        seeds: independent groups of raters, all from streams of ``seed``.
        raters: numbers of raters, rising; the first of a group are those of the smaller ones.
    """
    raters = np.asarray(raters)
    of_type = host_rng(seed, HostStream.FEEDBACK_ANSWERS, 0)
    kinds = of_type.choice(len(world.share), (seeds, raters[-1]), p=world.share)
    ask = _Ask(world, asking, kinds, raters, seed)
    like, asked = ask.thumbs()
    wins, _ = ask.pairs(0.0)
    clear, tied = ask.pairs(asking.width)
    choices, split = ask.lists()
    fit = bradley_terry.fit_bradley_terry
    score = {
        "thumbs": approval(like, asked, prior_sd),
        "pair": fit(wins, prior_sd),
        "tie": davidson.fit_davidson(
            clear[..., None, :, :], tied[..., None, :, :], prior_sd
        ).reward[..., 0, :],
        "list": plackett_luce.fit_plackett_luce(choices, prior_sd),
        "split": fit(split, prior_sd),
    }  # fmt: skip
    score = {name: np.swapaxes(values, 0, 1) for name, values in score.items()}
    return Observed(raters, score, limits(world, asking))


def approval(like: np.ndarray, asked: np.ndarray, prior_sd: float = 10.0) -> np.ndarray:
    """The log-odds of +1, one for each completion: what maximises like · r − asked · log(1 + exp r)
    − r² / (2 prior_sd²), any equal shapes."""
    precision = 1.0 / prior_sd**2

    def derivatives(reward: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        chance = expit(reward)
        gradient = like - asked * chance - precision * reward
        return gradient, gradient / (asked * chance * (1 - chance) + precision)

    start = np.log((like + 0.5) / (asked - like + 0.5))
    return maximise(derivatives, start, np.abs)


class _Ask:
    """Questions put to raters ``kinds [seeds, raters]``; counts have ``[seeds, numbers, …]``."""

    def __init__(self, world: World, asking: Asking, kinds, raters, seed: int):
        self.world, self.asking, self.kinds, self.seed = world, asking, kinds, seed
        self.numbers = len(raters)
        group = np.searchsorted(raters, np.arange(raters[-1]), side="right")
        cell = np.arange(len(kinds))[:, None] * self.numbers + group
        #: Where each answer is counted first ``[seeds, raters, questions]``.
        self.cell = np.repeat(cell[..., None], asking.questions, axis=2)
        self.asked = (*kinds.shape, asking.questions)
        # What each rater thinks, a row a question.
        self.mean = world.utility.mean(axis=1)[kinds][..., None]

    def _stream(self, which: int) -> np.random.Generator:
        return host_rng(self.seed, HostStream.FEEDBACK_ANSWERS, which)

    def _utility(self, item):
        return self.world.utility[
            self.kinds.reshape(*self.kinds.shape, *[1] * (item.ndim - 2)), item
        ]

    def _table(self, at, cells: int, weight=None) -> np.ndarray:
        """Counts of ``at``, whole numbers below ``cells``, by all raters up to each number."""
        cell = self.cell.reshape(*self.asked, *[1] * (at.ndim - 3)) * cells + at
        size = len(self.kinds) * self.numbers * cells
        found = np.bincount(
            cell.ravel(), None if weight is None else weight.ravel().astype(float), size
        )
        return found.astype(float).reshape(len(self.kinds), self.numbers, cells).cumsum(axis=1)

    def _noisy(self, gap, rng):
        return gap + rng.logistic(0.0, self.world.noise, gap.shape) if self.world.noise else gap

    def thumbs(self) -> tuple[np.ndarray, np.ndarray]:
        """How often each completion was liked, and asked about ``[…, items]``."""
        rng, m = self._stream(1), self.world.items
        item = rng.integers(m, size=self.asked)
        coin = rng.random(self.asked) < 0.5
        standard = self.mean + self.asking.strict * rng.standard_normal((*self.kinds.shape, 1))
        gap = self._noisy(self._utility(item) - standard, rng)
        like = (gap > 0) | (gap == 0) & coin
        return self._table(item, m, like), self._table(item, m)

    def pairs(self, width: float) -> tuple[np.ndarray, np.ndarray]:
        """Wins and ties ``[…, items, items]``; the same questions and noise for any width."""
        rng, m = self._stream(2), self.world.items
        first = rng.integers(m, size=self.asked)
        second = (first + rng.integers(1, m, size=self.asked)) % m
        coin = rng.random(self.asked) < 0.5
        gap = self._noisy(self._utility(first) - self._utility(second), rng)
        same = np.abs(gap) < width
        ahead = (gap > 0) | (gap == 0) & coin
        won = np.where(ahead, first * m + second, second * m + first)
        shape = (len(self.kinds), self.numbers, m, m)
        wins = self._table(won, m * m, ~same).reshape(shape)
        tied = self._table(won, m * m, same).reshape(shape)
        return wins, tied + tied.swapaxes(-1, -2)

    def lists(self) -> tuple[plackett_luce.ChoiceCounts, np.ndarray]:
        """The choices that lists make, and their pairs as wins ``[…, items, items]``."""
        rng, m = self._stream(3), self.world.items
        length = min(self.asking.length, m)
        shown = np.argsort(rng.random((*self.asked, m)), axis=-1)[..., :length]
        value = self._utility(shown)
        # So little that only what a type ties is put in order by it.
        value = value + 1e-9 * np.ptp(self.world.utility) * rng.random(shown.shape)
        if self.world.noise:
            value = value + rng.gumbel(0.0, self.world.noise, shown.shape)
        order = np.take_along_axis(shown, np.argsort(-value, axis=-1), axis=-1)
        left = np.cumsum((1 << order)[..., ::-1], axis=-1)[..., ::-1]
        times = self._table(left[..., :-1], 1 << m)
        i, j = np.triu_indices(length, 1)
        wins = self._table(order[..., i] * m + order[..., j], m * m)
        wins = wins.reshape(len(self.kinds), self.numbers, m, m)
        return _choices(self._table(order[..., :-1], m), times, wins > 0), wins


def _choices(chosen, times, beats) -> plackett_luce.ChoiceCounts:
    """Of counts over all sets ``[…, 2^items]``, those that occur."""
    some = np.flatnonzero(times.reshape(-1, times.shape[-1]).any(0))
    held = (some[:, None] >> np.arange(chosen.shape[-1])) & 1
    return plackett_luce.ChoiceCounts(chosen, held.astype(bool), times[..., some], beats)


# -- endless raters -------------------------------------------------------------------------------


def limits(world: World, asking: Asking) -> dict[str, np.ndarray]:
    """What each format says of endless raters: scores ``[items]`` in its order, exact.

    Approval's are the shares of +1; those of pairs, ties (half each way) and split lists Borda's,
    since all pairs are compared equally often; those of lists the Plackett–Luce rewards.
    """
    gap = world.utility[:, :, None] - world.utility[:, None, :]
    borda = np.einsum("t,tab->a", world.share, _above(gap, world.noise))
    half = 0.5 * (_above(gap - asking.width, world.noise) + _above(gap + asking.width, world.noise))
    return {
        "thumbs": world.share @ _liked(world, asking.strict),
        "pair": borda,
        "tie": np.einsum("t,tab->a", world.share, half),
        "list": _listed(world, min(asking.length, world.items)),
        "split": borda,
    }


def _above(gap: np.ndarray, noise: float) -> np.ndarray:
    """The chance that a gap with logistic noise lies above 0."""
    if not noise:
        return 0.5 + 0.5 * np.sign(gap)
    return 0.5 + 0.5 * np.tanh(np.clip(gap / (2 * noise), -350, 350))


def _liked(world: World, strict: float) -> np.ndarray:
    """P(+1) of each type ``[types, items]``, over standards by Gauss–Hermite."""
    gap = world.utility - world.utility.mean(axis=1, keepdims=True)
    if not strict:
        return _above(gap, world.noise)
    if not world.noise:
        from scipy.special import ndtr

        return ndtr(gap / strict)
    node, weight = np.polynomial.hermite_e.hermegauss(61)
    return _above(gap[..., None] - strict * node, world.noise) @ (weight / weight.sum())


def _listed(world: World, length: int) -> np.ndarray:
    """The Plackett–Luce rewards of endless lists of evenly drawn completions ``[items]``.

    From a set a type takes a completion with its chance and goes on with the rest, so that how
    often each set is chosen from follows set by set, largest first.
    """
    m, sets = world.items, np.arange(1 << world.items)
    held = ((sets[:, None] >> np.arange(m)) & 1).astype(bool)
    size = held.sum(1)
    times = np.zeros((len(world.share), len(sets)))
    times[:, size == length] = 1.0 / (size == length).sum()
    chosen = np.zeros((len(world.share), m))
    for s in sets[np.argsort(-size, kind="stable")]:
        if not 2 <= size[s] <= length:
            continue
        take = times[:, [s]] * _taken(world.utility, held[s], world.noise)
        chosen += take
        for i in np.flatnonzero(held[s]):
            times[:, s & ~(1 << i)] += take[:, i]
    times[:, size < 2] = 0.0
    chosen, times = ENDLESS * (world.share @ chosen), ENDLESS * (world.share @ times)
    beats = ~np.eye(m, dtype=bool)
    return plackett_luce.fit_plackett_luce(_choices(chosen, times, beats))


def _taken(utility: np.ndarray, held: np.ndarray, noise: float) -> np.ndarray:
    """The chance of each type to take each completion from a set ``[types, items]``."""
    value = np.where(held, utility, -np.inf)
    top = value.max(axis=1, keepdims=True)
    share = np.exp((value - top) / noise) if noise else (value == top).astype(float)
    return share / share.sum(axis=1, keepdims=True)


# -- what it costs --------------------------------------------------------------------------------

#: What one answer takes a rater, of (list length): completions to read, choices to make.
READS = {"thumbs": 1, "pair": 2, "tie": 2}
UNITS = ("raters", "completions read", "choices made")


def price(name: str, unit: str, asking: Asking, items: int) -> float:
    """What one rater's answers in a format amount to, in a unit.

    To read a completion is to take it in once; a choice is the taking of the best of what is left,
    so that a list of k is k completions to read and k − 1 choices. Either is a stand-in for time:
    where completions are long, reading is what takes it.
    """
    length = min(asking.length, items)
    if unit == "raters":
        return 1.0
    if unit == "completions read":
        return float(asking.questions * READS.get(name, length))
    return float(asking.questions * (1 if name in READS else length - 1))


def theory(asking: Asking, items: int) -> dict[str, float]:
    """Raters needed, against a ranked list, where completions are all but equal, by the information
    in an answer: of a list of k that is k − H_k, H_k = 1 + ½ + … + 1/k, of a pair ½ (k = 2), and of
    a thumb (m − 1) / 4m, m the prompt's completions; it also learns where its standard lies."""
    k = np.arange(1, min(asking.length, items) + 1)
    of_list = len(k) - (1 / k).sum()
    return {"thumbs": of_list * 4 * items / (items - 1), "pair": 2 * of_list, "list": 1.0}


def needed(right: np.ndarray, raters: np.ndarray, level: float) -> np.ndarray:
    """How many raters bring the mean accuracy ``right [..., numbers]`` to a level, interpolated on
    their logarithm; NaN where none of the numbers does, the least where it does already."""
    right = np.maximum.accumulate(np.asarray(right, float), axis=-1)
    there = right >= level
    at = np.maximum(there.argmax(-1), 1)
    log = np.log(np.asarray(raters, float))
    low, high = (np.take_along_axis(right, i[..., None], -1)[..., 0] for i in (at - 1, at))
    part = np.clip((level - low) / np.where(high > low, high - low, 1.0), 0.0, 1.0)
    return np.where(there.any(-1), np.exp(log[at - 1] + part * (log[at] - log[at - 1])), np.nan)


@dataclass(frozen=True)
class Cost:
    """What a format takes for an accuracy, and 95 % intervals by bootstrap over seeds.

    Attributes:
        needed: raters; NaN where the observed numbers are too few; low, high: its interval.
        ratio: to the reference format, in the unit asked for; ratio_low, ratio_high: likewise.
    """

    needed: float
    low: float
    high: float
    ratio: float
    ratio_low: float
    ratio_high: float


def costs(
    right: dict[str, np.ndarray],
    raters: np.ndarray,
    level: float,
    prices: dict[str, float],
    reference: str = "list",
    draws: int = 400,
) -> dict[str, Cost]:
    """Of accuracies ``[numbers, seeds]``.

    Args:
        prices: format -> what one rater costs there.
    """  # fmt: skip
    seeds = next(iter(right.values())).shape[1]
    pick = np.random.default_rng(0).integers(seeds, size=(draws, seeds))
    mean = {name: needed(values.mean(1), raters, level) for name, values in right.items()}
    again = {n: needed(values[:, pick].mean(-1).T, raters, level) for n, values in right.items()}
    found = {}
    for name in right:
        scale = prices[name] / prices[reference]
        with np.errstate(invalid="ignore"):
            ratio = scale * mean[name] / mean[reference]
            ratios = scale * again[name] / again[reference]
        found[name] = Cost(float(mean[name]), *_interval(again[name]), float(ratio),
                           *_interval(ratios))  # fmt: skip
    return found


def _interval(values: np.ndarray) -> tuple[float, float]:
    """The middle 95 %; NaN where more than that part is unknown."""
    known = np.where(np.isnan(values), np.inf, values)
    low, high = np.quantile(known, [0.025, 0.975], method="nearest")
    return (float(low) if np.isfinite(low) else np.nan), (
        float(high) if np.isfinite(high) else np.nan
    )
