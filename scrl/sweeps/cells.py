"""A measure of a sweep over two settings: means and intervals over seeds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: Probability that an interval holds the mean of all seeds, where their values are normal.
LEVEL = 0.95


@dataclass(frozen=True)
class Cell:
    """The runs of one value of each of two settings.

    Attributes:
        x, y: positions of the values on the axes.
        rows: the runs, one a seed, as ``cells`` got them.
        values: of the measure, of the runs that have one.
        failed: number of runs that failed.
    """

    x: int
    y: int
    rows: tuple[Any, ...]
    values: tuple[float, ...]
    failed: int

    @property
    def mean(self) -> float | None:
        """The mean over seeds; None without a value."""
        return math.fsum(self.values) / len(self.values) if self.values else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Student's interval of the mean over seeds, of probability ``LEVEL``; None with fewer
        than two values.

        >>> low, high = Cell(0, 0, (), (1.0, 2.0, 3.0), 0).interval
        >>> round(low, 4), round(high, 4)
        (-0.4841, 4.4841)
        """
        n, mean = len(self.values), self.mean
        if n < 2 or mean is None:
            return None
        from scipy.special import stdtrit

        variance = math.fsum((value - mean) ** 2 for value in self.values) / (n - 1)
        half = float(stdtrit(n - 1, (1 + LEVEL) / 2)) * math.sqrt(variance / n)
        return mean - half, mean + half

    def to_plain(self) -> dict[str, Any]:
        """The cell as ``figures.sweep_heatmap`` takes it."""
        low, high = self.interval or (None, None)
        return {"x": self.x, "y": self.y, "mean": self.mean, "low": low, "high": high,
                "done": len(self.values), "failed": self.failed,
                "tasks": len(self.rows)}  # fmt: skip


def cells(
    rows: Iterable[Any],
    measure: str,
    x: tuple[str, Sequence[Any]],
    y: tuple[str, Sequence[Any]] | None = None,
    held: Mapping[str, Any] | None = None,
) -> list[Cell]:
    """The cells of a measure, by rows of ``y`` and then by ``x``; those without a run are left out.

    Args:
        rows: of a sweep's table, each with ``settings``, ``state`` and ``measures``.
        measure: its name.
        x, y: name and values of the settings on the axes; without ``y`` all runs are of one line.
        held: settings whose runs alone are counted, with their values.
    """
    found: dict[tuple[int, int], list[Any]] = {}
    for row in rows:
        settings = row.settings
        if any(settings.get(name) != value for name, value in (held or {}).items()):
            continue
        try:
            column = x[1].index(settings.get(x[0]))
            line = y[1].index(settings.get(y[0])) if y is not None else 0
        except ValueError:
            continue
        found.setdefault((line, column), []).append(row)
    return [
        Cell(
            column,
            line,
            tuple(own),
            tuple(
                float(row.measures[measure])
                for row in own
                if row.state == "done" and measure in row.measures
            ),
            sum(row.state == "failed" for row in own),
        )
        for (line, column), own in sorted(found.items())
    ]
