"""A training from its first stage to its last; where it stands is data that a checkpoint holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import jax
import numpy as np

from scrl.devices import DeviceMesh
from scrl.random_streams import HostStream, KeyStream, host_rng, jax_key
from scrl.streamed_raters.batches import BatchPlan
from scrl.streamed_raters.fitted import StreamedRaters
from scrl.streamed_raters.items import ItemFunctions
from scrl.streamed_raters.parameters import Parameters, Scales
from scrl.streamed_raters.selection import Trial, as_shown, choose_types, hold_out
from scrl.streamed_raters.settings import StreamedConfig, checked_seed
from scrl.streamed_raters.sources import BallotSource
from scrl.streamed_raters.stages import (
    Stage,
    early_stages,
    final_stage,
    first_scales,
    learnt_scales,
    parameters_of_clusters,
    random_parameters,
)
from scrl.streamed_raters.state_arrays import restored, state_arrays
from scrl.streamed_raters.training_step import StepInputs, first_state, training_step
from scrl.types import InputError

#: Raters from whose latents the types' clusters are found, at most.
CLUSTERED = 20_000
#: Steps in which Adam's rate rises from 0; steps before prior deviations are first learnt, and
#: between two times, at least.
WARMUP, FIRST_LEARNT, LEARNT_EVERY = 20, 50, 25
#: Epochs and steps of one stage are numbered from these multiples of the stage's number.
STAGE_EPOCHS, STAGE_STEPS = 1_000_000, 100_000_000


class TrainingRun:
    """A training (see ``train_streamed``).

    Attributes:
        stage: the number of the current stage; kept: arrays that finished ones left, by name.
        curve: (steps done, log-evidence a rater).
    """

    def __init__(
        self,
        source: BallotSource,
        config: StreamedConfig,
        seed: int,
        left_out: np.ndarray | None,
        mesh: DeviceMesh,
    ) -> None:
        self.source, self.config, self.mesh = source, config, mesh
        self.seed = checked_seed(seed)
        self.left_out = np.zeros(source.raters, bool) if left_out is None else np.array(left_out)
        if self.left_out.shape != (source.raters,) or self.left_out.dtype != bool:
            raise InputError(
                f"left_out must hold a truth value for each of {source.raters} raters."
            )
        self.plan = self._plan_of(~self.left_out)
        if not self.plan.batches:
            raise InputError(f"{source.name}: every rater with a ballot is left out.")
        held = hold_out(self.plan, seed)
        if config.types is not None:
            held[:] = False
        self.early_plan = self._plan_of(~self.left_out & ~held)
        self.held_plan = self._plan_of(held)
        self.dtype = np.dtype(np.float64 if config.precision == "double" else np.float32)
        self.items = ItemFunctions.of(source.catalogue)
        self.early = early_stages(config, self.early_plan.batches)
        if not held.any():
            self.early = self.early[:1]
        self.functions = mesh.everywhere(self.items.value.astype(self.dtype))
        self.group = mesh.everywhere(self.items.group.astype(np.int32))
        self.stage, self.kept, self.curve = 0, {}, []
        self._state = self._scales = None
        self._step = 0

    stage: int
    kept: dict[str, np.ndarray]
    curve: list[tuple[int, float]]
    _state: Any
    _scales: Any

    def _plan_of(self, raters: np.ndarray) -> BatchPlan:
        return BatchPlan.of(self.source, raters, self.config.batch_entries, self.mesh.size)

    @property
    def digest(self) -> str:
        """By which a checkpoint of this training is known."""
        about = [asdict(self.config), self.seed, self.source.content]
        found = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
        found.update(np.packbits(self.left_out).tobytes())
        return found.hexdigest()

    # -- where it stands --------------------------------------------------------------------------

    def moment(self) -> tuple[int, dict[str, np.ndarray]]:
        """The stage's number, and all arrays from which the training goes on."""
        arrays = dict(self.kept)
        if self._state is not None:
            arrays |= state_arrays(self.mesh.whole((self._state, self._scales)), "state")
        return self.stage, arrays

    def go_on(
        self, stage: int, arrays: Mapping[str, np.ndarray], curve: list[tuple[int, float]]
    ) -> None:
        """Go on from a moment of the same training.

        Raises:
            ValueError: where the arrays are not those of such a moment.
        """
        if stage > len(self.early) + 1:
            raise ValueError("there is no such stage")
        self.stage, self.curve = stage, list(curve)
        self.kept = {k: v for k, v in arrays.items() if not k.startswith("state[")}
        _require_like(self.kept, self._kept_before(stage))
        if len(self.kept) < len(arrays):
            if stage > len(self.early):
                raise ValueError("the last stage is done and has a state")
            like = first_state(self._blank(self._stage())), self._first_scales()
            state = {k: v for k, v in arrays.items() if k.startswith("state[")}
            _require_like(state, state_arrays(like, "state"))
            self._state, self._scales = self.mesh.everywhere(restored(like, state, "state"))

    def _first_scales(self) -> Scales:
        return first_scales(self.items.groups, self.dtype)

    def _kept_before(self, stage: int) -> dict[str, np.ndarray]:
        """Arrays of the names, shapes and types of those that are kept when a stage begins; one
        axis of no length stands for any length."""
        if stage == 0:
            return {}
        found: dict[str, np.ndarray] = {}
        factors, *tried = self.early[: min(stage, len(self.early))]
        for each in tried:
            found[f"score {each.types}"] = np.zeros(0)
            if stage <= len(self.early):
                parts = self._blank(each), self._first_scales()
                found |= state_arrays(parts, f"types {each.types}")
        if stage <= len(self.early):
            found |= state_arrays(self._blank(factors), "factors")
            return found | {"latent": np.zeros((0, factors.latent), self.dtype)}
        blank = self._blank(self._stage(len(self.early)))
        last = blank, self._first_scales(), first_state(blank).statistics
        return found | state_arrays(last, "final")

    @property
    def share_done(self) -> float:
        """Share of the work that is done, 0 to 1, by steps × columns of a batch."""
        stages = [*self.early, self._stage(len(self.early))]
        work = [s.steps * (s.types + 1) for s in stages]
        done: float = sum(work[: self.stage])
        if self._state is not None and self.stage < len(stages):
            done += work[self.stage] * self._step / stages[self.stage].steps
        return min(done / sum(work), 1.0)

    @property
    def curves(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """For ``types.Progress``."""
        steps, values = (np.array(x) for x in zip(*self.curve, strict=True)) if self.curve else (
            np.zeros(0), np.zeros(0),
        )  # fmt: skip
        return {"log-evidence": (steps, values)}

    # -- stages -----------------------------------------------------------------------------------

    def _stage(self, number: int | None = None) -> Stage:
        """The stage of a number, by default the current one."""
        number = self.stage if number is None else number
        if number < len(self.early):
            return self.early[number]
        types = self.config.types
        if types is None:
            # Before the last number is tried, the progress counts with what is known.
            types = choose_types(self._scores) if self._scores else self.config.max_types
        return final_stage(self.config, self.plan.batches, types)

    @property
    def _scores(self) -> dict[int, np.ndarray]:
        """Of the numbers of types that were tried."""
        named = {k: v for k, v in self.kept.items() if k.startswith("score ")}
        return {int(name.removeprefix("score ")): value for name, value in named.items()}

    def _blank(self, stage: Stage) -> Parameters:
        """A stage's random parameters."""
        sizes = self.source.catalogue.items, len(self.items.group)
        return random_parameters(stage, *sizes, self.seed, self.stage, self.dtype)

    def _begin(self, stage: Stage) -> None:
        """The state before a stage's first step."""
        parameters, scales = self._blank(stage), self._first_scales()
        if stage.name == "final" and f"score {stage.types}" in self.kept:
            both = restored((parameters, scales), self.kept, f"types {stage.types}")
            parameters, scales = both
        elif stage.name != "factors" and stage.types > 1:
            factors = restored(parameters, self.kept, "factors")
            parameters = parameters_of_clusters(parameters, factors, self.kept["latent"])
        state = first_state(self.mesh.agreed(parameters))
        self._state, self._scales = self.mesh.everywhere((state, scales))

    def _finish(self, stage: Stage) -> None:
        """Keep what later stages or the result read."""
        parameters = self.mesh.whole(self._state.parameters)
        scales = self.mesh.whole(self._scales)
        if stage.name == "factors":
            self.kept |= state_arrays(parameters, "factors")
            self.kept["latent"] = self._latents(parameters)
        elif stage.name == "types":
            self.kept |= state_arrays((parameters, scales), f"types {stage.types}")
            trial = Trial(self.held_plan, self.mesh, self.functions, self.seed)
            self.kept[f"score {stage.types}"] = trial.nats(self._state.parameters)
        else:
            statistics = self.mesh.whole(self._state.statistics)
            self.kept = {k: v for k, v in self.kept.items() if k.startswith("score ")}
            self.kept |= state_arrays((parameters, scales, statistics), "final")

    def _latents(self, parameters: Parameters) -> np.ndarray:
        """Posterior means of some of the raters in the first stage ``[raters, d]``."""
        rng = host_rng(self.seed, HostStream.STREAMED_SELECTION, 1)
        raters = np.zeros(self.source.raters, bool)
        raters[rng.permutation(self.early_plan.raters)[:CLUSTERED]] = True
        return self._model(parameters).embed(self.source, raters, self.mesh).latent[:, 0]

    # -- steps ------------------------------------------------------------------------------------

    def steps(self) -> Iterator[str]:
        """Train to the end; after each step, a line on where it stands."""
        while self.stage <= len(self.early):
            stage = self._stage()
            if self._state is None:
                self._begin(stage)
            for step in self._stage_steps(stage):
                types = f"{stage.types} types" if stage.types > 1 else "one type"
                yield f"Training {types} of raters: step {step:,} of {stage.steps:,}"
            self._finish(stage)
            self.stage, self._state, self._step = self.stage + 1, None, 0

    def _stage_steps(self, stage: Stage) -> Iterator[int]:
        """Train to the end of a stage; after each step, how many are done."""
        plan = self.plan if stage.name == "final" else self.early_plan
        every = max(LEARNT_EVERY, plan.batches)
        batches = self.mesh.everywhere(np.asarray(plan.batches, self.dtype))
        step, order = int(self.mesh.whole(self._state.step)), None
        while step < stage.steps:
            epoch, position = divmod(step, plan.batches)
            if order is None or position == 0:
                order = plan.epoch(self.seed, self.stage * STAGE_EPOCHS + epoch)
            shape, rows = order[position]
            part = self.mesh.own_rows(plan.padded_rows(shape))
            shown = self.mesh.spread(as_shown(plan.batch(shape, rows, part), self.dtype))
            number = self.stage * STAGE_STEPS + step
            key = jax.random.key_data(jax_key(self.seed, KeyStream.STREAMED_RATERS, number))
            rate = np.asarray(self._rate(step, stage.steps), self.dtype)
            inputs = StepInputs(
                self.functions, self.group, self._scales, rate, batches, np.asarray(key)
            )
            jax.block_until_ready(self._state)  # at most one batch waits in memory
            self._state = training_step(
                self._state, shown, inputs,
                newton_steps=self.config.newton_steps, points=self.config.points,
            )  # fmt: skip
            step += 1
            self._step = step
            if step % every == 0 and step >= FIRST_LEARNT:
                self._learn_scales(plan, step)
            yield step

    def _rate(self, step: int, steps: int) -> float:
        """Adam's rate: it rises from 0, then falls to 0 along a cosine."""
        rising = min(1.0, (step + 1) / WARMUP)
        return self.config.rate * rising * 0.5 * (1.0 + np.cos(np.pi * step / steps))

    def _learn_scales(self, plan: BatchPlan, step: int) -> None:
        """Learn the prior's deviations, and note the log-evidence."""
        state = self._state
        self._scales = learnt_scales(
            state.parameters, state.statistics, self._scales, self.functions, self.group
        )
        evidence, weight = self.mesh.whole(tuple(state.statistics[2:]))
        done = sum(s.steps for s in self.early[: self.stage]) + step
        self.curve.append((done, float(evidence / weight / len(plan.raters))))

    # -- result -----------------------------------------------------------------------------------

    def _model(self, parameters: Parameters) -> StreamedRaters:
        return StreamedRaters(self.source.catalogue, parameters, self.items)

    def result(self) -> StreamedRaters:
        """The model, where the training is done."""
        stage = self._stage(len(self.early))
        like = self._blank(stage), self._first_scales()
        return self._model(restored(like, self.kept, "final")[0])


def _require_like(arrays: Mapping[str, np.ndarray], like: Mapping[str, np.ndarray]) -> None:
    """Raise ``ValueError`` where arrays have other names, shapes or types of numbers than those of
    ``like``, where an axis of no length stands for any length."""
    if arrays.keys() != like.keys():
        raise ValueError("the arrays are others")
    for name, wanted in like.items():
        found = arrays[name]
        same = len(found.shape) == len(wanted.shape) and all(
            one == two or two == 0 for one, two in zip(found.shape, wanted.shape, strict=True)
        )
        if not same or found.dtype.kind != wanted.dtype.kind or not np.isfinite(found).all():
            raise ValueError(f"the array {name} is another")
