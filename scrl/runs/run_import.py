"""An exported run that is brought back: everything in it is checked before a page shows it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scrl.data.dataclass_json import to_plain
from scrl.results import LatentMap
from scrl.runs.bundle import IMPORTED, parse_files
from scrl.runs.serialization import pack_source, unpack
from scrl.runs.stored_results import check_latent, is_number, read_json, read_typed, require
from scrl.runs.zip_files import FOREIGN, unzipped
from scrl.scenarios.scenario import Scenario
from scrl.types import InputError, Ratings

_MAX_TEXT, _MAX_VERSIONS = 200, 40
_FAULTS = (KeyError, ValueError, TypeError, AttributeError, IndexError, RecursionError)


@dataclass(frozen=True, eq=False)
class ImportedRun:
    """A run of an archive, checked.

    Attributes:
        name: as its owner named it.
        source, packed_source: the scenario or ratings, and their bytes as ``pack_source`` gives.
        content: plain data, as ``Archive.finish`` takes it.
        fitted: the packed fitted run; None where the archive has none that can be read.
        versions: of the software that made it, by package.
        created: when it was trained, seconds since 1970; None where the archive does not say.
        note: why there is no fitted run although the archive has one, else "".
    """

    name: str
    source: Scenario | Ratings
    packed_source: bytes
    seed: int
    seeds: int
    rules: tuple[str, ...]
    content: dict[str, Any]
    fitted: bytes | None
    versions: dict[str, str]
    created: float | None
    note: str


def read_run(data: bytes | Path) -> ImportedRun:
    """Read a zip of ``export_run``. Nothing in it is run, and no file is written.

    Raises:
        InputError: for another file, one of another version, a damaged one, or one whose results
            do not fit its data.
    """
    files = unzipped(data, IMPORTED)
    source, config, seeds, result = parse_files(files)
    try:
        manifest = read_json(files["manifest.json"], "manifest.json")
        latent = read_typed(LatentMap, files["latent.json"], "latent.json")
        check_latent(latent)
        content = {"result": result, "latent": latent, "config": to_plain(config),
                   "yaml": source.to_yaml()}  # fmt: skip
        if "curves.json" in files:
            content["curves"] = _curves(read_json(files["curves.json"], "curves.json"))
        name = str(manifest.get("name") or source.name)[:_MAX_TEXT]
        versions = _texts(manifest.get("versions"))
        created = _past_time(manifest.get("created"))
    except InputError:
        raise
    except _FAULTS as error:
        raise InputError(FOREIGN) from error
    fitted, note = _checked_fitted(files.get("parameters.safetensors"), source)
    return ImportedRun(
        name, source, pack_source(source), seeds.start, len(seeds), config.rules, content, fitted,
        versions, created, note,
    )  # fmt: skip


def _checked_fitted(
    packed: bytes | None, source: Scenario | Ratings
) -> tuple[bytes | None, str]:  # fmt: skip
    """The packed fitted run and ""; None and the reason where it cannot be read."""
    if packed is None:
        return None, ""
    try:
        unpack(packed, source)
    except InputError as error:
        return None, str(error)
    return bytes(packed), ""


def _past_time(value: object) -> float | None:
    """Seconds since 1970 of a moment before now; None for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= time.time():
        return float(value)
    return None


def _curves(curves: Mapping[str, list[float]]) -> dict[str, list[float]]:
    """Loss curves of a run of an earlier version."""
    for values in curves.values():
        require(len(values) == len(curves["step"]) and all(map(is_number, values)))
    return dict(curves)


def _texts(versions: Any) -> dict[str, str]:
    """Versions by package; of foreign data no more than fits a list."""
    found = versions if isinstance(versions, dict) else {}
    return {
        str(key)[:_MAX_TEXT]: str(value)[:_MAX_TEXT]
        for key, value in list(found.items())[:_MAX_VERSIONS]
    }
