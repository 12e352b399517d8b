"""Why the vanilla order is not the truth: the gap between them, part by part.

Each part is the change that one counterfactual makes, and each counterfactual is run: the sample as
it is, raters without end, silence that does not depend on what one thinks, no silence, and the
rule instead of Bradley–Terry. Along a path from vanilla to the truth the parts add up to the whole
exactly, in pairs of completions reversed and, up to the rule, in log-odds. Sampling and silence act
on each other, so each is taken before and after the other and the two are averaged (Shapley 1953).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scrl.choice_models.bradley_terry import fit_pair_counts, pair_counts
from scrl.config import RewardConfig
from scrl.results import order_of
from scrl.scenarios.exact_preview import expected_bradley_terry
from scrl.scenarios.missing_data import fully_observed
from scrl.scenarios.parsing import with_overrides
from scrl.scenarios.sampling import expected_pair_weights, sample, true_ballots
from scrl.scenarios.scenario import Scenario
from scrl.types import Outcome
from scrl.voting import aggregate_all

#: The stages of the path, and the part that lies before each but the first.
STAGES = ("sample", "endless", "random", "complete", "truth")
PARTS = ("sampling", "silence that depends on the rater", "silence at random", "the rule")
#: Those of the social side, from its order to the truth.
SOCIAL = ("social", "voters", "raters", "truth")
SOCIAL_PARTS = ("the social network", "the model of individuals", "sampling")
#: Draws per type by which a noisy scenario's truth is counted.
DRAWS = 1024


def at_random(scenario: Scenario) -> Scenario:
    """As much silence, prompt by prompt and completion by completion, whoever the rater."""
    share = scenario.type_shares
    says = [t for t in scenario.types.values()]
    answers = np.array([[t.answers.get(p, 1.0) for p in scenario.prompts] for t in says])
    mean = share @ answers
    includes = {}
    for i, p in enumerate(scenario.prompts):
        weight = share * answers[:, i]
        for c in scenario.offered(p):
            chance = np.array([t.includes.get(p, {}).get(c, 1.0) for t in says])
            total = weight.sum()
            includes.setdefault(p, {})[c] = float(weight @ chance / total) if total else 1.0
    return _with_silence(scenario, np.tile(mean, (len(says), 1)), includes)


def _with_silence(scenario: Scenario, answers: np.ndarray, includes: dict) -> Scenario:
    return with_overrides(
        scenario,
        answers={
            t: dict(zip(scenario.prompts, np.clip(row, 0, 1).tolist(), strict=True))
            for t, row in zip(scenario.types, answers, strict=True)
        },
        includes={
            t: {p: {c: min(max(x, 0.0), 1.0) for c, x in of.items()} for p, of in includes.items()}
            for t in scenario.types
        },
    )


@dataclass(frozen=True, eq=False)
class Gap:
    """One prompt's way from vanilla to the truth under a rule.

    Attributes:
        names: completions ``[m]``.
        scores: Bradley–Terry scores at each stage but the last, log-odds, centred ``[4, m]``.
        swapped: the same of the two stages in which a complete, or randomly silent, sample is
            finite: ``[2, m]`` (silence at random, none).
        truth: the rule's outcome on everyone's complete ballots.
    """

    names: tuple[str, ...]
    scores: np.ndarray
    swapped: np.ndarray
    truth: Outcome

    @property
    def orders(self) -> list[list[list[str]]]:
        """The order at each of ``STAGES``."""
        # Balanced counts give scores that are equal but for rounding.
        found = [order_of(np.round(row, 6), self.names) for row in self.scores]
        return [*found, self.truth.order(list(self.names))]

    @property
    def reversed(self) -> np.ndarray:
        """By how much each pair differs from the truth at each stage ``[stages, m, m]``: 1 where
        it is the other way round, ½ where one of the two ties it."""
        nothing = np.zeros((len(self.names), len(self.names)))
        return np.stack([*(self._differs(row) for row in self.scores), nothing])

    def _differs(self, score: np.ndarray) -> np.ndarray:
        score, place = np.round(score, 6), self.truth.place
        signs = np.sign(score[:, None] - score[None, :])
        return 0.5 * np.abs(signs - np.sign(place[None, :] - place[:, None]))

    @property
    def parts(self) -> np.ndarray:
        """What each of ``PARTS`` adds to the difference of each pair ``[parts, m, m]``; their sum
        is the whole difference of vanilla."""
        actual, endless, random, complete, _ = self.reversed
        random_sample, complete_sample = (self._differs(row) for row in self.swapped)
        first = np.stack([actual - endless, endless - random, random - complete])
        last = np.stack([complete_sample - complete, actual - random_sample,
                         random_sample - complete_sample])  # fmt: skip
        return np.concatenate([0.5 * (first + last), complete[None]])

    @property
    def pairs(self) -> np.ndarray:
        """Pairs reversed by each of ``PARTS`` ``[parts]``."""
        return self.parts.sum(axis=(1, 2)) / 2

    @property
    def log_odds(self) -> np.ndarray:
        """What each part but the rule adds to vanilla's scores ``[3, m]``."""
        actual, endless, random, complete = self.scores
        random_sample, complete_sample = self.swapped
        first = np.stack([actual - endless, endless - random, random - complete])
        last = np.stack([complete_sample - complete, actual - random_sample,
                         random_sample - complete_sample])  # fmt: skip
        return 0.5 * (first + last)


def explain(scenario: Scenario, rule: str, seed: int) -> dict[str, Gap]:
    """Each prompt's gap: exact but for the sample, which is the one that a run of this seed draws.

    Raises:
        InputError: for a rule that cannot count so many completions.
    """
    catalogue = scenario.catalogue
    worlds = (scenario, at_random(scenario), fully_observed(scenario))
    endless = [
        expected_bradley_terry(expected_pair_weights(w), catalogue.offsets, scenario.raters)
        for w in worlds
    ]
    finite = [sampled_scores(w, seed) for w in worlds]
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
    """Bradley–Terry scores ``[items]`` of the raters that a seed draws."""
    ratings = sample(scenario, seed).ratings
    return fit_pair_counts(pair_counts(ratings), ratings.catalogue.offsets, RewardConfig().prior_sd)


def resampled(scenario: Scenario, seed: int, samples: int) -> np.ndarray:
    """Scores of further samples ``[samples, items]``, by which to see whether one is typical."""
    return np.stack([sampled_scores(scenario, seed + 1 + i) for i in range(samples)])


def social_parts(entry: Mapping, rule: str) -> tuple[np.ndarray, list[list[list[str]]]]:
    """How many pairs each of ``SOCIAL_PARTS`` reverses, and the orders of ``SOCIAL``.

    Args:
        entry: one prompt of a result file.
    """
    orders = [entry[stage][rule]["order"] for stage in SOCIAL]
    away = [differing_pairs(order, orders[-1], entry["completions"]) for order in orders]
    return -np.diff(away), orders


def differing_pairs(
    order: Sequence[Sequence[str]], other: Sequence[Sequence[str]], names: Sequence[str]
) -> float:
    """Pairs that two orders put the other way round; a pair that one of them ties counts half."""
    first, second = (
        np.array([next(i for i, tied in enumerate(o) if n in tied) for n in names])
        for o in (order, other)
    )
    signs = [np.sign(p[:, None] - p[None, :]) for p in (first, second)]
    return float(0.25 * np.abs(signs[0] - signs[1]).sum())
