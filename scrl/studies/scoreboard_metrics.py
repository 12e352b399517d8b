"""Scoreboard rows: metrics from predictions on held-out raters.

Intervals of a scenario's metrics are over seeds, each with other raters. Those of ratings are
bootstraps over raters, each held out once a seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from scrl.choice_models.rank_metrics import kendall_tau, order_places, strictly_reversed
from scrl.config import DEFAULT_RULES
from scrl.evaluation.intervals import RaterBootstrap, student_interval
from scrl.evaluation.latent_health import LatentHealth
from scrl.evaluation.pair_metrics import calibration_curve, selective_accuracy
from scrl.policies.families import evaluate_policy
from scrl.results import rounded
from scrl.reward_models import collapse, per_type, prototypes
from scrl.reward_models.protocols import RewardModel
from scrl.reward_models.reward_scales import win_rates
from scrl.scenarios.sampling import true_ballots
from scrl.scenarios.scenario import Scenario
from scrl.studies.scoreboard_splits import PairSplit
from scrl.types import Ballots, Catalogue, Ratings, places_to_order
from scrl.voting import aggregate

#: Most prompts, from the first on, whose social orders are counted.
MAX_PROMPTS = 12
#: How held-out raters' rewards become one order: a rule of voting, or the mean of each completion's
#: win rates, a scale from 0 to 1 that raters share (VPL's own).
WIN_RATES = "win-rates"
ORDER_RULES = (*DEFAULT_RULES, WIN_RATES)
#: Shares of the query pairs, the most confident first, at which accuracy is reported.
COVERAGE = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
#: Metrics of each seed of a scenario.
MEASURES = ("accuracy", "disputed", "calibration", "maxmin")
#: Metrics of a rule's social order.
ORDER_MEASURES = ("tau", "reversed", "distortion", "minority", "least")
#: Mean, low and high of a missing metric.
MISSING = [None, None, None]


@dataclass(frozen=True, eq=False)
class Predictions:
    """A model's predictions on one split.

    Attributes:
        probabilities: that the preferred item of each query pair is preferred ``[held, pairs]``.
        rewards: of the held-out raters ``[held, items]``.
        health: None for a model without latents.
        model: as fitted on the split.
        seconds: to fit it.
    """

    probabilities: np.ndarray
    rewards: np.ndarray
    health: LatentHealth | None
    model: RewardModel
    seconds: float


# -- rows -----------------------------------------------------------------------------------------


def scenario_row(
    scenario: Scenario,
    truth: dict[str, dict],
    splits: Sequence[PairSplit],
    predictions: Sequence[Predictions],
) -> dict:
    """A model's row on a scenario: means over seeds with intervals.

    Args:
        truth: rule -> ``true_orders``.
        predictions: one for each split.
    """
    seeds = [
        _seed_metrics(scenario, truth, split, predicted)
        for split, predicted in zip(splits, predictions, strict=True)
    ]
    return _shared_fields(predictions, scenario.catalogue) | {
        **{m: _over_seeds([seed[m] for seed in seeds]) for m in MEASURES},
        "ahead": MISSING,
        "elected": {
            rule: {m: _over_seeds([seed["elected"][rule][m] for seed in seeds])
                   for m in ORDER_MEASURES}
            for rule in ORDER_RULES
        },
        "each": {m: [_finite(seed[m]) for seed in seeds] for m in ("accuracy", "disputed")},
        "by_type": _column_means([seed["by_type"] for seed in seeds]),
        "disputed_by_type": _column_means([seed["disputed_by_type"] for seed in seeds]),
        "covered": np.mean([seed["covered"] for seed in seeds], axis=0).round(4).tolist(),
    }  # fmt: skip


def _seed_metrics(
    scenario: Scenario, truth: dict[str, dict], split: PairSplit, predicted: Predictions
) -> dict:
    """All metrics of one model on one seed's split."""
    credit = collapse.query_credit(predicted.probabilities)
    types = np.broadcast_to(per_type.known_types(split.queries)[:, None], credit.shape)
    each = range(len(scenario.types))
    return {
        "accuracy": credit.mean(),
        "disputed": credit[split.disputed].mean() if split.disputed.any() else None,
        "calibration": calibration_curve(predicted.probabilities.ravel()).error,
        "maxmin": _maxmin_satisfaction(scenario, predicted.model),
        "elected": {
            rule: _order_metrics(scenario, true, rule, predicted) for rule, true in truth.items()
        },
        "by_type": [_mean(credit[types == t]) for t in each],
        "disputed_by_type": [_mean(credit[(types == t) & split.disputed]) for t in each],
        "covered": selective_accuracy(
            predicted.probabilities, np.ones(credit.shape, bool), np.array(COVERAGE)
        ),
    }


def ratings_row(
    ratings: Ratings,
    splits: Sequence[PairSplit],
    predictions: Sequence[Predictions],
    baseline: Sequence[Predictions] | None,
) -> dict:
    """A model's row on ratings: all folds of all seeds together, with intervals over raters.

    Args:
        predictions: one for each split.
        baseline: predictions of Bradley–Terry, over which leads are measured; None if not fitted.
    """
    masks = [split.queries.mask for split in splits]
    rater = np.concatenate(
        [np.repeat(s.held_out, m.sum(1)) for s, m in zip(splits, masks, strict=True)]
    )  # fmt: skip
    disputed = np.concatenate([s.disputed[m] for s, m in zip(splits, masks, strict=True)])

    def probabilities_of(those: Sequence[Predictions]) -> np.ndarray:
        return np.concatenate([p.probabilities[m] for p, m in zip(those, masks, strict=True)])

    def over_raters(pairs: np.ndarray, values: np.ndarray) -> list:
        if not pairs.any():
            return MISSING
        found = RaterBootstrap(rater[pairs], np.random.default_rng(0))(values[pairs])
        return [found.mean, found.low, found.high]

    probability = probabilities_of(predictions)
    credit = collapse.query_credit(probability)
    all_pairs = np.ones(len(credit), bool)
    lead = MISSING
    if baseline is not None:
        lead = over_raters(all_pairs, credit - collapse.query_credit(probabilities_of(baseline)))
    return _shared_fields(predictions, ratings.catalogue) | {
        "accuracy": over_raters(all_pairs, credit), "disputed": over_raters(disputed, credit),
        "calibration": [_finite(calibration_curve(probability).error), None, None],
        "ahead": lead, "maxmin": MISSING, "elected": None,
        "each": {"accuracy": [], "disputed": []}, "by_type": [], "disputed_by_type": [],
        "covered": selective_accuracy(probability, all_pairs, np.array(COVERAGE))
        .round(4).tolist(),
    }  # fmt: skip


def _shared_fields(predictions: Sequence[Predictions], catalogue: Catalogue) -> dict:
    """The fields of a row that scenarios and ratings share."""
    health = [p.health for p in predictions if p.health is not None]
    collapsed = [h for h in health if h.collapsed]
    # The verdict of most trainings; the number of collapsed ones is reported beside it.
    most_collapsed = 2 * len(collapsed) > len(health)
    typical = collapsed if most_collapsed else [h for h in health if not h.collapsed]
    rewards = np.concatenate([p.rewards for p in predictions])
    model = predictions[0].model
    checks = ("own_accuracy", "swapped_accuracy", "empty_accuracy")
    return {
        "active": float(np.mean([h.active_units for h in health])) if health else None,
        "collapsed": len(collapsed), "trainings": len(predictions),
        "checks": [_finite(np.mean([getattr(h, k) for h in health])) for k in checks]
                  if health else MISSING,
        "kl": _mean_kl(health) if health else None,
        "verdict": collapse.verdict(typical[0] if typical else None, model),
        "orders": {rule: social_orders(rule, rewards, catalogue) for rule in ORDER_RULES},
        "parameters": model.parameter_count,
        "seconds": round(float(np.median([p.seconds for p in predictions])), 2),
    }  # fmt: skip


def _mean_kl(health: Sequence[LatentHealth]) -> list[float | None]:
    """KL by dimension; a training's latent may have fewer dimensions than another's."""
    width = max(len(h.kl) for h in health)
    return [_finite(x) for x in np.mean([np.pad(h.kl, (0, width - len(h.kl))) for h in health], 0)]


# -- social orders --------------------------------------------------------------------------------


def social_orders(
    rule: str, rewards: np.ndarray, catalogue: Catalogue
) -> dict[str, list[list[str]]]:
    """Prompt -> the rule's order, with rewards ``[raters, items]`` as ballots; the first prompts
    only."""
    orders = {}
    if rule == WIN_RATES:
        rate = np.round(win_rates(rewards, catalogue.offsets).mean(axis=0), 9)
    for p, (start, stop) in enumerate(pairwise(catalogue.offsets[: MAX_PROMPTS + 1])):
        names = list(catalogue.names(p))
        if rule == WIN_RATES:
            of_prompt = rate[start:stop]
            order = places_to_order((of_prompt > of_prompt[:, None]).sum(1), names)
        else:
            order = aggregate(Ballots(rewards[:, start:stop]), rule).order(names)
        orders[catalogue.prompts[p]] = order
    return orders


def true_orders(scenario: Scenario, rule: str) -> dict[str, list[list[str]]]:
    """Prompt -> the true order; for win rates Borda's, their limit for raters without noise."""
    catalogue, rule = scenario.catalogue, "borda" if rule == WIN_RATES else rule
    return {
        prompt: aggregate(ballots, rule).order(list(catalogue.names(p)))
        for p, (prompt, ballots) in enumerate(
            zip(catalogue.prompts[:MAX_PROMPTS], true_ballots(scenario, 1024), strict=False)
        )
    }


def _order_metrics(
    scenario: Scenario, truth: dict, rule: str, predicted: Predictions
) -> dict[str, float]:
    """Metrics of the social order of the held-out raters' rewards, means over prompts.

    Returns:
        Kendall's ``tau`` of the order with the truth and its number of ``reversed`` strict pairs;
        the winner's ``distortion`` (tied winners share), and the satisfaction from 0 to 1 of the
        smallest type (``minority``) and of the worst-off type (``least``).
    """
    catalogue, share, values = scenario.catalogue, scenario.type_shares, []
    orders = social_orders(rule, predicted.rewards, catalogue)
    for p, prompt in enumerate(orders):
        names = list(catalogue.names(p))
        own, true = (order_places(order[prompt], names) for order in (orders, truth))
        first = own == 0
        value = evaluate_policy(first / first.sum(), _prompt_utilities(scenario, p), share)
        smallest = share <= share.min() + 1e-9
        values.append((
            kendall_tau(own, true), strictly_reversed(true, own), value.distortion,
            value.satisfaction[smallest].min(), value.worst,
        ))  # fmt: skip
    return dict(zip(ORDER_MEASURES, map(float, np.mean(values, axis=0)), strict=True))


def _maxmin_satisfaction(scenario: Scenario, model: RewardModel) -> float | None:
    """Satisfaction of the worst-off type, 0 to 1, under the MaxMin policy of the prototypes.

    On each prompt it gives the completion whose least reward among the prototypes is greatest;
    None without prototypes.
    """
    if not isinstance(model, prototypes.Prototypes):
        return None
    catalogue, least, values = scenario.catalogue, model.worst_case_rewards(), []
    for p, (start, stop) in enumerate(pairwise(catalogue.offsets)):
        policy = np.eye(stop - start)[least[start:stop].argmax()]
        values.append(
            evaluate_policy(policy, _prompt_utilities(scenario, p), scenario.type_shares).worst
        )
    return float(np.mean(values))


def _prompt_utilities(scenario: Scenario, prompt: int) -> np.ndarray:
    """``[types, completions]``."""
    offsets = scenario.catalogue.offsets
    return scenario.type_utilities[:, slice(*offsets[prompt : prompt + 2])]


# -- numbers --------------------------------------------------------------------------------------


def _over_seeds(values: Sequence) -> list:
    """Mean and its 95 % interval (Student's); missing where a value is."""
    if any(v is None or not np.isfinite(v) for v in values):
        return MISSING
    return [_finite(x) for x in student_interval(values)]


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _column_means(rows: Sequence[Sequence[float]]) -> list:
    return [_finite(x) for x in np.mean(rows, axis=0)]


def _finite(x: float | None) -> float | None:
    """The rounded number; None where it is missing or not finite."""
    return None if x is None or not np.isfinite(x) else rounded(x, 4)
