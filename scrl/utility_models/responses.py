"""The shares of types, judged by who answered what as well as by the ballots.

A type that often leaves a prompt or a completion out says less about itself, so ballots alone
misjudge its share. Each type's response rates (who answers which prompt, and which completions such
a ballot includes) are estimated with the shares, the types' rewards being given. Types have rates
of their own only where that is likelier by BIC: rates that need not differ would make the shares
uncertain, since an ambiguous ballot may then be of a type that leaves out what tells it apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import logit, softmax, xlogy

from scrl.utility_models.ballot_table import BallotTable

#: How many raters' responses the overall rates count for, in each type's.
PRIOR_RATERS = 10.0
ITERATIONS = 50


def shares_with_responses(
    table: BallotTable, log_likelihood: np.ndarray, share: np.ndarray
) -> np.ndarray:
    """Shares of the types ``[types]`` among the raters who answered anything.

    Args:
        log_likelihood: of each distinct rater's ballots under each type ``[rows, types]``.
        share: by the ballots alone ``[types]``.
    """
    if len(share) < 2:
        return share
    responses, mass = Responses.of(table), table.mass
    raters = mass.sum()
    posterior = softmax(log_likelihood + np.log(share + 1e-300), axis=1)
    for _ in range(ITERATIONS):
        weight = mass[:, None] * posterior
        evidence = responses.log_likelihood(weight)
        previous, share = share, weight.sum(0) / raters
        posterior = softmax(log_likelihood + evidence + np.log(share + 1e-300), axis=1)
        if np.abs(share - previous).max() < 1e-9:
            break
    return (mass @ posterior) / raters


@dataclass(frozen=True, eq=False)
class Responses:
    """Who answered what.

    Attributes:
        table: the ballots.
        answered: prompts that a distinct rater answered, sparse ``[rows, prompts]``, 0 or 1.
        included: items that their ballots include, sparse ``[rows, items]``, 0 or 1.
    """

    table: BallotTable
    answered: csr_matrix
    included: csr_matrix

    @classmethod
    def of(cls, table: BallotTable) -> Responses:
        return cls(table, *_responses(table))

    @property
    def complete(self) -> bool:
        """Whether everybody answered every prompt with every completion."""
        return self.included.nnz == self.included.shape[0] * self.included.shape[1]

    def log_likelihood(self, weight: np.ndarray) -> np.ndarray:
        """Of each distinct rater's responses under each type's response rates ``[rows, types]``.

        Args:
            weight: of each distinct rater for each type ``[rows, types]``.
        """
        answered, included, mass = self.answered, self.included, self.table.mass
        prompt = self.table.catalogue.item_prompt
        answer_rate = (mass @ answered + 0.5) / (mass.sum() + 1)
        include_rate = (mass @ included + 0.5) / ((mass @ answered)[prompt] + 1)
        asked = (answered.T @ weight).T
        answers = _rate(asked, weight.sum(0)[:, None], answer_rate)
        includes = _rate((included.T @ weight).T, asked[:, prompt], include_rate)
        # Σ log P(answers) + Σ over answered prompts of log P(included items).
        left_out = np.zeros((weight.shape[1], answered.shape[1]))
        np.add.at(left_out.T, prompt, np.log1p(-includes).T)
        evidence = np.log1p(-answers).sum(1)
        evidence = evidence + answered @ (logit(answers) + left_out).T
        return evidence + included @ logit(includes).T


def _rate(hits: np.ndarray, trials: np.ndarray, overall: np.ndarray) -> np.ndarray:
    """Rates within (0, 1) ``[types, targets]``: by type and shrunk, or overall where types need
    not differ.

    Args:
        hits, trials: expected numbers of raters ``[types, targets]``; trials broadcast.
        overall: the rate of all raters ``[targets]``.
    """
    trials = np.broadcast_to(trials, hits.shape)
    hits = np.minimum(hits, trials)
    rate = (hits + PRIOR_RATERS * overall) / (trials + PRIOR_RATERS)
    by_type = hits / np.maximum(trials, 1e-300)
    pooled = hits.sum(0) / np.maximum(trials.sum(0), 1e-300)
    gain = _log_likelihood(hits, trials, by_type) - _log_likelihood(hits, trials, pooled)
    differs = gain.sum(0) > 0.5 * (len(hits) - 1) * np.log(np.maximum(trials.sum(0), 1.0))
    return np.clip(np.where(differs, rate, overall), 1e-9, 1 - 1e-9)


def _log_likelihood(hits: np.ndarray, trials: np.ndarray, rate: np.ndarray) -> np.ndarray:
    return xlogy(hits, rate) + xlogy(trials - hits, 1 - rate)


def _responses(table: BallotTable) -> tuple[csr_matrix, csr_matrix]:
    """Which prompts a distinct rater answered ``[rows, prompts]``, and which items the ballots
    include ``[rows, items]``; sparse, 0 or 1."""
    ballot, place = np.nonzero(table.slots.mask)
    item, ballots = table.slots.item[ballot, place], len(table.prompt)
    prompts, items = len(table.catalogue.prompts), table.catalogue.items
    of_prompt = csr_matrix(
        (np.ones(ballots), (np.arange(ballots), table.prompt)), shape=(ballots, prompts)
    )
    of_item = csr_matrix((np.ones(len(item)), (ballot, item)), shape=(ballots, items))
    answered, included = ((table.cast @ m > 0).astype(float).tocsr() for m in (of_prompt, of_item))
    return answered, included
