"""Log-probabilities of completions given their prompts, in padded batches.

A sequence is a prompt and its completion, padded on the right. Only the positions that predict the
completion are multiplied by the output matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from scrl.language_model import llama
from scrl.language_model.gguf_weights import LlamaConfig
from scrl.language_model.sampling import PROMPT_SIZES, TEXT_SIZES, bucket

#: Sequences in a batch, and the sizes to which sequences are padded.
ROWS = 8
SEQUENCE_SIZES = (64, 96, 128, 192, 256, 384, 512, 1024, 2048, PROMPT_SIZES[-1] + TEXT_SIZES[-1])


def pad_pairs(
    pairs: Sequence[tuple[Sequence[int], Sequence[int]]], rows: int = 0
) -> dict[str, np.ndarray]:
    """Arrays of prompts and completions, padded to common sizes.

    Args:
        pairs: tokens of prompts and of completions.
        rows: pad with empty completions to so many; 0 for none.

    Returns:
        ``"tokens" [rows, S]``; ``"start" [rows]``, the length of the prompt; ``"targets" [rows,
        C]``, the completion's tokens; ``"mask" [rows, C]``, 1 for those that exist.
    """
    rows = max(rows, len(pairs))
    size = bucket(max(len(p) + len(c) for p, c in pairs), SEQUENCE_SIZES)
    length = bucket(max(len(c) for _, c in pairs), TEXT_SIZES)
    found = {
        "tokens": np.zeros((rows, size), np.int32),
        "start": np.ones(rows, np.int32),
        "targets": np.zeros((rows, length), np.int32),
        "mask": np.zeros((rows, length), np.float32),
    }
    for i, (prompt, completion) in enumerate(pairs):
        found["tokens"][i, : len(prompt) + len(completion)] = [*prompt, *completion]
        found["start"][i] = len(prompt)
        found["targets"][i, : len(completion)] = completion
        found["mask"][i, : len(completion)] = 1
    return found


def token_scores(
    config: LlamaConfig,
    weights: llama.Weights,
    batch: dict,
    adapter: llama.Weights | None = None,
    temperature: jax.typing.ArrayLike = 1.0,
) -> jax.Array:
    """Log-probability of every target ``[rows, C]``; 0 where the mask is 0.

    Args:
        batch: as of ``pad_pairs``.
        temperature: logits are divided by it.
    """
    hidden, _ = llama.hidden_states(config, weights, batch["tokens"], adapter)
    return target_scores(weights, hidden, batch, temperature)


def target_scores(
    weights: llama.Weights, hidden: jax.Array, batch: dict, temperature: jax.typing.ArrayLike
) -> jax.Array:
    """As ``token_scores``, of hidden states after the last norm ``[rows, S, width]``."""
    size, length = hidden.shape[1], batch["targets"].shape[1]
    places = jnp.minimum(batch["start"][:, None] - 1 + jnp.arange(length), size - 1)
    asked = jnp.take_along_axis(hidden, places[..., None], axis=1)

    @jax.checkpoint
    def row(part: tuple[jax.Array, jax.Array]) -> jax.Array:
        """One sequence at a time: logits of all would fill the memory."""
        logits = llama.logits(weights, part[0]) / temperature
        chosen = jnp.take_along_axis(logits, part[1][:, None], -1)[:, 0]
        return chosen - jax.nn.logsumexp(logits, -1)

    return jax.lax.map(row, (asked, batch["targets"])) * batch["mask"]


@partial(jax.jit, static_argnums=0)
def _compiled_scores(
    config: LlamaConfig,
    weights: llama.Weights,
    batch: dict,
    adapter: llama.Weights,
    temperature: jax.Array,
) -> jax.Array:
    return token_scores(config, weights, batch, adapter, temperature)


def score_pairs(
    config: LlamaConfig,
    weights: llama.Weights,
    pairs: Sequence[tuple[Sequence[int], Sequence[int]]],
    adapter: llama.Weights | None = None,
    on_share: Callable[[float], None] | None = None,
    temperature: float = 1.0,
) -> list[np.ndarray]:
    """Log-probabilities of every completion's tokens, one array for each pair.

    Args:
        weights: see ``llama``; stacked ones compile sooner.
        on_share: hears the share of the work done; an exception of it ends the work.
    """
    order = sorted(range(len(pairs)), key=lambda i: sum(map(len, pairs[i])))
    found: list[np.ndarray] = [np.zeros(0)] * len(pairs)
    for begin in range(0, len(order), ROWS):
        part = order[begin : begin + ROWS]
        rows = ROWS if len(part) > 1 else 1
        batch = pad_pairs([pairs[i] for i in part], rows)
        heat = np.float32(temperature)
        scores = np.asarray(_compiled_scores(config, weights, batch, adapter or {}, heat), float)
        for row, i in enumerate(part):
            found[i] = scores[row, : len(pairs[i][1])]
        if on_share is not None:
            on_share(min(1.0, (begin + ROWS) / len(order)))
    return found
