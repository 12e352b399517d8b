"""A run's content, or its result file alone, as a tracked run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scrl.data.files import printable
from scrl.tracking.measures import curves_of, metrics_of
from scrl.tracking.records import TrackedRun, flat, hashed
from scrl.tracking.run_files import run_files
from scrl.types import InputError

FAULTS = (KeyError, ValueError, TypeError, AttributeError, IndexError, RecursionError)
#: What ``tracked`` takes.
KINDS = "a result file, an exported run (ZIP), the file of stored runs or the folder of a sweep"


def run_of_content(
    content: Mapping[str, Any],
    file: str,
    versions: Mapping[str, str] | None = None,
    name: str = "",
    started: float | None = None,
    id: str | None = None,
    drawn: bool = True,
) -> TrackedRun:
    """A run from its content (``RunContent``), or from its result file alone.

    Args:
        file: for messages. drawn: whether its figures are among its files.

    Raises:
        InputError: for other content.
    """
    try:
        result = content.get("result", content)
        if not ("accuracy" in result or "prompts" in result):
            raise KeyError("prompts")
        scenario = str(result.get("scenario", ""))
        seed = result.get("seed")
        tags = {"scenario": scenario} if scenario else {}
        tags |= {"seed": str(seed)} if seed is not None else {}
        tags |= {"device": str(result["device"])} if result.get("device") else {}
        tags |= {f"version.{k}": str(v) for k, v in (versions or {}).items()}
        timeless = {k: v for k, v in result.items() if k not in ("seconds", "device")}
        seconds = float(result.get("seconds", {}).get("total", 0.0))
        return TrackedRun(
            id or hashed("result", timeless, content.get("config")),
            name or scenario or "result",
            params=_params(result, content.get("config")),
            measures=metrics_of(result),
            curves=curves_of(content),
            tags=tags,
            files=run_files(content, result, drawn),
            started=started,
            ended=None if started is None else started + seconds,
        )
    except FAULTS as error:
        raise InputError(
            f"{file}: this is no result that scrl can track "
            f"({type(error).__name__} at {printable(error)}); give {KINDS}."
        ) from error


def _params(result: Mapping[str, Any], config: Mapping[str, Any] | None) -> dict[str, str]:
    found = {
        name: str(result[name])
        for name in ("scenario", "seed", "raters", "pairs")
        if name in result
    }
    if "latent" in result:
        found["raters"] = str(result["latent"]["raters"])
    if isinstance(result.get("seeds"), Mapping):
        found["seeds"] = str(len(result["seeds"]["seeds"]))
    prompts: Mapping[str, Any] = result.get("prompts", {})
    rules = next((entry.get("social") for entry in prompts.values()), None)
    if isinstance(rules, Mapping) and rules:
        found["rules"] = ", ".join(rules)
    if isinstance(config, Mapping):
        found |= dict(flat(config, "config"))
    return found
