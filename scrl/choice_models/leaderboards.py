"""Leaderboards: fitted scores with standard errors, intervals, ranks and predictions."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtri

from scrl.choice_models.choice_estimates import ChoiceEstimate, HeldOut
from scrl.choice_models.pair_likelihood import PairLikelihood, log_probabilities
from scrl.choice_models.tied_ranking_likelihood import TiedRankingLikelihood
from scrl.data.files import quoted
from scrl.types import InputError

#: Points on Elo's scale for each unit of log-odds: 400 points are odds of ten to one.
ELO = 400 / np.log(10)
#: Longest name and most rows that a printed leaderboard shows.
MAX_NAME, MAX_ROWS = 36, 60
#: Most resamples of one bootstrap.
MAX_RESAMPLES = 100_000

Anchor = Mapping[Hashable, float] | float | None


class Interval(NamedTuple):
    """An estimate with its standard error and confidence interval."""

    estimate: float
    standard_error: float
    low: float
    high: float


class Prediction(NamedTuple):
    """Probabilities that the first item wins, ties and loses.

    Where ties are read as half a win for each, ``tie`` is 0 and ``win`` is the expected share.
    """

    win: float
    tie: float
    loss: float


@dataclass(frozen=True, eq=False, repr=False)
class Leaderboard:
    """Scores of items, the best first, from ``scrl.fit_bradley_terry`` or ``fit_plackett_luce``.

    Attributes:
        names: ``[items]``.
        score: log-odds times ``scale``, in the stated gauge ``[items]``.
        standard_error: of the scores in this gauge; 0 for an anchor ``[items]``.
        covariance: of the scores ``[items, items]``.
        gauge: which common shift the scores have, as the likelihood says nothing of it.
        scale: points for each unit of log-odds.
        model: what was fitted, in words.
        errors: where standard errors come from, in words.
        counts: of each item ``[items]``: wins, losses and ties, or rankings; with weights.
        tie: ν (Davidson; of two items where rankings are fitted) or κ (Rao–Kupper), ``None``
            without such a model.
        coefficients: of the features, in log-odds: estimate, standard error and 95 % interval.
        log_likelihood: of the data, without the prior.
        resamples: scores of resamples ``[resamples, items]``, after ``bootstrap``.
        resamples_with_prior: how many resamples have no finite maximum. They were fitted with a
            prior of sd 10, or left out where features or sizes of ties have none.
        notes: which items no comparisons order, so that their scores rest on the prior.
    """

    names: tuple[Hashable, ...]
    score: np.ndarray
    covariance: np.ndarray
    gauge: str
    scale: float
    model: str
    errors: str
    counts: dict[str, np.ndarray]
    tie: float | None
    coefficients: dict[str, Interval]
    log_likelihood: float
    resamples: np.ndarray | None = None
    resamples_with_prior: int = 0
    notes: tuple[str, ...] = ()
    _estimate: ChoiceEstimate = field(kw_only=True)
    _order: np.ndarray = field(kw_only=True)
    _anchor: Anchor = field(kw_only=True, default=None)

    @property
    def standard_error(self) -> np.ndarray:
        return np.sqrt(np.maximum(np.diagonal(self.covariance), 0.0))

    def intervals(self, level: float = 0.95, method: str = "normal") -> np.ndarray:
        """Confidence intervals of the scores ``[items, 2]``.

        Args:
            level: probability with which an interval contains the score.
            method: ``"normal"``: score ± quantile · standard error. ``"percentile"`` and
                ``"basic"``: from resamples, after ``bootstrap`` (Davison & Hinkley 1997, 5.2–5.3).
        """
        drawn = self._drawn(method)
        return _interval(self.score, self.standard_error, drawn, level, method)

    def difference(
        self, a: Hashable, b: Hashable, level: float = 0.95, method: str = "normal"
    ) -> Interval:
        """The score of a less that of b, with its own standard error and interval.

        Scores are correlated, so two overlapping intervals do not show that a and b are alike.
        """
        i, j = self._index(a), self._index(b)
        contrast = np.zeros(len(self.names))
        contrast[i] += 1.0
        contrast[j] -= 1.0
        gap = contrast @ self.score
        error = np.sqrt(max(contrast @ self.covariance @ contrast, 0.0))
        drawn = self._drawn(method)
        draws = None if drawn is None else drawn[:, i] - drawn[:, j]
        low, high = _interval(gap, error, draws, level, method)
        return Interval(float(gap), float(error), float(low), float(high))

    def ranks(self, level: float = 0.95, method: str = "differences") -> np.ndarray:
        """The best and the worst rank ``[items, 2]`` that the data allow each item, from 1.

        Args:
            level: of confidence, for each item's ranks.
            method: ``"differences"``: an item is below those that are ahead of it beyond chance,
                with Bonferroni's correction for the item's differences (Mogstad, Romano, Shaikh &
                Wilhelm 2024). ``"overlap"``: it is below those whose intervals lie above its own,
                as public leaderboards show ranks; this is wider.
        """
        m = len(self.names)
        if method == "overlap":
            low, high = self.intervals(level).T
            ahead = low[None, :] > high[:, None]
        elif method == "differences":
            gap = self.score[None, :] - self.score[:, None]
            variance = np.diagonal(self.covariance)
            spread = variance[None, :] + variance[:, None] - 2 * self.covariance
            quantile = ndtri(1 - (1 - _checked(level)) / (2 * max(m - 1, 1)))
            ahead = gap > quantile * np.sqrt(np.maximum(spread, 0.0)) + 1e-12
        else:
            raise InputError(f"Ranks by {quoted(method)} are unknown: differences or overlap.")
        return np.stack([1 + ahead.sum(1), m - ahead.sum(0)], axis=1)

    def rows(
        self, level: float = 0.95, method: str = "normal", ranks: str = "differences"
    ) -> list[dict[str, Any]]:
        """A dict for each item, the best first, as any data frame library takes them."""
        interval, between = self.intervals(level, method), self.ranks(level, ranks)
        listed = []
        for i, name in enumerate(self.names):
            listed.append(
                {
                    "rank": i + 1,
                    "rank_best": int(between[i, 0]),
                    "rank_worst": int(between[i, 1]),
                    "name": name,
                    "score": float(self.score[i]),
                    "standard_error": float(self.standard_error[i]),
                    "low": float(interval[i, 0]),
                    "high": float(interval[i, 1]),
                    **{key: float(count[i]) for key, count in self.counts.items()},
                }
            )
        return listed

    def predict(self, a: Hashable, b: Hashable) -> Prediction:
        """Probabilities that a wins against b, ties and loses, where features favour neither."""
        i, j = self._index(a), self._index(b)
        gap = np.array((self.score[i] - self.score[j]) / self.scale)
        ties, tie = _ties_of(self._estimate)
        win, loss, tied = (float(np.exp(x)) for x in log_probabilities(ties, gap, tie))
        return Prediction(win, 0.0 if ties == "half" else tied, loss)

    def bootstrap(self, resamples: int = 1000, seed: int | np.random.Generator = 0) -> Leaderboard:
        """The same leaderboard with scores of resamples, for bootstrap intervals.

        Rows are drawn with replacement, or raters with all their rows where the fit names a column
        of raters. A weight that is a count stands for so many rows.

        Raises:
            InputError: for a number of resamples that is not from 1 to ``MAX_RESAMPLES``.
        """
        whole = isinstance(resamples, int | np.integer) and not isinstance(resamples, bool)
        if not (whole and 1 <= resamples <= MAX_RESAMPLES):
            raise InputError(
                f"resamples is {quoted(resamples)}; give a whole number from 1 to "
                f"{MAX_RESAMPLES:,}."
            )
        points, weak = self._estimate.resample(int(resamples), seed)
        reward = points[:, : len(self.names)][:, self._order]
        shift, _ = _gauge(self.names, self._anchor)
        drawn = self.scale * (reward @ shift.T) + _level(self._anchor)
        return replace(self, resamples=drawn, resamples_with_prior=weak)

    def held_out(self, folds: int = 5, seed: int | np.random.Generator = 0) -> HeldOut:
        """The log-likelihood of held-out rows, or raters, beside that of items that are alike."""
        if not isinstance(folds, int | np.integer):
            raise InputError(f"folds is {quoted(folds)}; give a whole number from 2.")
        return self._estimate.held_out(folds, seed)

    def anchored(self, anchor: Anchor = None, scale: str | float | None = None) -> Leaderboard:
        """The same leaderboard in another gauge or scale, without its resamples."""
        points = self.scale if scale is None else points_of(scale)
        reward = self._estimate.point[: len(self.names)][self._order]
        n = len(self.names)
        covariance = self._estimate.covariance[:n, :n][np.ix_(self._order, self._order)]
        shift, gauge = _gauge(self.names, anchor)
        return replace(
            self,
            score=points * (shift @ reward) + _level(anchor),
            covariance=points**2 * (shift @ covariance @ shift.T),
            gauge=gauge,
            scale=points,
            resamples=None,
            resamples_with_prior=0,
            _anchor=anchor,
        )

    def _index(self, name: Hashable) -> int:
        if name not in self.names:
            raise InputError(f"There is no item {quoted(name)} on this leaderboard.")
        return self.names.index(name)

    def _drawn(self, method: str) -> np.ndarray | None:
        """Resampled scores, where the method needs them."""
        if method == "normal":
            return None
        if method not in ("percentile", "basic"):
            raise InputError(
                f"Intervals by {quoted(method)} are unknown: normal, percentile or basic."
            )
        if self.resamples is None:
            raise InputError(f"Intervals by {method} need resamples: call bootstrap() first.")
        return self.resamples

    def to_text(self, method: str = "normal") -> str:
        """The leaderboard as lines, with 95 % intervals by this method."""
        unit = "log-odds" if self.scale == 1 else f"{self.scale:.4g} points a unit of log-odds"
        rows, digits = self.rows(method=method), 3 if self.scale < 10 else 1
        names = [_short(row["name"]) for row in rows]
        width = max(4, *map(len, names))
        lines = [
            f"{self.model}; {self.gauge}, {unit}; {self.errors}",
            f"rank  range  {'name':<{width}}  {'score':>9}  {'error':>8}  {'95 % interval':>21}"
            + "".join(f"  {head:>8}" for head in self.counts),
        ]
        for row, name in list(zip(rows, names, strict=True))[:MAX_ROWS]:
            between = f"{row['rank_best']}–{row['rank_worst']}"
            score = round(row["score"], digits) + 0.0  # no minus before 0
            interval = f"{row['low']:.{digits}f} to {row['high']:.{digits}f}"
            lines.append(
                f"{row['rank']:>4}  {between:>5}  {name:<{width}}  {score:>9.{digits}f}"
                f"  {row['standard_error']:>8.{digits}f}  {interval:>21}"
                + "".join(f"  {row[head]:>8g}" for head in self.counts)
            )
        if len(rows) > MAX_ROWS:
            lines.append(f"… and {len(rows) - MAX_ROWS} more")
        if method != "normal" and self.resamples_with_prior:
            lines.append(
                f"{self.resamples_with_prior:,} resamples have no finite maximum and were fitted "
                "with a prior of sd 10, or left out for their features or ties"
            )
        lines += [f"note: {note}" for note in self.notes]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.to_text()


def make_leaderboard(
    estimate: ChoiceEstimate,
    names: tuple[Hashable, ...],
    counts: dict[str, np.ndarray],
    model: str,
    errors: str,
    anchor: Anchor,
    scale: str | float,
    feature_names: tuple[str, ...] = (),
) -> Leaderboard:
    """The leaderboard of an estimate, items sorted by score."""
    m = len(names)
    order = np.argsort(-estimate.point[:m], kind="stable")
    tie, coefficients = None, {}
    ties, log_tie = _ties_of(estimate)
    if ties != "half":
        davidson = ties == "davidson"
        tie = float(np.exp(log_tie if davidson else 0.5 * np.logaddexp(0.0, log_tie)))
    for k, name in enumerate(feature_names):
        value, error = estimate.point[m + k], np.sqrt(estimate.covariance[m + k, m + k])
        low, high = _interval(value, error, None, 0.95, "normal")
        coefficients[name] = Interval(float(value), float(error), float(low), float(high))
    board = Leaderboard(
        tuple(names[i] for i in order), np.empty(0), np.empty((0, 0)), "", 1.0, model, errors,
        {key: count[order] for key, count in counts.items()}, tie, coefficients,
        estimate.log_likelihood, _estimate=estimate, _order=order,
    )  # fmt: skip
    return board.anchored(anchor, scale)


def _ties_of(estimate: ChoiceEstimate) -> tuple[str, np.ndarray]:
    """How two items tie: the model, and its parameter, −∞ for none."""
    likelihood, point = estimate.likelihood, estimate.point
    if isinstance(likelihood, PairLikelihood) and likelihood.has_tie_parameter:
        return likelihood.ties, point[-1]
    if isinstance(likelihood, TiedRankingLikelihood) and 2 in likelihood.sizes:
        return "davidson", point[likelihood.items + likelihood.sizes.index(2)]
    return "half", np.array(-np.inf)


def points_of(scale: str | float) -> float:
    """Points for each unit of log-odds: of ``"log-odds"``, ``"elo"`` or a number."""
    if isinstance(scale, str):
        if scale not in ("log-odds", "elo"):
            raise InputError(f"The scale {quoted(scale)} is unknown: log-odds, elo or a number.")
        return 1.0 if scale == "log-odds" else float(ELO)
    if not (np.isfinite(scale) and scale > 0):
        raise InputError(f"The scale is {scale}; it is a number above 0.")
    return float(scale)


def _gauge(names: tuple[Hashable, ...], anchor: Anchor) -> tuple[np.ndarray, str]:
    """The matrix ``[items, items]`` that shifts rewards as the anchor says, and words for it."""
    m = len(names)
    if not (anchor is None or isinstance(anchor, Real | Mapping)):
        raise InputError(
            f"The anchor is {quoted(anchor)}; give one item and its score, such as "
            "{'gpt': 1000}, or a number, the mean of all scores."
        )
    if not isinstance(anchor, Mapping):
        if not np.isfinite(_level(anchor)):
            raise InputError("The anchor is not a finite number.")
        return np.eye(m) - 1 / m, f"mean score {_level(anchor):g}"
    if len(anchor) != 1:
        raise InputError("The anchor is one item and its score, or the mean of all scores.")
    ((name, value),) = anchor.items()
    if name not in names:
        raise InputError(f"The anchor {quoted(name)} is no item of these data.")
    if not (isinstance(value, Real) and np.isfinite(float(value))):
        raise InputError("The anchor's score is not a finite number.")
    shift = np.eye(m)
    shift[:, names.index(name)] -= 1.0
    return shift, f"score of {_short(name)} is {value:g}"


def _level(anchor: Anchor) -> float:
    """The score that the anchor fixes."""
    if anchor is None:
        return 0.0
    return float(next(iter(anchor.values()))) if isinstance(anchor, Mapping) else float(anchor)


def _interval(
    value: Any, error: Any, drawn: np.ndarray | None, level: float, method: str
) -> np.ndarray:
    """Intervals ``[..., 2]`` of a value or of several."""
    tail = (1 - _checked(level)) / 2
    if drawn is None:
        reach = ndtri(1 - tail) * np.asarray(error)
        return np.stack([value - reach, value + reach], axis=-1)
    low, high = np.quantile(drawn, [tail, 1 - tail], axis=0)
    if method == "basic":
        low, high = 2 * value - high, 2 * value - low
    return np.stack([low, high], axis=-1)


def _checked(level: float) -> float:
    if not 0 < level < 1:
        raise InputError(f"The level is {level}; it lies between 0 and 1, such as 0.95.")
    return level


def _short(name: Hashable) -> str:
    """A name on one line, shortened."""
    text = "".join(ch if ch.isprintable() else "?" for ch in str(name))
    return text if len(text) <= MAX_NAME else text[: MAX_NAME - 1] + "…"
