"""Preference drift: error of models over time, the lag after a swap, and policies that move tastes.

Part one draws random worlds for each kind of drift and asks each model, before each block of
answers, how it orders the disputed pairs. Each model's one setting is the one that predicted the
earlier blocks best. Part two trains policies round by round on people whom they change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from scrl.drift.influence import POLICIES, draw_influence_worlds, simulate_influence
from scrl.drift.measures import expected_errors, least_errors, recovery_lag
from scrl.drift.models import MODELS, fit_model
from scrl.drift.random_walk import filter_and_smooth
from scrl.drift.timed_pairs import TimedPairs, block_bounds, with_groups
from scrl.drift.worlds import DRIFTS, DriftWorlds, draw_answers, draw_worlds
from scrl.random_streams import HostStream, host_rng
from scrl.studies.part_results import over_seeds
from scrl.studies.protocol import Listener, ModuleStudy, differences, settings_hash
from scrl.types import Progress

SEEDS = tuple(range(10))
WORLDS, ANSWERS, ITEMS, BLOCKS = 4, 2_400, 6, 100
SHARES = (0.6, 0.3, 0.1)
#: Who is judged -> the place among the types and everybody.
SCOPES = {"majority": 0, "minority": 2, "everybody": 3}
#: A model has recovered when its error is so near that of the oracle.
WITHIN = 0.05
#: Every so many blocks are stored.
STORED = 2
#: The last part of a run over which errors are averaged.
LATE = 0.5
LATER = "looking back"
RATES, ROUNDS, INFLUENCE_WORLDS = (0.0, 0.02, 0.05, 0.1, 0.2), 40, 40
#: Models by whose rewards everybody's winner is chosen.
WINNERS = ("stationary", "window", "discount", "random walk", "elo")
#: Errors of a spot check agree within this; a setting may change by rounding.
TOLERANCE = 0.02


def spec() -> str:
    """A hash of the study's settings."""
    settings = {name: values for name, (_, values) in MODELS.items()}
    sizes = (SEEDS, WORLDS, ANSWERS, ITEMS, BLOCKS, SHARES, WITHIN, LATE, DRIFTS, STORED)
    return settings_hash(sizes, SCOPES, settings, RATES, ROUNDS, INFLUENCE_WORLDS, POLICIES)


def run(on_progress: Listener = None, seeds: Sequence[int] = SEEDS) -> dict[str, Any]:
    """The study: two minutes.

    Returns:
        ``"time"``: of the blocks; ``"drifts"``: drift -> as ``drift_errors``; ``"settings"``: as
        ``setting_trade_off``; ``"influence"``: rate -> policy -> as ``influence_curves``.
    """
    time = block_bounds(ANSWERS, BLOCKS)[:-1:STORED].tolist()
    found: dict[str, Any] = {"time": time, "drifts": {}}
    fitted = {}
    steps = len(DRIFTS) + 1
    for k, drift in enumerate(DRIFTS):
        if on_progress is not None:
            on_progress(Progress(drift, k / steps, f"Part {k + 1} of {steps}: {drift}"))
        study = _DriftRun(drift, seeds)
        found["drifts"][drift] = drift_errors(study)
        fitted[drift] = {name: study.errors(name, "majority") for name in MODELS}
        fitted[drift]["oracle"] = study.oracle("majority")[None]
    found["settings"] = setting_trade_off(fitted)
    if on_progress is not None:
        on_progress(Progress("influence", 1 - 1 / steps, f"Part {steps} of {steps}: influence"))
    found["influence"] = {
        str(rate): {policy: influence_curves(policy, rate, seeds) for policy in POLICIES}
        for rate in RATES
    }
    return found


# -- errors over time -----------------------------------------------------------------------------


class _DriftRun:
    """Worlds of one drift with the tracks of all models. Axes of arrays are seeds, worlds, types
    and everybody, blocks."""

    def __init__(self, drift: str, seeds: Sequence[int]) -> None:
        self.seeds = len(seeds)
        self.bounds = block_bounds(ANSWERS, BLOCKS)
        shares = np.array(SHARES)
        parts = []
        for seed in seeds:
            rng = host_rng(seed, HostStream.DRIFT_WORLDS)
            worlds = draw_worlds(rng, drift, WORLDS, ANSWERS, ITEMS, shares)
            answers, group = draw_answers(rng, worlds)
            parts.append((worlds, with_groups(answers, group, len(shares))))
        self.worlds = DriftWorlds(
            shares, np.concatenate([w.tastes for w, _ in parts]),
            np.concatenate([w.disputed for w, _ in parts]),
        )  # fmt: skip
        self.pairs = _joined([pairs for _, pairs in parts])
        self.chances = self.worlds.chances(self.bounds[:-1]).swapaxes(1, 2)
        self.judged = np.broadcast_to(self.worlds.disputed[:, :, None], self.chances.shape)
        self.tracks = {name: fit_model(name, self.pairs, self.bounds) for name in MODELS}

    def oracle(self, scope: str) -> np.ndarray:
        """Least errors ``[worlds, blocks]``."""
        at = SCOPES[scope]
        return least_errors(self.chances[:, at], self.judged[:, at])

    def scope_rewards(self, rewards: np.ndarray, scope: str) -> np.ndarray:
        """Of ``[..., sequences, blocks + 1, items]`` those of a scope ``[..., worlds, blocks,
        items]``."""
        return rewards[..., SCOPES[scope] :: len(SHARES) + 1, :-1, :]

    def errors(self, name: str, scope: str) -> np.ndarray:
        """Errors of a model at each setting ``[settings, worlds, blocks]``."""
        at = SCOPES[scope]
        rewards = self.scope_rewards(self.tracks[name].rewards, scope)
        return expected_errors(rewards, self.chances[:, at], self.judged[:, at])

    def chosen_errors(self, name: str, scope: str, rewards_of: str = "") -> np.ndarray:
        """Errors of a model at the settings that it chose ``[worlds, blocks]``.

        Args:
            rewards_of: the scope whose answers it learns from; by default the one it is judged on.
        """
        at = SCOPES[scope]
        rewards = self.scope_rewards(self.tracks[name].best(), rewards_of or scope)
        return expected_errors(rewards, self.chances[:, at], self.judged[:, at])

    def later_errors(self, scope: str) -> np.ndarray:
        """Errors of the smoother, which knows all answers, at the setting chosen in the end."""
        at, track = SCOPES[scope], self.tracks["random walk"]
        pairs = self.pairs.select(slice(at, None, len(SHARES) + 1))
        chosen = track.chosen()[at :: len(SHARES) + 1, -1]
        rewards = np.empty((len(chosen), BLOCKS, ITEMS))
        for setting in np.unique(chosen):
            rows = np.flatnonzero(chosen == setting)
            states = filter_and_smooth(pairs.select(rows), track.settings[setting])
            rewards[rows] = states.later_mean[self.bounds[:-1]].swapaxes(0, 1)
        return expected_errors(rewards, self.chances[:, at], self.judged[:, at])

    def by_seed(self, values: np.ndarray) -> np.ndarray:
        """Means over a seed's worlds ``[seeds, ...]`` of ``[worlds, ...]``."""
        return values.reshape(self.seeds, -1, *values.shape[1:]).mean(1)


def _joined(parts: Sequence[TimedPairs]) -> TimedPairs:
    """The sequences of several seeds, whose clocks are equal."""
    arrays = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("first", "second", "won", "weight")
    }
    return TimedPairs(parts[0].time, items=parts[0].items, **arrays)


def drift_errors(study: _DriftRun) -> dict[str, Any]:
    """Errors of all models over time.

    Returns:
        ``"error"``: scope -> model -> mean and interval ``[3][blocks]``, ``"oracle"`` and, for the
        minority, ``"one for all"`` (a random walk of everybody's rewards) among the models;
        ``"late"``: scope -> model -> mean and interval of the error above the oracle's in the last
        part of the run; ``"lead"``: scope -> mean and interval of Elo's error less the random
        walk's there; ``"lag"``: scope -> model -> as ``_lag``, after half of the answers;
        ``"wrong"``: scope -> share of disputed pairs that the stationary model has in the wrong
        order at the last block; ``"settled"``: scope -> model -> share of worlds in which it had
        chosen its longest memory after half of the answers; ``"winner"``: as
        ``winner_agreement``; ``"example"``: rewards of the first world.
    """
    found: dict[str, Any] = {
        key: {} for key in ("error", "late", "lead", "lag", "wrong", "settled")
    }
    late = slice(round(BLOCKS * (1 - LATE)), None)
    for scope in SCOPES:
        each = {name: study.chosen_errors(name, scope) for name in MODELS}
        if scope == "majority":
            each[LATER] = study.later_errors(scope)
        if scope == "minority":
            each["one for all"] = study.chosen_errors("random walk", scope, "everybody")
        oracle = study.oracle(scope)
        curves = {name: study.by_seed(v) for name, v in {**each, "oracle": oracle}.items()}
        found["error"][scope] = {n: over_seeds(v[:, ::STORED], 3) for n, v in curves.items()}
        above = {name: (curves[name] - curves["oracle"]) for name in each}
        found["late"][scope] = {n: over_seeds(v[:, late].mean(1), 4) for n, v in above.items()}
        lead = (curves["elo"] - curves["random walk"])[:, late].mean(1)
        found["lead"][scope] = over_seeds(lead, 4)
        found["lag"][scope] = {n: _lag(study, v, curves["oracle"]) for n, v in curves.items()}
        found["wrong"][scope] = over_seeds(study.by_seed(_wrong_order(study, scope)), 3)
        half, step = BLOCKS // 2, len(SHARES) + 1
        found["settled"][scope] = {
            name: float((track.chosen()[SCOPES[scope] :: step, half] == 0).mean())
            for name, track in study.tracks.items()
        }
    found["winner"] = winner_agreement(study)
    found["example"] = _example(study)
    return found


def _lag(study: _DriftRun, error: np.ndarray, oracle: np.ndarray) -> dict[str, Any]:
    """Answers until the mean error of a seed's worlds is back within ``WITHIN`` of the oracle's:
    ``"answers"``, mean and interval, those that never recover counted as the rest of the run, and
    ``"never"``, the share of seeds that do not."""
    half = ANSWERS // 2
    lag = recovery_lag(study.bounds[:-1], error, oracle, half, WITHIN)
    answers = over_seeds(np.minimum(lag, ANSWERS - half), 1)
    return {"answers": answers, "never": float(np.isinf(lag).mean())}


def _wrong_order(study: _DriftRun, scope: str) -> np.ndarray:
    """Share of judged pairs that the stationary model has in the wrong order at the last block."""
    at = SCOPES[scope]
    rewards = study.scope_rewards(study.tracks["stationary"].best(), scope)[:, -1]
    certain = (study.chances[:, at, -1] > 0.5).astype(float)
    return expected_errors(rewards, certain, study.judged[:, at, -1])


def winner_agreement(study: _DriftRun) -> dict[str, Any]:
    """How often a model of everybody has the present Borda winner on top, over time.

    Returns:
        Model -> mean and interval ``[3][blocks]``; a counting model also as ``"<model>, Borda"``,
        the Borda scores of the answers that it counts.
    """
    chance = study.chances[:, SCOPES["everybody"]]
    truth = chance.sum(-1).argmax(-1)
    found = {}
    for name in WINNERS:
        track = study.tracks[name]
        scores = {name: track.best()}
        if track.borda is not None:
            scores[f"{name}, Borda"] = track.best(track.borda)
        for key, values in scores.items():
            winner = study.scope_rewards(values, "everybody").argmax(-1)
            found[key] = over_seeds(study.by_seed((winner == truth).astype(float))[:, ::STORED], 3)
    return found


def _example(study: _DriftRun) -> dict[str, Any]:
    """Rewards in the first world over time: ``"truth"`` and by model, of the majority
    ``[blocks][items]``."""
    truth = study.worlds.tastes[0, study.bounds[:-1:STORED], 0]
    truth = truth - truth.mean(-1, keepdims=True)
    found = {"truth": np.round(truth, 2).tolist()}
    for name in MODELS:
        rewards = study.scope_rewards(study.tracks[name].best(), "majority")[0, ::STORED]
        found[name] = np.round(rewards, 2).tolist()
    return found


def setting_trade_off(errors: Mapping[str, Mapping[str, np.ndarray]]) -> dict[str, Any]:
    """What each fixed setting costs: the lag after a swap, and the loss where nothing moves.

    Args:
        errors: drift -> model -> errors of the majority ``[settings, worlds, blocks]``.

    Returns:
        Model -> a row for each setting with ``"setting"``, ``"lag"`` (of the mean error over
        worlds, None where it never recovers) and ``"loss"``, the mean error above the oracle's in
        the last half without drift.
    """
    half, time = BLOCKS // 2, block_bounds(ANSWERS, BLOCKS)[:-1]
    found = {}
    for name, (_, settings) in MODELS.items():
        rows = []
        for s, setting in enumerate(settings):
            swap, none = (errors[d][name][s] - errors[d]["oracle"][0] for d in ("swap", "none"))
            lag = float(recovery_lag(time, swap.mean(0), np.zeros(BLOCKS), ANSWERS // 2, WITHIN))
            loss = round(float(none[:, half:].mean()), 4)
            rows.append({"setting": setting, "lag": None if np.isinf(lag) else lag, "loss": loss})
        found[name] = rows
    return found


# -- policies that move tastes --------------------------------------------------------------------


def influence_curves(policy: str, rate: float, seeds: Sequence[int] = SEEDS) -> dict[str, Any]:
    """What a policy shows over the rounds, by the tastes of the beginning and of the round.

    Returns:
        ``"first"`` and ``"present"`` -> mean and interval ``[3][rounds]``; the other fields of
        ``InfluenceRun`` -> means ``[rounds]``.
    """
    runs = []
    for seed in seeds:
        rng = host_rng(seed, HostStream.DRIFT_INFLUENCE)
        worlds = draw_influence_worlds(rng, INFLUENCE_WORLDS, ITEMS, np.array(SHARES))
        runs.append(simulate_influence(rng, worlds, policy, rate, ROUNDS))
    found = {
        name: over_seeds([getattr(run, name).mean(1) for run in runs], 3)
        for name in type(runs[0]).__annotations__
    }
    return {n: v if n in ("first", "present") else v[0] for n, v in found.items()}


# -- the study ------------------------------------------------------------------------------------


def spot_check(content: Mapping[str, Any], on_progress: Listener = None) -> list[str]:
    """Differences of a stored content from the parts that take seconds, repeated."""
    stored = content["result"]["influence"]
    rate, policies = str(RATES[2]), ("retrained", "both judge")
    found: list[str] = []
    for policy in policies:
        fresh = influence_curves(policy, RATES[2])
        found += differences(stored[rate][policy], fresh, TOLERANCE, f"influence.{policy}.")
    study = _DriftRun("swap", SEEDS[:2])
    first = [study.by_seed(study.chosen_errors(name, "majority")) for name in MODELS]
    kept = content["first"]
    return found + differences(kept, np.round(first, 3).tolist(), TOLERANCE, "first.")


def _content(on_progress: Listener) -> dict[str, Any]:
    """The study, and the errors after a swap of the first seeds for the spot check."""
    study = _DriftRun("swap", SEEDS[:2])
    first = [study.by_seed(study.chosen_errors(name, "majority")) for name in MODELS]
    return {"result": run(on_progress), "first": np.round(first, 3).tolist()}


STUDY = ModuleStudy(
    name="drift",
    title="Preference drift: error over time, and policies that move tastes",
    modules=(__name__,),
    compute_spec=spec,
    compute=_content,
    check=spot_check,
)
