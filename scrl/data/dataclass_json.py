"""Dataclasses as JSON and back, by pydantic; their arrays lie beside the JSON by name.

No pickle. A field that one side lacks is an error that names it, never a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from scrl.data.files import quoted
from scrl.types import InputError

Kind = TypeVar("Kind")


def to_plain(value: Any, arrays: dict[str, np.ndarray] | None = None, name: str = "") -> Any:
    """A dataclass, or a tree of plain values and arrays, as JSON.

    Args:
        arrays: receives the arrays, under names that begin with ``name``.

    Raises:
        TypeError: for an array where ``arrays`` is None.
    """
    return _without_arrays(_dump(type(value), value), arrays, name)


def from_plain(kind: type[Kind], tree: Any, arrays: Mapping[str, np.ndarray] | None = None) -> Kind:
    """A value of ``kind`` that ``to_plain`` wrote.

    Args:
        kind: a dataclass, or any type that pydantic knows.

    Raises:
        InputError: where a field is missing or unknown.
        ValueError, KeyError: where the tree is something else.
    """
    tree = _with_arrays(tree, arrays or {})
    any_kind: Any = kind  # mypy takes no type variable for hashable
    try:
        value = vars(_envelope(any_kind).model_validate({"value": tree}))["value"]
    except ValidationError as error:
        raise _field_error(error) or ValueError(_wrong_value(error)) from error
    _check_complete(_dump(kind, value), tree, ())
    return value


def _dump(kind: Any, value: Any) -> Any:
    """A value of ``kind`` as dictionaries and tuples."""
    return _envelope(kind)(value=value).model_dump(warnings=False)["value"]


@cache
def _envelope(kind: Any) -> type[BaseModel]:
    """A model of one field, whose configuration also holds for dataclasses inside."""
    config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")
    return create_model(f"{kind.__name__}Envelope", __config__=config, value=(kind, ...))


def _without_arrays(value: Any, arrays: dict[str, np.ndarray] | None, name: str) -> Any:
    if isinstance(value, Mapping):
        return {k: _without_arrays(v, arrays, f"{name}.{k}") for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [_without_arrays(v, arrays, f"{name}.{i}") for i, v in enumerate(value)]
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        if arrays is None:
            raise TypeError(f"{name} is an array, which JSON does not hold.")
        arrays[name] = np.ascontiguousarray(value)
        return {"array": name}
    return value


def _with_arrays(tree: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    if isinstance(tree, Mapping):
        if tree.keys() == {"array"}:
            return arrays[tree["array"]]
        return {k: _with_arrays(v, arrays) for k, v in tree.items()}
    if isinstance(tree, list):
        return [_with_arrays(v, arrays) for v in tree]
    return tree


def _field_error(error: ValidationError) -> InputError | None:
    """The first missing or unknown field as a message."""
    for fault in error.errors(include_url=False):
        if fault["type"] == "missing":
            return _version_error(fault["loc"][1:], "lacks")
        if fault["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
            return _version_error(fault["loc"][1:], "has")
    return None


def _wrong_value(error: ValidationError) -> str:
    """The first value of another kind as a phrase that names the field."""
    fault = error.errors(include_url=False)[0]
    where, value = ".".join(map(str, fault["loc"][1:])), fault["input"]
    if fault["type"] == "value_error":
        return fault["msg"].removeprefix("Value error, ")
    plain = value is None or isinstance(value, str | int | float)
    shown = quoted(value) if plain else "a list or an object"
    kind = fault["msg"].removeprefix("Input ").split(",")[0]
    return f"{quoted(where or 'it')} is {shown} and {kind}"


def _check_complete(dumped: Any, tree: Any, where: tuple[int | str, ...]) -> None:
    """Refuse a tree without a field that has a default."""
    if isinstance(dumped, Mapping) and isinstance(tree, Mapping):
        for name, value in dumped.items():
            if name not in tree:
                raise _version_error((*where, name), "lacks")
            _check_complete(value, tree[name], (*where, name))
    elif isinstance(dumped, tuple | list) and isinstance(tree, list):
        for i, (one, other) in enumerate(zip(dumped, tree, strict=False)):
            _check_complete(one, other, (*where, i))


def _version_error(where: tuple[int | str, ...], verb: str) -> InputError:
    *parents, name = map(str, where)
    owner = f"its '{'.'.join(parents)}'" if parents else "it"
    return InputError(
        f"This was stored by another version of the software: {owner} {verb} '{name[:40]}'; run it "
        "again."
    )
