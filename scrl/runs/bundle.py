"""A finished run as one zip: its source and settings, its results, and how to reproduce it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from operator import index
from typing import TYPE_CHECKING, Any

from scrl import figures
from scrl.config import MAX_SEEDS
from scrl.runs.csv_files import orders_csv
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
#: Bytes that a zip, and all files in it together, may take.
MAX_PACKED_BYTES, MAX_UNPACKED_BYTES = 256 * 2**20, 512 * 2**20
#: Files in a zip, and bytes of its list of files.
MAX_FILES, MAX_DIRECTORY_BYTES = 1000, 2**17
FOREIGN = "This is not an archive of a run that scrl exported."
#: Prompts whose orders are drawn.
MAX_FIGURES = 20
#: The files that are read again; nothing is ever written to a path that a zip names.
_READ = ("manifest.json", "result.json", "scenario.yaml", "ratings.safetensors")
#: Those that an import reads besides.
IMPORTED = (*_READ, "latent.json", "curves.json", "parameters.safetensors")


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


def read_bundle(data: bytes) -> tuple[Scenario | Ratings, Config, range, dict]:
    """Read a zip of ``write_bundle``.

    Returns:
        The source, the configuration, the seeds and the result file.

    Raises:
        InputError: for any other file, or one that unpacks to more than ``MAX_UNPACKED_BYTES``.
    """
    return parse_files(unzipped(data))


def parse_files(files: Mapping[str, bytes]) -> tuple[Scenario | Ratings, Config, range, dict]:
    """As ``read_bundle``, for the files of a zip."""
    from scrl.config import Config
    from scrl.runs.serialization import config_of, unpack_source

    try:
        manifest, result = (plain_json(files[f"{n}.json"]) for n in ("manifest", "result"))
        format = manifest["format"]
        if format not in FORMATS and (
            isinstance(format, int) or str(format).startswith("scrl run ")
        ):
            raise InputError(
                "Another version of the software exported this run; import it with that version, "
                "or run it again there and here."
            )
        if format not in FORMATS:
            raise KeyError
        seed, rules = index(manifest["seed"]), tuple(manifest["rules"])
        seeds = range(seed, seed + index(manifest.get("seeds", 1)))
        config = manifest["config"]
        config = Config(rules=rules) if config is None else config_of(config)
        if (
            not isinstance(config, Config)
            or not 0 <= seed < 2**32
            or not 1 <= len(seeds) <= MAX_SEEDS
        ):
            raise TypeError
        source: Scenario | Ratings
        if "scenario.yaml" in files:
            source = parse_scenario(files["scenario.yaml"], "scenario.yaml")
        else:
            source = unpack_source(files["ratings.safetensors"])
        iter(result["prompts"].items())
    except InputError:
        raise
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(FOREIGN) from error
    return source, config, seeds, result


def plain_json(data: bytes) -> Any:
    """JSON whose numbers are finite, whose keys differ and whose texts can be written as UTF-8.

    Raises:
        ValueError: for anything else.
    """

    def refuse(text: str) -> None:
        raise ValueError(text)

    def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(found := dict(pairs)) != len(pairs):
            raise ValueError("a key stands twice")
        return found

    content = json.loads(data, parse_constant=refuse, object_pairs_hook=distinct)
    json.dumps(content, ensure_ascii=False).encode()  # half of a surrogate pair is no text
    return content


def unzipped(data: bytes, names: Sequence[str] = _READ) -> dict[str, bytes]:
    """The files of these names in a zip, in memory; a name that it lacks is left out.

    Raises:
        InputError: for another file, a zip that names a path outside itself, or one too large.
    """
    if len(data) > MAX_PACKED_BYTES:
        raise InputError(f"The archive has more than {MAX_PACKED_BYTES / 2**20:,.0f} MB.")
    _check_directory(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inside = archive.infolist()
            _check_names([entry.filename for entry in inside])
            left, files = MAX_UNPACKED_BYTES, {}
            for entry in inside:
                if entry.filename not in names:
                    continue
                with archive.open(entry) as file:  # the sizes in a header may be false
                    files[entry.filename] = file.read(left + 1)
                left -= len(files[entry.filename])
                if left < 0:
                    raise InputError(
                        f"The archive unpacks to more than {MAX_UNPACKED_BYTES / 2**20:,.0f} MB."
                    )
            return files
    except Exception as error:  # a malformed zip raises many kinds
        if isinstance(error, InputError):
            raise
        raise InputError(FOREIGN) from error


def _check_directory(data: bytes) -> None:
    """Refuse a zip whose list of files is long, before it is read: it may name millions."""
    end = data.rfind(b"PK\x05\x06", max(0, len(data) - 2**16 - 22))
    if end < 0 or len(data) < end + 22:
        raise InputError(FOREIGN)
    size = int.from_bytes(data[end + 12 : end + 16], "little")
    if size > MAX_DIRECTORY_BYTES or data[max(0, end - 20) : end].startswith(b"PK\x06\x07"):
        raise InputError("The archive holds too many files; it is not read.")


def _check_names(names: Sequence[str]) -> None:
    if len(names) > MAX_FILES:
        raise InputError("The archive holds too many files; it is not read.")
    for name in names:
        if name.startswith(("/", "\\")) or ".." in name or ":" in name or "\\" in name:
            raise InputError("The archive names a path outside itself; it is not read.")
    if len(set(names)) < len(names):
        raise InputError("The archive holds a file twice; it is not read.")


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
