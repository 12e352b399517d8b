"""The collapse doctor: has a latent model more than one rater in it? The checks of the latent page
(``evaluation.latent_health``), put to any model."""

from __future__ import annotations

import numpy as np

from scrl.diagnostics.units import active_units
from scrl.evaluation.latent_health import LatentHealth
from scrl.evaluation.pair_metrics import calibration_curve, pair_credit
from scrl.reward_models.comparisons import Comparisons
from scrl.reward_models.protocols import Model

#: A chance this near to ½ is no answer: a collapsed model keeps a trace of who is asked, some
#: hundred-thousandths, whose sign would count as knowledge.
EVEN = 1e-3


def right(chance: np.ndarray) -> np.ndarray:
    """Whether each pair is ordered rightly, ½ where a model is of two minds (same shape)."""
    return pair_credit(chance - 0.5, EVEN)


def examine(
    model: Model, context: Comparisons, asked: Comparisons, seed: int = 0
) -> LatentHealth | None:
    """All checks on held-out raters; None of a model that has no latents.

    Args:
        context: what each rater said; asked: further pairs of the same raters, the preferred first.
    """
    found = model.posterior(context)
    if found is None:
        return None
    rng = np.random.default_rng(seed)
    n = asked.raters
    other = (np.arange(n) + rng.integers(1, max(n, 2), n)) % n
    silent = model.posterior(context.silent()).mean
    own, swapped, silenced = (
        float(right(model.chances_at(mean, asked))[asked.mask].mean())
        for mean in (found.mean, found.mean[other], silent)
    )
    said = model.chances(context, asked)[asked.mask]
    return LatentHealth(
        found.kl.mean(axis=0), found.mean.var(axis=0), active_units(found.mean),
        int(asked.mask.sum()), own, swapped, silenced, "", 0,
        {"encoder": calibration_curve(said)}, float(right(said).mean()),
    )  # fmt: skip


def verdict(health: LatentHealth | None, model: Model | None = None) -> str:
    """One sentence for a person.

    Args:
        model: of whom ``health`` is; where it has none this decides what is said.
    """
    if health is None and model is not None and model.told:
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
