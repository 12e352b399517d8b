"""What studies of several parts share: the parts one after another, and means over seeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from scrl.evaluation.intervals import student_interval
from scrl.studies.protocol import Listener
from scrl.types import Progress


def run_parts(parts: Mapping[str, Callable[[], Any]], on_progress: Listener) -> dict[str, Any]:
    """Part -> what its function returns; each is announced before it runs."""
    found = {}
    for i, (name, part) in enumerate(parts.items()):
        if on_progress is not None:
            on_progress(Progress(name, i / len(parts), f"Part {i + 1} of {len(parts)}: {name}"))
        found[name] = part()
    return found


def over_seeds(values: Any, digits: int = 4) -> list[Any]:
    """Mean and its 95 % interval over seeds, rounded, as lists ``[3][...]``.

    Args:
        values: numbers or arrays, one for each seed on the first axis.
    """
    return np.round(student_interval(np.asarray(values, float)), digits).tolist()
