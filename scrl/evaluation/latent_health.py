"""Health of a latent model: active units, KL, accuracy with swapped latents, calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from scrl.choice_models.losses import kl_by_dimension
from scrl.data.batches import buckets
from scrl.data.held_out_splits import hidden_entries, strict_pairs
from scrl.diagnostics.ballot_posterior import Atoms
from scrl.diagnostics.clusters import evenly_spaced
from scrl.diagnostics.latent_units import active_units
from scrl.diagnostics.queries import rater_groups, rewards_at
from scrl.evaluation.pair_metrics import Calibration, calibration_curve, pair_accuracy
from scrl.raters.fitted_run import FittedRun
from scrl.types import Ratings

#: Most raters examined, and draws from each posterior.
RATERS, DRAWS = 1500, 16
#: A model has collapsed where a swapped latent costs less accuracy than this.
COLLAPSE_MARGIN = 0.005


@dataclass(frozen=True, eq=False)
class LatentHealth:
    """The checks of one latent model.

    Attributes:
        kl: from the prior, of each dimension, mean over raters, nats ``[latent]``.
        variance: of the posterior means over raters ``[latent]``.
        active_units: dimensions whose posterior means vary.
        pairs: how many pairs of raters' own ballots the accuracies are over.
        own_accuracy, swapped_accuracy, empty_accuracy: on those pairs, from the rater's own
            latent, from that of a rater of another kind, and from that of an empty ballot.
        swapped_by: what distinguishes kinds, ``"type"`` or ``"component"`` (see
            ``queries.rater_groups``); "" where there is one kind, and any other rater's latent is
            taken.
        unpaired: raters left out because nobody is known to be of another kind.
        calibration: of P(better ≻ worse) for the hidden pairs of half ballots, by what predicts
            it: the ``"encoder"``'s posterior, or the ``"density"`` weighed by the visible half;
            empty without hidden pairs.
        hidden_accuracy: of the encoder on the hidden pairs; NaN without.
    """

    kl: np.ndarray
    variance: np.ndarray
    active_units: int
    pairs: int
    own_accuracy: float
    swapped_accuracy: float
    empty_accuracy: float
    swapped_by: str
    unpaired: int
    calibration: dict[str, Calibration]
    hidden_accuracy: float

    @property
    def collapsed(self) -> bool:
        """Whether the model answers alike for all raters."""
        return self.active_units == 0 or self.own_accuracy - self.swapped_accuracy < COLLAPSE_MARGIN

    @property
    def swapped_label(self) -> str:
        """Whose latent replaces the rater's own, as text."""
        return {"type": "another type’s", "component": "another cluster’s"}.get(
            self.swapped_by, "another rater’s"
        )

    def verdict(self) -> str:
        """The verdict in one sentence."""
        if self.collapsed:
            return (
                "This model has collapsed: it has one rater in it, whoever is asked, so it equals "
                "Bradley–Terry."
            )
        return (
            f"{self.active_units} of {len(self.kl)} dimensions are in use, and a rater’s own "
            f"latent orders {self.own_accuracy:.0%} of their pairs rightly, {self.swapped_label} "
            f"{self.swapped_accuracy:.0%}."
        )


def check_latent_health(learnt: FittedRun, seed: int = 0) -> LatentHealth:
    """All checks of a run's individual model, on up to 1,500 raters."""
    rng = np.random.default_rng(seed)
    mean, log_variance = (np.asarray(part, np.float64) for part in learnt.posterior)
    kl = kl_by_dimension(mean, log_variance)
    rows = evenly_spaced(len(mean), RATERS)
    chosen = np.zeros(len(learnt.resolved.raters), bool)
    chosen[learnt.embedded_raters[rows]] = True
    ratings = learnt.resolved.select(chosen[learnt.resolved.ballot_rater])

    rater, better, worse = strict_pairs(ratings)
    row = np.searchsorted(learnt.embedded_raters[rows], rater)
    kind, swapped_by = rater_groups(learnt)
    partner = swap_partners(kind[rows], rng)
    if (partner < 0).all():  # one kind only: any other rater
        partner, swapped_by = swap_partners(np.arange(len(rows)), rng), ""
    paired = partner[row] >= 0
    row, better, worse = row[paired], better[paired], worse[paired]
    own = mean[rows]
    swapped, empty = own[partner], np.broadcast_to(_empty_ballot_mean(learnt), own.shape)

    def accuracy_from(latent: np.ndarray) -> float:
        rewards = rewards_at(learnt, latent)
        return pair_accuracy(rewards[row, better] - rewards[row, worse])

    calibration, hidden_accuracy = _hidden_pair_calibration(learnt, ratings, rng)
    return LatentHealth(
        kl.mean(axis=0), mean.var(axis=0), active_units(mean), len(row),
        accuracy_from(own), accuracy_from(swapped), accuracy_from(empty), swapped_by,
        int((partner < 0).sum()), calibration, hidden_accuracy,
    )  # fmt: skip


def swap_partners(kind: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """For each rater a random one of another kind ``[raters]``.

    −1 for raters of unknown kind (−1), and for all where there is one kind.
    """
    order = np.argsort(kind, kind="stable")
    order = order[kind[order] >= 0]
    first, stop = (np.searchsorted(kind[order], kind, side) for side in ("left", "right"))
    others = len(order) - (stop - first)
    partner = np.full(len(kind), -1)
    able = (kind >= 0) & (others > 0)
    # A random position among the raters sorted by kind, skipping the rater's own kind.
    position = rng.integers(0, np.maximum(others, 1))
    position = position + np.where(position < first, 0, stop - first)
    partner[able] = order[position[able]]
    return partner


def _empty_ballot_mean(learnt: FittedRun) -> np.ndarray:
    """The posterior mean of a rater without ballots ``[latent]``."""
    nobody = learnt.ratings.select(np.zeros(learnt.ratings.ballots, bool))
    _, posterior = learnt.individual.embed(nobody, include_empty=True)
    return np.asarray(posterior.mean)[0]


def _hidden_pair_calibration(
    learnt: FittedRun, ratings: Ratings, rng: np.random.Generator
) -> tuple[dict[str, Calibration], float]:
    """Calibration on the hidden pairs of half ballots, and the encoder's accuracy on them."""
    hidden = hidden_entries(ratings, 0.5, rng)
    rater, better, worse = strict_pairs(ratings.keep(hidden))
    if not len(rater):
        return {}, float("nan")
    visible = ratings.keep(~hidden)
    read, posterior = learnt.individual.embed(visible, include_empty=True)
    row = np.searchsorted(read, rater)
    probability = np.zeros(len(rater))
    for _ in range(DRAWS):
        rewards = rewards_at(learnt, posterior.draw(rng))
        probability += expit(rewards[row, better] - rewards[row, worse]) / DRAWS
    found = {
        "encoder": calibration_curve(probability),
        "density": calibration_curve(_density_probability(learnt, visible, rater, better, worse)),
    }
    return found, pair_accuracy(probability - 0.5)


def _density_probability(
    learnt: FittedRun, visible: Ratings, rater: np.ndarray, better: np.ndarray, worse: np.ndarray
) -> np.ndarray:
    """P(better ≻ worse) from the density's atoms, weighed by each rater's visible ballots."""
    atoms = Atoms.of(learnt)
    log_likelihood = np.zeros((len(visible.raters), len(atoms.share)))
    for bucket in buckets(visible):
        ones = np.ones(bucket.size)
        log_likelihood[bucket.rater[: bucket.size]] = learnt.individual.log_likelihood(
            [(ones, bucket)], atoms.latent, learnt.density.sharpness or 1.0
        )[1]
    known, row = np.unique(rater, return_inverse=True)
    log_likelihood = log_likelihood[known]
    weight = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True)) * atoms.share
    weight /= weight.sum(axis=1, keepdims=True)
    probability = np.empty(len(rater))
    for part in np.array_split(np.arange(len(rater)), len(rater) // 5000 + 1):
        gap = atoms.rewards[:, better[part]] - atoms.rewards[:, worse[part]]
        probability[part] = np.einsum("pa,ap->p", weight[row[part]], expit(gap))
    return probability
