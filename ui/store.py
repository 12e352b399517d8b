"""What outlives a page reload while the server lives: the queue of runs, and uploaded files."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

import streamlit as st

from scrl.jobs import Jobs
from scrl.types import Ratings

SCENARIO_SUFFIXES = ("yaml", "yml")
RATINGS_SUFFIXES = ("csv", "jsonl", "ndjson", "soc", "soi", "toc", "toi")


class Uploads:
    """The latest uploads of all viewers, by a hash of their content; the oldest go first."""

    def __init__(self, keep: int = 8):
        self._keep = keep
        self._files: OrderedDict[str, tuple] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, data: bytes, filename: str) -> str:
        """Read a scenario or ratings file and return the id to ask for it by.

        Raises:
            InputError: its sentence says what is wrong where.
        """
        id = "file-" + hashlib.sha256(data).hexdigest()[:16]
        source = self._parse(data, filename)
        with self._lock:
            self._files[id] = (filename, source)
            self._files.move_to_end(id)
            while len(self._files) > self._keep:
                self._files.popitem(last=False)
        return id

    @staticmethod
    def _parse(data: bytes, filename: str):
        if filename.lower().rpartition(".")[2] in SCENARIO_SUFFIXES:
            from scrl.scenario import parse_scenario

            return parse_scenario(data, filename)
        from scrl.ratings_io import parse_ratings

        return parse_ratings(data, filename)

    def get(self, id: str) -> tuple | None:
        """``(file name, Scenario or Ratings)``, or None where it is no longer kept."""
        with self._lock:
            return self._files.get(id)


@st.cache_resource(show_spinner=False)
def jobs() -> Jobs:
    return Jobs(workers=2, keep=32)


@st.cache_resource(show_spinner=False)
def uploads() -> Uploads:
    return Uploads()


def viewer() -> str:
    """A token of this browser tab's session, so that no viewer's run is taken for another's."""
    return st.session_state.setdefault("viewer", secrets.token_urlsafe(8))


def start_training(source, rules: Sequence[str], seed: int, spec: str, yaml: str) -> str:
    """Queue a run and return its id.

    Args:
        spec: a short hash of everything the run depends on; ``spec_of`` gives it back.
        yaml: the scenario as a file, empty for ratings; kept beside the result.

    Raises:
        InputError: where too many runs wait.
    """
    name = (
        source.name if isinstance(source, Ratings) else f"{source.name}, {source.raters:,} raters"
    )
    work = partial(_work, source, tuple(rules), seed, yaml)
    return jobs().submit(work, key=f"{viewer()}:{spec}", label=f"{name}, seed {seed}")


def _work(source, rules, seed, yaml, on_progress) -> dict:
    from scrl.preview import train

    return {**train(source, rules, seed, on_progress), "yaml": yaml}


def spec_of(job) -> str:
    return job.key.rpartition(":")[2]


@st.cache_resource(show_spinner=False, max_entries=50)
def warm(scenario_id: str, rules: tuple[str, ...], _scenario) -> None:
    """Compile in the background what a first touch of the noise slider will need."""

    def work() -> None:
        from scrl.preview import preview
        from scrl.scenario import with_overrides

        with suppress(Exception):  # a courtesy, and the slider says what is wrong
            preview(with_overrides(_scenario, noise=0.0 if _scenario.noise else 1.0), rules)

    threading.Thread(target=work, name="scrl-warm", daemon=True).start()
