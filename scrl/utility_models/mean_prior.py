"""The prior on mean rewards: an item's mean is near that of its completion on other prompts.

The mean reward of an item is drawn around a centre with a standard deviation that is learnt. Where
prompts share completions by name, the centre is the completion's mean over prompts, else 0. An item
that few raters ranked is thereby shrunk towards what is known of its completion.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scrl.utility_models.covariance import Covariance

#: Standard deviation at first at least, at all times at least, and at most.
FIRST_SD, MIN_SD, MAX_SD = 1.0, 0.05, 10.0
#: Items of mean reward ±1 that the learnt standard deviation counts besides the catalogue's. Two
#: items alone would be shrunk to equality wherever their difference may be chance.
PSEUDO_ITEMS = 1.0
#: Prior precision of a completion's mean over prompts.
CENTRE_PRECISION = 0.01


@dataclass(frozen=True, eq=False)
class MeanPrior:
    """Gaussian prior on the mean rewards of items.

    Attributes:
        prompt, completion: of each item ``[items]``.
        centre: ``[items]``; sd: around it.
    """

    prompt: np.ndarray
    completion: np.ndarray
    centre: np.ndarray
    sd: float

    @classmethod
    def of(cls, covariance: Covariance, mean: np.ndarray) -> MeanPrior:
        """The prior that is started from.

        Args:
            covariance: of the items.
            mean: first mean rewards ``[items]``.
        """
        sd = float(np.clip(np.sqrt((mean**2).mean()), FIRST_SD, MAX_SD))
        return cls(covariance.prompt, covariance.completion, np.zeros(len(mean)), sd)

    def updated(
        self, mean: np.ndarray, variance: np.ndarray, accelerated: bool = False
    ) -> MeanPrior:
        """The prior that fits the posteriors of the mean rewards (empirical Bayes).

        Args:
            mean, variance: of each item's mean reward ``[items]``.
            accelerated: whether the standard deviation takes MacKay's (1992) step, which has the
                fixed point of expectation-maximisation. The latter takes hundreds of steps where
                the data say little of each item.
        """
        mean, centre = self._centred(mean), self.centre
        if len(np.unique(self.completion)) < len(mean):
            weight = 1 / (variance + self.sd**2)
            total = np.bincount(self.completion, weight) + CENTRE_PRECISION
            centre = np.bincount(self.completion, weight * mean) / total
            centre = self._centred(centre[self.completion])
        count, squared = len(mean), (mean - centre) ** 2
        if accelerated:
            # The added items are as well known as the others: more would outweigh them here.
            known = max(float((1 - variance / self.sd**2).sum()), 1e-9)
            squares = count / known * squared.sum() + PSEUDO_ITEMS
        else:
            squares = (squared + variance).sum() + PSEUDO_ITEMS
        sd = np.sqrt(squares / (count + PSEUDO_ITEMS))
        return replace(self, centre=centre, sd=float(np.clip(sd, MIN_SD, MAX_SD)))

    def _centred(self, values: np.ndarray) -> np.ndarray:
        """Values of items less their prompt's mean ``[items]``; only differences count."""
        mean = np.bincount(self.prompt, values) / np.bincount(self.prompt)
        return values - mean[self.prompt]
