"""A run as a tracker keeps it: names, numbers, curves, labels and files, all plain data."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

#: What a tracker's name may hold; MLflow refuses anything else.
_FOREIGN = re.compile(r"[^\w\- .]|^[. ]+|[. ]+$")
#: Characters of one part of a name.
MAX_PART = 80
#: The steps and the values of a curve.
Curve = Sequence[tuple[int, float]]


@dataclass(frozen=True)
class TrackedRun:
    """One run.

    Attributes:
        id: names the same run at every export; a hash, or the id of a stored run.
        name: as people read it.
        params: setting -> its value as text.
        measures: measure -> its last value, finite.
        curves: measure -> ``(step, value)`` in order of steps.
        tags: label -> text.
        files: path inside the run -> its text.
        error: why the run failed; "" where it did not.
        started, ended: seconds since 1970; None where it is not known.
        step: at which the measures stand; of a sweep, how many of its tasks have ended.
        unfinished: whether more is to come.
    """

    id: str
    name: str
    params: Mapping[str, str] = field(default_factory=dict)
    measures: Mapping[str, float] = field(default_factory=dict)
    curves: Mapping[str, Curve] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    error: str = ""
    started: float | None = None
    ended: float | None = None
    step: int = 0
    unfinished: bool = False

    @property
    def content(self) -> str:
        """A hash of everything but the times: a second export compares it."""
        parts = [self.name, self.params, self.measures, self.curves, self.tags, self.files]
        text = json.dumps(
            [*parts, self.error, self.step, self.unfinished], sort_keys=True, default=dict
        )
        return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


@dataclass(frozen=True)
class TrackedGroup:
    """A sweep: a run of its own, and the runs of its tasks below it, read one after another."""

    parent: TrackedRun
    tasks: Iterable[TrackedRun]


def key(*parts: object) -> str:
    """A name made of parts, which trackers group by: ``agreement/borda/social/tau``.

    Characters that trackers refuse become underscores.
    """
    return "/".join(_FOREIGN.sub("_", str(part))[:MAX_PART].strip(". ") or "_" for part in parts)


def named(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Finite values by name; a name that stands already gets a number."""
    found: dict[str, float] = {}
    for name, value in pairs:
        if not math.isfinite(value):
            continue
        unique, n = name, 2
        while unique in found:
            unique, n = f"{name}-{n}", n + 1
        found[unique] = float(value)
    return found


def flat(tree: object, *path: str) -> Iterator[tuple[str, str]]:
    """The leaves of nested settings as ``(name, text)``; a list is one leaf."""
    if isinstance(tree, Mapping):
        for part, inner in tree.items():
            yield from flat(inner, *path, str(part))
    elif path:
        text = tree if isinstance(tree, str) else json.dumps(tree, ensure_ascii=False, default=str)
        yield key(*path), text


def hashed(*values: object) -> str:
    """A hash of plain values."""
    text = json.dumps(values, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]
