"""What a scenario gives a policy to work with, on one of its prompts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scrl.choice_models.bradley_terry import fit_bradley_terry, pair_counts
from scrl.choice_models.rank_metrics import order_places
from scrl.config import RewardConfig
from scrl.policies import families
from scrl.policies.families import PolicyFamily
from scrl.scenarios.exact_preview import preview
from scrl.scenarios.sampling import expected_pair_weights, true_ballots
from scrl.scenarios.scenario import Scenario
from scrl.types import InputError, Ratings

REFERENCES = ("even", "first choices")
#: Of the reference that imitates raters: what every completion keeps.
FLOOR = 0.02


@dataclass(frozen=True, eq=False)
class PromptProblem:
    """One prompt, its raters, and the rewards that models make of them. All exact.

    Attributes:
        names: of the completions; types: of the raters; share: theirs ``[types]``.
        utility: ``[types, completions]``, in the scenario's units.
        above: share of complete ballots with a above b, ties counted half ``[m, m]``.
        wins: comparisons a over b that its raters make, as expected ``[m, m]``.
        vanilla: the Bradley–Terry reward of those; social: of the rule's order, each pair counted
            once, as step 7 learns it ``[completions]``.
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
        """Utility to all raters ``[completions]``."""
        return self.share @ self.utility

    def reference(self, kind: str) -> np.ndarray:
        """``"even"``, or ``"first choices"``: as often as raters put each first, as a model that
        imitates them would."""
        best = self.utility >= self.utility.max(axis=1, keepdims=True) - 1e-12
        return _reference(kind, self.share @ (best / best.sum(axis=1, keepdims=True)))

    def families(self, reference: np.ndarray) -> list[PolicyFamily]:
        """The kinds of policy that are compared, the usual one first, one for each user last."""
        return [
            families.optimum_family("Vanilla optimum", reference, self.vanilla),
            families.best_of_n_family("Best of n, vanilla", reference, self.vanilla),
            families.optimum_family("Social optimum", reference, self.social),
            families.nash_family("Nash", reference, self.above),
            families.maxmin_family("MaxMin", reference, _in_range(self.utility)),
            families.personalised_family(
                "Personalised", reference, _in_range(self.utility), self.share
            ),
        ]

    def value(self, policy: np.ndarray) -> families.PolicyValue:
        return families.evaluate_policy(policy, self.utility, self.share)

    def satisfaction_at(
        self, family: PolicyFamily, budgets: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """How satisfied the worst-off type and all on average are at each KL ``[budgets]``, NaN
        where the family does not go so far.

        Read off between the strengths at which a family is worked out, where it is all but
        straight.
        """
        worths = [self.value(policy) for policy in family.policy]
        worst = np.array([found.worst for found in worths])
        average = np.array([self.share @ found.satisfaction for found in worths])
        beyond = budgets > family.max_kl + 1e-9
        return tuple(
            np.where(beyond, np.nan, np.interp(budgets, family.kl, y)) for y in (worst, average)
        )


def _reference(kind: str, first: np.ndarray) -> np.ndarray:
    """Of the share that each completion has of first places ``[completions]``."""
    even = np.full(len(first), 1 / len(first))
    return even if kind == "even" else FLOOR * even + (1 - FLOOR) * first


@dataclass(frozen=True, eq=False)
class ObservedPrompt:
    """What real raters' ballots on one prompt give a policy to be trained on; what completions are
    worth to them nobody knows.

    Attributes:
        names, wins, vanilla: as in ``PromptProblem``, from observed counts.
        first: each completion's share of the ballots' first places, ties split ``[completions]``.
    """

    names: tuple[str, ...]
    wins: np.ndarray
    vanilla: np.ndarray
    first: np.ndarray

    def reference(self, kind: str) -> np.ndarray:
        return _reference(kind, self.first)


def observe_prompt(ratings: Ratings, prompt: str) -> ObservedPrompt:
    """The comparisons on this prompt, and the exact Bradley–Terry reward of them.

    Raises:
        InputError: where no ballot compares two of its completions.
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


def _in_range(utility: np.ndarray) -> np.ndarray:
    """Each type's utilities from 0, its worst, to 1, its best: types are compared as they are
    served, not by their units."""
    span = np.ptp(utility, axis=1, keepdims=True)
    return (utility - utility.min(axis=1, keepdims=True)) / np.where(span > 0, span, 1.0)


def build_prompt_problem(scenario: Scenario, prompt: str, rule: str) -> PromptProblem:
    """What there is for a policy on this prompt.

    Raises:
        InputError: where the rule cannot count so many completions.
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
        names,
        tuple(scenario.types),
        scenario.type_shares,
        scenario.type_utilities[:, items],
        0.5 + 0.5 * np.einsum("v,vab->ab", weight / weight.sum(), sign),
        expected_pair_weights(scenario)[p] * scenario.raters,
        np.array([entry["vanilla"]["mle"][name] for name in names]),
        fit_bradley_terry(ahead, RewardConfig().prior_sd),
    )


def mixture_frontier(
    reference: np.ndarray, utility: np.ndarray, budget: float, steps: int = 33
) -> np.ndarray:
    """Two objectives at once: what the optimum of every mixture of two rewards is worth to each,
    at one KL ``[steps, 2]``.

    Args:
        utility: ``[2, completions]``.
    """
    found = []
    for weight in np.linspace(0.0, 1.0, steps):
        reward = (1 - weight) * utility[0] + weight * utility[1]
        found.append(utility @ families.optimum_family("", reference, reward).at_kl(budget))
    return np.array(found)


def frontier_shortfall(line: np.ndarray, point: np.ndarray) -> float:
    """How much more a frontier ``[steps, 2]`` gives to both objectives than a point ``[2]``, at
    the least of the two."""
    at, fine = np.arange(len(line)), np.linspace(0, len(line) - 1, 20 * len(line))
    dense = np.column_stack([np.interp(fine, at, axis) for axis in line.T])
    return float(max((dense - point).min(axis=1).max(), 0.0))
