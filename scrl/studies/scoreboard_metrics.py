"""What is made of what reward models say of raters they never met: rows of a scoreboard.

Of a scenario intervals are over seeds, each of which draws other raters; of data they are
bootstraps over raters, everybody having been held out once a seed.
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
from scrl.policies.families import worth
from scrl.reward_models import collapse, prototypes
from scrl.reward_models.protocols import RewardModel
from scrl.reward_models.reward_scales import win_rates
from scrl.scenarios.sampling import true_ballots
from scrl.scenarios.scenario import Scenario
from scrl.studies.scoreboard_splits import Trial
from scrl.types import Ballots, Catalogue, Ratings, places_to_order
from scrl.voting import aggregate

#: Prompts, the first, of which social orders are counted.
MOST_PROMPTS = 12
#: How the rewards of held-out raters become one order: a rule of voting, or the mean of each
#: completion's win rates, rewards between 0 and 1 that raters share (VPL's own scale).
WIN_RATES = "win-rates"
ORDERS_BY = (*DEFAULT_RULES, WIN_RATES)
#: Shares of the pairs asked, the surest first, of which it is said how many are right.
COVERAGE = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
MEASURES = ("accuracy", "disputed", "calibration", "maxmin")
#: Of what a rule elects.
ELECTED = ("tau", "reversed", "distortion", "minority", "least")
NONE = [None, None, None]


@dataclass(frozen=True, eq=False)
class Said:
    """What one model says in one trial: chances of the pairs asked ``[held, pairs]``, rewards of
    the held-out raters ``[held, items]``, and its health."""

    chances: np.ndarray
    rewards: np.ndarray
    health: LatentHealth | None
    model: RewardModel
    seconds: float


def of_scenario(
    scenario: Scenario, truth: dict[str, dict], trials: Sequence[Trial], said: Sequence[Said]
) -> dict:
    """A row: means over seeds with intervals; ``truth``: of each rule, as ``truth_of`` has it."""
    count = len(scenario.types)
    runs, elected, by_type, contested, covered = [], [], [], [], []
    for trial, one in zip(trials, said, strict=True):
        right = collapse.query_credit(one.chances)
        kinds = np.broadcast_to(trial.asked.rater_type[:, None], right.shape)
        runs.append(
            {
                "accuracy": right.mean(),
                "disputed": right[trial.disputed].mean() if trial.disputed.any() else None,
                "calibration": calibration_curve(one.chances.ravel()).error,
            }
            | {"maxmin": _fairest(scenario, one.model)}
        )
        elected.append({rule: _elected(scenario, true, rule, one) for rule, true in truth.items()})
        by_type.append([_mean(right[kinds == t]) for t in range(count)])
        contested.append([_mean(right[(kinds == t) & trial.disputed]) for t in range(count)])
        covered.append(
            selective_accuracy(one.chances, np.ones(right.shape, bool), np.array(COVERAGE))
        )
    spread = {m: _over_seeds([run[m] for run in runs]) for m in MEASURES}
    return _row(said, scenario.catalogue) | spread | {
        "ahead": NONE,
        "elected": {
            rule: {m: _over_seeds([run[rule][m] for run in elected]) for m in ELECTED}
            for rule in ORDERS_BY
        },
        "each": {m: [_short(run[m]) for run in runs] for m in ("accuracy", "disputed")},
        "by_type": _columns(by_type), "disputed_by_type": _columns(contested),
        "covered": np.mean(covered, axis=0).round(4).tolist(),
    }  # fmt: skip


def of_data(
    ratings: Ratings,
    trials: Sequence[Trial],
    said: Sequence[Said],
    base: Sequence[Said] | None,
) -> dict:
    """A row: all folds of all seeds together, with intervals over raters."""
    mask = [trial.asked.mask for trial in trials]
    who = np.concatenate(
        [np.repeat(t.who, m.sum(1)) for t, m in zip(trials, mask, strict=True)]
    )  # fmt: skip
    disputed = np.concatenate([t.disputed[m] for t, m in zip(trials, mask, strict=True)])

    def flat(those: Sequence[Said]) -> np.ndarray:
        return np.concatenate([one.chances[m] for one, m in zip(those, mask, strict=True)])

    chance = flat(said)
    right = collapse.query_credit(chance)

    def over_raters(some: np.ndarray, values: np.ndarray) -> list:
        if not some.any():
            return NONE
        found = RaterBootstrap(who[some], np.random.default_rng(0))(values[some])
        return [found.mean, found.low, found.high]

    every = np.ones(len(right), bool)
    ahead = NONE if base is None else over_raters(every, right - collapse.query_credit(flat(base)))
    return _row(said, ratings.catalogue) | {
        "accuracy": over_raters(every, right), "disputed": over_raters(disputed, right),
        "calibration": [_short(calibration_curve(chance).error), None, None], "ahead": ahead,
        "maxmin": NONE, "elected": None,
        "each": {"accuracy": [], "disputed": []}, "by_type": [], "disputed_by_type": [],
        "covered": selective_accuracy(chance, every, np.array(COVERAGE)).round(4).tolist(),
    }  # fmt: skip


def _row(said: Sequence[Said], catalogue: Catalogue) -> dict:
    """What both kinds of source have."""
    health = [one.health for one in said if one.health is not None]
    failed = [h for h in health if h.collapsed]
    # What is said of most trainings; how many collapsed stands beside it.
    told = failed if 2 * len(failed) > len(health) else [h for h in health if not h.collapsed]
    rewards = np.concatenate([one.rewards for one in said])
    return {
        "active": float(np.mean([h.active_units for h in health])) if health else None,
        "collapsed": len(failed), "trainings": len(said),
        "checks": [_short(np.mean([getattr(h, k) for h in health])) for k in
                   ("own_accuracy", "swapped_accuracy", "empty_accuracy")] if health else NONE,
        "kl": [_short(x) for x in np.mean([h.kl for h in health], axis=0)] if health else None,
        "verdict": collapse.verdict(told[0] if told else None, said[0].model),
        "orders": {rule: _orders(rule, rewards, catalogue) for rule in ORDERS_BY},
        "parameters": said[0].model.parameter_count,
        "seconds": round(float(np.median([one.seconds for one in said])), 2),
    }  # fmt: skip


def _orders(rule: str, rewards: np.ndarray, catalogue: Catalogue) -> dict[str, list[list[str]]]:
    """The rule's order of the first prompts, the rewards ``[raters, items]`` being the ballots."""
    found = {}
    if rule == WIN_RATES:
        rate = np.round(win_rates(rewards, catalogue.offsets).mean(axis=0), 9)
    for p, (start, stop) in enumerate(pairwise(catalogue.offsets[: MOST_PROMPTS + 1])):
        names = list(catalogue.names(p))
        if rule == WIN_RATES:
            here = rate[start:stop]
            found[catalogue.prompts[p]] = places_to_order((here > here[:, None]).sum(1), names)
        else:
            found[catalogue.prompts[p]] = aggregate(Ballots(rewards[:, start:stop]), rule).order(
                names
            )
    return found


def truth_of(scenario: Scenario, rule: str) -> dict[str, list[list[str]]]:
    """The true order of each prompt; the mean win rate of sure raters is Borda's score."""
    catalogue, rule = scenario.catalogue, "borda" if rule == WIN_RATES else rule
    return {
        prompt: aggregate(ballots, rule).order(list(catalogue.names(p)))
        for p, (prompt, ballots) in enumerate(
            zip(catalogue.prompts[:MOST_PROMPTS], true_ballots(scenario, 1024), strict=False)
        )
    }


def _elected(scenario: Scenario, truth: dict, rule: str, said: Said) -> dict:
    """What the order counted from the held-out raters' rewards is worth, a mean over prompts:
    Kendall's ``tau`` with the truth and how many strict pairs of it are ``reversed``; of the winner
    (tied ones share) ``distortion``, and how far the smallest type (``minority``) and the worst-off
    (``least``) get what they want, 0 to 1."""
    catalogue, share, found = scenario.catalogue, scenario.type_shares, []
    orders = _orders(rule, said.rewards, catalogue)
    for p, prompt in enumerate(orders):
        names = list(catalogue.names(p))
        mine, true = (order_places(order[prompt], names) for order in (orders, truth))
        first = mine == 0
        value = worth(first / first.sum(), _utilities(scenario, p), share)
        small = share <= share.min() + 1e-9
        found.append((
            kendall_tau(mine, true), strictly_reversed(true, mine), value.distortion,
            value.satisfied[small].min(), value.worst,
        ))  # fmt: skip
    return dict(zip(ELECTED, map(float, np.mean(found, axis=0)), strict=True))


def _fairest(scenario: Scenario, model: RewardModel) -> float | None:
    """How far the worst-off type gets what it wants, 0 to 1, where on each prompt the completion is
    given whose least reward among the prototypes is greatest (MaxMin); None without prototypes."""
    if not isinstance(model, prototypes.Prototypes):
        return None
    catalogue, least, found = scenario.catalogue, model.worst_case_rewards(), []
    for p, (start, stop) in enumerate(pairwise(catalogue.offsets)):
        given = np.eye(stop - start)[least[start:stop].argmax()]
        found.append(worth(given, _utilities(scenario, p), scenario.type_shares).worst)
    return float(np.mean(found))


def _utilities(scenario: Scenario, prompt: int) -> np.ndarray:
    offsets = scenario.catalogue.offsets
    return scenario.type_utilities[:, slice(*offsets[prompt : prompt + 2])]


def _over_seeds(values: Sequence) -> list:
    """Mean and its 95 % interval (Student's); none where a value is missing."""
    if any(v is None or not np.isfinite(v) for v in values):
        return NONE
    return [_short(x) for x in student_interval(values)]


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _columns(rows: Sequence[Sequence[float]]) -> list:
    return [_short(x) for x in np.mean(rows, axis=0)]


def _short(x) -> float | None:
    return None if x is None or not np.isfinite(x) else round(float(x), 4)
