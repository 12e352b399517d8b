"""Why the vanilla order is not the truth: the gap between the two, split by cause.

Each part is the computed effect of one counterfactual: the sample as it is, infinitely many raters,
data missing at random, complete data, and the rule instead of Bradley–Terry. Along the path from
vanilla to the truth the parts add up exactly, in reversed pairs and, up to the rule, in log-odds.
Sampling and missing data interact, so each is taken before and after the other and the two effects
are averaged (Shapley 1953).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scrl.choice_models.bradley_terry import fit_pair_counts, pair_counts
from scrl.config import RewardConfig
from scrl.results import Order, order_of
from scrl.scenarios.exact_preview import expected_bradley_terry
from scrl.scenarios.missing_data import fully_observed
from scrl.scenarios.parsing import with_overrides
from scrl.scenarios.sampling import expected_pair_weights, sample, true_ballots
from scrl.scenarios.scenario import Scenario
from scrl.types import Outcome
from scrl.voting import aggregate_all

#: The stages of the path, and the part between each stage and the next.
STAGES = ("sample", "endless", "random", "complete", "truth")
PARTS = ("sampling", "silence that depends on the rater", "silence at random", "the rule")
#: The stages and parts from the social order to the truth.
SOCIAL_STAGES = ("social", "voters", "raters", "truth")
SOCIAL_PARTS = ("the social network", "the model of individuals", "sampling")
#: Draws per type with which a noisy scenario's truth is counted.
DRAWS = 1024


def missing_at_random(scenario: Scenario) -> Scenario:
    """The scenario with the same share of missing answers and completions, independent of the
    type."""
    share = scenario.type_shares
    types = list(scenario.types.values())
    answers = np.array([[t.answers.get(p, 1.0) for p in scenario.prompts] for t in types])
    includes: dict[str, dict[str, float]] = {}
    for i, p in enumerate(scenario.prompts):
        weight = share * answers[:, i]
        total = weight.sum()
        for c in scenario.offered(p):
            probability = np.array([t.includes.get(p, {}).get(c, 1.0) for t in types])
            mean = float(weight @ probability / total) if total else 1.0
            includes.setdefault(p, {})[c] = min(max(mean, 0.0), 1.0)
    mean_answers = np.clip(share @ answers, 0, 1).tolist()
    answered = dict(zip(scenario.prompts, mean_answers, strict=True))
    return with_overrides(
        scenario,
        answers=dict.fromkeys(scenario.types, answered),
        includes=dict.fromkeys(scenario.types, includes),
    )


@dataclass(frozen=True, eq=False)
class Gap:
    """The path from vanilla to the truth on one prompt under a rule.

    Attributes:
        names: of the completions ``[m]``.
        scores: Bradley–Terry scores at each stage but the last, centred log-odds ``[4, m]``.
        sample_scores: Bradley–Terry scores of finite samples with data missing at random, and with
            complete data ``[2, m]``.
        truth: the rule's outcome on complete ballots of all raters.
    """

    names: tuple[str, ...]
    scores: np.ndarray
    sample_scores: np.ndarray
    truth: Outcome

    @property
    def orders(self) -> list[Order]:
        """The order at each of ``STAGES``."""
        # Scores of balanced counts differ by rounding only.
        found = [order_of(np.round(row, 6), self.names) for row in self.scores]
        return [*found, self.truth.order(list(self.names))]

    @property
    def reversals(self) -> np.ndarray:
        """Difference of each pair from the truth at each stage ``[stages, m, m]``: 1 where it is
        reversed, ½ where one of the two ties it."""
        none = np.zeros((len(self.names), len(self.names)))
        return np.stack([*(self._reversals(row) for row in self.scores), none])

    def _reversals(self, score: np.ndarray) -> np.ndarray:
        score, place = np.round(score, 6), self.truth.place
        signs = np.sign(score[:, None] - score[None, :])
        return 0.5 * np.abs(signs - np.sign(place[None, :] - place[:, None]))

    @property
    def parts(self) -> np.ndarray:
        """Contribution of each of ``PARTS`` to the difference of each pair ``[parts, m, m]``; the
        sum is vanilla's difference from the truth."""
        of_samples = np.stack([self._reversals(row) for row in self.sample_scores])
        shared = _shapley_parts(self.reversals[:-1], of_samples)
        return np.concatenate([shared, self.reversals[3:4]])

    @property
    def reversed_pairs(self) -> np.ndarray:
        """Number of pairs reversed by each of ``PARTS`` ``[parts]``."""
        return self.parts.sum(axis=(1, 2)) / 2

    @property
    def log_odds(self) -> np.ndarray:
        """Contribution of each part but the rule to vanilla's scores ``[3, m]``."""
        return _shapley_parts(self.scores, self.sample_scores)


def _shapley_parts(stages: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """Sampling, informative missingness and missingness at random ``[3, ...]``, each a mean over
    sampling coming first and last.

    Args:
        stages: values at the first four stages ``[4, ...]``.
        samples: values of finite samples missing at random, and complete ``[2, ...]``.
    """
    actual, endless, random, complete = stages
    random_sample, complete_sample = samples
    first = np.stack([actual - endless, endless - random, random - complete])
    last = np.stack([complete_sample - complete, actual - random_sample,
                     random_sample - complete_sample])  # fmt: skip
    return 0.5 * (first + last)


def decompose_gap(scenario: Scenario, rule: str, seed: int) -> dict[str, Gap]:
    """The gap of each prompt. It is exact except for the sample, which a run with this seed draws.

    Raises:
        InputError: for a rule that cannot count so many completions.
    """
    catalogue = scenario.catalogue
    counterfactuals = (scenario, missing_at_random(scenario), fully_observed(scenario))
    endless = [
        expected_bradley_terry(expected_pair_weights(c), catalogue.offsets, scenario.raters)
        for c in counterfactuals
    ]
    finite = [sampled_scores(c, seed) for c in counterfactuals]
    found = {}
    for p, (prompt, ballots) in enumerate(
        zip(catalogue.prompts, true_ballots(scenario, DRAWS, seed), strict=True)
    ):
        items = slice(*catalogue.offsets[p : p + 2])
        found[prompt] = Gap(
            tuple(catalogue.names(p)),
            np.stack([finite[0][items], *(scores[items] for scores in endless)]),
            np.stack([finite[1][items], finite[2][items]]),
            aggregate_all(ballots, [rule])[rule],
        )
    return found


def sampled_scores(scenario: Scenario, seed: int) -> np.ndarray:
    """Bradley–Terry scores of the sample of a seed ``[items]``."""
    ratings = sample(scenario, seed).ratings
    return fit_pair_counts(pair_counts(ratings), ratings.catalogue.offsets, RewardConfig().prior_sd)


def resampled_scores(scenario: Scenario, seed: int, samples: int) -> np.ndarray:
    """Bradley–Terry scores of samples with the seeds from ``seed + 1`` on ``[samples, items]``."""
    return np.stack([sampled_scores(scenario, seed + 1 + i) for i in range(samples)])


def decompose_social_gap(entry: Mapping[str, Any], rule: str) -> tuple[np.ndarray, list[Order]]:
    """Pairs reversed by each of ``SOCIAL_PARTS`` ``[parts]``, and the orders of ``SOCIAL_STAGES``.

    Args:
        entry: one prompt of a result file.
    """
    orders = [entry[stage][rule]["order"] for stage in SOCIAL_STAGES]
    reversals = [count_reversed(order, orders[-1], entry["completions"]) for order in orders]
    return -np.diff(reversals), orders


def count_reversed(
    order: Sequence[Sequence[str]], other: Sequence[Sequence[str]], names: Sequence[str]
) -> float:
    """Pairs on which two orders disagree; a pair that one of them ties counts half."""
    first, second = (
        np.array([next(i for i, tied in enumerate(o) if n in tied) for n in names])
        for o in (order, other)
    )
    signs = [np.sign(p[:, None] - p[None, :]) for p in (first, second)]
    return float(0.25 * np.abs(signs[0] - signs[1]).sum())
