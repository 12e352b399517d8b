"""Held-out raters of a source, batch by batch: half of each ballot is hidden and predicted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scrl.data.batches import Bucket
from scrl.data.held_out_splits import visible_slots
from scrl.random_streams import HostStream, host_rng
from scrl.streamed_raters.batches import BatchPlan
from scrl.streamed_raters.evidence import RaterPoints
from scrl.streamed_raters.fitted import BATCH_ENTRIES, StreamedRaters
from scrl.streamed_raters.sources import BallotSource, ballot_source
from scrl.types import InputError, Ratings

#: Raters whose predictions are worked out at once.
ROWS = 64
#: Gap of a predicted pair up to which it counts as a predicted tie.
TIE = 1e-9


@dataclass(frozen=True)
class HeldOutPairs:
    """How well hidden pairs are predicted. Pairs that are tied are not scored.

    Attributes:
        accuracy: share of the pairs whose order is predicted, a predicted tie counting half.
        standard_error: of the accuracy, over raters.
        log_loss: mean of minus log P(order), in nats.
        pairs, raters: how many there are.
    """

    accuracy: float
    standard_error: float
    log_loss: float
    pairs: int
    raters: int


def held_out_pairs(
    model: StreamedRaters | np.ndarray,
    source: BallotSource | Ratings,
    raters: np.ndarray,
    seed: int = 0,
) -> HeldOutPairs:
    """Predict the hidden pairs of raters on whom a model was not trained.

    Of each ballot half of the completions, rounded down and at least one, are hidden; a pair is
    scored where both are hidden.

    Args:
        model: the model, or one reward for everybody ``[items]``.
        source: the ballots; raters: whether each is predicted, bool ``[raters]``.
        seed: of what is hidden: equal for two models that are compared.

    Raises:
        InputError: where no pair is hidden.
    """
    source = ballot_source(source)
    plan = BatchPlan.of(source, raters, BATCH_ENTRIES)
    rng = host_rng(seed, HostStream.STREAMED_SELECTION, 3)
    credit, nats, count = [], [], []
    for shape, rows in plan.in_order():
        whole = source.batch(shape, rows)
        visible = visible_slots(whole.mask, "half", rng)
        points = None
        if isinstance(model, StreamedRaters):
            points = model.points_of(replace(whole, mask=visible).padded(plan.size[shape]))
        for start in range(0, whole.size, ROWS):
            part = slice(start, min(start + ROWS, whole.size))
            own = whole.rows(part)
            hidden = own.mask & ~visible[part]
            if isinstance(model, StreamedRaters):
                assert points is not None
                win = _win(model, own, RaterPoints(*(x[part] for x in points)))
            else:
                gap = model[own.item][..., :, None] - model[own.item][..., None, :]
                win = 1.0 / (1.0 + np.exp(-gap))
            strict = own.rank[..., :, None] < own.rank[..., None, :]
            strict &= hidden[..., :, None] & hidden[..., None, :]
            right = np.where(np.abs(win - 0.5) < TIE, 0.5, win > 0.5)
            credit.append((right * strict).sum((1, 2, 3)))
            nats.append((-np.log(np.maximum(win, 1e-12)) * strict).sum((1, 2, 3)))
            count.append(strict.sum((1, 2, 3)))
    every = np.concatenate(count) if count else np.zeros(0)
    if not every.sum():
        raise InputError(f"{source.name}: these raters have no hidden pair to predict.")
    return _summary(np.concatenate(credit), np.concatenate(nats), every)


def _win(model: StreamedRaters, bucket: Bucket, points: RaterPoints) -> np.ndarray:
    """P(slot i ≻ slot j) ``[rows, contests, i, j]``."""
    mean = np.moveaxis(model.mean_utility[:, bucket.item], 0, 1)
    moved = np.einsum("rcsd,rkpd->rkpcs", model.loadings[bucket.item], points.latent, optimize=True)
    strength = mean[:, :, None] + moved
    found = np.zeros((*bucket.item.shape, bucket.item.shape[-1]))
    for k in range(model.types):
        for p in range(points.weight.shape[2]):
            utility = strength[:, k, p]
            gap = utility[..., :, None] - utility[..., None, :]
            found += points.weight[:, k, p, None, None, None] / (1.0 + np.exp(-gap))
    return found


def _summary(credit: np.ndarray, nats: np.ndarray, count: np.ndarray) -> HeldOutPairs:
    total = count.sum()
    accuracy = credit.sum() / total
    error = np.sqrt(((credit - accuracy * count) ** 2).sum()) / total
    raters = int((count > 0).sum())
    return HeldOutPairs(
        float(accuracy), float(error), float(nats.sum() / total), int(total), raters
    )
