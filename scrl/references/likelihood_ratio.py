"""The likelihood-ratio optimum of telling policies apart by references.

Given references, let p_k be the posterior of policy k, and o_k(y) = Σ_{l≠k} π_l(y) / (K − 1) the
chance of y under another policy. Of two outputs a and b, one of each, a is the same policy's with
odds Σ_k p_k π_k(a) o_k(b) / Σ_k p_k π_k(b) o_k(a). No reward that reads the references orders more
pairs rightly (Neyman & Pearson 1933).
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from scrl.references.style_policies import Triples, log_policies

#: Numbers (triples × policies × outputs) held at once.
MAX_CELLS = 8_000_000


def likelihood_ratio_gaps(tastes: np.ndarray, triples: Triples) -> np.ndarray:
    """Log-odds that the winner is the references' policy's and the loser another's ``[triples]``.

    Args:
        tastes: of the policies that may have written ``[policies, features]``, equally likely. The
            exact ones give the optimum; many drawn from a population give the optimum of someone
            who knows the population only.
    """
    step = max(1, MAX_CELLS // (len(tastes) * triples.pools.shape[1]))
    parts = [
        _gaps(tastes, triples, slice(start, start + step))
        for start in range(0, len(triples.pools), step)
    ]
    return np.concatenate(parts)


def _gaps(tastes: np.ndarray, triples: Triples, rows: slice) -> np.ndarray:
    log_policy = log_policies(tastes, triples.pools[rows])
    references = np.take_along_axis(log_policy, triples.references[rows, None], axis=2).sum(axis=2)
    log_posterior = references - logsumexp(references, axis=1, keepdims=True)
    posterior = np.exp(log_posterior)

    def chances(index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        own = np.exp(np.take_along_axis(log_policy, index[rows, None, None], axis=2)[..., 0])
        return own, own.sum(axis=1, keepdims=True) - own

    own, others = chances(triples.winner)
    own_loser, others_loser = chances(triples.loser)
    tiny = np.finfo(float).tiny
    as_drawn = (posterior * own * others_loser).sum(axis=1)
    swapped = (posterior * own_loser * others).sum(axis=1)
    return np.log(np.maximum(as_drawn, tiny)) - np.log(np.maximum(swapped, tiny))
