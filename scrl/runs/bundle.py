"""A finished run as one zip: what was asked, what came out, and how to make it again."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING

from scrl import figures
from scrl.config import MOST_SEEDS
from scrl.runs.csv_export import orders_csv
from scrl.scenarios.parsing import parse_scenario
from scrl.scenarios.scenario import Scenario
from scrl.types import InputError, Ratings

if TYPE_CHECKING:
    from scrl.config import Config
    from scrl.runs.archive import Kept

FORMAT = "scrl run 1"
COMMAND = "python -m scrl reproduce ARCHIVE.zip"
#: Bytes that an archive, and all in it together, may take.
MOST_PACKED, MOST_UNPACKED = 256 * 2**20, 1024 * 2**20
#: Figures of orders, at most.
MOST_PROMPTS = 20
#: All that is read again; nothing is ever written to a path that an archive names.
_READ = ("manifest.json", "result.json", "scenario.yaml", "ratings.csv", "ratings.safetensors")


def bundle(kept: Kept, content: Mapping, source: bytes, learnt: bytes | None) -> bytes:
    """The zip. Figures are pages that need no network: Plotly's script lies beside them."""
    from scrl.runs.serialization import unpack_source

    result, asked = content["result"], unpack_source(source)
    files: dict[str, str | bytes] = {
        "result.json": _json(result),
        "orders.csv": orders_csv(result),
        "curves.json": _json(content.get("curves", {})),
        "latent.json": _json(content["latent"]),
        **_figures(content),
    }
    if asked.is_scenario:
        files["scenario.yaml"] = asked.to_yaml()
    else:
        from scrl.data.readers import to_csv

        files["ratings.csv"] = to_csv(asked)
        files["ratings.safetensors"] = source  # a CSV does not say everything
    if learnt:
        files["parameters.safetensors"] = learnt
    files["manifest.json"] = _json({
        "format": FORMAT, "name": kept.name, "scenario": kept.scenario, "seed": kept.seed,
        "seeds": kept.seeds, "rules": list(kept.rules), "created": kept.created,
        "versions": kept.versions, "device": result.get("device", ""),
        "config": content.get("config"),
        "reproduce": COMMAND, "files": sorted([*files, "manifest.json"]),
    })  # fmt: skip
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name), files[name], zipfile.ZIP_DEFLATED)
    return out.getvalue()


def read_bundle(data: bytes) -> tuple[Scenario | Ratings, Config, range, dict]:
    """What a zip says was asked, and its result.

    Returns:
        The source, the configuration, the seeds and the result file.

    Raises:
        InputError: where it is no such archive, or unpacks to more than ``MOST_UNPACKED``.
    """
    from scrl.config import Config
    from scrl.runs.serialization import from_plain, unpack_source

    files = _unzipped(data)
    try:
        manifest, result = (json.loads(files[f"{n}.json"]) for n in ("manifest", "result"))
        if manifest["format"] != FORMAT:
            raise KeyError
        seed, rules = int(manifest["seed"]), tuple(manifest["rules"])
        seeds = range(seed, seed + int(manifest.get("seeds", 1)))
        config = manifest["config"]
        config = Config(rules=rules) if config is None else from_plain(config, {})
        if (
            not isinstance(config, Config)
            or not 0 <= seed < 2**32
            or not 1 <= len(seeds) <= MOST_SEEDS
        ):
            raise TypeError
        if "scenario.yaml" in files:
            source = parse_scenario(files["scenario.yaml"], "scenario.yaml")
        else:
            source = unpack_source(files["ratings.safetensors"])
        iter(result["prompts"].items())
    except InputError:
        raise
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise InputError("This is not an archive of a run that scrl exported.") from error
    return source, config, seeds, result


def _unzipped(data: bytes) -> dict[str, bytes]:
    """The known files of an archive, in memory."""
    if len(data) > MOST_PACKED:
        raise InputError(f"The archive has more than {MOST_PACKED / 2**20:,.0f} MB.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inside = archive.infolist()
            for entry in inside:
                name = entry.filename
                if name.startswith(("/", "\\")) or ".." in name or ":" in name or "\\" in name:
                    raise InputError("The archive names a path outside itself; it is not read.")
            if len({e.filename for e in inside}) < len(inside):
                raise InputError("The archive holds a file twice; it is not read.")
            left, files = MOST_UNPACKED, {}
            for entry in inside:
                if entry.filename not in _READ:
                    continue
                with archive.open(entry) as file:  # what a header says of sizes may be a lie
                    files[entry.filename] = file.read(left + 1)
                left -= len(files[entry.filename])
                if left < 0:
                    raise InputError(
                        f"The archive unpacks to more than {MOST_UNPACKED / 2**20:,.0f} MB."
                    )
            return files
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise InputError("This is not an archive of a run that scrl exported.") from error
    except Exception as error:
        if isinstance(error, InputError):
            raise
        raise InputError("This is not an archive of a run that scrl exported.") from error


def differences(before: Mapping, after: Mapping) -> list[str]:
    """Where two result files differ in an order, a score or a reward, a sentence each."""
    found = []
    for prompt in dict.fromkeys([*before["prompts"], *after["prompts"]]):
        one, other = (r["prompts"].get(prompt) for r in (before, after))
        if one is None or other is None:
            found.append(f"{prompt}: only one of the two has this prompt.")
            continue
        if one.get("vanilla") != other.get("vanilla"):
            found.append(f"{prompt}: the vanilla orders or rewards differ.")
        for part in ("truth", "raters", "voters", "social"):
            mine, theirs = one.get(part, {}), other.get(part, {})
            for rule in dict.fromkeys([*mine, *theirs]):
                if mine.get(rule) == theirs.get(rule):
                    continue
                orders = [side.get(rule, {}).get("order") for side in (mine, theirs)]
                what = "scores or rewards" if orders[0] == orders[1] else "orders"
                found.append(f"{prompt}: the {what} of {part} by {rule} differ.")
    if before.get("seeds") != after.get("seeds"):
        found.append("What the other seeds gave differs.")
    return found


def _figures(content: Mapping) -> dict[str, str]:
    from plotly.offline import get_plotlyjs

    drawn = {"latent": figures.latent_map(content["latent"])}
    curves = dict(content.get("curves", {}))
    if steps := curves.pop("step", None):
        drawn["curves"] = figures.loss_curves({n: (steps, v) for n, v in curves.items()})
    for i, entry in enumerate(list(content["result"]["prompts"].values())[:MOST_PROMPTS], 1):
        columns = [("Bradley–Terry", entry["vanilla"]["order"])]
        columns += [(rule, outcome["order"]) for rule, outcome in entry["social"].items()]
        drawn[f"orders-{i}"] = figures.bump_chart(columns, entry["completions"])
    pages = {
        f"figures/{name}.html": figure.to_html(include_plotlyjs="directory")
        for name, figure in drawn.items()
    }
    return {**pages, "figures/plotly.min.js": get_plotlyjs()}


def _json(value) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
