"""What is believed of a person: types, and given the type a Gaussian over utilities.

The utilities are those by which the person orders the completions of one prompt: the utilities of
the model with the noise of one ballot, whose variance is that of the Gumbel distribution. A person
has one strict order, and an answer in any format is read from it, up to slips.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scrl.utility_models.population import Population

#: Variance of the noise of a utility on one ballot: that of the Gumbel distribution.
NOISE_VARIANCE = np.pi**2 / 6
#: Variance of the difference of two utilities "about the same", given the noise of the ballot. The
#: chance of a tie by Davidson, √(p(1 − p)), falls with a gap as a Gaussian of variance 4 does.
TIE_VARIANCE = 4 - 2 * NOISE_VARIANCE
#: Probability that a comparison in an answer is a slip against the person's own order.
SLIP_RATE = 0.005
#: Variance of utilities of the belief that no data have taught.
UNTRAINED_VARIANCE = 4.0


@dataclass(frozen=True, eq=False)
class Belief:
    """What is held of people: types, and given the type Gaussian utilities.

    Attributes:
        weight: of each type ``[..., types]``, adding up to 1.
        mean: utilities of the prompt's completions ``[..., types, m]``.
        covariance: of these, with the noise of one ballot ``[..., types, m, m]``; None where raters
            of a type do not vary (``studies.Quiz`` only).
    """

    weight: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray | None = None

    @property
    def size(self) -> int:
        """The number of completions m."""
        return self.mean.shape[-1]

    @property
    def spread(self) -> np.ndarray:
        """The covariance ``[..., types, m, m]``.

        Raises:
            ValueError: where the belief has none.
        """
        if self.covariance is None:
            raise ValueError("This belief has types only; elicitation needs a covariance.")
        return self.covariance

    def tiled(self, people: int) -> Belief:
        """The same belief about each of several people, with them as the first axis."""
        parts = (self.weight, self.mean, self.spread)
        return Belief(*(np.broadcast_to(part, (people, *part.shape)).copy() for part in parts))


def population_belief(population: Population, items: Sequence[int] | np.ndarray) -> Belief:
    """The belief about anybody of a fitted population, on the ``items [m]`` of one prompt."""
    items, known = np.asarray(items), population.marginal
    own = known.variance[:, items, None] + NOISE_VARIANCE
    covariance = own * np.eye(len(items))
    if known.varies:
        covariance = covariance + known.covariance.of(items[:, None], items)
    return Belief(known.share, known.reward[:, items], covariance)


def untrained_belief(size: int) -> Belief:
    """The belief that no data have taught: independent utilities, all completions alike."""
    covariance = (UNTRAINED_VARIANCE + NOISE_VARIANCE) * np.eye(size)
    return Belief(np.ones(1), np.zeros((1, size)), covariance[None])


def pair_indices(size: int) -> np.ndarray:
    """All pairs of completions ``[pairs, 2]``."""
    return np.column_stack(np.triu_indices(size, 1))


def draw_people(belief: Belief, people: int, rng: np.random.Generator) -> np.ndarray:
    """Utilities of people of a belief ``[people, m]``, with the noise of their ballots."""
    type = rng.choice(len(belief.weight), people, p=belief.weight)
    root = np.linalg.cholesky(belief.spread)[type]
    normal = rng.standard_normal((people, belief.size, 1))
    return belief.mean[type] + (root @ normal)[..., 0]
