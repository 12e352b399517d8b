"""Layers shared by the networks, and a catalogue as their input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from scrl.types import Catalogue

#: An array on the host or on the device.
Array = jax.Array | np.ndarray
ArrayT = TypeVar("ArrayT", bound=Array)


@dataclass(frozen=True)
class Sizes:
    """The sizes of a catalogue that determine a module's shape.

    Catalogues of equal sizes share compiled programs.

    Attributes:
        prompts, completions: how many there are.
        names: how many distinct names completions have.
        prompt_features, completion_features: how many features each has; 0 without features.
    """

    prompts: int
    completions: int
    names: int
    prompt_features: int
    completion_features: int

    @classmethod
    def of(cls, catalogue: Catalogue) -> Sizes:
        """The sizes of a catalogue."""
        prompt, completion = catalogue.prompt_features, catalogue.completion_features
        return cls(
            len(catalogue.prompts),
            len(catalogue.completions),
            len(set(catalogue.completions)),
            0 if prompt is None else prompt.shape[1],
            0 if completion is None else completion.shape[1],
        )


class Table(NamedTuple):
    """The arrays of a catalogue that networks read.

    Attributes:
        contest: the prompt within which each item's reward is centred ``[items]``.
        prompt, completion: of each item ``[items]``, as indices of the model's vectors.
        name: index of each completion's name ``[completions]``.
        prompt_features, completion_features: standardised, ``[entries, features]``, or None.
    """

    contest: Array
    prompt: Array
    completion: Array
    name: Array
    prompt_features: Array | None
    completion_features: Array | None

    @classmethod
    def of(cls, catalogue: Catalogue) -> Table:
        """The arrays of a catalogue, features standardised."""
        index = {name: i for i, name in enumerate(dict.fromkeys(catalogue.completions))}
        return cls(
            catalogue.item_prompt,
            catalogue.item_prompt,
            catalogue.members,
            np.array([index[name] for name in catalogue.completions], np.int32),
            standardise(catalogue.prompt_features, catalogue.prompt_features),
            standardise(catalogue.completion_features, catalogue.completion_features),
        )


def standardise(features: np.ndarray | None, like: np.ndarray | None) -> np.ndarray | None:
    """Features ``[entries, features]`` standardised by the mean and standard deviation of ``like``.

    None where either is None.
    """
    if features is None or like is None:
        return None
    spread = like.std(0)
    return ((features - like.mean(0)) / np.where(spread > 0, spread, 1)).astype(np.float32)


def centre(reward: jax.Array, table: Table) -> jax.Array:
    """Rewards ``[items]`` centred within each prompt."""
    ones = jnp.ones_like(reward)
    count = jax.ops.segment_sum(ones, table.contest, len(reward))
    mean = jax.ops.segment_sum(reward, table.contest, len(reward)) / jnp.maximum(count, 1)
    return reward - mean[table.contest]


class MLP(nnx.Module):
    """Two layers with a GELU between: ``[..., size_in] -> [..., size_out]``."""

    def __init__(self, size_in: int, hidden: int, size_out: int, *, rngs: nnx.Rngs) -> None:
        self.hidden = nnx.Linear(size_in, hidden, rngs=rngs)
        self.out = nnx.Linear(hidden, size_out, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        return self.out(nnx.gelu(self.hidden(x)))


def _learnt_vectors(count: int, width: int, rngs: nnx.Rngs) -> nnx.Param:
    return nnx.Param(jax.random.normal(rngs.params(), (count, width)))


class ItemEmbedding(nnx.Module):
    """Embeddings of completions in the context of their prompt.

    A prompt or completion is represented by its features if the catalogue has them, else by a
    learnt vector. Completions with the same name but different texts (one system's answers to many
    prompts) also share a vector of the name.
    """

    def __init__(self, sizes: Sizes, width: int, *, rngs: nnx.Rngs) -> None:
        self.sizes = sizes
        if sizes.prompt_features:
            self.prompt_projection = MLP(sizes.prompt_features, width, width, rngs=rngs)
        else:
            self.prompt = _learnt_vectors(sizes.prompts, width, rngs)
        if sizes.completion_features:
            self.completion_projection = MLP(sizes.completion_features, width, width, rngs=rngs)
        else:
            self.completion = _learnt_vectors(sizes.completions, width, rngs)
            if sizes.names < sizes.completions:
                self.name = _learnt_vectors(sizes.names, width, rngs)
        self.interpret = MLP(2 * width, 2 * width, width, rngs=rngs)

    def __call__(self, table: Table) -> tuple[jax.Array, jax.Array]:
        """Embeddings ``[items, width]``: of each item in context, and of its completion alone."""
        if self.sizes.prompt_features:
            assert table.prompt_features is not None
            prompt = self.prompt_projection(jnp.asarray(table.prompt_features))
        else:
            prompt = self.prompt[...]
        if self.sizes.completion_features:
            assert table.completion_features is not None
            completion = self.completion_projection(jnp.asarray(table.completion_features))
        else:
            completion = self.completion[...]
            if self.sizes.names < self.sizes.completions:
                completion = completion + self.name[...][table.name]
        completion = completion[table.completion]
        pair = jnp.concatenate([prompt[table.prompt], completion], axis=-1)
        return self.interpret(pair), completion
