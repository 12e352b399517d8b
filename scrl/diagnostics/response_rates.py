"""Which kind of rater gives which ballots: kinds given the completions that a ballot ranks.

Raters of one kind may answer a prompt, or include a completion, more often than those of another.
The share of a kind among the ballots that rank given completions then differs from its share of the
population. Response rates are a nuisance here: the shares of the population are taken as given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.special import logit, softmax, xlogy

from scrl.data.weights import rater_weights
from scrl.types import Catalogue, Ratings

#: Steps of expectation-maximisation, at most, and the change of a probability that ends it.
EM_STEPS, CONVERGED = 25, 1e-3
#: Pseudo-observations of everybody's rate in that of one kind.
RATE_PRIOR = 4.0
#: Pseudo-ballots of the product of rates in the kinds of one pattern.
PATTERN_PRIOR = 5.0
#: Bounds of a rate, so that its logarithm is finite.
MIN_RATE = 1e-4


class KindEvidence(NamedTuple):
    """What raters' ballots say of their kinds.

    Attributes:
        rater: one rater for each distinct set of ballots ``[rows]``.
        multiplicity: how many raters cast it ``[rows]``.
        nats: log-likelihood of these ballots under each kind ``[rows, kinds]``.
    """

    rater: np.ndarray
    multiplicity: np.ndarray
    nats: np.ndarray


@dataclass(frozen=True, eq=False)
class KindRates:
    """Response rates by kind, and the kinds of raters given their ballots and responses.

    Attributes:
        share: of each kind in the electorate ``[kinds]``.
        answer: P(a rater of the kind answers the prompt) ``[kinds, prompts]``.
        include: P(the ballot of such a rater includes the item) ``[kinds, items]``.
        rater, weight: one rater for each distinct set of ballots, and the weight of all of them
            ``[rows]``.
        membership: P(kind | ballots, responses) of these ``[rows, kinds]``.
    """

    share: np.ndarray
    answer: np.ndarray
    include: np.ndarray
    rater: np.ndarray
    weight: np.ndarray
    membership: np.ndarray

    def of_patterns(
        self, catalogue: Catalogue, items: np.ndarray, pattern: np.ndarray, rater: np.ndarray
    ) -> np.ndarray:
        """P(kind | the ballot ranks these items) ``[patterns, kinds]``.

        The kinds of the raters with this pattern, with the product of rates as a prior, reweighted
        so that kinds have their shares of the electorate and not those of the raters.

        Args:
            items: of each pattern ``[patterns, slots]``, all of one prompt.
            pattern, rater: of the ballots ``[ballots]``.
        """
        found = self.weight @ self.membership / self.weight.sum()
        prompt = catalogue.item_prompt[items[:, 0]]
        nats = np.log(self.answer) + _by_prompt(np.log1p(-self.include), catalogue)
        nats = nats[:, prompt] + logit(self.include)[:, items].sum(axis=-1)
        prior = softmax(nats.T + np.log(np.maximum(found, 1e-300)), axis=1)

        row = np.full(max(rater.max(initial=0), self.rater.max(initial=0)) + 1, -1)
        row[self.rater] = np.arange(len(self.rater))
        known = row[rater] >= 0
        cast = csr_array(
            (self.weight[row[rater[known]]], (pattern[known], row[rater[known]])),
            shape=(len(items), len(self.rater)),
        )
        count = cast @ self.membership + PATTERN_PRIOR * prior
        share = count * (self.share / np.maximum(found, 1e-300))
        return share / share.sum(axis=1, keepdims=True)


def fit_kind_rates(ratings: Ratings, share: np.ndarray, evidence: KindEvidence) -> KindRates:
    """Response rates by maximum likelihood, given the kinds' preferences and shares.

    Expectation-maximisation of Σ_r log Σ_k share_k P(responses_r | k) P(ballots_r | k). A rate
    differs between kinds only where that raises the likelihood by more than AIC's penalty, so that
    responses which say nothing of kinds add no noise.

    Args:
        ratings: the ballots, of two completions or more.
        share: of each kind in the electorate ``[kinds]``.
        evidence: of the ballots.
    """
    catalogue = ratings.catalogue
    answered, ballots, included = _response_counts(ratings, evidence.rater)
    weight = evidence.multiplicity * rater_weights(ratings)[evidence.rater]
    weight = weight * (evidence.multiplicity.sum() / weight.sum())
    log_prior = np.log(np.maximum(share, 1e-300)) + evidence.nats
    membership = softmax(log_prior, axis=1)
    for _ in range(EM_STEPS):
        by_kind = (membership * weight[:, None]).T
        raters = np.broadcast_to(by_kind.sum(axis=1)[:, None], (len(share), answered.shape[1]))
        answer = _rates(by_kind @ answered, raters)
        offered = (by_kind @ ballots)[:, catalogue.item_prompt]
        include = _rates(by_kind @ included, offered)
        responses = np.log1p(-answer).sum(axis=1) + answered @ logit(answer).T
        responses = responses + included @ logit(include).T
        responses = responses + ballots @ _by_prompt(np.log1p(-include), catalogue).T
        before, membership = membership, softmax(log_prior + responses, axis=1)
        if np.abs(membership - before).max() < CONVERGED:
            break
    return KindRates(share, answer, include, evidence.rater, weight, membership)


def _rates(count: np.ndarray, trials: np.ndarray) -> np.ndarray:
    """The rate of each kind, shrunk to everybody's, which it is where kinds hardly differ.

    Args:
        count, trials: weighted ``[kinds, responses]``.
    """
    everybody = count.sum(axis=0) / np.maximum(trials.sum(axis=0), 1e-12)
    rate = (count + RATE_PRIOR * everybody) / (trials + RATE_PRIOR)
    everybody, rate = (np.clip(r, MIN_RATE, 1 - MIN_RATE) for r in (everybody, rate))
    gain = xlogy(count, rate / everybody)
    gain = (gain + xlogy(trials - count, (1 - rate) / (1 - everybody))).sum(axis=0)
    return np.where(gain > len(count) - 1, rate, everybody)


def _by_prompt(values: np.ndarray, catalogue: Catalogue) -> np.ndarray:
    """Sums over each prompt's items: ``[kinds, items] -> [kinds, prompts]``."""
    return np.add.reduceat(values, catalogue.offsets[:-1], axis=1)


def _response_counts(ratings: Ratings, rater: np.ndarray) -> tuple[csr_array, csr_array, csr_array]:
    """Responses of some raters: whether they answer a prompt and their ballots on it
    ``[rows, prompts]``, and on how many ballots each item stands ``[rows, items]``."""
    row = np.full(len(ratings.raters), -1)
    row[rater] = np.arange(len(rater))
    row = row[ratings.ballot_rater]
    own = row >= 0
    shape = len(rater), len(ratings.catalogue.prompts)
    ballots = csr_array((np.ones(own.sum()), (row[own], ratings.ballot_prompt[own])), shape=shape)
    ballots.sum_duplicates()
    answered = ballots.copy()
    answered.data = np.minimum(answered.data, 1.0)
    entry = own[ratings.entry_ballot]
    at = row[ratings.entry_ballot[entry]], ratings.item[entry]
    shape = len(rater), ratings.catalogue.items
    included = csr_array((np.ones(entry.sum()), at), shape=shape)
    included.sum_duplicates()
    return answered, ballots, included
