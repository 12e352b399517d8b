"""Direct preference optimisation (Rafailov et al. 2023) of an adapter, pairs weighted.

For a pair of completions of one prompt the loss is

    -log σ(β [(log π - log π_ref)(chosen) - (log π - log π_ref)(rejected)])

times the pair's weight. The weight is where a social choice enters: how much a rule, or how many
voters, are for this order of the two.
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
class PreferencePair:
    """Two completions of a prompt of which one is preferred.

    Attributes:
        prompt, chosen, rejected: a text counts as an ended completion.
        weight: of the pair's loss, 0 or more.
    """

    prompt: Prompt
    chosen: str | Completion
    rejected: str | Completion
    weight: float = 1.0


@dataclass(frozen=True)
class DpoSettings:
    """Settings of the training.

    Attributes:
        steps, pairs_per_step: number of updates; pairs that each reads.
        learning_rate: of Adam, reached after a tenth of the steps and falling to 0 as a cosine.
        beta: of the loss; the smaller, the further the policy may go from the reference.
        temperature: of the policy and the reference whose probabilities the loss compares.
        rank, matrices, scale: of the adapter (see ``adapter.new_adapter``).
        seed: of the adapter and the order of pairs.
    """

    steps: int = 100
    pairs_per_step: int = 4
    learning_rate: float = 1e-3
    beta: float = 0.1
    temperature: float = 1.0
    rank: int = 8
    matrices: tuple[str, ...] = ("attn_qkv", "attn_output")
    scale: float = 2.0
    seed: int = 0


@dataclass(frozen=True, eq=False)
class DpoRun:
    """A trained adapter and how the training went.

    Attributes:
        adapter: the trained one.
        loss, accuracy, margin: of each step's pairs: mean weighted loss; weighted share with the
            chosen completion above; mean of the bracket of the loss, in nats.
    """

    adapter: Adapter
    loss: tuple[float, ...]
    accuracy: tuple[float, ...]
    margin: tuple[float, ...]


def pair_losses(margins: jax.Array, weights: jax.Array, beta: float | jax.Array) -> jax.Array:
    """The mean weighted loss of pairs.

    Args:
        margins: the brackets of the loss ``[pairs]``; ``weights``: of pairs ``[pairs]``.
    """
    return jnp.mean(weights * jax.nn.softplus(-beta * margins))


def train_dpo(
    model: LanguageModel,
    pairs: Sequence[PreferencePair],
    settings: DpoSettings | None = None,
    on_progress: Listener = None,
) -> DpoRun:
    """Train a new adapter of ``model``; the reference is ``model`` without an adapter.

    Raises:
        InputError: where there is no pair, a weight is negative, or all are 0.
    """
    settings = settings or DpoSettings()
    data = _padded(model, pairs)
    weights, config = model.with_adapter(None).writing_weights, model.config
    adapter = new_adapter(config, settings.rank, settings.matrices, settings.scale, settings.seed)
    trained: Any = jax.tree.map(jnp.asarray, dict(adapter.parameters))
    reference = _reference_margins(config, weights, data, trained, settings)
    curves: dict[str, list[float]] = {"loss": [], "accuracy": [], "margin": []}
    state, rates = OPTIMISER.init(trained), _learning_rates(settings)
    for step, chosen in enumerate(_minibatches(len(pairs), settings)):
        batch = {key: array[chosen] for key, array in data.items()} | {"base": reference[chosen]}
        numbers = _numbers(settings) | {"beta": settings.beta, "rate": rates[step]}
        trained, state, told = _update(config, trained, state, weights, batch, numbers)
        for name, value in zip(curves, told, strict=True):
            curves[name].append(float(value))
        if on_progress is not None:
            message = f"step {step + 1} of {settings.steps}"
            steps = list(range(1, step + 2))
            live = {name: (steps, list(values)) for name, values in curves.items()}
            on_progress(Progress("training", (step + 1) / settings.steps, message, live))
    kept = jax.tree.map(np.asarray, trained)
    return DpoRun(Adapter(kept, settings.scale), *(tuple(v) for v in curves.values()))


def _padded(model: LanguageModel, pairs: Sequence[PreferencePair]) -> dict[str, np.ndarray]:
    """Arrays of all pairs ``[pairs, 2, ...]``, chosen first, and ``"weight"`` of mean 1."""
    if not pairs:
        raise InputError("Training needs at least one pair of completions.")
    given = np.array([pair.weight for pair in pairs], float)
    if not (np.isfinite(given).all() and (given >= 0).all() and given.sum() > 0):
        raise InputError("The weights of pairs are 0 or more, and not all 0.")
    rows = []
    for pair in pairs:
        prompt = model.prompt_tokens(pair.prompt)
        rows += [(prompt, model.completion_tokens(c)) for c in (pair.chosen, pair.rejected)]
    flat = scores.pad_pairs(rows)
    found = {key: array.reshape(-1, 2, *array.shape[1:]) for key, array in flat.items()}
    return found | {"weight": (given / given.mean()).astype(np.float32)}


def _minibatches(pairs: int, settings: DpoSettings) -> Iterator[np.ndarray]:
    """Indices of the pairs of every step: every pair once before any comes again."""
    rng, rest = np.random.default_rng(settings.seed), np.zeros(0, int)
    for _ in range(settings.steps):
        while len(rest) < settings.pairs_per_step:
            rest = np.concatenate([rest, rng.permutation(pairs)])
        yield rest[: settings.pairs_per_step]
        rest = rest[settings.pairs_per_step :]


def _learning_rates(settings: DpoSettings) -> np.ndarray:
    """The learning rate of every step ``[steps]``."""
    rate = optax.warmup_cosine_decay_schedule(
        0.0, settings.learning_rate, max(1, settings.steps // 10), max(2, settings.steps)
    )
    return np.array([float(rate(step + 1)) for step in range(settings.steps)])


def _numbers(settings: DpoSettings) -> dict[str, float]:
    """Settings that compiled programs take as numbers, so that other ones compile nothing."""
    return {"scale": settings.scale, "temperature": settings.temperature}


def _margins(
    config: LlamaConfig, adapter: Any, weights: llama.Weights, batch: dict, numbers: dict
) -> jax.Array:
    """log π(chosen) - log π(rejected) of each pair ``[pairs]``."""
    flat = {
        key: batch[key].reshape(-1, *batch[key].shape[2:])
        for key in ("tokens", "start", "targets", "mask")
    }
    scaled = Adapter(adapter, numbers["scale"]).scaled()
    tokens = scores.token_scores(config, weights, flat, scaled, numbers["temperature"])
    chosen, rejected = tokens.sum(-1).reshape(-1, 2).T
    return chosen - rejected


_compiled_margins = jax.jit(_margins, static_argnums=0)


def _reference_margins(
    config: LlamaConfig, weights: llama.Weights, data: dict, adapter: Any, settings: DpoSettings
) -> np.ndarray:
    """``_margins`` of the reference: those of the adapter before it is trained, when it is 0."""
    size, pairs = settings.pairs_per_step, len(data["weight"])
    numbers = _numbers(settings)
    found = []
    for begin in range(0, pairs, size):
        chosen = np.arange(begin, begin + size) % pairs
        batch = {key: array[chosen] for key, array in data.items()}
        found.append(np.asarray(_compiled_margins(config, adapter, weights, batch, numbers)))
    return np.concatenate(found)[:pairs]


@partial(jax.jit, static_argnums=0, donate_argnums=(1, 2))
def _update(
    config: LlamaConfig,
    adapter: Any,
    state: Any,
    weights: llama.Weights,
    batch: dict,
    numbers: dict,
) -> tuple[Any, Any, tuple[jax.Array, jax.Array, jax.Array]]:
    def loss(adapter: Any) -> tuple[jax.Array, jax.Array]:
        margins = _margins(config, adapter, weights, batch, numbers) - batch["base"]
        return pair_losses(margins, batch["weight"], numbers["beta"]), margins

    (value, margins), gradient = jax.value_and_grad(loss, has_aux=True)(adapter)
    change, state = OPTIMISER.update(gradient, state, adapter)
    change = jax.tree.map(lambda c: -numbers["rate"] * c, change)
    right = jnp.average(margins > 0, weights=jnp.maximum(batch["weight"], 1e-9))
    return optax.apply_updates(adapter, change), state, (value, right, margins.mean())
