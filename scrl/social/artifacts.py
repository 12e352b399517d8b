"""Save and load a reward model: parameters and manifest in one safetensors file, no pickle."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import jax
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from scrl.config import RewardConfig
from scrl.data.dataclass_json import from_plain, to_plain
from scrl.networks.layers import Table, standardise
from scrl.social.reward_model import Reward, blank_parameters
from scrl.types import Catalogue, InputError

FORMAT = "scrl reward 1"
_ARRAYS = ("members", "offsets", "prompt_features", "completion_features")
_TEXTS = ("prompts", "completions", "prompt_texts", "completion_texts")


def save(model: Reward, path: str | Path, **about: str) -> None:
    """Write a social or vanilla model.

    Args:
        path: of the file.
        about: metadata, such as ``rule`` or ``scenario``.
    """
    arrays = {
        f"catalogue.{name}": np.ascontiguousarray(value)
        for name in _ARRAYS
        if (value := getattr(model.catalogue, name)) is not None
    }
    for where, leaf in jax.tree_util.tree_leaves_with_path(model.params):
        arrays[f"params{jax.tree_util.keystr(where)}"] = np.ascontiguousarray(leaf)
    manifest = {
        "format": FORMAT,
        "config": json.dumps(to_plain(model.config)),
        "about": json.dumps(about),
        **{name: json.dumps(list(getattr(model.catalogue, name))) for name in _TEXTS},
    }
    save_file(arrays, str(path), metadata=manifest)


def load(path: str | Path) -> Reward:
    """Read a model that ``save`` wrote.

    Raises:
        InputError: where the file is missing or is not such a model.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: there is no such model file.")
    try:
        with safe_open(str(path), framework="numpy") as file:
            manifest = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if manifest.get("format") != FORMAT:
            raise ValueError("another format")
        texts = {name: tuple(json.loads(manifest[name])) for name in _TEXTS}
        config = from_plain(RewardConfig, json.loads(manifest["config"]))
        found = {name: arrays.get(f"catalogue.{name}") for name in _ARRAYS}
        catalogue = Catalogue(**texts, **found)
        blank = blank_parameters(catalogue, config)
        leaves, shape = jax.tree_util.tree_flatten_with_path(blank)
        values = []
        for where, leaf in leaves:
            value = arrays[f"params{jax.tree_util.keystr(where)}"]
            if value.shape != leaf.shape:
                raise ValueError
            values.append(value)
    except (SafetensorError, KeyError, ValueError, TypeError, OSError, RecursionError) as error:
        raise InputError(f"{path}: this is not a reward model that scrl saved.") from error
    return Reward(jax.tree_util.tree_unflatten(shape, values), catalogue, config)


def score(model: Reward, catalogue: Catalogue) -> np.ndarray:
    """A model's rewards for the prompts and completions of another file, ``[items]``.

    Each is identified by its features where the model was trained on features, else by its name,
    and by its text where a name has several texts.

    Raises:
        InputError: names a prompt or completion that the model cannot know.
    """
    known = model.catalogue
    for what in ("prompt", "completion"):
        own, other = (getattr(c, f"{what}_features") for c in (known, catalogue))
        if own is not None and other is None:
            raise InputError(
                f"The model knows {what}s by {own.shape[1]} features; the file has none for them."
            )
        if own is not None and own.shape[1] != other.shape[1]:
            raise InputError(
                f"The model knows {what}s by {own.shape[1]} features; "
                f"the file has {other.shape[1]}."
            )
    return model.rewards(
        Table.of(known)._replace(
            contest=catalogue.item_prompt,
            prompt=_prompt_indices(known, catalogue)[catalogue.item_prompt],
            completion=_completion_indices(known, catalogue)[catalogue.members],
            prompt_features=standardise(catalogue.prompt_features, known.prompt_features),
            completion_features=standardise(
                catalogue.completion_features, known.completion_features
            ),
        )
    )


def _prompt_indices(known: Catalogue, new: Catalogue) -> np.ndarray:
    """The model's index of each new prompt ``[prompts]``."""
    if known.prompt_features is not None:
        return np.arange(len(new.prompts))
    number = {name: i for i, name in enumerate(known.prompts)}
    for name in new.prompts:
        if name not in number:
            raise InputError(f"The model was never trained on the prompt '{name[:60]}'.")
    return np.array([number[name] for name in new.prompts])


def _completion_indices(known: Catalogue, new: Catalogue) -> np.ndarray:
    """The model's index of each new completion ``[completions]``."""
    if known.completion_features is not None:
        return np.arange(len(new.completions))
    by_text = {
        key: i for i, key in enumerate(zip(known.completions, known.completion_texts, strict=True))
    }
    times = Counter(known.completions)
    by_name = {name: i for i, name in enumerate(known.completions) if times[name] == 1}
    number = []
    for name, text in zip(new.completions, new.completion_texts, strict=True):
        i = by_text.get((name, text), by_name.get(name))
        if i is None:
            raise InputError(f"The model was never trained on the completion '{name[:60]}'.")
        number.append(i)
    return np.array(number)
