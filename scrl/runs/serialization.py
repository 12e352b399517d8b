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
from safetensors import SafetensorError, deserialize
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from scrl.config import Config
from scrl.data.dataclass_json import from_plain, to_plain
from scrl.raters.density import Density
from scrl.raters.fitted_run import FittedRun
from scrl.raters.imputation import ImputationModel
from scrl.raters.latent_space import LatentSpace
from scrl.raters.rater_model import RaterModel
from scrl.runs.version_0_5 import upgraded_config, upgraded_source
from scrl.scenarios.parsing import parse_scenario
from scrl.scenarios.scenario import Scenario
from scrl.types import InputError, Ratings, Source
from scrl.utility_models.completion_effects import CompletionEffects
from scrl.utility_models.population import Population
from scrl.utility_models.rater_features import RaterEffects

RUN_FORMAT, SOURCE_FORMAT = "scrl fitted run 3", "scrl source 2"
#: The source's format of version 0.5.
_EARLIER_SOURCE = "scrl source 1"
#: Formats of fitted runs of versions 0.5 and 0.6, whose model of raters was a network.
_NETWORK_RUNS = ("scrl learnt 1", "scrl fitted run 2")
_EARLIER_MODEL = (
    "An earlier version of the software made this run with another model; run it again."
)
_FOREIGN = "This is not what scrl keeps of a run, or it is damaged."
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
        stored = from_plain(_StoredRun, {"source": None} | tree, arrays)
        if source is None:
            source = _source_of(stored.source)
        ratings = source.ratings(stored.seed)
        if ratings_digest(ratings) != stored.drawn:
            raise InputError(
                "The ratings that this run learnt from can no longer be drawn: another version of "
                "the software made it; run it again."
            )
        _check_shapes(stored, ratings.catalogue.items)
    except InputError:
        raise
    except _FAULTS as error:
        raise InputError(_FOREIGN) from error
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
        return _source_of(from_plain(_StoredSource, tree, arrays))
    except InputError:
        raise
    except _FAULTS as error:
        raise InputError(_FOREIGN) from error


def config_of(tree: Any) -> Config:
    """The configuration of a stored run, also of an earlier version.

    Raises:
        InputError: where it has other fields or is something else.
    """
    try:
        return from_plain(Config, upgraded_config(tree))
    except InputError:
        raise
    except _FAULTS as error:
        raise InputError(_FOREIGN) from error


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


def _source_of(stored: _StoredSource | None) -> Scenario | Ratings:
    if stored is not None and stored.scenario is not None:
        return parse_scenario(stored.scenario, "scenario.yaml")
    if stored is not None and stored.ratings is not None:
        return stored.ratings
    raise InputError(_FOREIGN)


def _packed(format: str, tree: Any, arrays: Mapping[str, np.ndarray]) -> bytes:
    return save_arrays(dict(arrays), {"format": format, "tree": json.dumps(tree)})


def _opened(data: bytes, format: str) -> tuple[Any, dict[str, np.ndarray]]:
    """The JSON and the arrays of a blob; JSON of an earlier version is upgraded."""
    try:
        deserialize(data)
        (length,) = np.frombuffer(data[:8], "<u8")
        manifest = json.loads(data[8 : 8 + int(length)])["__metadata__"]
        tree, arrays = json.loads(manifest["tree"]), load_arrays(data)
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
    except (SafetensorError, *_FAULTS) as error:
        raise InputError(_FOREIGN) from error


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


def _check_shapes(stored: _StoredRun, items: int) -> None:
    density, imputation, population = stored.density, stored.imputation, stored.population
    latent, types = (stored.space.size,), population.share.shape
    if not (density.mean.shape[1:] == density.atoms.shape[2:] == stored.latents.shape[1:] == latent
            and types == density.mean.shape[:1] == density.atoms.shape[:1]
            and imputation.missing.shape == imputation.response_rate.shape == (*types, items)
            and population.reward.shape == population.variance.shape == (*types, items)
            and len(population.ties) in (0, len(population.share))
            and 0 < population.pair_slope < np.inf
            and _effects_fit(population.rater_effects, len(population.share), items)
            and _weights_fit(population.completion_effects, len(population.share), items)
            and stored.space.loadings.shape == (items, *latent)
            and stored.space.origin.shape == stored.space.residual.shape == (items,)):  # fmt: skip
        raise ValueError("shapes do not fit")


def _weights_fit(effects: CompletionEffects | None, types: int, items: int) -> bool:
    """Whether the shapes of the effects of completions' features fit each other."""
    if effects is None:
        return True
    basis, functions = effects.basis, effects.common.shape
    return (effects.value.shape == (items, *functions)
            and effects.weight.shape == (types, *functions)
            and effects.covariance.shape == (types, *functions, *functions)
            and basis.group.shape == functions and basis.centres.shape[1:] == basis.mean.shape
            and basis.scale.shape == basis.mean.shape == basis.directions.shape[:1]
            and all(root.shape[:1] == basis.centres.shape[:1] for root in basis.roots)
            and len(basis.widths) == len(basis.roots)
            and effects.spread.shape == effects.sd.shape == (len(basis.roots) + 1,))  # fmt: skip


def _effects_fit(effects: RaterEffects | None, types: int, items: int) -> bool:
    """Whether the shapes of the effects of raters' features fit each other."""
    if effects is None:
        return True
    rows, features = effects.rows.shape
    return (effects.scale.mean.shape == effects.scale.inverse.shape == (features,)
            and effects.weight.shape == (rows,) and effects.log_odds.shape == (types,)
            and effects.slope.shape == (features, types)
            and effects.shift.shape == (features, items))  # fmt: skip
