"""Save and load a reward model: parameters and manifest in one safetensors file, no pickle."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import jax
import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as packed_tensors

from scrl.config import RewardConfig
from scrl.data.dataclass_json import from_plain, to_plain
from scrl.networks.layers import Table, standardise
from scrl.social import text_artifacts
from scrl.social.named_reward import NamedReward
from scrl.social.reward_model import Reward, blank_parameters
from scrl.social.text_reward import TextReward
from scrl.text.encoder import Encoder
from scrl.types import Catalogue, InputError
from scrl.whole_files import write_whole

FORMAT = "scrl reward 1"
_ARRAYS = ("members", "offsets", "prompt_features", "completion_features")
_TEXTS = ("prompts", "completions", "prompt_texts", "completion_texts")


def save(model: Reward | TextReward, path: str | Path, **about: str) -> None:
    """Save a social or vanilla reward model.

    Args:
        model: the model.
        path: the file to write.
        about: metadata, such as ``rule`` or ``scenario``.

    Raises:
        InputError: the file cannot be written.
    """
    if isinstance(model, TextReward):
        arrays, manifest = text_artifacts.packed(model, about)
        _write(arrays, manifest, path)
        return
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
    _write(arrays, manifest, path)


def _write(arrays: dict[str, np.ndarray], manifest: dict[str, str], path: str | Path) -> None:
    try:
        write_whole(path, packed_tensors(arrays, manifest))
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{path}: the model cannot be written ({reason}).") from error


def load(path: str | Path, encoder: Encoder | None = None) -> NamedReward | TextReward:
    """Load a model written by ``save``; it is called as ``reward(prompt, completion)``.

    Args:
        path: the file.
        encoder: with which a model that reads text was trained; found by its name by default.

    Raises:
        InputError: if the file is missing or is not such a model, or the encoder is another one.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: there is no such model file.")
    try:
        with safe_open(str(path), framework="numpy") as file:
            manifest = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if manifest.get("format") == text_artifacts.FORMAT:
            # A wrong encoder is a fault of its own, which is no fault of the file.
            encoder = text_artifacts.encoder_for(arrays, manifest, encoder)
            return text_artifacts.unpacked(arrays, manifest, encoder)
        if manifest.get("format") != FORMAT:
            raise ValueError("another format")
        texts: dict[str, Any] = {name: tuple(json.loads(manifest[name])) for name in _TEXTS}
        config = from_plain(RewardConfig, json.loads(manifest["config"]))
        numbers: dict[str, Any] = {name: arrays.get(f"catalogue.{name}") for name in _ARRAYS}
        catalogue = Catalogue(**texts, **numbers)
        blank = blank_parameters(catalogue, config)
        leaves, shape = jax.tree_util.tree_flatten_with_path(blank)
        values = []
        for where, leaf in leaves:
            value = arrays[f"params{jax.tree_util.keystr(where)}"]
            if value.shape != leaf.shape:
                raise ValueError
            values.append(value)
    except text_artifacts.EncoderError:
        raise
    except (SafetensorError, KeyError, ValueError, TypeError, OSError, RecursionError) as error:
        raise InputError(f"{path}: this is not a reward model that scrl saved.") from error
    return NamedReward(jax.tree_util.tree_unflatten(shape, values), catalogue, config)


def score(model: Reward | TextReward, catalogue: Catalogue) -> np.ndarray:
    """A model's rewards ``[items]`` for the items of another catalogue.

    A model that reads text scores any texts. For another, a prompt or completion is identified by
    its features if the model was trained on features, else by its name, and by its text where a
    name has several texts.

    Raises:
        InputError: for a prompt or completion that the model was not trained on.
    """
    if isinstance(model, TextReward):
        return model.score(catalogue)
    known = model.catalogue
    for kind in ("prompt", "completion"):
        own, other = (getattr(c, f"{kind}_features") for c in (known, catalogue))
        if own is not None and other is None:
            raise InputError(
                f"The model knows {kind}s by {own.shape[1]} features; the file has none for them."
            )
        if own is not None and own.shape[1] != other.shape[1]:
            raise InputError(
                f"The model knows {kind}s by {own.shape[1]} features; "
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
    index = {name: i for i, name in enumerate(known.prompts)}
    for name in new.prompts:
        if name not in index:
            raise InputError(f"The model was never trained on the prompt '{name[:60]}'.")
    return np.array([index[name] for name in new.prompts])


def _completion_indices(known: Catalogue, new: Catalogue) -> np.ndarray:
    """The model's index of each new completion ``[completions]``."""
    if known.completion_features is not None:
        return np.arange(len(new.completions))
    by_text = {
        key: i for i, key in enumerate(zip(known.completions, known.completion_texts, strict=True))
    }
    occurrences = Counter(known.completions)
    by_name = {name: i for i, name in enumerate(known.completions) if occurrences[name] == 1}
    indices = []
    for name, text in zip(new.completions, new.completion_texts, strict=True):
        i = by_text.get((name, text), by_name.get(name))
        if i is None:
            raise InputError(f"The model was never trained on the completion '{name[:60]}'.")
        indices.append(i)
    return np.array(indices)
