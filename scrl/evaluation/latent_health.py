"""Is a latent model well? What it pays for its latents, whether it uses them, and whether what it
says of the hidden half of a ballot is as likely as it says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrl.data.batches import buckets
from scrl.diagnostics.clusters import some
from scrl.diagnostics.probe import kinds, rewards_of
from scrl.diagnostics.units import active_units
from scrl.diagnostics.whereami import Atoms
from scrl.evaluation.held_out_accuracy import hidden_pairs, hide
from scrl.raters.fitted_run import Learnt

#: Raters that are asked; draws from each posterior; bins of the reliability curve.
RATERS, DRAWS, BINS = 1500, 16, 10


@dataclass(frozen=True, eq=False)
class Calibration:
    """Whether what is said of hidden pairs is as likely as it is said to be.

    Attributes:
        bins: each ``{"said", "held", "pairs"}``: mean probability given to the likelier side of a
            pair, how often that side was right, how many pairs.
        error: expected calibration error, mean |said − held| over pairs.
    """

    bins: list[dict]
    error: float


@dataclass(frozen=True, eq=False)
class Health:
    """The checks of one model.

    Attributes:
        kl: from the standard normal, of each dimension, mean over raters, nats ``[latent]``.
        variance: of the posterior means over raters ``[latent]``; active: dimensions that vary.
        pairs: how many pairs of raters' own ballots were asked.
        own, swapped, silenced: share of them ordered rightly from the rater's own latent, from
            that of a rater of another kind, and from the latent of one who said nothing.
        by: what another kind is, ``"type"`` or ``"component"`` (see ``probe.kinds``); "" where
            there is one kind, and anybody else's latent is taken.
        alone: raters left out, as nobody is known to be of another kind than they.
        calibration: of P(better ≻ worse) for the hidden pairs of half ballots, by whom it is given:
            the ``"encoder"``'s posterior, or the ``"density"`` weighed by the visible half; empty
            without hidden pairs.
        accuracy: share of the hidden pairs that the encoder orders rightly; NaN without.
    """

    kl: np.ndarray
    variance: np.ndarray
    active: int
    pairs: int
    own: float
    swapped: float
    silenced: float
    by: str
    alone: int
    calibration: dict[str, Calibration]
    accuracy: float

    @property
    def collapsed(self) -> bool:
        """Whether the model has one rater in it."""
        return self.active == 0 or self.own - self.swapped < 0.005

    @property
    def other(self) -> str:
        """Whose latent was taken in place of the own, for a person."""
        return {"type": "another type’s", "component": "another cluster’s"}.get(
            self.by, "another rater’s"
        )

    def verdict(self) -> str:
        """One sentence for a person."""
        if self.collapsed:
            return (
                "This model has collapsed: it has one rater in it, whoever is asked, so it equals "
                "Bradley–Terry."
            )
        return (
            f"{self.active} of {len(self.kl)} dimensions are in use, and a rater’s own latent "
            f"orders {self.own:.0%} of their pairs rightly, {self.other} {self.swapped:.0%}."
        )


def health(learnt: Learnt, seed: int = 0) -> Health:
    """All checks, on up to 1,500 raters."""
    rng = np.random.default_rng(seed)
    mean, log_variance = (np.asarray(part, np.float64) for part in learnt.posterior)
    kl = 0.5 * (mean**2 + np.exp(log_variance) - log_variance - 1)
    rows = some(len(mean), RATERS)
    chosen = np.zeros(len(learnt.ratings.raters), bool)
    chosen[learnt.read[rows]] = True
    ratings = learnt.ratings.select(chosen[learnt.ratings.ballot_rater])

    rater, better, worse = hidden_pairs(ratings, np.ones(len(ratings.item), bool))
    row = np.searchsorted(learnt.read[rows], rater)
    kind, by = kinds(learnt)
    partner = partners(kind[rows], rng)
    if (partner < 0).all():  # of one kind, anybody
        partner, by = partners(np.arange(len(rows)), rng), ""
    asked = partner[row] >= 0
    row, better, worse = row[asked], better[asked], worse[asked]
    mine = mean[rows]
    other, silent = mine[partner], np.broadcast_to(_silent(learnt), mine.shape)
    right = [
        _right(rewards_of(learnt, latent), row, better, worse) for latent in (mine, other, silent)
    ]
    return Health(
        kl.mean(axis=0), mean.var(axis=0), active_units(mean), len(row), *right,
        by, int((partner < 0).sum()), *_calibration(learnt, ratings, rng),
    )  # fmt: skip


def partners(kind: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """For each rater, one at random of another kind ``[raters]``; −1 for those of an unknown kind
    (−1), and where all are of one."""
    order = np.argsort(kind, kind="stable")
    order = order[kind[order] >= 0]
    first, stop = (np.searchsorted(kind[order], kind, side) for side in ("left", "right"))
    others = len(order) - (stop - first)
    found = np.full(len(kind), -1)
    able = (kind >= 0) & (others > 0)
    # The raters in the order of their kinds, with the own kind skipped.
    at = rng.integers(0, np.maximum(others, 1))
    at = at + np.where(at < first, 0, stop - first)
    found[able] = order[at[able]]
    return found


def _silent(learnt: Learnt) -> np.ndarray:
    """The latent of a rater who said nothing ``[latent]``."""
    nobody = learnt.ratings.select(np.zeros(learnt.ratings.ballots, bool))
    _, posterior = learnt.individual.embed(nobody, everyone=True)
    return np.asarray(posterior.mean)[0]


def _right(rewards, row, better, worse) -> float:
    gap = rewards[row, better] - rewards[row, worse]
    return float(np.mean((gap > 0) + 0.5 * (gap == 0))) if len(row) else float("nan")


def _calibration(learnt: Learnt, ratings, rng) -> tuple[dict, float]:
    hidden = hide(ratings, 0.5, rng)
    rater, better, worse = hidden_pairs(ratings, hidden)
    if not len(rater):
        return {}, float("nan")
    visible = ratings.keep(~hidden)
    read, posterior = learnt.individual.embed(visible, everyone=True)
    row = np.searchsorted(read, rater)
    said = np.zeros(len(rater))
    for _ in range(DRAWS):
        rewards = rewards_of(learnt, posterior.draw(rng))
        said += _chance(rewards[row, better] - rewards[row, worse]) / DRAWS
    found = {
        "encoder": Calibration(*reliability(said)),
        "density": Calibration(*reliability(_by_density(learnt, visible, rater, better, worse))),
    }
    return found, float(np.mean((said > 0.5) + 0.5 * (said == 0.5)))


def _chance(gap: np.ndarray) -> np.ndarray:
    return 0.5 + 0.5 * np.tanh(0.5 * gap)


def _by_density(learnt: Learnt, visible, rater, better, worse) -> np.ndarray:
    """P(better ≻ worse) from the density's atoms, weighed by each rater's visible ballots."""
    atoms = Atoms.of(learnt)
    nats = np.zeros((len(visible.raters), len(atoms.share)))
    for bucket in buckets(visible):
        ones = np.ones(bucket.size)
        nats[bucket.rater[: bucket.size]] = learnt.individual.log_likelihood(
            [(ones, bucket)], atoms.latent, learnt.density.sharpness or 1.0
        )[1]
    known, row = np.unique(rater, return_inverse=True)
    weight = np.exp(nats[known] - nats[known].max(axis=1, keepdims=True)) * atoms.share
    weight /= weight.sum(axis=1, keepdims=True)
    said = np.empty(len(rater))
    for part in np.array_split(np.arange(len(rater)), len(rater) // 5000 + 1):
        gap = atoms.rewards[:, better[part]] - atoms.rewards[:, worse[part]]
        said[part] = np.einsum("pa,ap->p", weight[row[part]], _chance(gap))
    return said


def reliability(said: np.ndarray) -> tuple[list[dict], float]:
    """The reliability curve and the expected calibration error of P(better ≻ worse) ``[pairs]``.

    A pair counts once, with the side that was thought likelier.
    """
    likelier = np.maximum(said, 1 - said)
    held = (said > 0.5) + 0.5 * (said == 0.5)
    place = np.minimum(((likelier - 0.5) * 2 * BINS).astype(int), BINS - 1)
    rows, error = [], 0.0
    for b in np.unique(place):
        mine = place == b
        row = {"said": float(likelier[mine].mean()), "held": float(held[mine].mean())}
        rows.append({**row, "pairs": int(mine.sum())})
        error += mine.mean() * abs(row["said"] - row["held"])
    return rows, float(error)
