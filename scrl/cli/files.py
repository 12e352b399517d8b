"""The source that a command reads."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from scrl.cli.columns import stated_columns
from scrl.data.readers import load_ratings
from scrl.scenarios.parsing import load_scenario, with_overrides
from scrl.scenarios.scenario import Scenario
from scrl.scenarios.shipped import gallery
from scrl.text import with_text_features
from scrl.types import InputError, Ratings

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
