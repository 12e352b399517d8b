"""Named tuples of arrays as flat dictionaries, for files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import jax
import numpy as np

Tree = TypeVar("Tree")


def state_arrays(tree: Any, name: str) -> dict[str, np.ndarray]:
    """The arrays of a tree, under names that begin with ``name``."""
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {name + jax.tree_util.keystr(where): np.asarray(leaf) for where, leaf in leaves}


def restored(like: Tree, arrays: Mapping[str, np.ndarray], name: str) -> Tree:
    """The tree that ``state_arrays`` wrote.

    Args:
        like: a tree of the same structure, whose leaves are not read.

    Raises:
        KeyError: where an array is missing.
    """
    leaves, structure = jax.tree_util.tree_flatten_with_path(like)
    found = [arrays[name + jax.tree_util.keystr(where)] for where, _ in leaves]
    return jax.tree_util.tree_unflatten(structure, found)
