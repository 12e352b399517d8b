"""Health of a latent model: active units, KL, hidden pairs from swapped latents, calibration.

Half of each ballot is hidden. The latents come from the other half, and the pairs of the hidden
half are ordered from them: from the rater's own latent, from another rater's, from a random one of
the population. A model without individuals gives all of these one accuracy, so the check can fail.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from scrl.data.held_out_splits import hidden_entries, strict_pair_counts, strict_pairs
from scrl.diagnostics.ballot_posterior import Atoms
from scrl.diagnostics.clusters import evenly_spaced
from scrl.diagnostics.latent_units import active_units
from scrl.diagnostics.queries import rewards_at
from scrl.evaluation.intervals import Interval, RaterBootstrap
from scrl.evaluation.latent_information import latent_information
from scrl.evaluation.pair_metrics import Calibration, calibration_curve, pair_accuracy, pair_credit
from scrl.raters.fitted_run import FittedRun
from scrl.types import Ratings

#: Most raters examined.
RATERS = 1500
#: Limit of the strict pairs of the raters examined, of whom two are examined at least.
MAX_PAIRS = 10_000_000
#: A model has collapsed where a swapped latent costs less accuracy than this.
COLLAPSE_MARGIN = 0.005


@dataclass(frozen=True, eq=False)
class LatentHealth:
    """The checks of one latent model.

    Attributes:
        kl: of each dimension, mean over raters, nats ``[latent]``: of a rater's posterior from the
            population in that dimension (``latent_information``; a network's: from its prior).
        variance: of the posterior means over raters ``[latent]``.
        active_units: dimensions whose posterior means vary.
        pairs: how many hidden pairs the accuracies are over; 0 where none can be hidden.
        own_accuracy, swapped_accuracy, empty_accuracy: on those pairs, from the rater's own
            latent, from that of a rater of another kind, and from that of an empty ballot; NaN
            without pairs.
        swapped_by: what distinguishes kinds, ``"type"`` or ``"component"`` (a cluster of the
            density's components); "" where there is one kind, and any other rater's latent is
            taken.
        unpaired: raters left out because nobody is known to be of another kind.
        calibration: of P(better ≻ worse) for the hidden pairs, by what predicts it: the rater's
            ``"posterior"``, and where raters of a type are alike the atoms of the ``"density"``
            weighed by the visible half (a network's: its ``"encoder"``); empty without hidden
            pairs.
        hidden_accuracy: of the posterior's probability on all hidden pairs; NaN without.
        uninformed_accuracy: from latents drawn at random from the population; NaN without pairs
            or without a density.
        advantage: accuracy of the own latent less that of the swapped one; None where it has no
            interval.
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
    uninformed_accuracy: float = float("nan")
    advantage: Interval | None = None

    @property
    def collapsed(self) -> bool:
        """Whether the model answers alike for all raters, or another's latent does as well."""
        if self.active_units == 0:
            return True
        if not self.pairs:
            return False
        if self.advantage is not None and self.advantage.low <= 0:
            return True
        return self.own_accuracy - self.swapped_accuracy < COLLAPSE_MARGIN

    @property
    def swapped_label(self) -> str:
        """Whose latent replaces the rater's own, as text."""
        return {"type": "another type’s", "component": "another cluster’s"}.get(
            self.swapped_by, "another rater’s"
        )

    def verdict(self) -> str:
        """The verdict in one sentence."""
        if self.active_units == 0:
            return (
                "This model has collapsed: it has one rater in it, whoever is asked, so it equals "
                "Bradley–Terry."
            )
        used = f"{self.active_units} of {len(self.kl)} dimensions are in use"
        if not self.pairs:
            return f"{used}; these ballots are too short to check them on hidden pairs."
        if self.collapsed:
            return (
                f"This model has collapsed: {self.swapped_label} latent orders a rater’s hidden "
                f"pairs as well as their own ({self.swapped_accuracy:.0%} and "
                f"{self.own_accuracy:.0%}), so these ballots do not show more than one "
                "kind of rater."
            )
        return (
            f"{used}, and a rater’s own latent orders {self.own_accuracy:.0%} of their hidden "
            f"pairs rightly, {self.swapped_label} {self.swapped_accuracy:.0%}, a random one "
            f"{self.uninformed_accuracy:.0%}."
        )


def check_latent_health(learnt: FittedRun, seed: int = 0) -> LatentHealth:
    """All checks of a run's individual model, on up to 1,500 raters.

    The model was fitted to the hidden pairs too; ``held_out_accuracy`` leaves whole raters out.
    """
    rng = np.random.default_rng(seed)
    mean = np.asarray(learnt.posterior.mean, np.float64)
    chosen = np.zeros(len(learnt.resolved.raters), bool)
    mean_pairs = strict_pair_counts(learnt.resolved).sum() / max(len(mean), 1)
    most = max(2, min(RATERS, int(MAX_PAIRS / max(mean_pairs, 1))))
    chosen[learnt.embedded_raters[evenly_spaced(len(mean), most)]] = True
    ratings = learnt.resolved.select(chosen[learnt.resolved.ballot_rater])
    hidden = hidden_entries(ratings, 0.5, rng)
    visible, pairs = ratings.keep(~hidden), strict_pairs(ratings.keep(hidden))
    swap = _swap(learnt, visible, pairs, rng)
    calibration, accuracy = _calibration(learnt, visible, pairs)
    return LatentHealth(
        latent_information(learnt.individual, ratings), mean.var(axis=0), active_units(mean),
        swap.pairs, swap.own, swap.swapped, swap.empty, swap.by, swap.unpaired, calibration,
        accuracy, swap.uninformed, swap.advantage,
    )  # fmt: skip


# -- own, swapped and random latents --------------------------------------------------------------

#: Rater, better item and worse item of each pair ``[pairs]``.
_Pairs = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class _Swap:
    """Accuracies on hidden pairs by whose latent is used; see ``LatentHealth``."""

    pairs: int
    own: float
    swapped: float
    empty: float
    uninformed: float
    by: str
    unpaired: int
    advantage: Interval | None


def _swap(learnt: FittedRun, visible: Ratings, hidden: _Pairs, rng: np.random.Generator) -> _Swap:
    """Order the hidden pairs of raters with a visible ballot from several latents."""
    nan, (rater, better, worse) = float("nan"), hidden
    read, posterior = learnt.individual.embed(visible)
    own = np.asarray(posterior.mean)
    kind, by = _kinds(learnt, read, own)
    partner = swap_partners(kind, rng)
    if (partner < 0).all():  # one kind only: any other rater
        partner, by = swap_partners(np.arange(len(read)), rng), ""
    able = np.zeros(len(visible.raters), bool)
    able[read[partner >= 0]] = True
    unpaired = len(read) - int(able.sum())
    rater, better, worse = (x[able[rater]] for x in (rater, better, worse))
    if not len(rater):
        return _Swap(0, nan, nan, nan, nan, by, unpaired, None)
    row = np.searchsorted(read, rater)

    def credit(latent: np.ndarray) -> np.ndarray:
        rewards = rewards_at(learnt, latent)
        return pair_credit(rewards[row, better] - rewards[row, worse])

    nobody = visible.select(np.zeros(visible.ballots, bool))
    empty = learnt.individual.embed(nobody, include_empty=True).posterior.mean[:1]
    random = rng.permutation(learnt.density.draw(rng, len(read)))
    of_own, of_swapped = credit(own), credit(own[partner])
    of_empty, of_random = credit(np.broadcast_to(empty, own.shape)), credit(random)
    return _Swap(
        len(rater), float(of_own.mean()), float(of_swapped.mean()), float(of_empty.mean()),
        float(of_random.mean()), by, unpaired, RaterBootstrap(rater, rng)(of_own - of_swapped),
    )  # fmt: skip


def _kinds(learnt: FittedRun, raters: np.ndarray, mean: np.ndarray) -> tuple[np.ndarray, str]:
    """The kind of each rater ``[raters]``, −1 where unknown, and what distinguishes kinds.

    Clusters are those of the given posterior means: the ballots' hidden halves must not decide
    who is swapped with whom.
    """
    types = learnt.ratings.rater_type
    if types is not None and len(np.unique(types[raters][types[raters] >= 0])) > 1:
        return types[raters], "type"
    return learnt.density.component_of(mean), "component"


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


# -- calibration ----------------------------------------------------------------------------------


def _calibration(
    learnt: FittedRun, visible: Ratings, hidden: _Pairs
) -> tuple[dict[str, Calibration], float]:
    """Calibration on the hidden pairs, and the posterior's accuracy on them."""
    if not len(hidden[0]):
        return {}, float("nan")
    probability = learnt.individual.population.pair_probability(visible, *hidden)
    found = {"posterior": calibration_curve(probability)}
    if not learnt.individual.varies:  # else nothing is read from reweighted atoms
        found["density"] = calibration_curve(_density_probability(learnt, visible, *hidden))
    return found, pair_accuracy(probability - 0.5)


def _density_probability(
    learnt: FittedRun, visible: Ratings, rater: np.ndarray, better: np.ndarray, worse: np.ndarray
) -> np.ndarray:
    """P(better ≻ worse) from the density's atoms, weighed by each rater's visible ballots."""
    atoms = Atoms.of(learnt)
    table, nats = learnt.individual.log_likelihood(visible, atoms.latent)
    silent = np.zeros((1, len(atoms.share)))  # row -1: raters without a visible ballot
    nats = np.concatenate([nats, silent])[table.row]
    known, row = np.unique(rater, return_inverse=True)
    nats = nats[known]
    weight = np.exp(nats - nats.max(axis=1, keepdims=True)) * atoms.share
    weight /= weight.sum(axis=1, keepdims=True)
    probability = np.empty(len(rater))
    for part in np.array_split(np.arange(len(rater)), len(rater) // 5000 + 1):
        gap = atoms.rewards[:, better[part]] - atoms.rewards[:, worse[part]]
        probability[part] = np.einsum("pa,ap->p", weight[row[part]], expit(gap))
    return probability
