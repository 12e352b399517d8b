"""The number of types, chosen by raters held out from the early stages.

Half of each held-out rater's ballots is hidden; a number of types is scored by the log-likelihood
of the whole ballots given the visible part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import jax
import numpy as np

from scrl.data.held_out_splits import visible_slots
from scrl.devices import DeviceMesh
from scrl.random_streams import HostStream, host_rng
from scrl.streamed_raters.ballot_choices import ShownSlots
from scrl.streamed_raters.batches import BatchPlan
from scrl.streamed_raters.evidence import rater_points
from scrl.streamed_raters.parameters import Parameters

#: Raters held out for the choice: a share of all, at most; none where they would be fewer than
#: the least.
SHARE, MOST, LEAST = 0.2, 2000, 10
#: Standard errors within which the smaller number of types is chosen.
STANDARD_ERRORS = 1.0
#: Points and Newton steps of a posterior that is evaluated once.
POINTS, NEWTON_STEPS = 32, 8


def hold_out(plan: BatchPlan, seed: int) -> np.ndarray:
    """Which raters are held out from the early stages ``[raters]``."""
    found = np.zeros(plan.source.raters, bool)
    raters = plan.raters
    count = min(round(SHARE * len(raters)), MOST)
    if count >= LEAST:
        rng = host_rng(seed, HostStream.STREAMED_SELECTION, 0)
        found[rng.permutation(raters)[:count]] = True
    return found


def choose_types(scores: Mapping[int, np.ndarray]) -> int:
    """The smallest number of types that no other one predicts reliably better than.

    Args:
        scores: of each number of types, nats of each held-out rater ``[raters]``.
    """
    best = max(scores, key=lambda k: scores[k].sum())
    for types in sorted(scores):
        gain = scores[best] - scores[types]
        error = gain.std() * np.sqrt(len(gain))
        if gain.sum() <= STANDARD_ERRORS * error:
            return types
    return best


def posterior_draws(latent: int, dtype: np.dtype, points: int = POINTS) -> np.ndarray:
    """Standard normal draws for posteriors that are evaluated once ``[points / 2, latent]``."""
    rng = np.random.default_rng(0)  # an integral, not a sample
    return rng.standard_normal((points // 2, latent)).astype(dtype)


def as_shown(bucket: object, dtype: np.dtype) -> ShownSlots:
    """The columns of a bucket that a program reads."""
    columns = (getattr(bucket, name) for name in ShownSlots._fields)
    item, rank, mask, weight, rater_weight = columns
    return ShownSlots(item, rank, mask, weight.astype(dtype), rater_weight.astype(dtype))


@dataclass(frozen=True, eq=False)
class Trial:
    """The raters held out, and how a model is scored on them.

    Attributes:
        plan: of the held-out raters; mesh: devices; functions: of items' features.
        seed: of what is hidden.
    """

    plan: BatchPlan
    mesh: DeviceMesh
    functions: jax.Array
    seed: int

    def nats(self, parameters: Parameters) -> np.ndarray:
        """Log-likelihood of each rater's whole ballots given the visible part ``[raters]``."""
        rng = host_rng(self.seed, HostStream.STREAMED_SELECTION, 2)
        dtype = parameters.own.dtype
        normal = posterior_draws(parameters.loading.shape[1], dtype)
        found = []
        for shape, rows in self.plan.in_order():
            whole = self.plan.batch(shape, rows)
            seen = replace(whole, mask=visible_slots(whole.mask, "half", rng))
            part = self.mesh.own_rows(len(whole.rater))
            evidence = []
            for bucket in (whole, seen):
                own = jax.tree.map(lambda x, part=part: x[part], as_shown(bucket, dtype))
                points = rater_points(
                    parameters, self.functions, self.mesh.spread(own), normal,
                    newton_steps=NEWTON_STEPS,
                )  # fmt: skip
                evidence.append(self.mesh.gathered(points.log_evidence))
            gain = (evidence[0] - evidence[1]) * whole.rater_weight
            found.append(gain[: whole.size].astype(float))
        return np.concatenate(found)
