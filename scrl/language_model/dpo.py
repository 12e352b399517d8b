"""Direct preference optimisation (Rafailov et al. 2023) of an adapter, from votes between texts.

For two completions a and b of one prompt, a vote for a costs

    -log σ(β [(log π - log π_ref)(a) - (log π - log π_ref)(b)])

and votes are weights. So raters' choices can be pooled, or the votes can be a rule's: all on the
completion that it places above. The completions of a prompt are scored once for all their pairs.

Only the adapter of the upper layers is trained. What the layers below make of every text never
changes, and is computed once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from scrl.language_model import llama, scores
from scrl.language_model.adapter import Adapter, new_adapter
from scrl.language_model.gguf_weights import LlamaConfig
from scrl.language_model.model import Completion, LanguageModel
from scrl.language_model.tokenizer import Prompt
from scrl.types import InputError, Progress

Listener = Callable[[Progress], None] | None
#: Adam's step before it is multiplied by the learning rate.
OPTIMISER = optax.chain(optax.clip_by_global_norm(1.0), optax.scale_by_adam())


@dataclass(frozen=True, eq=False)
class Votes:
    """Votes between the completions of a prompt.

    Attributes:
        prompt: the prompt.
        completions: two or more; a text counts as an ended completion.
        votes: weight of the votes for each over each other, 0 or more ``[n, n]``; the diagonal is
            ignored.
    """

    prompt: Prompt
    completions: Sequence[str | Completion]
    votes: np.ndarray


@dataclass(frozen=True)
class DpoSettings:
    """Settings of the training.

    Attributes:
        steps, prompts_per_step: number of updates; prompts whose votes each reads.
        learning_rate: of Adam, reached after a tenth of the steps and falling to 0 as a cosine.
        beta: of the loss; the smaller, the further the policy may go from the reference.
        temperature: of the policy and the reference whose probabilities the loss compares.
        layers: upper layers that get an adapter.
        rank, matrices, scale: of the adapter (see ``adapter.new_adapter``).
        seed: of the adapter and the order of prompts.
    """

    steps: int = 100
    prompts_per_step: int = 1
    learning_rate: float = 1e-3
    beta: float = 0.1
    temperature: float = 1.0
    layers: int = 10
    rank: int = 8
    matrices: tuple[str, ...] = ("attn_qkv", "attn_output")
    scale: float = 2.0
    seed: int = 0


@dataclass(frozen=True, eq=False)
class DpoRun:
    """A trained adapter and how the training went.

    Attributes:
        adapter: the trained one.
        loss, accuracy: of each step's votes: the mean loss; the share that the policy's margin
            over the reference orders rightly.
    """

    adapter: Adapter
    loss: tuple[float, ...]
    accuracy: tuple[float, ...]


def vote_loss(ratios: jax.Array, votes: jax.Array, beta: float | jax.Array) -> jax.Array:
    """The mean loss of votes.

    Args:
        ratios: log π - log π_ref of completions ``[..., n]``.
        votes: as of ``Votes``, 0 on the diagonal ``[..., n, n]``.
    """
    margins = ratios[..., :, None] - ratios[..., None, :]
    return jnp.sum(votes * jax.nn.softplus(-beta * margins)) / jnp.maximum(votes.sum(), 1e-9)


def train_dpo(
    model: LanguageModel,
    votes: Sequence[Votes],
    settings: DpoSettings | None = None,
    on_progress: Listener = None,
) -> DpoRun:
    """Train a new adapter of ``model``; the reference is ``model`` without an adapter.

    Args:
        on_progress: hears of every step. An exception of it, such as ``Cancelled``, ends the
            training.

    Raises:
        InputError: where there is no vote, or votes have another shape or are negative.
    """
    settings = settings or DpoSettings()
    config, weights = model.config, model.with_adapter(None).writing_weights
    upper = min(settings.layers, config.layers)
    data = _padded(model, votes)
    data["low"] = _lower_states(config, weights, data["tokens"], config.layers - upper)
    full = new_adapter(config, settings.rank, settings.matrices, settings.scale, settings.seed)
    trained: Any = jax.tree.map(lambda a: jnp.asarray(a[-upper:]), dict(full.parameters))
    numbers = {"scale": settings.scale, "temperature": settings.temperature}
    data["base"] = np.stack(
        [
            np.asarray(_compiled_ratios(config, trained, weights, _rows(data, [i]), numbers))[0]
            for i in range(len(votes))
        ]
    )
    curves: dict[str, list[float]] = {"loss": [], "accuracy": []}
    state, rates = OPTIMISER.init(trained), _learning_rates(settings)
    for step, chosen in enumerate(_minibatches(len(votes), settings)):
        changed = numbers | {"beta": settings.beta, "rate": rates[step]}
        trained, state, told = _update(
            config, trained, state, weights, _rows(data, chosen), changed
        )
        for name, value in zip(curves, told, strict=True):
            curves[name].append(float(value))
        if on_progress is not None:
            message = f"step {step + 1} of {settings.steps}"
            live = {name: (list(range(1, step + 2)), list(v)) for name, v in curves.items()}
            on_progress(Progress("training", (step + 1) / settings.steps, message, live))
    return DpoRun(
        Adapter(_of_all_layers(config, trained), settings.scale),
        tuple(curves["loss"]),
        tuple(curves["accuracy"]),
    )


def _of_all_layers(config: LlamaConfig, parameters: Any) -> Any:
    """Parameters of upper layers as those of all layers; the others are 0."""

    def padded(array: jax.Array) -> np.ndarray:
        missing = config.layers - array.shape[0]
        return np.pad(np.asarray(array), ((missing, 0), (0, 0), (0, 0)))

    return jax.tree.map(padded, parameters)


def _padded(model: LanguageModel, votes: Sequence[Votes]) -> dict[str, np.ndarray]:
    """Arrays of all completions ``[prompts, n, ...]``, and ``"votes" [prompts, n, n]``, whose
    prompts have equal weight on average."""
    if not votes:
        raise InputError("Training needs votes on at least one prompt.")
    most, rows = max(len(v.completions) for v in votes), []
    table = np.zeros((len(votes), most, most), np.float32)
    for i, group in enumerate(votes):
        n, given = len(group.completions), np.asarray(group.votes, float)
        if given.shape != (n, n) or not np.isfinite(given).all() or (given < 0).any():
            raise InputError(f"The votes on {n} completions are {n} × {n} numbers, 0 or more.")
        table[i, :n, :n] = np.where(np.eye(n, dtype=bool), 0, given)
        prompt = model.prompt_tokens(group.prompt)
        rows += [(prompt, model.completion_tokens(c)) for c in group.completions]
        rows += [(prompt, [])] * (most - n)
    if table.sum() == 0:
        raise InputError("Training needs at least one vote.")
    flat = scores.pad_pairs(rows)
    found = {key: a.reshape(len(votes), most, *a.shape[1:]) for key, a in flat.items()}
    return found | {"votes": table}


def _rows(data: dict[str, np.ndarray], chosen: Sequence[int] | np.ndarray) -> dict:
    return {key: array[np.asarray(chosen)] for key, array in data.items()}


def _lower_states(
    config: LlamaConfig, weights: llama.Weights, tokens: np.ndarray, count: int
) -> np.ndarray:
    """Hidden states of all texts below the trained layers ``[prompts, n, S, width]``."""
    lower = weights | {"layers": weights["layers"][:count]}
    return np.stack([np.asarray(_below(config, lower, rows)) for rows in tokens])


@partial(jax.jit, static_argnums=0)
def _below(config: LlamaConfig, weights: llama.Weights, tokens: jax.Array) -> jax.Array:
    x = llama.embedded(weights, tokens)
    return llama.causal_layers(config, weights["layers"], x)[0] if weights["layers"] else x


def _minibatches(prompts: int, settings: DpoSettings) -> Iterator[np.ndarray]:
    """Indices of the prompts of every step: every prompt once before any comes again."""
    rng, rest = np.random.default_rng(settings.seed), np.zeros(0, int)
    for _ in range(settings.steps):
        while len(rest) < settings.prompts_per_step:
            rest = np.concatenate([rest, rng.permutation(prompts)])
        yield rest[: settings.prompts_per_step]
        rest = rest[settings.prompts_per_step :]


def _learning_rates(settings: DpoSettings) -> np.ndarray:
    """The learning rate of every step ``[steps]``."""
    rate = optax.warmup_cosine_decay_schedule(
        0.0, settings.learning_rate, max(1, settings.steps // 10), max(2, settings.steps)
    )
    return np.array([float(rate(step + 1)) for step in range(settings.steps)], np.float32)


def _log_probabilities(
    config: LlamaConfig, adapter: Any, weights: llama.Weights, batch: dict, numbers: dict
) -> jax.Array:
    """log π of completions ``[prompts, n]``."""
    lead, flat = (
        batch["targets"].shape[:2],
        {
            key: batch[key].reshape(-1, *batch[key].shape[2:])
            for key in ("start", "targets", "mask", "low")
        },
    )
    upper = next(iter(adapter.values()))["up"].shape[0]
    layers, added = weights["layers"][-upper:], Adapter(adapter, numbers["scale"]).scaled()
    x, _ = llama.causal_layers(config, layers, flat["low"], added)
    hidden = llama.root_mean_square_norm(config, x, weights["norm"])
    tokens = scores.target_scores(weights, hidden, flat, numbers["temperature"])
    return tokens.sum(-1).reshape(lead)


_compiled_ratios = jax.jit(_log_probabilities, static_argnums=0)


@partial(jax.jit, static_argnums=0, donate_argnums=(1, 2))
def _update(
    config: LlamaConfig,
    adapter: Any,
    state: Any,
    weights: llama.Weights,
    batch: dict,
    numbers: dict,
) -> tuple[Any, Any, tuple[jax.Array, jax.Array]]:
    votes = batch["votes"]

    def loss(adapter: Any) -> tuple[jax.Array, jax.Array]:
        ratios = _log_probabilities(config, adapter, weights, batch, numbers) - batch["base"]
        return vote_loss(ratios, votes, numbers["beta"]), ratios

    (value, ratios), gradient = jax.value_and_grad(loss, has_aux=True)(adapter)
    change, state = OPTIMISER.update(gradient, state, adapter)
    change = jax.tree.map(lambda c: -numbers["rate"] * c, change)
    right = jnp.sum(votes * (ratios[..., :, None] > ratios[..., None, :]))
    return optax.apply_updates(adapter, change), state, (value, right / votes.sum())
