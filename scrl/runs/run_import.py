"""An exported run that is brought back: everything in it is checked before a page shows it."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from scrl.data.dataclass_json import to_plain
from scrl.results import LatentMap, RunResult
from scrl.runs.bundle import FOREIGN, IMPORTED, parse_files, plain_json, unzipped
from scrl.runs.csv_export import scores_of
from scrl.runs.seed_spread import SOURCES
from scrl.runs.serialization import pack_source, unpack
from scrl.scenarios.scenario import Scenario
from scrl.types import InputError, Ratings
from scrl.voting.registry import RULES

_MAX_TEXT, _MAX_VERSIONS, _MAX_NOTES = 200, 40, 100
_NOT_SOUND = "The results in this archive do not fit its data, so they are not imported."
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


def read_run(data: bytes) -> ImportedRun:
    """Read a zip of ``export_run``. Nothing in it is run, and no file is written.

    Raises:
        InputError: for another file, one of another version, a damaged one, or one whose results
            do not fit its data.
    """
    files = unzipped(data, IMPORTED)
    source, config, seeds, _ = parse_files(files)
    try:
        manifest = plain_json(files["manifest.json"])
        result = _typed(RunResult, files["result.json"])
        latent = _typed(LatentMap, files["latent.json"])
        if not set(config.rules) <= set(RULES):
            raise InputError(
                "This run counts by a rule that this version of the software does not know."
            )
        _require(list(manifest["rules"]) == list(config.rules))
        _check_result(result, source, config.rules, len(seeds))
        _check_latent(latent)
        content = {"result": result, "latent": latent, "config": to_plain(config),
                   "yaml": source.to_yaml()}  # fmt: skip
        if "curves.json" in files:
            content["curves"] = _curves(plain_json(files["curves.json"]))
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
    return packed, ""


@cache
def _adapter(kind: Any) -> TypeAdapter:
    return TypeAdapter(kind)


def _typed(kind: Any, data: bytes) -> Any:
    """JSON of a type of ``scrl.results``, as it is in the archive."""
    found = plain_json(data)
    try:
        _adapter(kind).validate_json(data, strict=True)
    except ValidationError as error:
        raise InputError(_NOT_SOUND) from error
    return found


def _require(fits: bool) -> None:
    if not fits:
        raise InputError(_NOT_SOUND)


def _check_result(
    result: RunResult, source: Scenario | Ratings, rules: Sequence[str], seeds: int
) -> None:
    """Refuse results whose prompts, completions, rules and seeds are not those of the run."""
    catalogue = source.catalogue
    _require(bool(result["prompts"]) and len(result["notes"]) <= _MAX_NOTES)
    for prompt, entry in result["prompts"].items():
        _require(prompt in catalogue.prompts)
        names = catalogue.names(catalogue.prompts.index(prompt))
        _require(sorted(entry["completions"]) == sorted(names))
        parts: Mapping[str, Any] = entry
        _require(set(entry["social"]) == set(entry["voters"]) == set(rules))
        for part in ("truth", "raters"):
            _require(part not in parts or set(parts[part]) >= set(rules))
        _require("truth" in parts or not source.is_scenario)
        _check_outcome(entry["vanilla"], names)
        _require(sorted(entry["vanilla"]["mle"]) == sorted(names))
        for part in ("truth", "raters", "voters", "social"):
            for outcome in parts.get(part, {}).values():
                _check_outcome(outcome, names)
        for part in ("agreement", "welfare"):
            _require(part not in parts or "truth" in parts)
    for cluster in result["silence"]["kinds"]:
        for prompt, block in cluster["prompts"].items():
            _require(prompt in result["prompts"])
            known = set(result["prompts"][prompt]["completions"])
            _require({name for tied in block["order"] for name in tied} <= known)
            _require(set(block["silent"]) <= known)
    if "seeds" in result:
        _check_seeds(result, rules, seeds)
    else:
        _require(seeds == 1)


def _check_outcome(outcome: Mapping, names: Sequence[str]) -> None:
    """Refuse an outcome that does not order and value exactly these names."""
    _require(sorted(name for tied in outcome["order"] for name in tied) == sorted(names))
    _require(all(outcome["order"]))
    _require(sorted(outcome.get("rewards") or scores_of(outcome)) == sorted(names))


def _check_seeds(result: RunResult, rules: Sequence[str], count: int) -> None:
    """Refuse results of several seeds that lack one, or order other completions."""
    seeds = result["seeds"]
    _require(len(seeds["seeds"]) == count and set(seeds["prompts"]) == set(result["prompts"]))
    for values in seeds["latent"].values():
        _require(len(values) == count and all(map(_is_number, values)))
    _require({"active_units", "components"} <= set(seeds["latent"]))
    for prompt, parts in seeds["prompts"].items():
        names = sorted(result["prompts"][prompt]["completions"])
        for source in set(SOURCES) & set(parts):
            by_rule = {"": parts[source]} if source == "vanilla" else parts[source]
            _require(set(by_rule) <= {"", *RULES})
            for outcome in by_rule.values():
                _require(len(outcome["order"]) == count)
                for order in outcome["order"]:
                    _require(sorted(name for tied in order for name in tied) == names)
                by_name: Mapping = outcome.get("rewards") or scores_of(outcome)
                _require(sorted(by_name) == names)
                for row in by_name.values():
                    _require(len(row) == count and all(map(_is_number, row)))
        for rule, by_source in parts.get("agreement", {}).items():
            _require(rule in rules and "truth" in result["prompts"][prompt])
            for agreement in by_source.values():
                _require(len(agreement["tau"]) == count and all(map(_is_number, agreement["tau"])))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _past_time(value: object) -> float | None:
    """Seconds since 1970 of a moment before now; None for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= time.time():
        return float(value)
    return None


def _check_latent(latent: LatentMap) -> None:
    """Refuse a map whose lists differ in length."""
    lists = (latent["x"], latent["y"], latent["type"], latent["marked"])
    _require(len({len(values) for values in lists}) == 1)
    _require(all(-1 <= i < len(latent["types"]) for i in latent["type"]))
    _require(len(latent["explained"]) >= 2)


def _curves(curves: Mapping[str, list[float]]) -> dict[str, list[float]]:
    """Loss curves of a run of an earlier version."""
    for values in curves.values():
        _require(len(values) == len(curves["step"]) and all(map(_is_number, values)))
    return dict(curves)


def _texts(versions: Any) -> dict[str, str]:
    """Versions by package; of foreign data no more than fits a list."""
    found = versions if isinstance(versions, dict) else {}
    return {
        str(key)[:_MAX_TEXT]: str(value)[:_MAX_TEXT]
        for key, value in list(found.items())[:_MAX_VERSIONS]
    }
