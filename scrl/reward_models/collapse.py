"""Posterior collapse: whether the latents of a reward model distinguish raters.

The checks are those of ``evaluation.latent_health``, for any reward model with latents.
"""

from __future__ import annotations

import numpy as np

from scrl.diagnostics.latent_units import active_units
from scrl.evaluation.latent_health import LatentHealth
from scrl.evaluation.pair_metrics import calibration_curve, pair_credit
from scrl.reward_models.comparisons import Comparisons
from scrl.reward_models.protocols import LatentRewardModel, RewardModel

#: Probabilities within this distance of ½ count as ties. In a collapsed model raters differ by
#: about 1e-5, and the signs of such differences would count as correct or wrong.
TOLERANCE = 1e-3


def query_credit(probability: np.ndarray) -> np.ndarray:
    """Credit of each query pair's P(preferred ≻ other): 1, 0, or ½ for a tie (same shape)."""
    return pair_credit(probability - 0.5, TOLERANCE)


def check_collapse(
    model: RewardModel, context: Comparisons, queries: Comparisons, seed: int = 0
) -> LatentHealth | None:
    """All collapse checks on held-out raters; None for a model without latents.

    Args:
        model: the fitted model.
        context: the pairs that each rater annotated.
        queries: further pairs of the same raters, the preferred item first.
        seed: of the assignment of other raters' latents.
    """
    if not isinstance(model, LatentRewardModel):
        return None
    posterior = model.posterior(context)
    rng = np.random.default_rng(seed)
    n = queries.raters
    other = (np.arange(n) + rng.integers(1, max(n, 2), n)) % n
    empty = model.posterior(context.without_pairs()).mean
    own, swapped, of_empty = (
        float(query_credit(model.probabilities_at(latent, queries))[queries.mask].mean())
        for latent in (posterior.mean, posterior.mean[other], empty)
    )
    probability = model.probabilities(context, queries)[queries.mask]
    return LatentHealth(
        posterior.kl.mean(axis=0), posterior.mean.var(axis=0), active_units(posterior.mean),
        int(queries.mask.sum()), own, swapped, of_empty, "", 0,
        {"encoder": calibration_curve(probability)}, float(query_credit(probability).mean()),
    )  # fmt: skip


def verdict(health: LatentHealth | None, model: RewardModel | None = None) -> str:
    """The conclusion of the checks in one sentence, for users.

    Args:
        health: from ``check_collapse``.
        model: the model, if it may have no latents.
    """
    if health is None and model is not None and model.uses_true_type:
        return "One reward for each type, by design: it tells types apart because it is told them."
    if health is None:
        return "One reward for everybody, by design: it cannot tell raters apart."
    if health.collapsed and health.active_units:
        return (
            "Its latents vary, but another rater’s order a rater’s pairs as well as their own: it "
            "does not know whom it reads."
        )
    if health.collapsed:
        return "This model has one rater in it: it equals Bradley–Terry."
    return health.verdict()
