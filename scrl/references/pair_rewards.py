"""Rewards r(reference, output): bilinear, a network, and the cosine of features.

Both fits minimise −log σ(r(ref, winner) − r(ref, loser)), Bradley–Terry on triples. They are
compiled once for a shape and fit a batch of independent worlds at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Protocol

import jax
import jax.numpy as jnp
import numpy as np
import optax
from scipy.special import expit

#: Newton steps of the bilinear reward.
NEWTON_STEPS = 8
#: Hidden units, steps, triples of a step and peak learning rate of the network.
WIDTH, STEPS, BATCH, RATE = 32, 1_000, 512, 5e-3


class PairReward(Protocol):
    """A reward that compares an output with a reference."""

    def scores(self, reference: np.ndarray, output: np.ndarray) -> np.ndarray:
        """Rewards of outputs, in log-odds up to a constant of each reference.

        Args:
            reference: features ``[..., features]``.
            output: features ``[..., features]``; leading axes broadcast.
        """
        ...


@dataclass(frozen=True)
class CosineReward:
    """The cosine of the features, which nobody trains.

    Attributes:
        centre: of the features ``[features]``, subtracted from both.
    """

    centre: np.ndarray

    def scores(self, reference: np.ndarray, output: np.ndarray) -> np.ndarray:
        a, b = reference - self.centre, output - self.centre
        size = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
        return (a * b).sum(-1) / np.maximum(size, 1e-12)


# -- bilinear -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class BilinearReward:
    """r(ref, y) = ref · A y + y · B y + b · y, with B symmetric.

    It is the likelihood ratio's form where tastes and features are normal.

    Attributes:
        weight: of the functions of ``pair_functions`` ``[functions]``.
    """

    weight: np.ndarray

    def scores(self, reference: np.ndarray, output: np.ndarray) -> np.ndarray:
        return pair_functions(reference, output) @ self.weight


def pair_functions(reference: np.ndarray, output: np.ndarray) -> np.ndarray:
    """The products in which a bilinear reward is linear ``[..., functions]``.

    They are reference × output, output × output (upper triangle) and the output itself.
    """
    reference, output = np.broadcast_arrays(reference, output)
    size = output.shape[-1]
    cross = reference[..., :, None] * output[..., None, :]
    i, j = np.triu_indices(size)
    own = output[..., i] * output[..., j]
    return np.concatenate([cross.reshape(*output.shape[:-1], size**2), own, output], axis=-1)


@jax.jit
def _newton(gap: jax.Array, start: jax.Array, precision: jax.Array) -> jax.Array:
    """Weights of logistic regressions ``[worlds, functions]`` without intercept.

    Args:
        gap: functions of the winner less those of the loser ``[worlds, triples, functions]``.
        start: prior means ``[worlds, functions]``; precision: of the Gaussian prior.
    """

    def fit(x: jax.Array, mean: jax.Array) -> jax.Array:
        def step(weight: jax.Array, _: None) -> tuple[jax.Array, None]:
            chance = jax.nn.sigmoid(x @ weight)
            slope = x.T @ (1 - chance) - precision * (weight - mean)
            curve = (x * (chance * (1 - chance))[:, None]).T @ x
            return weight + jnp.linalg.solve(curve + precision * jnp.eye(len(mean)), slope), None

        return jax.lax.scan(step, mean, None, length=NEWTON_STEPS)[0]

    return jax.vmap(fit)(gap, start)


def fit_bilinear(
    reference: np.ndarray,
    winner: np.ndarray,
    loser: np.ndarray,
    start: np.ndarray | None = None,
    precision: float = 1.0,
) -> list[BilinearReward]:
    """Fit the bilinear reward of each world: a convex problem.

    Args:
        reference, winner, loser: features ``[worlds, triples, features]``.
        start: weights that the prior is centred on ``[worlds, functions]``, 0 by default; those
            of a trained reward make this its fine-tuning on ranked pairs.
        precision: of the Gaussian prior of each weight.
    """
    gap = pair_functions(reference, winner) - pair_functions(reference, loser)
    mean = np.zeros((len(gap), gap.shape[2])) if start is None else np.asarray(start)
    with jax.enable_x64(True):
        weight = np.asarray(_newton(jnp.asarray(gap, float), jnp.asarray(mean, float), precision))
    return [BilinearReward(w) for w in weight]


# -- network --------------------------------------------------------------------------------------

Params = dict[str, jax.Array]


@dataclass(frozen=True)
class NetworkReward:
    """A network of the two feature vectors and their product: two hidden layers.

    Attributes:
        params: of the layers, as arrays of the host.
    """

    params: dict[str, np.ndarray]

    def scores(self, reference: np.ndarray, output: np.ndarray) -> np.ndarray:
        reference, output = np.broadcast_arrays(reference, output)
        x = np.concatenate([reference, output, reference * output], axis=-1)
        for name in ("enter", "middle"):
            x = x @ self.params[name] + self.params[f"{name}_bias"]
            x = x * expit(x)
        return x @ self.params["out"]


def _network(params: Params, reference: jax.Array, output: jax.Array) -> jax.Array:
    x = jnp.concatenate([reference, output, reference * output], axis=-1)
    for name in ("enter", "middle"):
        x = jax.nn.silu(x @ params[name] + params[f"{name}_bias"])
    return x @ params["out"]


def _initial(key: jax.Array, features: int) -> Params:
    keys, sizes = jax.random.split(key, 3), (3 * features, WIDTH, WIDTH)
    layers = [
        jax.random.normal(k, (n, WIDTH)) / np.sqrt(n) for k, n in zip(keys, sizes, strict=True)
    ]
    zero = jnp.zeros(WIDTH)
    return {"enter": layers[0], "enter_bias": zero, "middle": layers[1], "middle_bias": zero,
            "out": 0.1 * layers[2][:, 0]}  # fmt: skip


@partial(jax.jit, static_argnames=("steps",))
def _train(
    keys: jax.Array, reference: jax.Array, winner: jax.Array, loser: jax.Array, *, steps: int
) -> Params:
    """Networks of all worlds by Adam, the learning rate falling along a cosine."""
    optimiser = optax.adamw(optax.cosine_decay_schedule(RATE, steps), weight_decay=1e-3)

    def fit(key: jax.Array, ref: jax.Array, win: jax.Array, lose: jax.Array) -> Params:
        key_init, key_steps = jax.random.split(key)
        params = _initial(key_init, ref.shape[1])

        def loss(params: Params, rows: jax.Array) -> jax.Array:
            gap = _network(params, ref[rows], win[rows]) - _network(params, ref[rows], lose[rows])
            return -jnp.mean(jax.nn.log_sigmoid(gap))

        def step(state: tuple, key: jax.Array) -> tuple[tuple, None]:
            params, moments = state
            rows = jax.random.randint(key, (BATCH,), 0, len(ref))
            updates, moments = optimiser.update(jax.grad(loss)(params, rows), moments, params)
            return (optax.apply_updates(params, updates), moments), None

        start = params, optimiser.init(params)
        return jax.lax.scan(step, start, jax.random.split(key_steps, steps))[0][0]

    return jax.vmap(fit)(keys, reference, winner, loser)


def fit_networks(
    keys: jax.Array,
    reference: np.ndarray,
    winner: np.ndarray,
    loser: np.ndarray,
    steps: int = STEPS,
) -> list[NetworkReward]:
    """Train the network of each world.

    Args:
        keys: one of each world ``[worlds]``, consumed.
        reference, winner, loser: features ``[worlds, triples, features]``.
        steps: of Adam.
    """
    data = (jnp.asarray(x, jnp.float32) for x in (reference, winner, loser))
    params = jax.tree.map(np.asarray, _train(keys, *data, steps=steps))
    return [NetworkReward({n: v[i] for n, v in params.items()}) for i in range(len(reference))]
