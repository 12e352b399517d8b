"""Questions to a stated accuracy by format of answer, well chosen against random.

People of four worlds answer by their own order, in one format throughout, or each time in that of
most gain a second. Accuracy is the share of all pairs of completions predicted in a person's own
order; an oracle who knows it has all of them. Two worlds are asked by the stored example runs that
the page opens on, two by the true population. Controls: random questions, questions chosen by their
information, and a belief that no data have taught. The part on sentences measures how well a
sentence in words is calibrated in words that were not used to learn its variance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from scrl.elicitation.effort import Effort
from scrl.elicitation.formats import BY_NAME
from scrl.random_streams import HostStream, host_rng
from scrl.studies.elicitation_worlds import WORLDS, ElicitationWorld, elicitation_world
from scrl.studies.interviews import Interviews, interview, sentence_interview
from scrl.studies.part_results import over_seeds
from scrl.studies.protocol import Listener, ModuleStudy, differences, settings_hash
from scrl.types import Progress

SEEDS, PEOPLE = tuple(range(10)), 8
#: Formats asked throughout, those also asked at random, and those that interviews may mix.
FORMS = ("best2", "best3", "best5", "ends5", "rank3", "rank5")
AT_RANDOM = ("best2", "best5", "rank5")
MIXED = ("best2", "best4", "ends4", "rank3", "rank5")
#: Seconds after which interviews end, and most answers of one.
HORIZON, MOST_ANSWERS = 110.0, 24
EFFORT = Effort()
#: Shares of the pairs that must be right.
LEVELS = (0.8, 0.9, 0.95)
#: Seconds at which curves are kept.
TIMES = tuple(range(0, int(HORIZON) + 1, 5))
SENTENCES = 4
#: Stop rules: points that a minute of answers must save of wrong guesses, else the interview ends.
STOPS = (2.0, 5.0, 10.0)
TOLERANCE = 0.02


def spec() -> str:
    """A hash of the study's settings."""
    sizes = (SEEDS, PEOPLE, FORMS, AT_RANDOM, MIXED, HORIZON, MOST_ANSWERS, EFFORT)
    return settings_hash(sizes, LEVELS, TIMES, SENTENCES, STOPS, WORLDS)


def run(on_progress: Listener = None) -> dict[str, Any]:
    """The study: some minutes.

    Returns:
        World -> as ``world_result``.
    """
    found = {}
    for i, name in enumerate(WORLDS):
        if on_progress is not None:
            on_progress(Progress(name, i / len(WORLDS), f"World {i + 1} of {len(WORLDS)}: {name}"))
        found[name] = world_result(name)
    return found


def world_result(name: str, seeds: Sequence[int] = SEEDS) -> dict[str, Any]:
    """The interviews of one world.

    Returns:
        Way of asking -> ``"answers"`` and ``"seconds"``: level -> mean and 95 % interval of the
        number needed, None where some seed never reaches it; ``"curve"`` and ``"smallest"``: share
        of the pairs right after ``TIMES`` ``[3][times]``, of all and of the smallest type's people
        (mean only); ``"by answer"``: share right after each answer ``[3][answers + 1]``;
        ``"expected"``: the share that the model expects, the mean by answer; ``"stops"``: answers,
        seconds and share right of each stop rule ``[3][stops][3]``; ``"seed 0"``: of ``"by
        answer"``.
    """
    by_way: dict[str, list[dict[str, Any]]] = {}
    for seed in seeds:
        world = elicitation_world(name, seed, PEOPLE)
        for way, interviews in _ways(name, world, seed).items():
            by_way.setdefault(way, []).append(_summary(interviews, world))
    return {way: _over_seeds(rows) for way, rows in by_way.items()}


def _ways(name: str, world: ElicitationWorld, seed: int) -> dict[str, Interviews]:
    """Way of asking -> its interviews of the people of a world."""
    found = {}
    index = list(WORLDS).index(name)

    def asked(way: str, forms: Sequence[str], **how: Any) -> None:
        usable = [BY_NAME[form] for form in forms if BY_NAME[form].size <= world.prior.size]
        prior = how.pop("prior", world.prior)
        cheapest = min(EFFORT.seconds(form) for form in usable)
        answers = min(int(HORIZON / cheapest), MOST_ANSWERS)
        found[way] = interview(prior, world.utility, usable, answers, EFFORT, **how)

    for form in FORMS:
        asked(form, [form])
    for form in AT_RANDOM:
        rng = host_rng(seed, HostStream.RANDOM_QUESTIONS, index)
        asked(f"{form}, random", [form], rng=rng)
    asked("best2, by information", ["best2"], by_information=True)
    asked("best2, untrained", ["best2"], prior=world.untrained)
    asked("rank5, untrained", ["rank5"], prior=world.untrained)
    asked("mixed", MIXED)
    rng = host_rng(seed, HostStream.RANDOM_QUESTIONS, index)
    found["words"] = sentence_interview(
        world.prior, world.utility, world.names, SENTENCES, EFFORT, rng
    )
    return found


def _summary(found: Interviews, world: ElicitationWorld) -> dict[str, Any]:
    """One seed's numbers of one way of asking."""
    at = np.stack([
        found.right[p, np.searchsorted(own, TIMES, "right") - 1]
        for p, own in enumerate(found.seconds)
    ])  # fmt: skip
    small = world.type == world.smallest
    by_answer, seconds = found.right.mean(axis=0), found.seconds.mean(axis=0)
    return {
        "answers": [_reached(by_answer, np.arange(len(by_answer)), level) for level in LEVELS],
        "seconds": [_reached(by_answer, seconds, level) for level in LEVELS],
        "curve": at.mean(axis=0),
        "smallest": at[small].mean(axis=0) if small.any() else None,
        "by answer": by_answer,
        "expected": found.expected.mean(axis=0),
        "stops": [_stopped(found, points) for points in STOPS],
    }


def _stopped(found: Interviews, points: float) -> list[float]:
    """Mean answers, seconds and share right of interviews that end once the next question saves
    less than ``points`` a minute."""
    people = len(found.gain)
    rate = 6000 * found.gain / np.diff(found.seconds, axis=1)
    low = np.concatenate([rate < points, np.ones((people, 1), bool)], axis=1)
    last, row = low.argmax(axis=1), np.arange(people)
    values = (last, found.seconds[row, last], found.right[row, last])
    return [float(np.mean(v)) for v in values]


def _reached(right: np.ndarray, cost: np.ndarray, level: float) -> float:
    """The cost at which the mean share right reaches a level for good, interpolated; NaN if never.

    Args:
        right, cost: after each number of answers.
    """
    below = np.flatnonzero(right < level)
    if not len(below):
        return 0.0
    last = below[-1]
    if last == len(right) - 1:
        return float("nan")
    part = (level - right[last]) / (right[last + 1] - right[last])
    return float(cost[last] + part * (cost[last + 1] - cost[last]))


def _over_seeds(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Means and intervals over seeds."""

    found: dict[str, Any] = {}
    for unit in ("answers", "seconds"):
        each = np.array([row[unit] for row in rows])
        found[unit] = {
            f"{level:.0%}": None if np.isnan(each[:, i]).any() else over_seeds(each[:, i])
            for i, level in enumerate(LEVELS)
        }
    small = [row["smallest"] for row in rows if row["smallest"] is not None]
    return found | {
        "curve": over_seeds([row["curve"] for row in rows]),
        "smallest": np.round(np.mean(small, axis=0), 4).tolist() if small else None,
        "by answer": over_seeds([row["by answer"] for row in rows]),
        "expected": np.round(np.mean([row["expected"] for row in rows], axis=0), 4).tolist(),
        "stops": over_seeds([row["stops"] for row in rows]),
        "seed 0": np.round(rows[0]["by answer"], 4).tolist(),
    }


def spot_check(content: Mapping[str, Any], on_progress: Listener = None) -> list[str]:
    """Compare the first seed of two worlds with what is stored."""
    found = []
    for name in ("tennessee", "random"):
        fresh = world_result(name, SEEDS[:1])
        for way, own in content["result"][name].items():
            where = f"{name}.{way}.seed 0."
            found += differences(own["seed 0"], fresh[way]["seed 0"], TOLERANCE, where)
    return found


STUDY = ModuleStudy(
    name="elicitation",
    title="Questions to a stated accuracy by format of answer",
    modules=(__name__,),
    compute_spec=spec,
    compute=lambda on_progress: {"result": run(on_progress)},
    check=spot_check,
)
