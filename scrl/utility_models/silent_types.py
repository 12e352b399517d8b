"""Types that differ in who answers as well as in what they say.

Orders alone may be explained as well by one noisy type as by two types: where each rater orders two
completions once, a mixture of two types is a noisy type. If one of them never answers a prompt or
never rates a completion, responses tell the two apart. Each type is split by the pair of
completions on which its raters disagree most, fitted again with the types' response rates, and the
split is kept where BIC, with the response rates among the parameters, is better. It must also be
better than a split whose halves prefer alike and only respond differently: that some leave out
several completions together says nothing of what they prefer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.special import softmax

from scrl.utility_models.responses import Responses
from scrl.utility_models.type_mixture import TypeProblem
from scrl.utility_models.type_parameters import Types

#: Iterations of EM after a split, and the gain in nats a rater that ends them.
ITERATIONS, TOLERANCE = 15, 1e-5
#: Disagreeing raters of a type below which it is not split.
MIN_DISAGREEING = 10.0


@dataclass(frozen=True, eq=False)
class _Fit:
    """A mixture, P(type | rater and responses) ``[rows, types]``, and its log-likelihood."""

    types: Types
    posterior: np.ndarray
    nats: float


def split_by_responses(problem: TypeProblem, types: Types, max_types: int) -> Types:
    """The mixture with types split that orders did not tell apart and responses do.

    Args:
        max_types: most types after the splits.
    """
    responses = Responses.of(problem.table)
    if responses.complete:
        return types
    log_share = np.log(types.share + 1e-300)
    posterior = softmax(problem.by_row(types.reward, types.ties) + log_share, axis=1)
    best = _em(problem, types, posterior, responses)
    raters = float(problem.table.mass.sum())
    # One more type has a share, rewards, and rates of answering prompts and including completions.
    parameters = 1 + 2 * problem.items + len(problem.table.catalogue.prompts)
    cost = 0.5 * parameters * np.log(max(raters, 2.0))
    reward_cost = 0.5 * problem.items * np.log(max(raters, 2.0))
    start, kind = best, 0
    while kind < len(best.types.share) and len(best.types.share) < max_types:
        found = _split(problem, best, kind, responses)
        if found is None or found.nats - best.nats <= cost:
            kind += 1
            continue
        alike = _split(problem, best, kind, responses, alike=True)
        if alike is not None and found.nats - alike.nats > reward_cost:
            best = found
        else:
            kind += 1
    return types if best is start else best.types


def _split(
    problem: TypeProblem, fit: _Fit, kind: int, responses: Responses, alike: bool = False
) -> _Fit | None:
    """The mixture with one type split by a pair of completions; None where its raters agree.

    Args:
        alike: whether the halves keep the rewards of the type.
    """
    side = _sides(problem, problem.table.mass * fit.posterior[:, kind])
    if side is None:
        return None
    own = fit.posterior[:, [kind]] * 0.5 * (1 + side[:, None])
    posterior = np.concatenate([fit.posterior, fit.posterior[:, [kind]] - own], axis=1)
    posterior[:, [kind]] = own
    chosen = np.append(np.arange(len(fit.types.share)), kind)
    ties = tuple(fit.types.ties[k] for k in chosen) if fit.types.ties else ()
    effects = fit.types.effects and fit.types.effects.take(chosen)
    types = replace(fit.types, reward=fit.types.reward[chosen], ties=ties, effects=effects)
    return _em(problem, types, posterior, responses, fixed=alike)


def _sides(problem: TypeProblem, weight: np.ndarray) -> np.ndarray | None:
    """1 for raters who prefer one completion of the most disputed pair, -1 for the other, 0 for
    those who said nothing of it ``[rows]``; None where few disagree.

    Args:
        weight: of each distinct rater ``[rows]``.
    """
    offsets, best, found = problem.table.catalogue.offsets, MIN_DISAGREEING, None
    rows = np.flatnonzero(weight > 1e-3 * weight.max(initial=0))
    position, ranked = (x[rows].tocsc() for x in (problem.positions, problem.ranked))
    for start, stop in pairwise(offsets):
        value, known = (x[:, start:stop].toarray() for x in (position, ranked))
        for first in range(stop - start):
            both = (known[:, [first]] > 0) & (known[:, first + 1 :] > 0)
            side = np.where(both, np.sign(value[:, [first]] - value[:, first + 1 :]), 0.0)
            dispute = np.minimum(weight[rows] @ (side > 0), weight[rows] @ (side < 0))
            if dispute.size and dispute.max() > best:
                best = float(dispute.max())
                found = np.zeros(len(weight))
                found[rows] = side[:, dispute.argmax()]
    return found


def _em(
    problem: TypeProblem,
    types: Types,
    posterior: np.ndarray,
    responses: Responses,
    fixed: bool = False,
) -> _Fit:
    """Expectation-maximisation of rewards, shares and response rates from a posterior.

    Args:
        fixed: whether the rewards stay as they are.
    """
    table, last = problem.table, -np.inf
    mass, raters = table.mass, table.mass.sum()
    for _ in range(ITERATIONS):
        weight = mass[:, None] * posterior
        if not fixed:
            by_ballot = (table.cast.T @ weight).T
            step = problem.m_step(types, by_ballot)
            ties = problem.ties_step(step.reward, types.ties, by_ballot)
            types = replace(types, reward=step.reward, ties=ties, effects=step.effects)
        types = replace(types, share=weight.sum(0) / raters)
        joint = problem.by_row(types.reward, types.ties) + np.log(types.share + 1e-300)
        joint += responses.log_likelihood(weight)
        nats = float(mass @ np.logaddexp.reduce(joint, axis=1))
        posterior = softmax(joint, axis=1)
        if abs(nats - last) < TOLERANCE * raters:
            break
        last = nats
    return _Fit(types, posterior, nats)
