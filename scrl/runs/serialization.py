"""What a run learnt as bytes, and back: arrays and a JSON manifest in one safetensors blob.

No pickle. Dataclasses are written field by field, so that a field that one side lacks is said, not
guessed. Where the source is a scenario, its ratings are drawn again from it and the seed; a digest
says whether they are the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import jax
import numpy as np
from safetensors import SafetensorError, deserialize
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from scrl.config import (
    Config,
    DensityConfig,
    IndividualConfig,
    RewardConfig,
    Schedule,
    SilenceConfig,
)
from scrl.raters.density import Density
from scrl.raters.fitted_run import Learnt
from scrl.raters.missing_blocks import Choice, Silence
from scrl.raters.model import Individual, blank_parameters
from scrl.scenarios.parsing import parse_scenario
from scrl.scenarios.scenario import Scenario
from scrl.types import Catalogue, InputError, Ratings

FORMAT = "scrl learnt 1"
_FOREIGN = "This is not what scrl keeps of a run, or it is damaged."
_KINDS = {
    kind.__name__: kind
    for kind in (
        Catalogue, Choice, Config, Density, DensityConfig, IndividualConfig, Ratings,
        RewardConfig, Schedule, Silence, SilenceConfig,
    )
}  # fmt: skip


def pack(learnt: Learnt, with_source: bool = True) -> bytes:
    """A fitted run as bytes.

    Args:
        with_source: whether the source is included; else ``unpack`` must be given it.
    """
    arrays: dict[str, np.ndarray] = {}
    for where, leaf in jax.tree_util.tree_leaves_with_path(learnt.individual.params):
        arrays[f"params{jax.tree_util.keystr(where)}"] = np.ascontiguousarray(leaf)
    tree = {
        name: to_plain(getattr(learnt, name), arrays, name)
        for name in ("seed", "density", "silence", "latents")
    }
    tree["config"] = to_plain(learnt.individual.config, arrays, "config")
    tree["drawn"] = digest(learnt.ratings)
    if with_source:
        tree["source"] = to_plain(learnt.source, arrays, "source")
    return save_arrays(arrays, {"format": FORMAT, "tree": json.dumps(tree)})


def unpack(data: bytes, source: Scenario | Ratings | None = None) -> Learnt:
    """What ``pack`` wrote.

    Raises:
        InputError: one sentence, where it is something else or cannot be read by this version.
    """
    tree, arrays = _opened(data, FORMAT)
    try:
        source = from_plain(tree["source"], arrays) if source is None else source
        config = from_plain(tree["config"], arrays)
        seed = int(tree["seed"])
        ratings = source.ratings(seed)
        if digest(ratings) != tree["drawn"]:
            raise InputError(
                "The ratings that this run learnt from can no longer be drawn: another version of "
                "the software made it; run it again."
            )
        density, silence = (from_plain(tree[name], arrays) for name in ("density", "silence"))
        latents = from_plain(tree["latents"], arrays)
        latent = config.latent
        if not (density.mean.shape[1:] == density.atoms.shape[2:] == latents.shape[1:] == (latent,)
                and density.weight.shape == density.mean.shape[:1] == density.atoms.shape[:1]
                and silence.kinds.shape == density.weight.shape):  # fmt: skip
            raise ValueError
        params = _parameters(arrays, ratings.catalogue, config)
    except InputError:
        raise
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise InputError(_FOREIGN) from error
    individual = Individual(params, ratings.catalogue, config)
    return Learnt(source, ratings, seed, individual, density, silence, latents)


def pack_source(source: Scenario | Ratings) -> bytes:
    """A scenario or ratings alone."""
    arrays: dict[str, np.ndarray] = {}
    tree = to_plain(source, arrays, "source")
    return save_arrays(arrays, {"format": "scrl source 1", "tree": json.dumps(tree)})


def unpack_source(data: bytes) -> Scenario | Ratings:
    """What ``pack_source`` wrote.

    Raises:
        InputError: where it is something else.
    """
    tree, arrays = _opened(data, "scrl source 1")
    source = from_plain(tree, arrays)
    if not isinstance(source, Scenario | Ratings):
        raise InputError(_FOREIGN)
    return source


def _opened(data: bytes, format: str) -> tuple[Any, dict[str, np.ndarray]]:
    try:
        deserialize(data)
        (length,) = np.frombuffer(data[:8], "<u8")
        manifest = json.loads(data[8 : 8 + int(length)])["__metadata__"]
        if manifest["format"] != format:
            raise InputError(_FOREIGN)
        return json.loads(manifest["tree"]), load_arrays(data)
    except (SafetensorError, KeyError, ValueError, TypeError, RecursionError) as error:
        raise InputError(_FOREIGN) from error


def _parameters(arrays: Mapping[str, np.ndarray], catalogue: Catalogue, config: IndividualConfig):
    leaves, shape = jax.tree_util.tree_flatten_with_path(blank_parameters(catalogue, config))
    values = [arrays[f"params{jax.tree_util.keystr(where)}"] for where, _ in leaves]
    known = sum(name.startswith("params") for name in arrays)
    if known != len(values) or any(
        v.shape != leaf.shape for v, (_, leaf) in zip(values, leaves, strict=True)
    ):
        raise ValueError
    return jax.tree_util.tree_unflatten(shape, values)


def digest(ratings: Ratings) -> str:
    """Of every number of the ballots."""
    known = hashlib.sha256()
    for name in ("ballot_rater", "ballot_prompt", "ballot_weight", "offsets", "completion", "rank"):
        known.update(np.ascontiguousarray(getattr(ratings, name)).tobytes())
    return known.hexdigest()


# -- dataclasses as JSON --------------------------------------------------------------------------


def to_plain(value: Any, arrays: dict[str, np.ndarray], name: str) -> Any:
    """``value`` as JSON; its arrays go to ``arrays`` under names that begin with ``name``."""
    if isinstance(value, Scenario):
        return {"scenario": value.to_yaml()}
    if is_dataclass(value):
        return {
            "kind": type(value).__name__,
            "fields": {
                f.name: to_plain(getattr(value, f.name), arrays, f"{name}.{f.name}")
                for f in fields(value)
            },
        }
    if isinstance(value, tuple | list):
        return {"tuple": [to_plain(v, arrays, f"{name}.{i}") for i, v in enumerate(value)]}
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, str | int | float | bool):
        return value
    arrays[name] = np.ascontiguousarray(value)
    return {"array": name}


def from_plain(tree: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """What ``to_plain`` wrote.

    Raises:
        InputError: where it is not that, or this version has other fields.
    """
    try:
        return _from_plain(tree, arrays)
    except InputError:
        raise
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(_FOREIGN) from error


def _from_plain(tree: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    if not isinstance(tree, dict):
        if isinstance(tree, list):
            raise TypeError
        return tree
    if "scenario" in tree:
        return parse_scenario(tree["scenario"], "scenario.yaml")
    if "array" in tree:
        return arrays[tree["array"]]
    if "tuple" in tree:
        return tuple(_from_plain(v, arrays) for v in tree["tuple"])
    kind, told = _KINDS[tree["kind"]], tree["fields"]
    known = {f.name for f in fields(kind)}
    for name in sorted(told.keys() ^ known):
        has = "has" if name in told else "lacks"
        raise InputError(
            f"This run was kept by another version of the software: its {kind.__name__} {has} "
            f"'{name[:40]}'; run it again."
        )
    return kind(**{name: _from_plain(value, arrays) for name, value in told.items()})
