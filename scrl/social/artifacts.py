"""Save and load a reward model: parameters and manifest in one safetensors file, no pickle."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import jax
import numpy as np
from safetensors.numpy import save as packed_tensors

from scrl.config import RewardConfig
from scrl.data.dataclass_json import from_plain, to_plain
from scrl.data.files import printable, quoted, read_file
from scrl.data.stored_ratings import CATALOGUE
from scrl.data.strict_arrays import Declared, check_arrays, open_arrays
from scrl.data.strict_json import strict_json
from scrl.networks.layers import Table, standardise
from scrl.social import text_artifacts
from scrl.social.named_reward import NamedReward
from scrl.social.reward_model import Reward, blank_parameters
from scrl.social.stored_catalogue import TEXTS, checked_catalogue
from scrl.social.text_reward import TextReward
from scrl.text.encoder import Encoder
from scrl.types import Catalogue, InputError
from scrl.whole_files import write_whole

FORMAT = "scrl reward 1"
#: Bytes of a file; width of a network; largest parameter, of which no reward overflows.
MAX_MODEL_BYTES, MAX_WIDTH, MAX_PARAMETER = 500_000_000, 4096, 1e6


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
        for name in CATALOGUE
        if (value := getattr(model.catalogue, name)) is not None
    }
    for where, leaf in jax.tree_util.tree_leaves_with_path(model.params):
        arrays[f"params{jax.tree_util.keystr(where)}"] = np.ascontiguousarray(leaf)
    manifest = {
        "format": FORMAT,
        "config": json.dumps(to_plain(model.config)),
        "about": json.dumps(about),
        **{name: json.dumps(list(getattr(model.catalogue, name))) for name in TEXTS},
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
        raise InputError(f"{printable(path)}: there is no such model file.")
    try:
        manifest, arrays = open_arrays(read_file(path, MAX_MODEL_BYTES))
        if manifest.get("format") == text_artifacts.FORMAT:
            # A wrong encoder is a fault of its own, which is no fault of the file.
            text_artifacts.check(arrays, manifest)
            encoder = text_artifacts.encoder_for(arrays, manifest, encoder)
            return text_artifacts.unpacked(arrays, manifest, encoder)
        if manifest.get("format") != FORMAT:
            raise ValueError("it is of another format")
        return _unpacked(arrays, manifest)
    except text_artifacts.EncoderError:
        raise
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise _foreign(path, error) from error


def _foreign(path: Path, error: Exception) -> InputError:
    """A fault of a file as a sentence; a phrase of ``strict_arrays`` says where it is."""
    said = str(error) if type(error) is ValueError else ""
    what = f"{printable(path)}: this is not a reward model that scrl saved"
    if not said or len(said) > 200 or not said.isprintable():
        return InputError(f"{what}, or it is damaged; save it again.")
    return InputError(f"{what}, or it is damaged: {said}.")


def _unpacked(arrays: Mapping[str, np.ndarray], manifest: Mapping[str, str]) -> NamedReward:
    """The network of a file; its texts, arrays and settings are checked before it is built.

    Raises:
        ValueError, KeyError: where a part is missing or does not fit.
    """
    config = from_plain(RewardConfig, strict_json(manifest["config"]))
    if not 1 <= config.width <= MAX_WIDTH or not 0 < config.prior_sd < np.inf:
        raise ValueError("a setting is out of range")
    catalogue = checked_catalogue(arrays, manifest)
    for features in (catalogue.prompt_features, catalogue.completion_features):
        with np.errstate(all="ignore"):
            read = standardise(features, features)
        if read is not None and not np.isfinite(read).all():
            raise ValueError("its features are too large")
    leaves, shape = jax.tree_util.tree_flatten_with_path(blank_parameters(catalogue, config))
    names = [f"params{jax.tree_util.keystr(where)}" for where, _ in leaves]
    if {n for n in arrays if not n.startswith("catalogue.")} != set(names):
        raise ValueError("it holds other parameters")
    schema = {
        name: Declared("f", ("*",) * leaf.ndim, -MAX_PARAMETER, MAX_PARAMETER)
        for name, (_, leaf) in zip(names, leaves, strict=True)
    }
    check_arrays(schema, [(name, arrays[name]) for name in names], {})
    for name, (_, leaf) in zip(names, leaves, strict=True):
        if arrays[name].shape != leaf.shape:
            raise ValueError(f"the array {quoted(name)} has another shape")
    values = [arrays[name].astype(np.float32) for name in names]
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
    rewards = model.rewards(
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
    if not np.isfinite(rewards).all():
        raise InputError(
            "The file's features are too large for the model; give them in the units of its "
            "training."
        )
    return rewards


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
