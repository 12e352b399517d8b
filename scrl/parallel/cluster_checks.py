"""What a cluster must have before and while tasks run on it: workers, and the same code on each."""

from __future__ import annotations

import hashlib
import logging
import math
import os
import sys
import time
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from scrl.types import InputError

if TYPE_CHECKING:
    from distributed import Client

log = logging.getLogger(__name__)
#: The environment variable with the seconds for which a cluster may be without any worker, and
#: its default.
PATIENCE_VARIABLE, WORKER_PATIENCE = "SCRL_CLUSTER_PATIENCE", 600.0
#: Seconds between two looks at the number of workers, and until an absence of all is told: a
#: nanny starts a dead worker again within this time.
LOOK_SECONDS, TELL_SECONDS = 2.0, 10.0
#: Seconds in which a scheduler must tell its number of workers.
_ANSWER_SECONDS = 10.0
#: What to do about a worker with other code; messages of such workers end with it.
SAME_VERSION = "install the same version of scrl on every worker."
#: What a worker of a later look says of itself.
OTHER_CODE = f"A worker has other code than the process that gives the tasks; {SAME_VERSION}"
#: Packages on whose version the digits of results depend.
_PACKAGES = ("jax", "jaxlib")


class WorkerWatch:
    """Whether a cluster has a worker; asked now and then while somebody waits for its results.

    Args:
        client: of the cluster.
        tell_after: seconds without a worker after which that is told.

    Raises:
        InputError: where ``SCRL_CLUSTER_PATIENCE`` is no number of seconds.
    """

    def __init__(self, client: Client, tell_after: float = TELL_SECONDS) -> None:
        self._client, self._tell_after, self._patience = client, tell_after, _patience()
        self._next = 0.0
        self._none_since: float | None = None
        self._told = False

    def look(self) -> bool:
        """Ask the scheduler, unless it has been asked just now; whether there is a worker, as far
        as is known.

        Raises:
            InputError: where there has been none for too long.
        """
        now = time.monotonic()
        if now >= self._next:
            self._next = now + LOOK_SECONDS
            self._note(_number_of_workers(self._client), now)
        return self._none_since is None

    def _note(self, workers: int | None, now: float) -> None:
        if workers is None:  # who waits for results learns that the scheduler is gone
            return
        if workers:
            if self._told:
                log.warning("The cluster has a worker again; the work goes on.")
            self._none_since, self._told = None, False
            return
        if self._none_since is None:
            self._none_since = now
        address, waited = self._client.scheduler.address, now - self._none_since
        if waited >= self._patience:
            raise InputError(
                f"The cluster at {address} has had no worker for {_duration(self._patience)}; "
                f"start workers by `dask worker {address}` and give the same command again. "
                f"{PATIENCE_VARIABLE} sets how many seconds to wait."
            )
        if waited >= self._tell_after and not self._told:
            self._told = True
            log.warning(
                "The cluster at %s has no worker; start some by `dask worker %s`. The work goes on "
                "when one comes, and stops after %s without.",
                address, address, _duration(self._patience),
            )  # fmt: skip


def check_workers(client: Client) -> None:
    """Wait for the first worker, and compare the code of every worker with that of this process.

    Raises:
        InputError: where no worker comes, or one has other code; it is named.
    """
    watch = WorkerWatch(client, tell_after=0.0)
    while not watch.look():
        time.sleep(0.2)
    own = environment()
    for address, found in client.run(environment, on_error="return").items():
        if isinstance(found, ImportError):
            raise InputError(f"The worker at {address}: {found}; {SAME_VERSION}")
        if not isinstance(found, dict):  # it has just ended, or is older than this question
            continue
        for name, value in own.items():
            if found.get(name) != value:
                there = _differing(name, found.get(name), value)
                raise InputError(f"The worker at {address} has {there}; {SAME_VERSION}")


def _differing(name: str, found: str | None, own: str) -> str:
    if name == "scrl":
        return "other code of scrl than this process"
    return f"{name} {found or '(none)'}, and this process {own}"


@cache
def environment() -> dict[str, str]:
    """On what the results of this process depend: a hash of the files of the package, the version
    of Python, and those of ``_PACKAGES``."""
    root, known = Path(__file__).resolve().parents[1], hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        known.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    found = {"scrl": known.hexdigest(), "Python": ".".join(map(str, sys.version_info[:2]))}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found


def _number_of_workers(client: Client) -> int | None:
    """None where the scheduler does not answer."""
    try:
        found = client.sync(client.scheduler.identity, n_workers=0,
                            callback_timeout=_ANSWER_SECONDS)  # fmt: skip
        return int(found["n_workers"])
    except (OSError, TimeoutError):
        return None


def _patience() -> float:
    text = os.environ.get(PATIENCE_VARIABLE, "")
    try:
        seconds = float(text or WORKER_PATIENCE)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise InputError(f"{PATIENCE_VARIABLE} is '{text[:40]}'; give a number of seconds.")
    return seconds


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:g} seconds"
