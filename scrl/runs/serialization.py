"""A fitted run as bytes and back: arrays and a JSON manifest in one safetensors blob.

No pickle. The ratings of a scenario are not stored but drawn again from its seed; a digest checks
that they are the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from safetensors.numpy import save as save_arrays

from scrl.config import Config
from scrl.data.dataclass_json import from_plain, to_plain
from scrl.data.stored_ratings import RATINGS, check_ratings, rating_sizes
from scrl.data.strict_arrays import array_leaves, check_tree, open_arrays
from scrl.data.strict_json import strict_json
from scrl.raters.density import Density
from scrl.raters.fitted_run import FittedRun
from scrl.raters.imputation import ImputationModel
from scrl.raters.latent_space import LatentSpace
from scrl.raters.rater_model import RaterModel
from scrl.runs.stored_run_schema import RUN_ARRAYS, check_config, check_fitted, check_scales
from scrl.runs.version_0_5 import upgraded_config, upgraded_source
from scrl.scenarios.parsing import parse_scenario
from scrl.scenarios.scenario import Scenario
from scrl.types import InputError, Ratings, Source
from scrl.utility_models.population import Population

RUN_FORMAT, SOURCE_FORMAT = "scrl fitted run 3", "scrl source 2"
#: The source's format of version 0.5.
_EARLIER_SOURCE = "scrl source 1"
#: Formats of fitted runs of versions 0.5 and 0.6, whose model of raters was a network.
_NETWORK_RUNS = ("scrl learnt 1", "scrl fitted run 2")
_EARLIER_MODEL = (
    "An earlier version of the software made this run with another model; run it again."
)
_FOREIGN = "This is not what scrl keeps of a run, or it is damaged; export it again."
_SOURCE_ARRAYS = {f"ratings.{name}": array for name, array in RATINGS.items()}
_FAULTS = (KeyError, ValueError, TypeError, AttributeError, IndexError, OverflowError,
           RecursionError)  # fmt: skip


@dataclass(frozen=True, eq=False)
class _StoredSource:
    """A scenario as YAML, or ratings."""

    scenario: str | None
    ratings: Ratings | None


@dataclass(frozen=True, eq=False)
class _StoredRun:
    """The manifest of a fitted run.

    Attributes:
        latents: ``[voters, latent]``; drawn: digest of the ratings; source: None where it is kept
            elsewhere.
    """

    seed: int
    density: Density
    imputation: ImputationModel
    latents: np.ndarray
    population: Population
    space: LatentSpace
    drawn: str
    source: _StoredSource | None


def pack(learnt: FittedRun, with_source: bool = True) -> bytes:
    """A fitted run as bytes.

    Args:
        with_source: whether the source is included; else ``unpack`` must be given it.
    """
    arrays: dict[str, np.ndarray] = {}
    stored = _StoredRun(
        learnt.seed, learnt.density, learnt.imputation, learnt.latents,
        learnt.individual.population, learnt.individual.space, ratings_digest(learnt.ratings),
        _stored_source(learnt.source) if with_source else None,
    )  # fmt: skip
    return _packed(RUN_FORMAT, to_plain(stored, arrays, "run"), arrays)


def unpack(data: bytes, source: Source | None = None) -> FittedRun:
    """Read the bytes of ``pack``.

    Args:
        source: of the run, where it was packed without it.

    Raises:
        InputError: where it is something else or cannot be read by this version.
    """
    tree, arrays = _opened(data, RUN_FORMAT)
    try:
        tree["imputation"].pop("clusters", None)  # version 0.7.0 numbered the types there
        tree = {"source": None} | tree
        if source is None:
            source = _read_source(tree["source"], arrays)
        check_tree(RUN_ARRAYS, tree, arrays, _sizes_of(source))
        stored = from_plain(_StoredRun, tree, {name: a.copy() for name, a in arrays.items()})
        check_scales(stored.imputation.scale_posterior)
        check_fitted(tree, stored.density, stored.population, source.catalogue)
        ratings = source.ratings(stored.seed)
        if ratings_digest(ratings) != stored.drawn:
            raise InputError(
                "The ratings that this run learnt from can no longer be drawn: another version of "
                "the software made it; run it again."
            )
    except InputError:
        raise
    except _FAULTS as error:
        raise _foreign(error) from error
    individual = RaterModel(ratings.catalogue, stored.population, stored.space)
    return FittedRun(
        source, ratings, stored.seed, individual, stored.density, stored.imputation, stored.latents
    )


def pack_source(source: Source) -> bytes:
    """A scenario or ratings as bytes."""
    arrays: dict[str, np.ndarray] = {}
    return _packed(SOURCE_FORMAT, to_plain(_stored_source(source), arrays, "source"), arrays)


def unpack_source(data: bytes) -> Scenario | Ratings:
    """Read the bytes of ``pack_source``.

    Raises:
        InputError: where it is something else.
    """
    tree, arrays = _opened(data, SOURCE_FORMAT)
    try:
        source = _read_source(tree, arrays)
        if arrays.keys() - {name for _, name in array_leaves(tree)}:
            raise ValueError("it holds arrays that nothing refers to")
        return source
    except InputError:
        raise
    except _FAULTS as error:
        raise _foreign(error) from error


def config_of(tree: Any) -> Config:
    """The configuration of a stored run, also of an earlier version.

    Raises:
        InputError: where it has other fields, a setting is out of range, or it is something else.
    """
    try:
        config = from_plain(Config, upgraded_config(tree))
    except InputError:
        raise
    except _FAULTS as error:
        raise _foreign(error) from error
    check_config(config)
    return config


def ratings_digest(ratings: Ratings) -> str:
    """A hash of every number of the ballots, and of the raters' features."""
    known = hashlib.sha256()
    for name in ("ballot_rater", "ballot_prompt", "ballot_weight", "offsets", "completion", "rank"):
        known.update(np.ascontiguousarray(getattr(ratings, name)).tobytes())
    if ratings.rater_features is not None:
        known.update(np.ascontiguousarray(ratings.rater_features).tobytes())
    return known.hexdigest()


def _stored_source(source: Source) -> _StoredSource:
    if source.is_scenario:
        return _StoredSource(source.to_yaml(), None)
    return _StoredSource(None, source.ratings(0))


def _read_source(tree: Any, arrays: Mapping[str, np.ndarray]) -> Scenario | Ratings:
    """The source that plain data and arrays describe, checked."""
    if isinstance(tree, dict) and isinstance(tree.get("ratings"), dict):
        sizes, used = rating_sizes(tree["ratings"]), {name for _, name in array_leaves(tree)}
        own = {name: array for name, array in arrays.items() if name in used}
        check_tree(_SOURCE_ARRAYS, tree, own, sizes)
    stored = from_plain(_StoredSource, tree, arrays)
    if stored.scenario is not None and stored.ratings is None:
        return parse_scenario(stored.scenario, "scenario.yaml")
    if stored.ratings is None or stored.scenario is not None:
        raise InputError(_FOREIGN)
    check_ratings(stored.ratings)
    return stored.ratings


def _packed(format: str, tree: Any, arrays: Mapping[str, np.ndarray]) -> bytes:
    return save_arrays(dict(arrays), {"format": format, "tree": json.dumps(tree)})


def _opened(data: bytes, format: str) -> tuple[Any, dict[str, np.ndarray]]:
    """The JSON and the arrays of a blob; JSON of an earlier version is upgraded."""
    try:
        manifest, arrays = open_arrays(data)
        tree = strict_json(manifest["tree"])
        if format == RUN_FORMAT and manifest["format"] in _NETWORK_RUNS:
            raise InputError(_EARLIER_MODEL)
        if format == SOURCE_FORMAT and manifest["format"] == _EARLIER_SOURCE:
            tree = upgraded_source(tree)
        elif manifest["format"] != format:
            raise InputError(_FOREIGN)
        _add_later_fields(tree)
        return tree, arrays
    except InputError:
        raise
    except _FAULTS as error:
        raise _foreign(error) from error


def _foreign(error: Exception) -> InputError:
    """A fault as a sentence; a phrase of ``strict_arrays`` says where it is."""
    said = str(error) if type(error) is ValueError else ""
    if not said or "\n" in said or len(said) > 250:
        return InputError(_FOREIGN)
    return InputError(f"This is not what scrl keeps of a run, or it is damaged: {said}.")


def _sizes_of(source: Source) -> dict[str, int]:
    """The lengths of the axes that a source gives."""
    c = source.catalogue
    sizes = {"items": c.items, "prompts": len(c.prompts), "completions": len(c.completions)}
    if isinstance(source, Ratings):
        sizes |= {"raters": len(source.raters), "types of raters": len(source.types)}
    return sizes


def _add_later_fields(tree: Any) -> None:
    """Add what runs and sources stored up to version 0.10 lack: effects of features, the slope of
    strict pairs, and whether ratings have texts that are read, raters that are known, and times."""
    if not isinstance(tree, dict):
        return
    _add_later_fields(tree.get("source"))
    for key, name, value in (
        ("ratings", "rater_features", None), ("ratings", "individuals", True),
        ("ratings", "times", None),
        ("population", "rater_effects", None), ("population", "completion_effects", None),
        ("covariance", "similarity", None), ("population", "pair_slope", 1.0),
    ):  # fmt: skip
        part = tree["population"] if key == "covariance" and "population" in tree else tree
        if isinstance(part, dict) and isinstance(part.get(key), dict):
            part[key].setdefault(name, value)
    ratings = tree.get("ratings")
    if isinstance(ratings, dict) and isinstance(ratings.get("catalogue"), dict):
        ratings["catalogue"].setdefault("read_by", "")
