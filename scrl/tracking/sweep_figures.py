"""A page of figures of a sweep: each measure that most readers look for, over two settings."""

from __future__ import annotations

from scrl import figures
from scrl.runs.measures import measure_title
from scrl.sweeps.cells import cells
from scrl.sweeps.table import SweepTable
from scrl.tracking.run_files import figures_html

#: Measures that are drawn, at most.
MAX_MEASURES = 12


def sweep_page(table: SweepTable) -> dict[str, str]:
    """``figures.html``; nothing where no task is done.

    The two settings with most values are the axes; values of the others are averaged.
    """
    measures = [name for name in table.measures if name.endswith("/tau")] or table.measures
    axes = sorted(
        (name for name, values in table.axes.items() if len(values) > 1),
        key=lambda name: -len(table.axes[name]),
    )
    if not measures or not axes:
        return {}
    x = (axes[0], table.axes[axes[0]])
    y = (axes[1], table.axes[axes[1]]) if len(axes) > 1 else None
    drawn = {}
    for measure in measures[:MAX_MEASURES]:
        plain = [cell.to_plain() for cell in cells(table.rows, measure, x, y)]
        title = measure_title(measure)
        drawn[title] = figures.sweep_lines(plain, _texts(x), y and _texts(y), title)
    return {"figures.html": figures_html(table.name, drawn)}


def _texts(axis: tuple[str, list]) -> tuple[str, list[str]]:
    return axis[0], [str(value) for value in axis[1]]
