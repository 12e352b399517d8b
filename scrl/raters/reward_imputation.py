"""Imputation of the rewards of items that a type of rater never ranked (missing blocks).

Rewards of types are inferred from what prompts share (``utility_models.shared_utilities``). The
number of shared utilities and how closely items follow them are chosen by trial blocks: items that
another type did rank are hidden and predicted. Trials also give the posterior of the error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import log_ndtr, softmax
from threadpoolctl import threadpool_limits

from scrl.config import ImputationConfig
from scrl.raters.imputation import (
    ERROR_SCALES,
    SCALE_PRIOR,
    ImputationModel,
    SharingCandidate,
    log_evidence,
    order_bits,
    select_candidate,
    sharing_settings,
)
from scrl.raters.missing_blocks import (
    MissingBlock,
    block_entries,
    find_missing_blocks,
    informative_ballots,
    missing_items,
    response_rate,
    trial_blocks,
)
from scrl.types import Catalogue, Ratings
from scrl.utility_models.ballot_table import BallotSlots, BallotTable
from scrl.utility_models.shared_utilities import (
    TypeBallots,
    aligned,
    ballot_weights,
    fit_rewards,
    max_shared_utilities,
    thinned,
    type_ballots,
)

#: Variance of the normal distribution that stands for a rater's logistic noise (the usual
#: approximation, expit(x) ≈ Φ(x / 1.702)).
LOGISTIC_VARIANCE = 1.702**2
#: Limits of the completions ranked on the ballots of all types that one fit reads, and that one of
#: a trial reads.
MAX_ENTRIES, MAX_TRIAL = 100_000, 20_000
#: Limit of the ballots of each type whose pairs are scored.
MAX_SCORED = 256
#: Least standard deviation of types' rewards around their mean, in log-odds.
MIN_SPREAD = 1.0


@threadpool_limits.wrap(limits=1)  # threads slow down matrices this small
def infer_missing_rewards(
    ratings: Ratings,
    table: BallotTable,
    reward: np.ndarray,
    weight: np.ndarray,
    rater_type: np.ndarray,
    config: ImputationConfig,
    on_share: Callable[[float], None] | None = None,
) -> tuple[ImputationModel, np.ndarray]:
    """Find the missing blocks of types, choose the sharing, and impute the blocks' rewards.

    Args:
        ratings: the ballots, absent completions resolved; table: of them.
        reward: of each type, fitted to the ballots ``[types, items]``.
        weight: P(type | rater) for the distinct raters of the table ``[rows, types]``.
        rater_type: most probable type of each rater ``[raters]``, -1 without ballots.
        config: the settings.
        on_share: called with the share of the fits done; an exception it raises ends them.

    Returns:
        The imputation, whose clusters are the types, and the rewards ``[types, items]``, changed
        only in missing blocks.
    """
    types, catalogue = len(reward), ratings.catalogue
    missing = missing_items(ratings, rater_type, config.min_response_rate, types)
    uniform = np.full(len(ERROR_SCALES), 1 / len(ERROR_SCALES))
    untested = ImputationModel(
        response_rate(ratings, rater_type, types), missing, (), -1, uniform, 0
    )
    blocks = find_missing_blocks(missing, catalogue)
    if not blocks or not config.enabled:
        return untested, reward

    def is_testable(block: MissingBlock) -> bool:
        hidden = block_entries(ratings, rater_type, block)
        return bool(informative_ballots(ratings, hidden).any())

    trials = trial_blocks(blocks, missing, config.max_trials, is_testable)
    model = _Imputation.of(table, reward, weight, missing)
    if not trials:  # no other type ordered the items, so the error is of the greatest scale
        imputed = model.imputed(reward, blocks, model.predictions([(0, 0.0)], None)[0])
        return replace(untested, scale_posterior=np.eye(len(ERROR_SCALES))[-1]), imputed
    settings = sharing_settings(
        max_shared_utilities(catalogue, config.max_shared), config.penalties
    )
    results = []
    for number, trial in enumerate(trials):
        results.append(model.trial_results(settings, trial))
        if on_share is not None:
            on_share((number + 1) / (len(trials) + 1))
    candidates, curves = _candidates(settings, results)
    selected = select_candidate(candidates, config)
    predicted = model.predictions([settings[selected]], None)[0]
    if on_share is not None:
        on_share(1.0)
    found = replace(
        untested, candidates=candidates, selected=selected,
        scale_posterior=softmax(curves[selected] + np.log(SCALE_PRIOR)), trials=len(trials),
    )  # fmt: skip
    return found, model.imputed(reward, blocks, predicted)


def _candidates(
    settings: Sequence[tuple[int, float]], results: Sequence[Sequence[_TrialResult]]
) -> tuple[tuple[SharingCandidate, ...], list[np.ndarray]]:
    """Each setting's scores, and its log-likelihood under each error scale ``[scales]``.

    Args:
        results: of each trial and setting.
    """
    rows = list(zip(*results, strict=True))
    curves = [np.sum([r.hidden_nats for r in row], axis=0) for row in rows]
    candidates = tuple(
        SharingCandidate(
            shared, penalty, log_evidence(curve),
            float(np.mean([r.visible_nats for r in row])),
            float(np.mean([r.visible_accuracy for r in row])),
        )
        for (shared, penalty), curve, row in zip(settings, curves, rows, strict=True)
    )  # fmt: skip
    return candidates, curves


@dataclass(frozen=True)
class _TrialResult:
    """The predictive accuracy of one fit with a hidden block.

    Attributes:
        hidden_nats: log-likelihood of the block under each error scale ``[scales]``.
        visible_nats, visible_accuracy: of the visible pairs, see ``SharingCandidate``.
    """

    hidden_nats: np.ndarray
    visible_nats: float
    visible_accuracy: float


@dataclass(frozen=True, eq=False)
class _Imputation:
    """The ballots of types, to which shared models are fitted.

    Attributes:
        table: the distinct ballots.
        weight: how much of each ballot is each type's ``[types, ballots]``.
        missing: what types did not rank, bool ``[types, items]``.
        spread: standard deviation of the types' rewards around their mean, in log-odds.
    """

    table: BallotTable
    weight: np.ndarray
    missing: np.ndarray
    spread: float

    @classmethod
    def of(
        cls, table: BallotTable, reward: np.ndarray, weight: np.ndarray, missing: np.ndarray
    ) -> _Imputation:
        spread = np.sqrt(((reward - reward.mean(0)) ** 2).mean())
        by_ballot = ballot_weights(table.cast, table.mass, weight)
        return cls(table, by_ballot, missing, max(MIN_SPREAD, float(spread)))

    @property
    def catalogue(self) -> Catalogue:
        return self.table.catalogue

    def visible(self, trial: MissingBlock | None, weight: np.ndarray) -> TypeBallots:
        """The ballots of types without what they miss and without a trial block.

        Args:
            weight: how much of each ballot is each type's ``[types, ballots]``.
        """
        hidden = self.missing.copy()
        if trial is not None:
            hidden[trial.cluster] |= trial.items
        return type_ballots(self.table.slots, weight, hidden)

    def predictions(
        self, settings: Sequence[tuple[int, float]], trial: MissingBlock | None
    ) -> list[np.ndarray]:
        """Rewards ``[types, items]`` under each setting ``(shared, penalty)``."""
        weight = thinned(self.weight, self.table.slots, MAX_ENTRIES if trial is None else MAX_TRIAL)
        return fit_rewards(self.catalogue, self.visible(trial, weight), settings, self.spread)

    def imputed(
        self, reward: np.ndarray, blocks: Sequence[MissingBlock], predicted: np.ndarray
    ) -> np.ndarray:
        """Rewards ``[types, items]`` with those of the blocks replaced by the predicted ones."""
        reward = reward.copy()
        for block in blocks:
            prompt = slice(*self.catalogue.offsets[block.prompt : block.prompt + 2])
            heard = ~self.missing[block.cluster, prompt]
            placed = aligned(predicted[block.cluster, prompt], reward[block.cluster, prompt], heard)
            reward[block.cluster, prompt] = np.where(
                block.items[prompt], placed, reward[block.cluster, prompt]
            )
        return reward

    def trial_results(
        self, settings: Sequence[tuple[int, float]], trial: MissingBlock
    ) -> list[_TrialResult]:
        """The scores of each setting in one trial.

        Pairs of one order are not independent. Placing k hidden completions among n visible ones
        takes log2((n + k)! / n!) bits, so the mean over pairs is multiplied by that number.
        """
        whole = _Pairs.of(self.visible(None, self.weight), trial.cluster, trial.items)
        visible = self.visible(trial, self.weight)
        seen = [
            _Pairs.of(visible, kind, np.zeros_like(trial.items)) for kind in range(len(self.weight))
        ]
        seen = [pairs for pairs in seen if len(pairs.first)]
        return [self._score(reward, whole, seen) for reward in self.predictions(settings, trial)]

    def _score(self, reward: np.ndarray, whole: _Pairs, seen: Sequence[_Pairs]) -> _TrialResult:
        hidden = whole.hidden_nats(reward)
        if not seen:  # nothing can be misordered
            return _TrialResult(hidden, 0.0, 1.0)
        nats, accuracy = np.transpose([pairs.visible_scores(reward) for pairs in seen])
        return _TrialResult(hidden, float(nats.sum()), float(accuracy.mean()))


@dataclass(frozen=True, eq=False)
class _Pairs:
    """The strict pairs of one type's ballots, hidden ones where an item is hidden, else all.

    Attributes:
        type: index.
        first, second: the items, the better one first ``[pairs]``.
        hidden: number of hidden items of a pair ``[pairs]``.
        weight: of each pair, those of a ballot adding up to its bits; the ballots' own weights are
            shares ``[pairs]``.
        share: the same, adding up to 1 ``[pairs]``.
    """

    type: int
    first: np.ndarray
    second: np.ndarray
    hidden: np.ndarray
    weight: np.ndarray
    share: np.ndarray

    @classmethod
    def of(cls, ballots: TypeBallots, kind: int, items: np.ndarray) -> _Pairs:
        """The pairs of a type with an item of ``items`` (bool ``[items]``), or all if none is."""
        rows = np.flatnonzero(ballots.type == kind)
        slots, speaks = ballots.slots.take(rows), np.zeros(len(rows), bool)
        for at, part in slots.parts:
            speaks[at] = _asked_pairs(part, items)[0].any(axis=1)
        spoken = np.flatnonzero(speaks)
        spoken = spoken[:: max(1, -(-len(spoken) // MAX_SCORED))]
        share = ballots.weight[rows][spoken]
        share = share / max(share.sum(), 1e-300)
        parts = slots.take(spoken).parts
        columns = [_pair_columns(part, share[at], items) for at, part in parts]
        return cls(kind, *(np.concatenate(column) for column in zip(*columns, strict=True)))

    def gap(self, reward: np.ndarray) -> np.ndarray:
        return reward[self.type, self.first] - reward[self.type, self.second]

    def hidden_nats(self, reward: np.ndarray) -> np.ndarray:
        """Log-likelihood of a mean ballot's pairs under each error scale ``[scales]``."""
        variance = self.hidden[:, None] * ERROR_SCALES**2 + LOGISTIC_VARIANCE
        return self.weight @ log_ndtr(self.gap(reward)[:, None] / np.sqrt(variance))

    def visible_scores(self, reward: np.ndarray) -> tuple[float, float]:
        """Log-likelihood of a mean ballot's pairs in nats, and the share ordered correctly."""
        gap = self.gap(reward)
        return float(-self.weight @ np.logaddexp(0, -gap)), float(self.share @ (gap > 0))


def _asked_pairs(slots: BallotSlots, items: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which pairs of slots are strict, and have an item of ``items`` where there is any; and how
    many hidden items each has. Both ``[ballots, pairs]``."""
    is_hidden = items[slots.item] & slots.mask
    better, worse = np.triu_indices(slots.mask.shape[1], 1)
    strict = slots.mask[:, worse] & (worse >= slots.tie_stop[:, better])
    hidden = is_hidden[:, better].astype(np.int8) + is_hidden[:, worse]
    return strict & (hidden > 0) if items.any() else strict, hidden


def _pair_columns(
    slots: BallotSlots, share: np.ndarray, items: np.ndarray
) -> tuple[np.ndarray, ...]:
    """The columns of ``_Pairs`` of some ballots.

    Args:
        share: of each ballot ``[ballots]``; items: hidden ones, bool ``[items]``.
    """
    asked, hidden = _asked_pairs(slots, items)
    is_hidden = items[slots.item] & slots.mask
    size, known = slots.mask.sum(1), (slots.mask & ~is_hidden).sum(1)
    bits = order_bits(size) - order_bits(known) if items.any() else order_bits(size)
    share = share / np.maximum(asked.sum(1), 1)
    better, worse = np.triu_indices(slots.mask.shape[1], 1)
    ballot, pair = np.nonzero(asked)
    return (
        slots.item[ballot, better[pair]], slots.item[ballot, worse[pair]], hidden[ballot, pair],
        (share * bits)[ballot], share[ballot],
    )  # fmt: skip
