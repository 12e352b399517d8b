"""The source that a command reads, and the result file that it writes."""

from __future__ import annotations

import json
import secrets
import tempfile
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scrl.cli.columns import stated_columns
from scrl.data.readers import load_ratings
from scrl.scenarios.parsing import load_scenario, with_overrides
from scrl.scenarios.scenario import Scenario
from scrl.scenarios.shipped import gallery
from scrl.text import with_text_features
from scrl.types import InputError, Ratings
from scrl.whole_files import write_whole

SCENARIO_SUFFIXES = (".yaml", ".yml")


def load_source(chosen: Namespace) -> Scenario | Ratings:
    """The scenario or ratings in ``chosen.file``, by its suffix, or the shipped scenario of that
    name."""
    file: Path = chosen.file
    if not file.exists():
        file = gallery().get(str(file), file)
    if file.suffix.lower() not in SCENARIO_SUFFIXES:
        if getattr(chosen, "raters", None):
            raise InputError("--raters is for scenarios; a ratings file has its own raters.")
        return read_ratings(chosen, file)
    if getattr(chosen, "missing", None):
        raise InputError("--missing is for ratings files; a scenario says what is missing itself.")
    if stated_columns(chosen):
        raise InputError("--rater, --completion and the like name the columns of a table.")
    scenario = load_scenario(file)
    raters = getattr(chosen, "raters", None)
    return with_overrides(scenario, raters=raters) if raters else scenario


def read_ratings(chosen: Namespace, file: Path | None = None) -> Ratings:
    """The ratings in ``chosen.file``, a file or a folder, with the columns that are named, and
    with features of texts where ``--texts read`` asks for them."""
    missing = getattr(chosen, "missing", None)
    ratings = load_ratings(file or chosen.file, missing, stated_columns(chosen))
    if getattr(chosen, "texts", "ignore") == "ignore":
        return ratings
    return with_text_features(ratings)


def check_output(path: Path | None) -> None:
    """Raise ``InputError`` before the run where the result could not be written after it."""
    if path is not None and (path.is_dir() or not path.parent.is_dir()):
        raise InputError(f"--out {path}: cannot be written; give a file in a folder that exists.")


def write_result(path: Path | None, result: Mapping[str, Any]) -> None:
    """Write ``result`` as JSON; nothing where there is no path.

    Raises:
        InputError: it cannot be written there; the message says where it is instead.
    """
    if path is None:
        return
    text = json.dumps(result, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    try:
        write_whole(path, text)
    except OSError as error:
        rescued = _rescued(text)
        where = f"the result is in {rescued}" if rescued else "the result is lost"
        raise InputError(f"--out {path}: {error.strerror}; {where}.") from error


def _rescued(text: str) -> Path | None:
    """The file of the system's temporary folder with a result that took long to compute; None
    where that cannot be written either."""
    path = Path(tempfile.gettempdir()) / f"scrl-result-{secrets.token_hex(4)}.json"
    try:
        write_whole(path, text)
    except OSError:
        return None
    return path
