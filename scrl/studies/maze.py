"""The study of the maze: what four reward models make of users of two goals as each says more, and
where in the maze each would send them (see ``reward_models.maze``)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scrl.config import ModelsConfig
from scrl.evaluation.intervals import student_interval
from scrl.random_streams import KeyStream, jax_key
from scrl.reward_models import collapse
from scrl.reward_models.comparisons import Comparisons
from scrl.reward_models.protocols import FeatureRewardModel
from scrl.reward_models.reward_scales import win_rates
from scrl.runs.progress import chunk_reporter
from scrl.runs.report import keep_baked
from scrl.runtime import start
from scrl.studies import maze_world, scoreboard
from scrl.types import Progress

USERS, PAIRS, HELD, ASKED = 2_000, 16, 1_000, 32
SEEDS = tuple(range(10))
#: Of the scoreboard's models.
MODELS = ("pooled", "vpl", "individual", "held")
CONFIG = ModelsConfig()
#: How many pairs of a user are read where maps are kept; accuracy is known after each one.
SHOWN = (0, 1, 2, 4, 8, 16)

Listener = Callable[[Progress], None] | None


def spec() -> str:
    """A hash of all that the baked study depends on but the code."""
    world = (maze_world.WALLS, maze_world.GOALS, maze_world.DISCOUNT, maze_world.JITTER)
    known = (world, USERS, PAIRS, HELD, ASKED, SEEDS, MODELS, CONFIG, scoreboard.HEAVY_BETA, SHOWN)
    return hashlib.sha256(repr(known).encode()).hexdigest()[:16]


def drawn(seed: int) -> tuple[Comparisons, Comparisons, Comparisons]:
    """What is learnt from, what held-out users said, and what they are asked."""
    return (
        maze_world.draw(seed, USERS, PAIRS, 0),
        maze_world.draw(seed, HELD, PAIRS, 1),
        maze_world.draw(seed, HELD, ASKED, 2),
    )


def make(
    on_progress: Listener = None, seeds: Sequence[int] = SEEDS, config: ModelsConfig = CONFIG
) -> dict:
    """Train everything: some minutes.

    Returns:
        ``"seeds"``; ``"users"``: of the first seed the first held-out user of each goal, the
        ``pairs [pairs, 2, 2]`` they said, the preferred point first; ``"maps"``: of each model
        after each of ``SHOWN`` pairs, what those users are said to think of every free cell
        ``[shown, users, cells]``, win rates; ``"right"`` of each model ``[seeds, pairs + 1]``: the
        share of the asked pairs it has right after so many pairs; ``"steps"`` likewise, by goal
        ``[seeds, pairs + 1, goals]``: how far from their goal the best cell is that it knows for
        them, a mean over users.
    """
    start()
    total, done = len(seeds) * len(MODELS), 0
    found = {"seeds": list(seeds), "users": [], "maps": {}}
    found |= {key: {name: [] for name in MODELS} for key in ("right", "steps")}
    for seed in seeds:
        train, context, asked = drawn(seed)
        first = seed == seeds[0]
        chosen = np.array([int(np.argmax(context.rater_type == g)) for g in range(2)])
        if first:
            said = maze_world.places(context.features)[context.pairs[chosen]]
            found["users"] = np.round(said, 2).tolist()
        for name in MODELS:
            message = f"{scoreboard.MODELS[name].title}, seed {seed}"
            listen = chunk_reporter(on_progress, done, total, message)
            key = jax_key(seed, KeyStream.MAZE)
            model, _ = scoreboard.MODELS[name].fit(key, train, config, listen)
            right, steps, maps = _judged(model, context, asked)
            found["right"][name].append(_short(right, 4))
            found["steps"][name].append(_short(steps, 2))
            if first:
                found["maps"][name] = _short(maps[list(SHOWN)][:, chosen], 3)
            done += 1
    return found


def _judged(model: FeatureRewardModel, context: Comparisons, asked: Comparisons):
    """After each number of pairs: the share right, steps to the own goal by goal, and win rates
    ``[pairs + 1, users, cells]``."""
    cells = maze_world.cells()
    whole = np.array([0, len(cells)])
    there = model.with_items(maze_world.features(cells), whole)
    right, steps, maps = [], [], []
    for n in range(PAIRS + 1):
        heard = context.masked_after(n)
        right.append(collapse.query_credit(model.probabilities(heard, asked)).mean())
        rewards = there.rewards(heard)
        own = maze_world.distances()[context.rater_type, rewards.argmax(axis=1)]
        steps.append([own[context.rater_type == goal].mean() for goal in range(2)])
        maps.append(win_rates(rewards, whole))
    return right, steps, np.array(maps)


def _short(values, digits: int) -> list:
    return np.round(np.asarray(values, float), digits).tolist()


def bake(command: str, on_progress: Listener = None, folder: Path | None = None) -> Path:
    """Run it and write what the page shows at once."""
    content = {"result": make(on_progress), "made": command, "spec": spec()}
    return keep_baked("maze", content, folder)


# -- what it says ---------------------------------------------------------------------------------


def truth() -> np.ndarray:
    """What users of each goal think of every free cell, in win rates ``[goals, cells]``: users do
    not err, so that all that counts is the order."""
    return win_rates(1e6 * maze_world.rewards(), np.array([0, len(maze_world.cells())]))


def right(result: dict, model: str) -> np.ndarray:
    """The share of pairs that it has right after so many of a user's: mean over seeds and its 95 %
    interval (Student's) ``[3, pairs + 1]``."""
    return student_interval(result["right"][model])


def steps(result: dict, model: str) -> np.ndarray:
    """How far from a user's goal the cell is that it knows as best for them, a mean over seeds and
    users ``[pairs + 1]``."""
    return np.array(result["steps"][model]).mean(axis=(0, 2))


def enough(result: dict, model: str, share: float) -> int | None:
    """The fewest pairs of a user after which, on average, so many are right; None of no number."""
    (found,) = np.nonzero(right(result, model)[0] >= share)
    return int(found[0]) if len(found) else None


@dataclass(frozen=True)
class Sent:
    """Where one reward sends everybody.

    Attributes:
        cell: (row, column), the best of the first seed; steps: from it to each goal.
        each: of every seed, how far its best cell is from the first goal.
    """

    cell: tuple[int, int]
    steps: tuple[int, int]
    each: tuple[int, ...]


def sent(result: dict) -> Sent:
    """Where Bradley–Terry does."""
    best = int(np.argmax(result["maps"]["pooled"][0][0]))
    each = np.array(result["steps"]["pooled"])[:, 0, 0]
    return Sent(
        tuple(maze_world.cells()[best].tolist()), tuple(maze_world.distances()[:, best].tolist()),
        tuple(np.round(each).astype(int).tolist()),
    )  # fmt: skip
