"""Made-up people of several types whose tastes change with time, and their answers to pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from scrl.drift.timed_pairs import TimedPairs

#: How tastes change.
DRIFTS = ("none", "swap", "wander", "fashions")
#: Standard deviation of tastes over items, in log-odds of a pair.
TASTE_SD = 1.5
#: Answers in which a wandering taste forgets 63 % of itself, and those of one turn of fashion.
WANDER_TIME, FASHION_PERIOD = 1_200.0, 1_600.0


@dataclass(frozen=True, eq=False)
class DriftWorlds:
    """Worlds of people whose tastes change.

    Attributes:
        shares: of the types, largest first ``[types]``.
        tastes: rewards of the items for each type when each answer is given
            ``[worlds, answers, types, items]``, in log-odds.
        disputed: pairs that are judged, for each type and, last, for everybody together
            ``[worlds, types + 1, items, items]``; symmetric. They are those whose order changes
            at some time.
    """

    shares: np.ndarray
    tastes: np.ndarray
    disputed: np.ndarray

    def chances(self, answer: int | np.ndarray) -> np.ndarray:
        """P that each item is preferred to each other one when an answer is given, for each type
        and, last, for everybody ``[worlds, ..., types + 1, items, items]``."""
        taste = self.tastes[:, answer]
        chance = expit(taste[..., :, None] - taste[..., None, :])
        everybody = np.einsum("t,...tij->...ij", self.shares, chance)
        return np.concatenate([chance, everybody[..., None, :, :]], axis=-3)


def draw_worlds(
    rng: np.random.Generator,
    drift: str,
    worlds: int,
    answers: int,
    items: int,
    shares: np.ndarray,
) -> DriftWorlds:
    """Random worlds. The tastes at the beginning, and ``disputed`` of ``"none"`` and ``"swap"``,
    depend on the state of ``rng`` alone, so that one is the control of the other.

    Args:
        drift: one of ``DRIFTS``. ``"none"`` changes nothing. In ``"swap"`` the largest and the
            smallest type exchange their tastes after half of the answers. ``"wander"`` is a random
            walk that is drawn back to 0 (Ornstein–Uhlenbeck) and keeps the spread of tastes. In
            ``"fashions"`` tastes go round in a period.

    Raises:
        ValueError: for another drift.
    """
    shares = np.asarray(shares, float)
    start = TASTE_SD * rng.normal(size=(worlds, 1, len(shares), items))
    shape = (worlds, answers, len(shares), items)
    if drift in ("none", "swap"):
        tastes = np.broadcast_to(start, shape).copy()
        after = tastes[:, answers // 2 :]
        after[:, :, [0, -1]] = after[:, :, [-1, 0]]
        disputed = _ever_reversed(DriftWorlds(shares, tastes, np.empty(0)))
        if drift == "none":
            tastes = np.broadcast_to(start, shape)
    elif drift == "wander":
        keep = np.exp(-1 / WANDER_TIME)
        tastes = np.empty(shape)
        tastes[:, 0] = start[:, 0]
        for t in range(1, answers):
            step = TASTE_SD * np.sqrt(1 - keep**2) * rng.normal(size=start[:, 0].shape)
            tastes[:, t] = keep * tastes[:, t - 1] + step
        disputed = _ever_reversed(DriftWorlds(shares, tastes, np.empty(0)))
    elif drift == "fashions":
        turn = TASTE_SD * rng.normal(size=start.shape)
        angle = (2 * np.pi / FASHION_PERIOD * np.arange(answers))[None, :, None, None]
        tastes = np.cos(angle) * start + np.sin(angle) * turn
        disputed = _ever_reversed(DriftWorlds(shares, tastes, np.empty(0)))
    else:
        raise ValueError(f"{drift!r} is none of {DRIFTS}.")
    return DriftWorlds(shares, tastes, disputed)


def _ever_reversed(worlds: DriftWorlds) -> np.ndarray:
    """Pairs whose order changes ``[worlds, types + 1, items, items]``."""
    ahead = worlds.chances(0) > 0.5
    found = np.zeros(ahead.shape, bool)
    for t in range(0, worlds.tastes.shape[1], 20):
        found |= (worlds.chances(t) > 0.5) != ahead
    return found | found.swapaxes(-1, -2)


def draw_answers(rng: np.random.Generator, worlds: DriftWorlds) -> tuple[TimedPairs, np.ndarray]:
    """An answer of a random person to a random pair at each time, by Bradley–Terry.

    Returns:
        The answers, a sequence for each world, and the type of who gave each
        ``[worlds, answers]``.
    """
    count, answers, types, items = worlds.tastes.shape
    group = rng.choice(types, size=(count, answers), p=worlds.shares)
    first = rng.integers(items, size=(count, answers))
    second = (first + rng.integers(1, items, size=(count, answers))) % items
    place = np.arange(count)[:, None], np.arange(answers)[None], group
    gap = worlds.tastes[(*place, first)] - worlds.tastes[(*place, second)]
    won = (rng.random((count, answers)) < expit(gap)).astype(float)
    ones = np.ones((count, answers))
    return TimedPairs(np.arange(answers, dtype=float), first, second, won, ones, items), group
