"""The protocol of baked studies: settings, a run, and a spot check of the stored result."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from scrl.types import InputError, Progress

Listener = Callable[[Progress], None] | None
#: Most differences that a spot check reports.
MAX_DIFFERENCES = 10


class Study(Protocol):
    """A computation of some minutes whose result is shipped with the library (see ``baking``).

    Attributes:
        name: of the baked file, without its suffix.
        title: one line for lists.
        modules: the modules that make the result; ``code_hash`` adds what they import.
        needs_data: whether it needs the folder of real people's ballots.
    """

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def modules(self) -> tuple[str, ...]: ...

    @property
    def needs_data(self) -> bool: ...

    def spec(self) -> str:
        """A hash of everything that the result depends on except code and real people's data."""
        ...

    def run(self, on_progress: Listener = None, data: Path | None = None) -> dict[str, Any]:
        """The content of the baked file: ``"result"`` and what else the study keeps.

        Args:
            data: the folder of real people's ballots.

        Raises:
            InputError: where ``data`` is needed and missing.
        """
        ...

    def spot_check(
        self, content: Mapping[str, Any], on_progress: Listener = None, data: Path | None = None
    ) -> list[str]:
        """Recompute a part of a stored content and compare it within a tolerance of the study.

        Returns:
            A message for each difference; empty where the two agree.
        """
        ...


@dataclass(frozen=True)
class ModuleStudy:
    """A ``Study`` made of a module's functions, without real people's ballots.

    Attributes:
        name, title, modules: as of ``Study``.
        compute_spec, compute: the functions behind ``spec`` and ``run``.
        check: the function behind ``spot_check``, given the stored content.
    """

    name: str
    title: str
    modules: tuple[str, ...]
    compute_spec: Callable[[], str]
    compute: Callable[[Listener], dict[str, Any]]
    check: Callable[[Mapping[str, Any], Listener], list[str]]
    needs_data: bool = False

    def spec(self) -> str:
        return self.compute_spec()

    def run(self, on_progress: Listener = None, data: Path | None = None) -> dict[str, Any]:
        return self.compute(on_progress)

    def spot_check(
        self, content: Mapping[str, Any], on_progress: Listener = None, data: Path | None = None
    ) -> list[str]:
        return self.check(content, on_progress)


def settings_hash(*settings: Any) -> str:
    """A hash of settings, of dataclasses by their values only: a renamed field changes nothing."""
    return hashlib.sha256(repr(_values(settings)).encode()).hexdigest()[:16]


def _values(settings: Any) -> Any:
    if is_dataclass(settings) and not isinstance(settings, type):
        return tuple(_values(getattr(settings, f.name)) for f in fields(settings))
    if isinstance(settings, tuple | list):
        return tuple(map(_values, settings))
    if isinstance(settings, Mapping):
        return tuple((key, _values(value)) for key, value in settings.items())
    return settings


def data_folder(data: Path | None) -> Path:
    """The folder of real people's ballots.

    Raises:
        InputError: where none is given.
    """
    if data is None:
        raise InputError("This study reads real people's ballots; give --people FOLDER.")
    return data


def differences(stored: Any, fresh: Any, tolerance: float = 0.0, where: str = "") -> list[str]:
    """Differences of two nested results: numbers that differ by more than ``tolerance``, other
    values that are unequal.

    Args:
        where: prefix of the paths in messages; it ends with a dot.
    """
    return _differences(stored, fresh, tolerance, where)[:MAX_DIFFERENCES]


def selected(mapping: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    """Some of a mapping's entries."""
    return {key: mapping[key] for key in keys}


def _differences(stored: Any, fresh: Any, tolerance: float, where: str) -> list[str]:
    if isinstance(stored, Mapping) and isinstance(fresh, Mapping):
        found = [
            f"{where}{key}: only one of the two has it" for key in stored.keys() ^ fresh.keys()
        ]
        for key in stored.keys() & fresh.keys():
            found += _differences(stored[key], fresh[key], tolerance, f"{where}{key}.")
        return sorted(found)
    name = where.rstrip(".")
    if _is_sequence(stored) and _is_sequence(fresh):
        if len(stored) != len(fresh):
            return [f"{name}: {len(stored)} values stored, {len(fresh)} computed"]
        pairs = enumerate(zip(stored, fresh, strict=True))
        return [d for i, (a, b) in pairs for d in _differences(a, b, tolerance, f"{where}{i}.")]
    if _is_number(stored) and _is_number(fresh):
        a, b = float(stored), float(fresh)
        same = bool(np.isclose(a, b, rtol=0.0, atol=tolerance, equal_nan=True))
    else:
        same = bool(stored == fresh)
    return [] if same else [f"{name}: {stored!r} stored, {fresh!r} computed"]


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence | np.ndarray) and not isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)
