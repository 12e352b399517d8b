"""The policy problem of one prompt: its raters' utilities, comparisons and rewards."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scrl.choice_models.bradley_terry import fit_bradley_terry, pair_counts
from scrl.choice_models.rank_metrics import order_places
from scrl.config import RewardConfig
from scrl.policies.families import (
    PolicyFamily,
    PolicyValue,
    best_of_n_family,
    evaluate_policy,
    maxmin_family,
    nash_family,
    optimum_family,
    personalised_family,
    proportional_family,
)
from scrl.scenarios.exact_preview import preview
from scrl.scenarios.sampling import expected_pair_weights, true_ballots
from scrl.scenarios.scenario import Scenario
from scrl.types import InputError, Ratings

REFERENCES = ("even", "first choices")
#: Weight of the uniform policy in the reference that imitates raters.
UNIFORM_WEIGHT = 0.02


@dataclass(frozen=True, eq=False)
class PromptProblem:
    """One prompt of a scenario, its rater types, and exact rewards.

    Attributes:
        names: of the completions.
        types: names of the rater types.
        share: of the types ``[types]``.
        utility: ``[types, completions]``, in the scenario's units.
        above: share of complete ballots with a above b, ties counted half ``[m, m]``.
        wins: expected number of comparisons that a wins over b ``[m, m]``.
        vanilla: Bradley–Terry rewards of ``wins`` ``[completions]``.
        social: Bradley–Terry rewards of the rule's order, each pair counted once, as in step 7
            ``[completions]``.
    """

    names: tuple[str, ...]
    types: tuple[str, ...]
    share: np.ndarray
    utility: np.ndarray
    above: np.ndarray
    wins: np.ndarray
    vanilla: np.ndarray
    social: np.ndarray

    @cached_property
    def mean_utility(self) -> np.ndarray:
        """Mean utility of all raters ``[completions]``."""
        return self.share @ self.utility

    def reference(self, kind: str) -> np.ndarray:
        """A reference policy ``[completions]``.

        Args:
            kind: ``"even"`` for the uniform policy, or ``"first choices"`` for a model that
                imitates raters: each completion's share of first places.
        """
        best = self.utility >= self.utility.max(axis=1, keepdims=True) - 1e-12
        return _reference(kind, self.share @ (best / best.sum(axis=1, keepdims=True)))

    def families(self, reference: np.ndarray) -> list[PolicyFamily]:
        """The policy families that are compared, the optimum of Bradley–Terry first."""
        return [
            optimum_family("Bradley–Terry", reference, self.vanilla),
            best_of_n_family("Best of n drafts", reference, self.vanilla),
            optimum_family("Social model", reference, self.social),
            nash_family("Nash", reference, self.above),
            maxmin_family("MaxMin", reference, _rescaled(self.utility)),
            proportional_family("Proportional", reference, _rescaled(self.utility), self.share),
            personalised_family(
                "One for each group", reference, _rescaled(self.utility), self.share
            ),
        ]

    def value(self, policy: np.ndarray) -> PolicyValue:
        """The utilities that a policy gives to the types."""
        return evaluate_policy(policy, self.utility, self.share)

    def satisfaction_at(
        self, family: PolicyFamily, budgets: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Satisfaction of the worst-off type and mean satisfaction at each KL ``[budgets]``.

        Interpolated linearly between the strengths of the family; NaN beyond its greatest KL.
        """
        values = [self.value(policy) for policy in family.policy]
        worst = np.array([value.worst for value in values])
        mean = np.array([self.share @ value.satisfaction for value in values])
        beyond = budgets > family.max_kl + 1e-9
        return (
            np.where(beyond, np.nan, np.interp(budgets, family.kl, worst)),
            np.where(beyond, np.nan, np.interp(budgets, family.kl, mean)),
        )


def _reference(kind: str, first_choices: np.ndarray) -> np.ndarray:
    """A reference policy, given each completion's share of first places ``[completions]``."""
    even = np.full(len(first_choices), 1 / len(first_choices))
    return even if kind == "even" else UNIFORM_WEIGHT * even + (1 - UNIFORM_WEIGHT) * first_choices


@dataclass(frozen=True, eq=False)
class ObservedPrompt:
    """The observed comparisons of real raters on one prompt; utilities are unknown.

    Attributes:
        names, wins, vanilla: as in ``PromptProblem``, from observed counts.
        first_choices: each completion's share of the ballots' first places, ties split
            ``[completions]``.
    """

    names: tuple[str, ...]
    wins: np.ndarray
    vanilla: np.ndarray
    first_choices: np.ndarray

    def reference(self, kind: str) -> np.ndarray:
        """As ``PromptProblem.reference``."""
        return _reference(kind, self.first_choices)


def observe_prompt(ratings: Ratings, prompt: str) -> ObservedPrompt:
    """The comparisons on a prompt, and their exact Bradley–Terry rewards.

    Raises:
        InputError: if no ballot compares two of its completions.
    """
    p = ratings.catalogue.prompts.index(prompt)
    ratings = ratings.select(ratings.ballot_prompt == p).with_absent_resolved()
    start, stop = ratings.catalogue.offsets[p : p + 2]
    counts, size = pair_counts(ratings), stop - start
    if not (counts.wins_first.sum() + counts.wins_second.sum()):
        raise InputError(f"Nobody compares two completions of the prompt '{prompt}'.")
    wins = np.zeros((size, size))
    first, second = counts.first - start, counts.second - start
    wins[first, second], wins[second, first] = counts.wins_first, counts.wins_second
    top = (
        ratings.rank
        == np.minimum.reduceat(ratings.rank, ratings.offsets[:-1])[ratings.entry_ballot]
    )
    share = top / np.bincount(ratings.entry_ballot, top)[ratings.entry_ballot]
    share = share * ratings.ballot_weight[ratings.entry_ballot]
    chosen = np.bincount(ratings.item - start, share, size)
    return ObservedPrompt(
        tuple(ratings.catalogue.names(p)), wins,
        fit_bradley_terry(wins, RewardConfig().prior_sd), chosen / chosen.sum(),
    )  # fmt: skip


def _rescaled(utility: np.ndarray) -> np.ndarray:
    """Each type's utilities rescaled to 0 … 1, so that types with different units compare
    ``[types, completions]``."""
    span = np.ptp(utility, axis=1, keepdims=True)
    return (utility - utility.min(axis=1, keepdims=True)) / np.where(span > 0, span, 1.0)


def build_prompt_problem(scenario: Scenario, prompt: str, rule: str) -> PromptProblem:
    """The policy problem of a prompt, with the social reward of a rule.

    Raises:
        InputError: if the rule cannot count so many completions.
    """
    entry = preview(scenario, (rule,))[prompt]
    names = tuple(entry["completions"])
    p = list(scenario.prompts).index(prompt)
    catalogue = scenario.catalogue
    items = slice(*catalogue.offsets[p : p + 2])
    ballots = true_ballots(scenario)[p]
    votes, weight = np.asarray(ballots.utility), np.asarray(ballots.weight)
    sign = np.sign(votes[:, :, None] - votes[:, None, :])
    place = order_places(entry["truth"][rule]["order"], list(names))
    ahead = 0.5 + 0.5 * np.sign(place[None, :] - place[:, None])
    np.fill_diagonal(ahead, 0.0)
    return PromptProblem(
        names=names,
        types=tuple(scenario.types),
        share=scenario.type_shares,
        utility=scenario.type_utilities[:, items],
        above=0.5 + 0.5 * np.einsum("v,vab->ab", weight / weight.sum(), sign),
        wins=expected_pair_weights(scenario)[p] * scenario.raters,
        vanilla=np.array([entry["vanilla"]["mle"][name] for name in names]),
        social=fit_bradley_terry(ahead, RewardConfig().prior_sd),
    )


def mixture_frontier(
    reference: np.ndarray, utility: np.ndarray, budget: float, steps: int = 33
) -> np.ndarray:
    """Expected utility under both objectives of the optima of their mixtures ``[steps, 2]``.

    Args:
        reference: ``[completions]``.
        utility: of the two objectives ``[2, completions]``.
        budget: KL of all policies, in nats.
        steps: number of mixtures.
    """
    points = []
    for weight in np.linspace(0.0, 1.0, steps):
        reward = (1 - weight) * utility[0] + weight * utility[1]
        points.append(utility @ optimum_family("", reference, reward).at_kl(budget))
    return np.array(points)


def frontier_shortfall(frontier: np.ndarray, point: np.ndarray) -> float:
    """How far a point ``[2]`` lies inside a frontier ``[steps, 2]``.

    This is the greatest improvement of both objectives at once; 0 on or beyond the frontier.
    """
    steps = len(frontier)
    at, fine = np.arange(steps), np.linspace(0, steps - 1, 20 * steps)
    dense = np.column_stack([np.interp(fine, at, axis) for axis in frontier.T])
    return float(max((dense - point).min(axis=1).max(), 0.0))
