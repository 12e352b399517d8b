"""Outcomes and scores of one prompt as plain data, by completion name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scrl.types import Outcome, places_to_order


def order_of(values: np.ndarray, names: Sequence[str]) -> list[list[str]]:
    """Names by falling value ``[candidates]``, equal within 1e-9 tied."""
    values = np.asarray(values, np.float64)
    best = np.argsort(-values, kind="stable")
    step = np.concatenate([[0], np.cumsum(-np.diff(values[best]) > 1e-9)]).astype(int)
    place = np.empty(len(values), int)
    place[best] = step
    return places_to_order(place, list(names))


def outcome_dict(outcome: Outcome, names: Sequence[str]) -> dict:
    """``{"order", "scores"}``, or ``{"order", "probabilities"}`` for a lottery."""
    names = list(names)
    scores = "probabilities" if outcome.lottery else "scores"
    return {"order": outcome.order(names), scores: _rounded(outcome.by_name(names))}


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(float(value), 9) for name, value in values.items()}


def by_name(names: Sequence[str], values: np.ndarray) -> dict[str, float]:
    """``values [candidates]`` by candidate."""
    return _rounded(dict(zip(names, values, strict=True)))
