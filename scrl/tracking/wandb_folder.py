"""Runs as offline folders of Weights & Biases; nothing is sent."""

from __future__ import annotations

import atexit
import hashlib
import importlib
import logging
import os
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scrl.data.files import printable
from scrl.tracking.records import TrackedRun
from scrl.tracking.wandb_records import packed_records
from scrl.types import InputError

#: A file in a run's folder: a hash of what the run holds, written when it is whole.
CONTENT = "scrl-content.txt"
#: Seconds in which the last record of a run must lie in its file.
PATIENCE = 60
_INSTALL = "Weights & Biases is not installed; run pip install 'scrl[wandb]'."


def wandb_module() -> Any:
    """The package, which reports neither faults nor use to anybody.

    Raises:
        InputError: where it is not installed.
    """
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    os.environ.setdefault("WANDB_SILENT", "true")
    if "WANDB_CACHE_DIR" not in os.environ:  # its log would lie in the user's home
        os.environ["WANDB_CACHE_DIR"] = folder = tempfile.mkdtemp(prefix="scrl-wandb-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    try:
        return importlib.import_module("wandb")
    except ImportError as error:
        raise InputError(_INSTALL) from error


class WandbTracker:
    """A folder of offline runs. Not safe for several exports into it at once."""

    def __init__(self, folder: str | Path, project: str) -> None:
        self._folder, self._project = Path(folder), project
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"--wandb {printable(folder)}: {error.strerror}.") from error
        self._wandb = wandb_module()
        self.address = str(self._folder.resolve() / "wandb")

    def put(self, run: TrackedRun, parent: TrackedRun | None, role: str) -> str:
        """As ``export.Tracker.put``."""
        id, content = hashlib.sha256(run.id.encode()).hexdigest()[:16], run.content
        before = sorted((self._folder / "wandb").glob(f"offline-run-*-{id}"))
        if any(_content(folder) == content for folder in before):
            return "kept"
        with self._errors():
            for folder in before:
                shutil.rmtree(folder)
            group = parent or (run if role == "sweep" else None)
            self._write(id, run, "" if group is None else group.name, role, content)
        return "replaced" if before else "added"

    def _write(self, id: str, run: TrackedRun, group: str, role: str, content: str) -> None:
        made = self._wandb.init(
            project=self._project, id=id, name=run.name[:128], group=group[:128] or None,
            job_type=role, dir=str(self._folder), config={**run.params, **run.tags},
            notes=run.error or None, settings=self._settings(), reinit="create_new",
        )  # fmt: skip
        try:
            for name in sorted(run.curves):
                made.define_metric(name, step_metric=f"{name}/step")
            for name, curve in run.curves.items():
                for step, value in curve:
                    made.log({name: value, f"{name}/step": step})
            for name, value in run.measures.items():
                made.summary[name] = value
            for name, text in run.files.items():
                path = Path(made.dir) / name
                path.write_text(text, encoding="utf-8", newline="\n")
                made.save(str(path), base_path=made.dir, policy="now")
            folder = Path(made.dir).parent
        finally:
            made.finish(exit_code=1 if run.error else 0)
        self._await_records(folder)
        (folder / CONTENT).write_text(content + "\n", encoding="ascii")

    def _await_records(self, folder: Path) -> None:
        """Wait until the last record lies in the file: the package's process writes it after
        ``finish`` has returned.

        Raises:
            InputError: where it does not come.
        """
        record = importlib.import_module("wandb.proto.wandb_internal_pb2").Record
        (file,) = folder.glob("run-*.wandb")
        until = time.monotonic() + PATIENCE
        while True:
            last = deque(packed_records(file), maxlen=1)
            if last and record.FromString(last[0]).WhichOneof("record_type") == "exit":
                return
            if time.monotonic() > until:
                raise InputError(f"{printable(file)}: the offline run was not written to its end.")
            time.sleep(0.01)

    def _settings(self) -> Any:
        """Offline, and without what it would gather of this machine and of the caller's code."""
        return self._wandb.Settings(
            mode="offline", console="off", silent=True, disable_code=True, disable_git=True,
            save_code=False, x_disable_meta=True, x_disable_stats=True, x_save_requirements=False,
        )  # fmt: skip

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Faults of the disk and of the package as one sentence."""
        try:
            yield
        except (OSError, self._wandb.errors.Error) as error:
            logging.getLogger(__name__).info("wandb", exc_info=error)
            lines = str(error).strip().splitlines() or [type(error).__name__]
            raise InputError(
                f"{printable(self._folder)}: the offline run cannot be written ({lines[0][:200]})."
            ) from error


def _content(folder: Path) -> str:
    try:
        return (folder / CONTENT).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
