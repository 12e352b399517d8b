"""The maze study: four reward models of users with two goals (see ``maze_world``).

It measures accuracy by size of the context, and the cell that each model predicts as the best.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scrl.config import ModelsConfig
from scrl.evaluation.intervals import student_interval
from scrl.random_streams import KeyStream, jax_key
from scrl.results import rounded
from scrl.reward_models import collapse
from scrl.reward_models.comparisons import Comparisons
from scrl.reward_models.protocols import FeatureRewardModel
from scrl.reward_models.reward_scales import win_rates
from scrl.runs.progress import chunk_reporter
from scrl.runtime import start
from scrl.studies import maze_world, scoreboard
from scrl.studies.protocol import Listener, ModuleStudy, differences, settings_hash

#: Training users, pairs of each user, held-out users, query pairs of each.
USERS, PAIRS, HELD_OUT, QUERIES = 2_000, 16, 1_000, 32
SEEDS = tuple(range(10))
#: Of the scoreboard's models.
MODELS = ("pooled", "vpl", "individual", "held")
CONFIG = ModelsConfig()
#: Sizes of the context for which maps are kept; accuracy is kept for every size.
SHOWN_PAIRS = (0, 1, 2, 4, 8, 16)
#: Accuracy and steps of the first seed agree within these; rounding differs between machines.
ACCURACY_TOLERANCE, STEPS_TOLERANCE = 0.02, 1.0


def spec() -> str:
    """A hash of the study's settings."""
    world = (maze_world.WALLS, maze_world.GOALS, maze_world.DISCOUNT, maze_world.JITTER)
    sizes = (USERS, PAIRS, HELD_OUT, QUERIES)
    beta = scoreboard.HEAVY_BETA
    return settings_hash(world, sizes, SEEDS, MODELS, CONFIG, beta, SHOWN_PAIRS)


def sample_split(seed: int) -> tuple[Comparisons, Comparisons, Comparisons]:
    """Training pairs, and the context and query pairs of held-out users."""
    return (
        maze_world.sample_users(seed, USERS, PAIRS, 0),
        maze_world.sample_users(seed, HELD_OUT, PAIRS, 1),
        maze_world.sample_users(seed, HELD_OUT, QUERIES, 2),
    )


def run(
    on_progress: Listener = None, seeds: Sequence[int] = SEEDS, config: ModelsConfig = CONFIG
) -> dict:
    """Train everything: some minutes.

    Returns:
        ``"seeds"``; ``"users"``: the context ``[pairs, 2, 2]`` of the first seed's first held-out
        user of each goal, the preferred point first; ``"maps"``: of each model, after each of
        ``SHOWN_PAIRS``, the predicted win rates of every free cell for those users ``[shown, users,
        cells]``; ``"right"``: of each model, accuracy by size of the context ``[seeds, pairs +
        1]``; ``"steps"``: likewise, by goal, the steps from users' goal to their predicted best
        cell, a mean over users ``[seeds, pairs + 1, goals]``.
    """
    start()
    total, done = len(seeds) * len(MODELS), 0
    found: dict[str, Any] = {"seeds": list(seeds), "users": [], "maps": {}}
    found |= {key: {name: [] for name in MODELS} for key in ("right", "steps")}
    for seed in seeds:
        train, context, queries = sample_split(seed)
        first = seed == seeds[0]
        chosen = np.array([int(np.argmax(context.rater_type == g)) for g in range(2)])
        if first:
            points = maze_world.points_of_features(context.features)[context.pairs[chosen]]
            found["users"] = np.round(points, 2).tolist()
        for name in MODELS:
            message = f"{scoreboard.MODELS[name].title}, seed {seed}"
            listen = chunk_reporter(on_progress, done, total, message)
            key = jax_key(seed, KeyStream.MAZE)
            model, _ = scoreboard.MODELS[name].fit(key, train, config, listen)
            if not isinstance(model, FeatureRewardModel):
                raise TypeError(f"{name} cannot be asked about other items.")
            accuracies, steps, maps = _evaluate(model, context, queries)
            found["right"][name].append(rounded(np.array(accuracies), 4))
            found["steps"][name].append(rounded(np.array(steps), 2))
            if first:
                found["maps"][name] = rounded(maps[list(SHOWN_PAIRS)][:, chosen], 3)
            done += 1
    return found


def _evaluate(
    model: FeatureRewardModel, context: Comparisons, queries: Comparisons
) -> tuple[list[float], list[list[float]], np.ndarray]:
    """By size of the context: accuracy, steps from the goal to the predicted best cell by goal, and
    predicted win rates ``[pairs + 1, users, cells]``."""
    cells = maze_world.free_cells()
    offsets = np.array([0, len(cells)])
    on_cells = model.with_items(maze_world.point_features(cells), offsets)
    accuracies, steps, maps = [], [], []
    for n in range(PAIRS + 1):
        visible = context.masked_after(n)
        credit = collapse.query_credit(model.probabilities(visible, queries))
        accuracies.append(float(credit.mean()))
        rewards = on_cells.rewards(visible)
        distance = maze_world.goal_distances()[context.rater_type, rewards.argmax(axis=1)]
        steps.append([float(distance[context.rater_type == goal].mean()) for goal in range(2)])
        maps.append(win_rates(rewards, offsets))
    return accuracies, steps, np.array(maps)


def spot_check(content: Mapping[str, Any], on_progress: Listener = None) -> list[str]:
    """Differences of a stored content from the first seed, repeated."""
    stored, fresh = content["result"], run(on_progress, SEEDS[:1])
    found = differences(stored["seeds"], SEEDS, where="seeds.")
    found += differences(stored["users"], fresh["users"], 0.01, "users.")
    for key, tolerance in (("right", ACCURACY_TOLERANCE), ("steps", STEPS_TOLERANCE)):
        first = {name: rows[0] for name, rows in stored[key].items()}
        again = {name: rows[0] for name, rows in fresh[key].items()}
        found += differences(first, again, tolerance, f"{key}.")
    return found


STUDY = ModuleStudy(
    name="maze",
    title="Users of two goals in a maze, by the pairs that each gives",
    modules=(__name__,),
    compute_spec=spec,
    compute=lambda on_progress: {"result": run(on_progress)},
    check=spot_check,
)


# -- readings -------------------------------------------------------------------------------------


def true_win_rates() -> np.ndarray:
    """Win rates of every free cell for users of each goal, who do not err ``[goals, cells]``."""
    offsets = np.array([0, len(maze_world.free_cells())])
    return win_rates(1e6 * maze_world.cell_rewards(), offsets)


def accuracy(result: dict, model: str) -> np.ndarray:
    """Accuracy by size of the context: mean over seeds and its 95 % interval (Student's)
    ``[3, pairs + 1]``."""
    return student_interval(result["right"][model])


def steps_to_goal(result: dict, model: str) -> np.ndarray:
    """Steps from a user's goal to the predicted best cell, a mean over seeds and users ``[pairs +
    1]``."""
    return np.array(result["steps"][model]).mean(axis=(0, 2))


def pairs_needed(result: dict, model: str, level: float) -> int | None:
    """The smallest context with a mean accuracy of at least ``level``; None where there is none."""
    (sizes,) = np.nonzero(accuracy(result, model)[0] >= level)
    return int(sizes[0]) if len(sizes) else None


@dataclass(frozen=True)
class Destination:
    """The best cell of a reward shared by all users.

    Attributes:
        cell: (row, column), of the first seed; steps: from it to each goal.
        each: of every seed, the steps from its best cell to the first goal.
    """

    cell: tuple[int, int]
    steps: tuple[int, int]
    each: tuple[int, ...]


def pooled_destination(result: dict) -> Destination:
    """The best cell of the Bradley–Terry reward."""
    best = int(np.argmax(result["maps"]["pooled"][0][0]))
    each = np.array(result["steps"]["pooled"])[:, 0, 0]
    return Destination(
        tuple(maze_world.free_cells()[best].tolist()),
        tuple(maze_world.goal_distances()[:, best].tolist()),
        tuple(np.round(each).astype(int).tolist()),
    )
