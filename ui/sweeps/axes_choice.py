"""Which measure of a sweep is shown over which settings; the choice stands in the URL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from scrl.runs import measure_title
from ui.shared import page
from ui.sweeps.setting_texts import setting_text, value_text

HEAT_MAP, LINES = "Heat map", "Lines"
#: The option of no setting.
NONE = ""
#: Keys of the widgets, and of the URL.
KEYS = ("measure", "across", "down", "panels", "kind", "cell")
#: Most values of a setting that has panels of its own.
MAX_PANELS = 6
#: Measures that are shown first, by how their names begin and end.
_PREFERRED = (("agreement/", "/social/tau"), ("accuracy/individual", ""), ("agreement/", "/tau"))


@dataclass(frozen=True)
class AxesChoice:
    """What is shown.

    Attributes:
        measure: its name. across: the setting on the horizontal axis.
        down: that of the rows, or of the lines; "" for none.
        panels: the setting with a panel for each value; "" for none.
        held: every other setting, with the value whose runs are shown.
        kind: ``HEAT_MAP`` or ``LINES``.
    """

    measure: str
    across: str
    down: str
    panels: str
    held: dict[str, Any]
    kind: str


def forget() -> None:
    """Drop the choice, where another sweep is chosen."""
    for key in [key for key in st.session_state if str(key).startswith("held_")]:
        del st.session_state[key]
    for key in KEYS:
        st.session_state.pop(key, None)
        st.query_params.pop(key, None)


def choose(axes: Mapping[str, Sequence[Any]], measures: Sequence[str]) -> AxesChoice:
    """Draw the choice.

    Args:
        axes: settings with at least two values, and the values. measures: at least one.
    """
    names = list(axes)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        measure = _select("Measure", _ordered(measures), "measure", measure_title, width=420)
        across = _select("Across", names or [NONE], "across", _name)
        rest = [name for name in names if name != across]
        down = _select("Rows or lines", [*rest, NONE], "down", _name) if rest else NONE
        rest = [name for name in rest if name != down]
        few = [name for name in rest if len(axes[name]) <= MAX_PANELS]
        panels = _select("Panels", [*few, NONE], "panels", _name) if few else NONE
        held = {}
        for i, name in enumerate(n for n in rest if n != panels):
            label = page.escaped(setting_text(name))
            places = list(range(len(axes[name])))
            chosen = st.selectbox(
                label, places, key=f"held_{i}_{name}", width=200,
                format_func=lambda p, name=name: value_text(axes[name][p]),
            )  # fmt: skip
            held[name] = axes[name][chosen]
        kind = HEAT_MAP if down else LINES
        if down:
            kind = st.segmented_control(
                "Shown as", [HEAT_MAP, LINES], default=HEAT_MAP, required=True, key="kind",
                bind="query-params",
            )  # fmt: skip
    return AxesChoice(measure, across, down, panels, held, kind)


def _select(label: str, options: Sequence[str], key: str, title: Any, width: int = 220) -> str:
    """A select box whose value stands in the URL; one that is no option any more is dropped."""
    if st.session_state.get(key, options[0]) not in options:
        del st.session_state[key]
    return st.selectbox(
        label, list(options), key=key, format_func=title, bind="query-params", width=width
    )


def _name(setting: str) -> str:
    return setting_text(setting) if setting else "none"


def _ordered(measures: Sequence[str]) -> list[str]:
    """Measures with those first that most readers look for."""

    def place(name: str) -> int:
        for i, (start, end) in enumerate(_PREFERRED):
            if name.startswith(start) and name.endswith(end):
                return i
        return len(_PREFERRED)

    return sorted(measures, key=place)
