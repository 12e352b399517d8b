"""The measure of a sweep over its settings: figures, the best place, and the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from scrl import figures
from scrl.runs import measure_title
from scrl.sweeps import Cell, cells
from ui.shared import data_tables, page, predict_first
from ui.sweeps.axes_choice import HEAT_MAP, AxesChoice
from ui.sweeps.chosen_sweep import ShownSweep
from ui.sweeps.setting_texts import setting_text, settings_text, value_text

#: The cell that is looked at: its settings as text, which no order of the runs changes.
CELL = "cell"
COLUMNS = 2


def show(sweep: ShownSweep, choice: AxesChoice) -> list[Cell]:
    """Draw the panels; the cells of all of them."""
    panels = _panels(sweep, choice)
    everything = [cell for _, own in panels for cell in own]
    if not everything:
        st.info("No run has these settings.")
        return []
    if not _guessed(sweep, choice, everything):
        return []
    bounds = _bounds(everything, choice)
    columns = st.columns(min(COLUMNS, len(panels))) if len(panels) > 1 else [st.container()]
    ids = iter(cell_ids(sweep, everything))
    for i, (title, own) in enumerate(panels):
        with columns[i % len(columns)]:
            if title:
                st.markdown(f"**{page.escaped(title)}**")
            _figure(sweep, choice, own, [next(ids) for _ in own], bounds, i)
    _legend(sweep, choice)
    return everything


def cell_ids(sweep: ShownSweep, found: Sequence[Cell]) -> list[str]:
    """The settings of each cell as text, for the URL; no two are the same."""
    ids: list[str] = []
    for cell in found:
        text = settings_text(sweep.varied(cell.rows[0])) or sweep.name
        id, n = text, 2
        while id in ids:
            id, n = f"{text} ({n})", n + 1
        ids.append(id)
    return ids


def _panels(sweep: ShownSweep, choice: AxesChoice) -> list[tuple[str, list[Cell]]]:
    """Title and cells of each panel."""
    across = (choice.across, sweep.axes.get(choice.across, [None]))
    down = (choice.down, sweep.axes[choice.down]) if choice.down else None
    if not choice.panels:
        return [("", cells(sweep.rows, choice.measure, across, down, choice.held))]
    found = []
    for value in sweep.axes[choice.panels]:
        held = {**choice.held, choice.panels: value}
        own = cells(sweep.rows, choice.measure, across, down, held)
        if own:
            found.append((f"{setting_text(choice.panels)}: {value_text(value)}", own))
    return found


def _bounds(found: Sequence[Cell], choice: AxesChoice) -> tuple[float, float] | None:
    """The range of the values, which all panels share."""
    known = [cell.mean for cell in found if cell.mean is not None]
    if choice.kind != HEAT_MAP:
        known += [end for cell in found for end in cell.interval or ()]
    if not known:
        return None
    low, high = min(known), max(known)
    pad = 0.06 * max(high - low, 1e-3) if choice.kind != HEAT_MAP else 0.0
    return low - pad, high + pad


def _axis(sweep: ShownSweep, name: str) -> tuple[str, list[str]]:
    values = sweep.axes.get(name, [None])
    return setting_text(name), [value_text(value) for value in values] if name else [""]


def _figure(
    sweep: ShownSweep,
    choice: AxesChoice,
    own: list[Cell],
    ids: list[str],
    bounds: tuple[float, float] | None,
    number: int,
) -> None:
    """One panel; a click chooses a cell."""
    plain = [cell.to_plain() for cell in own]
    wanted = st.session_state.get(CELL)
    selected = ids.index(wanted) if wanted in ids else None
    down = _axis(sweep, choice.down) if choice.down else None
    form = _format(bounds)
    common: dict[str, Any] = {"bounds": bounds, "selected": selected, "value_format": form}
    unit = measure_title(choice.measure)
    if choice.kind == HEAT_MAP and down is not None:
        figure = figures.sweep_heatmap(
            plain, _axis(sweep, choice.across), down, unit, **common, **page.style()
        )
    else:
        figure = figures.sweep_lines(
            plain, _axis(sweep, choice.across), down, unit, **common, **page.style()
        )
    key = f"panel-{number}"

    def clicked() -> None:
        points = st.session_state[key]["selection"]["points"]
        if points and points[0].get("customdata") is not None:
            position = points[0]["customdata"]
            position = position[0] if isinstance(position, list) else position
            if 0 <= int(position) < len(own):
                st.session_state[CELL] = ids[int(position)]

    st.plotly_chart(
        figure, theme=None, key=key, config=page.PLOTLY_CONFIG, on_select=clicked,
        selection_mode="points", 
        alt="; ".join(map(partial(_cell_text, form=form), own, ids)),
    )  # fmt: skip


def _format(bounds: tuple[float, float] | None) -> str:
    """Decimals that tell the values apart."""
    if bounds is None:
        return ".2f"
    span, size = bounds[1] - bounds[0], max(map(abs, bounds))
    if size >= 1000:
        return ",.0f"
    return ".3f" if span < 0.05 else ".2f" if span < 20 else ".1f"


def _cell_text(cell: Cell, id: str, form: str) -> str:
    """A cell in words, for screen readers."""
    return f"{id}: no result" if cell.mean is None else f"{id}: {cell.mean:{form}}"


def _legend(sweep: ShownSweep, choice: AxesChoice) -> None:
    seeds = len({row.seed for row in sweep.rows})
    cell = "cell" if choice.kind == HEAT_MAP else "mark"
    held = settings_text(choice.held)
    page.note(
        f"Each {cell} is the mean over up to {seeds:,} seeds"
        + (
            "; ± is half of its 95 % interval (Student’s). Darker is more. "
            if choice.kind == HEAT_MAP and not page.is_dark()
            else "; ± is half of its 95 % interval (Student’s). Brighter is more. "
            if choice.kind == HEAT_MAP
            else ", with its 95 % interval (Student’s). "
        )
        + (f"Shown are runs with {page.escaped(held)}. " if held else "")
        + f"Click a {cell} to see its runs."
    )


def _guessed(sweep: ShownSweep, choice: AxesChoice, found: Sequence[Cell]) -> bool:
    """Ask where the measure is greatest, where readers guess first; whether to go on."""
    by_value: dict[int, list[float]] = {}
    for cell in found:
        if cell.mean is not None:
            by_value.setdefault(cell.x, []).append(cell.mean)
    title, labels = _axis(sweep, choice.across)
    if len(by_value) < 2 or not sweep.finished:
        return True
    means = {x: sum(values) / len(values) for x, values in by_value.items()}
    guess, shown = predict_first.guess(
        f"For which value of ‘{page.escaped(title)}’ is the measure greatest, on average?",
        [page.escaped(labels[x]) for x in sorted(means)], f"guess_{choice.across}",
    )  # fmt: skip
    if shown and guess is not None:
        best = max(means, key=lambda x: means[x])
        page.say(
            f"{predict_first.verdict(guess, page.escaped(labels[best]))}It is greatest for "
            f"**{page.escaped(labels[best])}**, {means[best]:.2f} on average."
        )
    return shown


def numbers(choice: AxesChoice, found: Sequence[Cell], sweep: ShownSweep) -> None:
    """The cells as a table, and all runs as a download."""
    if not found:
        return
    rows = []
    for cell in found:
        low, high = cell.interval or (None, None)
        rows.append({
            **{setting_text(n): value_text(v) for n, v in sweep.varied(cell.rows[0]).items()},
            "mean": cell.mean, "low": low, "high": high, "runs": len(cell.values),
            "failed": cell.failed, "of": len(cell.rows),
        })  # fmt: skip
    data_tables.numbers_expander(
        rows, "sweep-cells", f"{measure_title(choice.measure)}; low and high are the ends of the "
        "95 % interval of the mean over seeds.",
    )  # fmt: skip
    if not page.presenting():
        st.download_button(
            "All runs and measures (CSV)",
            lambda: data_tables.rows_csv(all_rows(sweep)), f"{sweep.file_name}.csv", "text/csv",
            on_click="ignore", key="sweep-csv",
        )  # fmt: skip


def all_rows(sweep: ShownSweep) -> list[dict[str, Any]]:
    """A row a run, with every setting and measure."""
    settings = list(dict.fromkeys(name for row in sweep.rows for name in row.settings))
    return [
        {
            **{name: row.settings.get(name, "") for name in settings},
            "seed": row.seed, "state": row.state, "error": row.error or "",
            **{name: row.measures.get(name, "") for name in sweep.measures},
        }
        for row in sweep.rows
    ]  # fmt: skip
