"""The lab's own model of individual raters (``models.individual``), told each pair as a ballot."""

from __future__ import annotations

from dataclasses import dataclass, replace

import jax
import numpy as np

from scrl.config import IndividualConfig, ModelsConfig, Schedule
from scrl.models.individual import Individual, fit_individual
from scrl.reward_models.base import Latents, Model, centred, gaps, sigmoid
from scrl.reward_models.comparisons import Comparisons, to_ratings
from scrl.reward_models.network import count
from scrl.types import Catalogue

#: Posterior draws over which a chance is averaged.
DRAWS = 16


@dataclass(frozen=True, eq=False)
class OfIndividuals(Model):
    """Attributes: fitted: the model; offsets: where each prompt's items begin."""

    fitted: Individual
    offsets: np.ndarray

    @property
    def parameters(self) -> int:
        return count(self.fitted.params)

    def posterior(self, context: Comparisons) -> Latents:
        ratings = to_ratings(context, self.fitted.catalogue)
        _, (mean, log_variance) = self.fitted.embed(ratings, everyone=True)
        kl = 0.5 * (mean**2 + np.exp(log_variance) - log_variance - 1)
        return Latents(mean, log_variance, kl)

    def rewards(self, context):
        """At the posterior mean."""
        if context is None:
            none = np.zeros((1, 1, 2), np.int32)
            context = Comparisons(none, none[..., 0], np.eye(self.offsets[-1]), self.offsets)
        return centred(self._rewards(self.posterior(context).mean), self.offsets)

    def _rewards(self, latent) -> np.ndarray:
        return np.asarray(self.fitted.rewards(np.asarray(latent, np.float32)), np.float64)

    def chances(self, context, asked):
        """Averaged over draws from each posterior, always the same ones."""
        found, rng = self.posterior(context), np.random.default_rng(0)
        spread, total = np.exp(0.5 * found.log_variance), 0.0
        for _ in range(DRAWS):
            drawn = found.mean + spread * rng.standard_normal(found.mean.shape)
            total = total + sigmoid(gaps(self._rewards(drawn), asked))
        return total / DRAWS

    def chances_at(self, mean, asked):
        return sigmoid(gaps(self._rewards(mean), asked))


def settings(config: ModelsConfig) -> IndividualConfig:
    """The lab's own, as long as the other networks are trained."""
    s, own = config.schedule, IndividualConfig()
    explore, cool = s.explore[1], s.cool
    schedule = Schedule(
        rate=own.schedule.rate, warmup=s.warmup, explore=(explore // 2, explore),
        ramp=max(explore // 2, 1), cool=cool, decay=own.schedule.decay, chunk=s.chunk,
    )  # fmt: skip
    return replace(own, schedule=schedule)


def fit(
    key: jax.Array,
    comparisons: Comparisons,
    config: ModelsConfig,
    on_chunk=None,
    catalogue: Catalogue | None = None,
) -> tuple[OfIndividuals, dict]:
    """Train it.

    Args:
        catalogue: what the items are; items without names where not given.
    """
    catalogue = catalogue or nameless(comparisons)

    def report(model, curves, done):
        if on_chunk is not None:
            on_chunk(curves, done)

    model, curves = fit_individual(
        key, to_ratings(comparisons, catalogue), settings(config), report
    )  # fmt: skip
    return OfIndividuals(model, comparisons.offsets), curves


def nameless(comparisons: Comparisons) -> Catalogue:
    """A catalogue of items and prompts called by number, each item a completion of its own."""
    names = tuple(str(i) for i in range(comparisons.items))
    prompts = tuple(str(p) for p in range(len(comparisons.offsets) - 1))
    return Catalogue(prompts, names, np.arange(comparisons.items), comparisons.offsets)
