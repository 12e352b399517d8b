"""Rewards that read text, saved and loaded: numbers and manifest in one safetensors file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from scrl.data.strict_arrays import Declared, check_arrays
from scrl.data.strict_json import strict_json
from scrl.social.stored_catalogue import TEXTS, checked_catalogue
from scrl.social.text_reward import TextFunctions, TextReward
from scrl.text.attributes import ATTRIBUTES
from scrl.text.encoder import Encoder, encode, encoder_named
from scrl.text.features import TextFeatures
from scrl.types import InputError
from scrl.utility_models.feature_basis import FeatureBasis

FORMAT = "scrl text reward 1"
#: A text by which an encoder is recognised, and how far its vector may be off.
PROBE, MAX_PROBE_ERROR = "The quick brown fox jumps over the lazy dog.", 1e-3
_FEATURES = ("directions", "prompt_mean", "prompt_directions", "mean", "scale")
_BASIS = ("mean", "scale", "directions", "centres")
_MODEL = ("weight", "covariance", "own", "group_sd", "references")
#: Kernels of a basis; largest number in a file.
MAX_KERNELS, MAX_NUMBER = 16, 1e9


def _number(*axes: str, low: float = -MAX_NUMBER, infinite: bool = False) -> Declared:
    return Declared("f", axes, low, MAX_NUMBER, infinite=infinite)


#: What the arrays have to be; the scale of a constant feature is infinite.
_ARRAYS = {
    "features.directions": _number("dimensions", "directions"),
    "features.prompt_mean": _number("dimensions"),
    "features.prompt_directions": _number("dimensions", "directions of prompts"),
    "features.mean": _number("features"),
    "features.scale": _number("features", low=1e-300, infinite=True),
    "basis.mean": _number("curved features"),
    "basis.scale": _number("curved features", low=1e-300, infinite=True),
    "basis.directions": _number("curved features", "linear functions"),
    "basis.centres": _number("centres", "curved features"),
    "functions.mean": _number("functions"),
    "functions.scale": _number("groups", low=1e-300),
    "weight": _number("functions"),
    "covariance": _number("functions", "functions"),
    "own": _number("items"),
    "group_sd": _number("*", low=0),
    "references": _number("*", "*"),
}


class EncoderError(InputError):
    """A model was trained with another encoder."""


def packed(model: TextReward, about: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """A model as arrays and metadata."""
    functions, c = model.functions, model.catalogue
    features, basis = functions.features, functions.basis
    arrays = {"catalogue.members": c.members, "catalogue.offsets": c.offsets}
    arrays |= {f"features.{name}": getattr(features, name) for name in _FEATURES}
    arrays |= {f"basis.{name}": getattr(basis, name) for name in _BASIS}
    arrays |= {f"basis.root{i}": root for i, root in enumerate(basis.roots)}
    arrays |= {"functions.mean": functions.mean, "functions.scale": functions.scale}
    arrays |= {name: getattr(model, name) for name in _MODEL}
    encoder = features.encoder
    if encoder is not None:
        arrays["probe"] = encode([PROBE], encoder)[0]
    manifest = {
        "format": FORMAT,
        "encoder": encoder.name if encoder else "",
        "attributes": json.dumps(features.attributes),
        "widths": json.dumps(basis.widths),
        "own_sd": repr(float(model.own_sd)),
        "about": json.dumps(dict(about)),
        **{name: json.dumps(list(getattr(c, name))) for name in TEXTS},
    }
    return {name: np.ascontiguousarray(a) for name, a in arrays.items()}, manifest


def unpacked(
    arrays: Mapping[str, np.ndarray], manifest: Mapping[str, str], encoder: Encoder | None
) -> TextReward:
    """The model of ``packed`` arrays and metadata.

    Args:
        encoder: that with which it was trained (``encoder_for``).

    Raises:
        KeyError, ValueError: where a part is missing or misshapen.
    """
    features = TextFeatures(
        encoder,
        _attributes(manifest),
        *(arrays[f"features.{part}"] for part in _FEATURES),
    )
    widths = tuple(map(float, strict_json(manifest["widths"])))
    roots = tuple(arrays[f"basis.root{i}"] for i in range(len(widths)))
    own_parts: dict[str, Any] = {part: arrays[f"basis.{part}"] for part in _BASIS}
    basis = FeatureBasis(**own_parts, roots=roots, widths=widths)
    functions = TextFunctions(features, basis, arrays["functions.mean"], arrays["functions.scale"])
    catalogue = checked_catalogue(arrays, manifest, features.reader)
    weight, covariance, own, group_sd, references = (arrays[part] for part in _MODEL)
    model = TextReward(
        catalogue, functions, weight, covariance, own, group_sd, float(manifest["own_sd"]),
        references,
    )  # fmt: skip
    try:
        sound = _has_sound_numbers(model)
    except (IndexError, AttributeError, OverflowError, ValueError, KeyError) as error:
        raise ValueError("its arrays do not fit each other") from error
    if not sound:
        raise ValueError("its arrays do not fit each other")
    return model


def _attributes(manifest: Mapping[str, str]) -> tuple[str, ...]:
    names = strict_json(manifest["attributes"])
    if not isinstance(names, list) or not all(name in ATTRIBUTES for name in map(str, names)):
        raise ValueError("'attributes' are none that this version measures")
    return tuple(map(str, names))


def check(arrays: Mapping[str, np.ndarray], manifest: Mapping[str, str]) -> None:
    """Check every array of a file against what it has to be, and its catalogue.

    Raises:
        ValueError, KeyError: where a part is missing or does not fit.
    """
    items = checked_catalogue(arrays, manifest).items
    widths = strict_json(manifest["widths"])
    if not isinstance(widths, list) or len(widths) > MAX_KERNELS:
        raise ValueError("'widths' are no list of kernels")
    roots = {f"basis.root{i}": _number("centres", "*") for i in range(len(widths))}
    probe = {"probe": _number("dimensions")} if "probe" in arrays else {}
    schema = _ARRAYS | roots | probe
    named = {name for name in arrays if not name.startswith("catalogue.")}
    if named != schema.keys():
        raise ValueError("it lacks an array, or holds others")
    check_arrays(schema, [(name, arrays[name]) for name in schema], {"items": items})


def _has_sound_numbers(m: TextReward) -> bool:
    """Whether numbers are finite, scales positive and shapes fit each other."""
    f, features, basis = m.functions, m.functions.features, m.functions.basis
    count, groups = len(f.group), int(f.group.max()) + 1
    finite = (
        features.directions, features.prompt_mean, features.prompt_directions, features.mean,
        basis.mean, basis.directions, basis.centres, *basis.roots, f.mean, f.scale, m.weight,
        m.covariance, m.own, m.group_sd, m.references, np.array([m.own_sd, *basis.widths]),
    )  # fmt: skip
    # The scale of a constant feature is infinite.
    scales = (features.scale, basis.scale, f.scale, np.array(basis.widths))
    fits = (
        features.scale.shape == features.mean.shape
        and basis.scale.shape == basis.mean.shape
        and len(features.prompt_mean) == len(features.prompt_directions)
        and f.mean.shape == m.weight.shape == (count,)
        and f.scale.shape == (groups,)
        and m.covariance.shape == (count, count)
        and m.own.shape == (m.catalogue.items,)
        and m.references.ndim == 2
        and 0 <= m.own_sd <= MAX_NUMBER
        and all(width <= MAX_NUMBER for width in basis.widths)
    )
    if not fits or not all(np.isfinite(a).all() for a in finite):
        return False
    if not all((a > 0).all() for a in scales) or (np.diag(m.covariance) < -1e-9).any():
        return False
    dimensions = len(features.directions)
    if features.encoder and len(m.references) and m.references.shape[1] != dimensions:
        return False
    value = f([PROBE], [PROBE])  # the other shapes must fit each other, too
    return value.shape == (1, count) and bool(np.isfinite(value).all())


def encoder_for(
    arrays: Mapping[str, np.ndarray], manifest: Mapping[str, str], encoder: Encoder | None
) -> Encoder | None:
    """The encoder of a packed model, by its name where None is given; None where it needs none.

    Raises:
        EncoderError: where it is another one, or not installed.
        KeyError: where the file lacks its name.
    """
    name = manifest["encoder"]
    if not name:
        if "probe" in arrays:
            raise KeyError("encoder")
        return None
    probe = arrays["probe"]
    try:
        found = encoder or encoder_named(f"{name} and more")
        if found is not None and found.name == name and _is_near(encode([PROBE], found)[0], probe):
            return found
    except InputError as error:
        raise EncoderError(str(error)) from None
    other = found.name if found else "none"
    raise EncoderError(
        f"This reward was trained with the encoder '{name}' and cannot read the vectors of "
        f"{'a changed one of that name' if other == name else repr(other)}; load it with its own."
    )


def _is_near(vector: np.ndarray, probe: np.ndarray) -> bool:
    """Whether an encoder's vector of the probe is that of the file."""
    if vector.shape != probe.shape:
        return False
    error = float(np.abs(vector - probe).max())
    return error <= MAX_PROBE_ERROR * (1 + float(np.abs(probe).max()))
