"""Runs in MLflow, through its client: a local SQLite file, or a server that the caller names."""

from __future__ import annotations

import importlib
import logging
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scrl.data.files import printable
from scrl.tracking.records import TrackedRun
from scrl.types import InputError

#: Tags of a run: which run it is, and a hash of what it holds, set when it is whole.
ID, CONTENT = "scrl.id", "scrl.content"
#: MLflow's own limits: characters of a param and of a tag, and entries of one request.
_MAX_PARAM, _MAX_TAG, _MAX_METRICS, _MAX_TEXTS = 6000, 5000, 1000, 100
_INSTALL = "MLflow is not installed; run pip install 'scrl[tracking]'."
_FOLDERS = (
    "MLflow no longer keeps runs as folders of files; give the name of a folder without 'file:' "
    "(a SQLite file is made in it), or sqlite:///FILE.db."
)
_PAGE = 1000


def store_address(text: str | Path) -> tuple[str, str | None]:
    """The address as MLflow takes it, and where artifacts of a new experiment lie.

    Returns:
        None for the second where a server decides.

    Raises:
        InputError: for an address that cannot be used.
    """
    text = str(text)
    scheme = urlsplit(text).scheme if "://" in text or text.startswith("file:") else ""
    if scheme in ("http", "https") or text.startswith("databricks"):
        return text, None
    if scheme == "sqlite":
        file = Path(text.partition(":///")[2])
        artifacts = file.parent / f"{file.stem}-artifacts"
    elif scheme == "file":
        raise InputError(_FOLDERS)
    elif scheme:
        raise InputError(
            f"--mlflow {printable(text)}: a database of this kind needs a server of MLflow; start "
            "one on it and give its http address."
        )
    else:
        file, artifacts = Path(text) / "mlflow.db", Path(text) / "artifacts"
    if not file.name or file.is_dir() or file.parent.is_file():
        raise InputError(
            f"--mlflow {printable(text)}: give a folder, sqlite:///FILE.db or http(s)."
        )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--mlflow {printable(text)}: {error.strerror}.") from error
    return f"sqlite:///{file.resolve()}", artifacts.resolve().as_uri()


def client(uri: str) -> Any:
    """MLflow's client, which tells nobody that it is used.

    Raises:
        InputError: where MLflow, or what its SQLite store needs, is not installed.
    """
    for name, value in (
        ("MLFLOW_DISABLE_TELEMETRY", "true"),
        ("DO_NOT_TRACK", "true"),
        ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2"),
        ("MLFLOW_HTTP_REQUEST_TIMEOUT", "30"),
    ):
        os.environ.setdefault(name, value)
    try:
        module = importlib.import_module("mlflow.tracking")
        if uri.startswith("sqlite"):
            importlib.import_module("sqlalchemy")
            importlib.import_module("alembic")
    except ImportError as error:
        raise InputError(_INSTALL) from error
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return module.MlflowClient(tracking_uri=uri, registry_uri=uri)


class MlflowTracker:
    """An experiment of MLflow. Not safe for several exports into it at once."""

    def __init__(self, uri: str | Path, experiment: str) -> None:
        self.address, artifacts = store_address(uri)
        with self._errors():
            self._client = client(self.address)
            found = self._client.get_experiment_by_name(experiment)
            if found is not None and found.lifecycle_stage != "active":
                raise InputError(
                    f"MLflow's experiment {printable(experiment)} was deleted; give another name "
                    "with --experiment."
                )
            self._experiment = (
                found.experiment_id
                if found is not None
                else self._client.create_experiment(experiment, artifacts)
            )
            self._known = {run.data.tags[ID]: run for run in self._runs()}

    def put(self, run: TrackedRun, parent: TrackedRun | None, role: str) -> str:
        """As ``export.Tracker.put``."""
        with self._errors():
            before, content = self._known.get(run.id), run.content
            if before is not None and before.data.tags.get(CONTENT) == content:
                return "kept"
            if before is not None and role == "sweep":
                # Its tasks name it as their parent, so a sweep that has grown stays the same run.
                self._write(before.info.run_id, run, content)
                return "replaced"
            if before is not None:
                self._client.delete_run(before.info.run_id)
            tags = {ID: run.id, "scrl.role": role}
            if parent is not None:
                tags["mlflow.parentRunId"] = self._known[parent.id].info.run_id
            started = None if run.started is None else round(1000 * run.started)
            made = self._client.create_run(self._experiment, started, tags, run.name[:_MAX_TAG])
            self._known[run.id] = made
            self._write(made.info.run_id, run, content)
            return "added" if before is None else "replaced"

    def _write(self, id: str, run: TrackedRun, content: str) -> None:
        """Everything of a run; the hash of its content last, so that a part is never taken for
        the whole."""
        for params in _batches(run.params.items(), _MAX_TEXTS):
            self._client.log_batch(id, params=[self._param(*one) for one in params])
        now = round(1000 * (run.ended or run.started or time.time()))
        for metrics in _batches(_points(run), _MAX_METRICS):
            self._client.log_batch(
                id, metrics=[self._metric(name, value, step, now) for name, value, step in metrics]
            )
        self._write_files(id, run.files)
        for name, value in run.tags.items():
            self._client.set_tag(id, name, _cut(value, _MAX_TAG))
        if run.error:
            self._client.set_tag(id, "error", _cut(run.error, _MAX_TAG))
        self._client.set_tag(id, CONTENT, content)
        if run.unfinished:
            self._client.update_run(id, "RUNNING")
            return
        ended = None if run.ended is None else round(1000 * run.ended)
        self._client.set_terminated(id, "FAILED" if run.error else "FINISHED", ended)

    def _write_files(self, id: str, files: Mapping[str, str]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                (Path(folder) / name).write_text(text, encoding="utf-8", newline="\n")
            if files:
                self._client.log_artifacts(id, folder)

    def _runs(self) -> Iterator[Any]:
        """The runs of the experiment that scrl has written."""
        token = None
        while True:
            page = self._client.search_runs(
                [self._experiment], f"tags.`{ID}` != ''", max_results=_PAGE, page_token=token
            )
            yield from page
            token = page.token
            if not token:
                return

    def _param(self, name: str, value: str) -> Any:
        return importlib.import_module("mlflow.entities").Param(name, _cut(value, _MAX_PARAM))

    def _metric(self, name: str, value: float, step: int, now: int) -> Any:
        return importlib.import_module("mlflow.entities").Metric(name, value, now, step)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Faults of the store and of the network as one sentence."""
        try:
            yield
        except InputError:
            raise
        except Exception as error:  # MLflow passes on what its store, its files and HTTP raise
            if isinstance(error, TypeError | AttributeError | NameError | AssertionError):
                raise
            if isinstance(error.__context__, importlib.import_module("requests").ConnectionError):
                raise InputError(
                    f"{printable(self.address)}: no server answers there; start one by `mlflow "
                    "server` and give its address, or give a folder."
                ) from error
            lines = str(error).strip().splitlines() or [type(error).__name__]
            raise InputError(
                f"{printable(self.address)}: MLflow cannot write there ({lines[0][:200]})."
            ) from error


def _points(run: TrackedRun) -> Iterator[tuple[str, float, int]]:
    """Name, value and step of each number."""
    for name, value in run.measures.items():
        yield name, value, run.step
    for name, curve in run.curves.items():
        for step, value in curve:
            yield name, value, step


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _batches(entries: Any, size: int) -> Iterator[Sequence]:
    entries = iter(entries)
    while batch := list(islice(entries, size)):
        yield batch
