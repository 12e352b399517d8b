"""The sweep that is shown: those of this server, and a small one that comes with the app.

A visitor never names a path: sweeps are the folders below one that the server's owner has chosen.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from scrl.sweeps import SweepRow, SweepTable, read_result, read_sweep, sweeps_folder
from scrl.types import InputError
from ui.shared import page, run_store, session
from ui.sweeps import axes_choice, example
from ui.sweeps.expiry import OWN, OWN_NAME, mark_opened

#: The file that marks the folder of a sweep.
SWEEP_FILE = "sweep.json"
#: The id of the sweep that comes with the app; no folder has this name.
EXAMPLE = "example/"
_OWN_SWEEPS, _NEXT = "own_sweeps", "next_sweep"
session.keep(_OWN_SWEEPS)
#: Seconds without a new result, after which a sweep is taken for one that has been stopped.
QUIET_SECONDS = 300
#: Most sweeps in the list.
MAX_LISTED = 500


@dataclass(frozen=True, eq=False)
class ShownSweep:
    """A sweep as the page shows it.

    Attributes:
        id: of its folder, or ``EXAMPLE``. name: as its specification names it.
        axes: settings with at least two values, and the values in order.
        rows: the tasks.
        measures: names of the measures of any run.
        missing: number of tasks without a result.
        latest: when the last result came, seconds since 1970; None where none has come.
        first: when the first came.
    """

    id: str
    name: str
    axes: Mapping[str, Sequence[Any]]
    rows: Sequence[SweepRow]
    measures: Sequence[str]
    missing: int
    first: float | None = None
    latest: float | None = None

    @property
    def finished(self) -> bool:
        return not self.missing

    def varied(self, row: SweepRow) -> dict[str, Any]:
        """The settings of a run in which runs of this sweep differ."""
        return {name: row.settings.get(name) for name in self.axes}

    @property
    def filling(self) -> bool:
        """Whether new results are to be expected."""
        recent = self.latest is None or time.time() - self.latest < QUIET_SECONDS
        return bool(self.missing) and recent

    @property
    def file_name(self) -> str:
        """The name of a download."""
        kept = "".join(c if c.isalnum() else "-" for c in self.name.lower())
        return f"sweep-{kept[:40].strip('-') or 'runs'}"


def folder() -> Path:
    """``$SCRL_SWEEPS``, or ``sweeps`` beside the file of stored runs."""
    return sweeps_folder()


def listed() -> dict[str, str]:
    """Id -> label of every sweep that this visitor may see, the latest first, the example last.

    Of those that visitors have started, these are their own, and the one of the link.
    """
    found: list[tuple[float, str]] = []
    own = {*st.session_state.get(_OWN_SWEEPS, ()), st.query_params.get("sweep")}
    with suppress(OSError):
        for path in folder().iterdir():
            file = path / SWEEP_FILE
            if path.name.startswith(OWN) and path.name not in own:
                continue
            if file.is_file():
                found.append((file.stat().st_mtime, path.name))
    found.sort(reverse=True)
    names = {name: _label(name) for _, name in found[:MAX_LISTED]}
    return names | {EXAMPLE: "Example: who ranks Morristown"}


def _label(name: str) -> str:
    if not OWN_NAME.fullmatch(name):
        return name
    with suppress(InputError):
        return f"{read(name).name} (yours, {name[len(OWN) :][:4]})"
    return name


def show_next(id: str) -> None:
    """Show a sweep that this visitor has started, from the next rerun on."""
    own = st.session_state.setdefault(_OWN_SWEEPS, [])
    own += [] if id in own else [id]
    st.session_state[_NEXT] = id
    st.rerun()


def await_started() -> None:
    """Where this visitor has started a sweep: say that it waits, and show it once it has begun."""
    started = st.session_state.get(_NEXT)
    if not started:
        return
    if _has_begun(started):
        del st.session_state[_NEXT]
        axes_choice.forget()
        st.session_state["sweep"] = st.query_params["sweep"] = started
    elif (job := run_store.job_queue().get(started)) is None or not job.active:
        del st.session_state[_NEXT]
    else:
        st.info("Your sweep waits for its turn, and is shown as soon as it begins.")
        st.fragment(run_every=1.0)(_look)(started)


def _look(started: str) -> None:
    job = run_store.job_queue().get(started)
    if _has_begun(started) or job is None or not job.active:
        st.rerun()


def _has_begun(id: str) -> bool:
    return (folder() / id / SWEEP_FILE).is_file()


def choose() -> str:
    """Draw the choice of a sweep; its id, which stands in the URL.

    It stands there also where it is the latest: tomorrow another one is.
    """
    names, wanted = listed(), st.query_params.get("sweep")
    if "sweep" not in st.session_state and wanted in names:
        st.session_state["sweep"] = wanted
    if wanted and wanted not in names:
        st.info("The sweep of this link is not on this server. Another one is shown.")
    if st.session_state.get("sweep", EXAMPLE) not in names:
        del st.session_state["sweep"]
    id = EXAMPLE
    if len(names) > 1:
        id = st.selectbox(
            "Sweep", list(names), format_func=names.__getitem__, key="sweep",
            on_change=axes_choice.forget, width=420,
        )  # fmt: skip
    page.set_url_parameter("sweep", id, EXAMPLE)
    return id


def read(id: str) -> ShownSweep:
    """The sweep of an id of ``listed``.

    Raises:
        InputError: where its files cannot be read.
    """
    if id == EXAMPLE:
        return _shown(EXAMPLE, example.table(), ())
    path = folder() / id
    mark_opened(path)
    return _read(id, _stamp(path))


def _stamp(path: Path) -> tuple[float, int]:
    """A value that changes with every result."""
    try:
        results = path / "results"
        return results.stat().st_mtime, sum(1 for _ in os.scandir(results))
    except OSError:
        return 0.0, 0


@st.cache_resource(show_spinner=False, max_entries=8)
def _read(id: str, stamp: tuple[float, int]) -> ShownSweep:
    """Read once for each number of results."""
    path = folder() / id
    table = read_sweep(path)
    times = sorted(entry.stat().st_mtime for entry in os.scandir(path / "results"))
    return _shown(id, table, times)


def _shown(id: str, table: SweepTable, times: Sequence[float]) -> ShownSweep:
    axes = {name: values for name, values in table.axes.items() if len(values) > 1}
    return ShownSweep(
        id, table.name, axes, table.rows, table.measures, table.missing,
        times[0] if times else None, times[-1] if times else None,
    )  # fmt: skip


def result_of(sweep: ShownSweep, row: SweepRow) -> Mapping[str, Any] | None:
    """The result file of a run.

    Raises:
        InputError: where it cannot be read.
    """
    if sweep.id == EXAMPLE:
        return example.result_of(row)
    return read_result(folder() / sweep.id, row)


def show_fault(error: InputError) -> None:
    """Say why a sweep cannot be shown."""
    st.warning(page.escaped(str(error)))
