"""Types of raters who weigh errors differently: what each way of agreeing on weights chooses.

Populations and answers are random. Welfare is the mean utility of the answer chosen, 0 for the
worst answer and 1 for the best; the mean of honest weights attains 1, since utility is linear in
the weights. A type lies if it states the weights, of a grid, that lead to the answer best for it
while the others state their own.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scrl.evaluation.intervals import student_interval
from scrl.fine_grained import CATEGORIES, PROCEDURES, choose_answers
from scrl.fine_grained.weight_votes import answer_utilities
from scrl.random_streams import HostStream, host_rng

#: Populations of each kind; their answers, and the mean number of errors of each category.
POPULATIONS, ANSWERS, MEAN_ERRORS = 400, 12, 1.5
#: Numbers of types, and concentrations of their weights: the lower, the more extreme.
KINDS = ((3, 0.5), (3, 2.0), (5, 0.5), (5, 2.0))
#: Concentration of shares, and steps of the grid of weights that a type may state.
SHARE_CONCENTRATION, GRID_STEPS = 4.0, 10
SETTINGS = (
    POPULATIONS, ANSWERS, MEAN_ERRORS, KINDS, SHARE_CONCENTRATION, GRID_STEPS, tuple(PROCEDURES)
)  # fmt: skip


def run() -> list[dict[str, Any]]:
    """A row for each kind of population and procedure: mean and interval of ``welfare`` and of
    ``worst type`` (the same of the least satisfied type by its own best and worst), ``differs``
    (share of populations with another answer than the mean of weights), ``lie pays`` (share in
    which a type gains by lying) and ``loss`` (of welfare when the type that gains most lies)."""
    rng, rows = host_rng(0, HostStream.PART_VOTES), []
    for types, concentration in KINDS:
        size = (POPULATIONS, types)
        weights = rng.dirichlet([concentration] * len(CATEGORIES), size)
        shares = rng.dirichlet([SHARE_CONCENTRATION] * types, POPULATIONS)
        errors = rng.poisson(MEAN_ERRORS, (POPULATIONS, ANSWERS, len(CATEGORIES))).astype(float)
        usual = choose_answers("mean", weights, shares, errors)
        for name in PROCEDURES:
            row = _outcome(name, weights, shares, errors, usual)
            rows.append({"types": types, "concentration": concentration, "procedure": name, **row})
    return rows


def _scaled(utility: np.ndarray) -> np.ndarray:
    """Utilities with 0 for the worst answer and 1 for the best, along the last axis."""
    low = utility.min(-1, keepdims=True)
    return (utility - low) / np.maximum(np.ptp(utility, axis=-1)[..., None], 1e-12)


def _outcome(
    name: str, weights: np.ndarray, shares: np.ndarray, errors: np.ndarray, usual: np.ndarray
) -> dict[str, Any]:
    """The measures of one procedure on populations of one kind."""
    each, utility = np.arange(len(weights)), answer_utilities(weights, errors)
    welfare = _scaled((utility * shares[..., None]).sum(1))
    chosen = choose_answers(name, weights, shares, errors)
    gains, losses = [], []
    for liar in range(weights.shape[1]):
        answers = _answers_to_lies(name, weights, shares, errors, liar)
        own = np.take_along_axis(utility[:, liar], answers, 1)
        best = own.argmax(1)
        gains.append(own[each, best] - utility[each, liar, chosen])
        losses.append(welfare[each, chosen] - welfare[each, answers[each, best]])
    gain, loss = np.array(gains), np.array(losses)
    gainer = gain.argmax(0)
    pays = gain[gainer, each] > 1e-9
    measures = {
        "welfare": welfare[each, chosen],
        "worst type": _scaled(utility)[each, :, chosen].min(1),
        "differs": chosen != usual,
        "lie pays": pays,
        "loss": np.where(pays, loss[gainer, each], 0.0),
    }
    return {
        key: np.round(student_interval(values.astype(float)), 4).tolist()
        for key, values in measures.items()
    }


def _answers_to_lies(
    name: str, weights: np.ndarray, shares: np.ndarray, errors: np.ndarray, liar: int
) -> np.ndarray:
    """The answer chosen for each statement of one type ``[populations, statements]``."""
    steps = range(GRID_STEPS + 1)
    grid = [(a, b, GRID_STEPS - a - b) for a in steps for b in steps if a + b <= GRID_STEPS]
    stated = np.repeat(weights[:, None], len(grid), 1)
    stated[:, :, liar] = np.array(grid) / GRID_STEPS
    flat = stated.reshape(-1, *weights.shape[1:])
    repeated = (np.repeat(x, len(grid), 0) for x in (shares, errors))
    return choose_answers(name, flat, *repeated).reshape(len(weights), -1)
