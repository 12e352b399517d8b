"""The catalogue in the file of a saved reward, checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from scrl.data.stored_ratings import CATALOGUE, catalogue_sizes, check_catalogue
from scrl.data.strict_arrays import check_arrays
from scrl.data.strict_json import strict_json
from scrl.types import Catalogue

#: Keys of the manifest that hold a catalogue's texts.
TEXTS = ("prompts", "completions", "prompt_texts", "completion_texts")


def checked_catalogue(
    arrays: Mapping[str, np.ndarray], manifest: Mapping[str, str], read_by: str = ""
) -> Catalogue:
    """The catalogue of a file, checked.

    Raises:
        ValueError, KeyError: where a part is missing or does not fit.
    """
    texts: dict[str, Any] = {name: strict_json(manifest[name]) for name in TEXTS}
    sizes = catalogue_sizes(texts)
    numbers: dict[str, Any] = {
        name: arrays[f"catalogue.{name}"] for name in CATALOGUE if f"catalogue.{name}" in arrays
    }
    if {n for n in arrays if n.startswith("catalogue.")} != {f"catalogue.{n}" for n in numbers}:
        raise ValueError("it holds other arrays of a catalogue")
    check_arrays(CATALOGUE, list(numbers.items()), sizes)
    parts: dict[str, Any] = {name: tuple(several) for name, several in texts.items()}
    catalogue = Catalogue(**parts, **numbers, read_by=read_by)
    check_catalogue(catalogue)
    return catalogue
