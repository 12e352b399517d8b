"""Save and load a streamed model: one safetensors file with a manifest, no pickle."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save as packed_tensors

from scrl.data.dataclass_json import from_plain, to_plain
from scrl.data.files import printable
from scrl.data.stored_ratings import CATALOGUE, catalogue_sizes, check_catalogue
from scrl.data.strict_arrays import Declared, check_arrays, check_tree, open_arrays
from scrl.data.strict_json import strict_json
from scrl.streamed_raters.checkpoints import read_tensors
from scrl.streamed_raters.fitted import StreamedRaters
from scrl.streamed_raters.items import ItemFunctions
from scrl.streamed_raters.parameters import Parameters
from scrl.types import Catalogue, InputError
from scrl.utility_models.feature_basis import FeatureBasis
from scrl.whole_files import write_whole

FORMAT = "scrl streamed raters 1"
#: Bytes of a file; parameters in log-odds.
MAX_BYTES, MAX_PARAMETER = 1 << 33, 1e6
_PARAMETERS = {
    "share": Declared("f", ("types",), -MAX_PARAMETER, MAX_PARAMETER),
    "common": Declared("f", ("items",), -MAX_PARAMETER, MAX_PARAMETER),
    "own": Declared("f", ("items", "types"), -MAX_PARAMETER, MAX_PARAMETER),
    "loading": Declared("f", ("items", "d"), -MAX_PARAMETER, MAX_PARAMETER),
    "weight": Declared("f", ("functions",), -MAX_PARAMETER, MAX_PARAMETER),
    "type_weight": Declared("f", ("functions", "types"), -MAX_PARAMETER, MAX_PARAMETER),
    "loading_weight": Declared("f", ("functions", "d"), -MAX_PARAMETER, MAX_PARAMETER),
}
_BASIS = {
    "mean": Declared("f", ("features",)),
    "scale": Declared("f", ("features",), 0.0, infinite=True),
    "directions": Declared("f", ("features", "linear")),
    "centres": Declared("f", ("centres", "features")),
    "roots.*": Declared("f", ("centres", "*")),
}
#: Prefix of parameters' names in a file.
_PREFIX = "parameters."


def save_streamed(model: StreamedRaters, path: str | Path) -> None:
    """Save a model.

    Raises:
        InputError: the file cannot be written.
    """
    arrays = {
        _PREFIX + name: np.ascontiguousarray(value)
        for name, value in model.parameters._asdict().items()
    }
    tree = {
        "format": FORMAT,
        "catalogue": to_plain(model.catalogue, arrays, "catalogue"),
        "basis": None
        if model.items.basis is None
        else to_plain(model.items.basis, arrays, "basis"),
    }
    arrays["manifest"] = np.frombuffer(json.dumps(tree).encode(), np.uint8)
    try:
        write_whole(path, packed_tensors(arrays))
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{printable(path)}: the model cannot be written ({reason}).") from error


def load_streamed(path: str | Path) -> StreamedRaters:
    """Load a model that ``save_streamed`` wrote.

    Raises:
        InputError: where the file is missing or is no such model.
    """
    if os.path.isdir(path):
        raise InputError(
            f"{printable(path)}: this is a folder; give the file of a model, which `scrl train "
            "--out FILE` writes."
        )
    if not os.path.isfile(path):
        raise InputError(f"{printable(path)}: there is no such model file.")
    try:
        _, arrays = open_arrays(read_tensors(path, MAX_BYTES))
        tree = strict_json(arrays.pop("manifest").astype(np.uint8).tobytes())
        if not isinstance(tree, dict) or tree.get("format") != FORMAT:
            raise ValueError("it has another format")
        return _model(tree, arrays)
    except (KeyError, ValueError, TypeError, AttributeError, OSError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        reason = f" ({error})" if isinstance(error, ValueError) else ""
        raise InputError(
            f"{printable(path)}: this is not a streamed model that scrl saved{reason}."
        ) from error


def _model(tree: dict[str, Any], arrays: dict[str, np.ndarray]) -> StreamedRaters:
    """The model of a file's contents.

    Raises:
        ValueError: a phrase that says what is wrong with them.
    """
    own = {n.removeprefix(_PREFIX): a for n, a in arrays.items() if n.startswith(_PREFIX)}
    if own.keys() != _PARAMETERS.keys():
        raise ValueError("its parameters are others")
    others = {n: a for n, a in arrays.items() if not n.startswith(_PREFIX)}
    sizes = catalogue_sizes(tree["catalogue"])
    schema = {f"catalogue.{n}": d for n, d in CATALOGUE.items()}
    schema |= {f"basis.{n}": d for n, d in _BASIS.items()}
    check_tree(schema, {k: tree[k] for k in ("catalogue", "basis")}, others, sizes)
    check_arrays(_PARAMETERS, list(own.items()), sizes)
    if not sizes["types"] or not sizes["d"]:
        raise ValueError("it has no types or no latent")
    catalogue = from_plain(Catalogue, tree["catalogue"], others)
    check_catalogue(catalogue)
    parameters = Parameters(**own)
    if tree["basis"] is None:
        functions = ItemFunctions(None, np.zeros((catalogue.items, 0)))
    else:
        basis = from_plain(FeatureBasis, tree["basis"], others)
        features = catalogue.completion_features
        if features is None or features.shape[1] != len(basis.mean):
            raise ValueError("its functions read other features")
        functions = ItemFunctions(basis, basis.of_items(catalogue))
    if functions.value.shape[1] != len(parameters.weight):
        raise ValueError("it has more or fewer weights than functions of features")
    return StreamedRaters(catalogue, parameters, functions)
