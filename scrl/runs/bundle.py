"""A finished run as one zip: its source and settings, its results, and how to reproduce it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from scrl import figures
from scrl.results import RunResult
from scrl.runs.csv_files import orders_csv
from scrl.runs.zip_files import FOREIGN, unzipped
from scrl.scenarios.parsing import parse_scenario
from scrl.scenarios.scenario import Scenario
from scrl.types import InputError, Ratings

if TYPE_CHECKING:
    from scrl.config import Config
    from scrl.runs.archive import Archive
    from scrl.runs.run_record import RunRecord

#: The format that is written, and those that are read.
FORMAT, FORMATS = "scrl run 2", ("scrl run 1", "scrl run 2")
COMMAND = "python -m scrl reproduce ARCHIVE.zip"
#: Prompts whose orders are drawn.
MAX_FIGURES = 20
#: The files that are read again, and their most bytes; nothing is ever written to a path that a
#: zip names.
READ = {"manifest.json": 2**20, "result.json": 2**25, "scenario.yaml": 2**20,
        "ratings.safetensors": 128 * 2**20}  # fmt: skip
#: Those that an import reads besides.
IMPORTED = READ | {"latent.json": 2**25, "curves.json": 2**24,
                   "parameters.safetensors": 128 * 2**20}  # fmt: skip


def export_run(archive: Archive, id: str) -> bytes:
    """A finished run of an archive as a zip.

    Raises:
        InputError: where there is no such finished run.
    """
    record, content, source = archive.get(id), archive.content(id), archive.source(id)
    if record is None or content is None or source is None:
        raise InputError("There is no such finished run to export.")
    return write_bundle(record, content, source, archive.fitted(id))


def write_bundle(
    record: RunRecord, content: Mapping, packed_source: bytes, fitted: bytes | None
) -> bytes:
    """The zip. Its figures are HTML pages that need no network: Plotly's script lies beside
    them."""
    from scrl.runs.serialization import unpack_source

    result, source = content["result"], unpack_source(packed_source)
    files: dict[str, str | bytes] = {
        "result.json": _json(result),
        "orders.csv": orders_csv(result),
        "latent.json": _json(content["latent"]),
        **_figures(content),
    }
    if source.is_scenario:
        files["scenario.yaml"] = source.to_yaml()
    else:
        from scrl.data.csv_format import to_csv

        files["ratings.csv"] = to_csv(source)
        files["ratings.safetensors"] = packed_source  # a CSV lacks features, texts and types
    if "curves" in content:  # of a run of an earlier version
        files["curves.json"] = _json(content["curves"])
    if fitted:
        files["parameters.safetensors"] = fitted
    files["manifest.json"] = _json({
        "format": FORMAT, "name": record.name, "scenario": record.scenario, "seed": record.seed,
        "seeds": record.seeds, "rules": list(record.rules), "created": record.created,
        "versions": record.versions, "device": result.get("device", ""),
        "config": content.get("config"),
        "reproduce": COMMAND, "files": sorted([*files, "manifest.json"]),
    })  # fmt: skip
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name), files[name], zipfile.ZIP_DEFLATED)
    return out.getvalue()


def read_bundle(source: bytes | Path) -> tuple[Scenario | Ratings, Config, range, RunResult]:
    """Read a zip of ``write_bundle``; everything in it is checked.

    Args:
        source: the bytes of a zip, or its path.

    Returns:
        The source, the configuration, the seeds and the result file.

    Raises:
        InputError: for any other file, one that is too large, or one whose parts do not fit each
            other.
    """
    return parse_files(unzipped(source, READ))


def parse_files(
    files: Mapping[str, bytes],
) -> tuple[Scenario | Ratings, Config, range, RunResult]:
    """As ``read_bundle``, for the files of a zip."""
    from scrl.config import Config
    from scrl.runs.serialization import config_of, unpack_source
    from scrl.runs.stored_results import (
        check_result,
        check_rules,
        read_json,
        read_manifest,
        read_typed,
    )

    if "manifest.json" not in files or "result.json" not in files:
        raise InputError(FOREIGN)
    tree = read_json(files["manifest.json"], "manifest.json")
    format = tree.get("format") if isinstance(tree, dict) else None
    if format not in FORMATS:
        _refuse_format(format)
    manifest = read_manifest(tree)
    rules = tuple(manifest.rules)
    config = Config(rules=rules) if manifest.config is None else config_of(manifest.config)
    if config.rules != rules:
        raise InputError(
            "The archive's manifest is wrong: its rules are not those of its settings; export the "
            "run again."
        )
    check_rules(rules)
    source: Scenario | Ratings
    if "scenario.yaml" in files:
        source = parse_scenario(files["scenario.yaml"], "scenario.yaml")
    elif "ratings.safetensors" in files:
        source = unpack_source(files["ratings.safetensors"])
    else:
        raise InputError(FOREIGN)
    result: RunResult = read_typed(RunResult, files["result.json"], "result.json")
    check_result(result, source, rules, manifest.seeds)
    return source, config, range(manifest.seed, manifest.seed + manifest.seeds), result


def _refuse_format(format: object) -> NoReturn:
    if isinstance(format, int) or (isinstance(format, str) and format.startswith("scrl run ")):
        raise InputError(
            "Another version of the software exported this run; import it with that version, "
            "or run it again there and here."
        )
    raise InputError(FOREIGN)


def result_differences(before: Mapping, after: Mapping) -> list[str]:
    """A message for each order, score or reward in which two result files differ."""
    found = []
    for prompt in dict.fromkeys([*before["prompts"], *after["prompts"]]):
        one, other = (r["prompts"].get(prompt) for r in (before, after))
        if one is None or other is None:
            found.append(f"{prompt}: only one of the two has this prompt.")
            continue
        if one.get("vanilla") != other.get("vanilla"):
            found.append(f"{prompt}: the vanilla orders or rewards differ.")
        for part in ("truth", "raters", "voters", "social"):
            first, second = one.get(part, {}), other.get(part, {})
            for rule in dict.fromkeys([*first, *second]):
                if first.get(rule) == second.get(rule):
                    continue
                orders = [side.get(rule, {}).get("order") for side in (first, second)]
                changed = "scores or rewards" if orders[0] == orders[1] else "orders"
                found.append(f"{prompt}: the {changed} of {part} by {rule} differ.")
    if before.get("seeds") != after.get("seeds"):
        found.append("What the other seeds gave differs.")
    return found


def _figures(content: Mapping) -> dict[str, str]:
    from plotly.offline import get_plotlyjs

    drawn = {"latent": figures.latent_map(content["latent"])}
    curves = dict(content.get("curves", {}))
    if steps := curves.pop("step", None):
        drawn["curves"] = figures.loss_curves({n: (steps, v) for n, v in curves.items()})
    for i, entry in enumerate(list(content["result"]["prompts"].values())[:MAX_FIGURES], 1):
        columns = [("Bradley–Terry", entry["vanilla"]["order"])]
        columns += [(rule, outcome["order"]) for rule, outcome in entry["social"].items()]
        drawn[f"orders-{i}"] = figures.bump_chart(columns, entry["completions"])
    pages = {
        f"figures/{name}.html": figure.to_html(include_plotlyjs="directory")
        for name, figure in drawn.items()
    }
    return {**pages, "figures/plotly.min.js": get_plotlyjs()}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
