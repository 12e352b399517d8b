"""Policies that move the tastes by which they are judged.

People come to like what they are shown, some things more than others. A policy that is retrained
on what people now want is trained on what it has made of them (Carroll and others, 2405.17713:
rewards that depend on the policy's own influence).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from scrl.choice_models.bradley_terry import fit_bradley_terry
from scrl.drift.random_walk import PRIOR_SD

#: Share of what is shown that is the policy's favourite; the rest is any item at random.
FAVOURITE = 0.9
#: Answers to pairs in each round, and how much of older rounds' answers counts after each round.
ROUND_ANSWERS, KEPT = 200, 0.7
#: How policies choose their favourite.
POLICIES = ("trained once", "retrained", "planned", "both judge", "oracle of the first")
#: Sd of tastes at the beginning. Mean and sd of how much an item is liked once people are used
#: to it.
TASTE_SD, USED_MEAN, USED_SD = 1.5, 1.5, 1.5


@dataclass(frozen=True, eq=False)
class InfluenceWorlds:
    """Worlds in which people come to like what they are shown.

    Attributes:
        shares: of the types, largest first ``[types]``.
        tastes: rewards at the beginning ``[worlds, types, items]``.
        used: what each item's reward tends to as it is shown ``[worlds, 1, items]``.
    """

    shares: np.ndarray
    tastes: np.ndarray
    used: np.ndarray

    def moved(self, tastes: np.ndarray, shown: np.ndarray, rate: float) -> np.ndarray:
        """Tastes after a round ``[worlds, types, items]``.

        Args:
            shown: share of each item among what is shown ``[worlds, items]``.
            rate: how much of the way to ``used`` people go in a round of one item only.
        """
        return tastes + rate * shown[:, None] * (self.used - tastes)


def draw_influence_worlds(
    rng: np.random.Generator, worlds: int, items: int, shares: np.ndarray
) -> InfluenceWorlds:
    """Random worlds."""
    tastes = TASTE_SD * rng.normal(size=(worlds, len(shares), items))
    used = USED_MEAN + USED_SD * rng.normal(size=(worlds, 1, items))
    return InfluenceWorlds(np.asarray(shares, float), tastes, used)


@dataclass(frozen=True, eq=False)
class InfluenceRun:
    """What a policy shows, and what becomes of people, round by round.

    Attributes:
        first: mean reward of what is shown by the tastes of the beginning ``[rounds, worlds]``.
        present: the same by the tastes of the round.
        minority_first, minority_present: of the smallest type alone.
        disagreement: share of pairs of items on which two random people of different types
            differ, as they are in the round ``[rounds, worlds]``.
        switched: whether the favourite is another than in the first round ``[rounds, worlds]``.
    """

    first: np.ndarray
    present: np.ndarray
    minority_first: np.ndarray
    minority_present: np.ndarray
    disagreement: np.ndarray
    switched: np.ndarray


def simulate_influence(
    rng: np.random.Generator, worlds: InfluenceWorlds, policy: str, rate: float, rounds: int
) -> InfluenceRun:
    """Rounds of answers, choice of a favourite, and its effect on people.

    Args:
        policy: ``"trained once"`` chooses by the first round's answers for ever; ``"retrained"``
            by recent answers; ``"planned"`` knows how people change, and chooses what will have
            been liked most, as they will then be; ``"both judge"`` chooses the item whose lower
            reward is highest, of that learnt in the first round and that learnt now; ``"oracle of
            the first"`` knows the tastes of the beginning.
        rate: as of ``InfluenceWorlds.moved``.
    """
    tastes, count = worlds.tastes, len(worlds.tastes)
    items = tastes.shape[-1]
    wins = np.zeros((count, items, items))
    plan = _planned(worlds, rate, rounds) if policy == "planned" else None
    first_rewards = start = None
    found: dict[str, list[np.ndarray]] = {name: [] for name in InfluenceRun.__annotations__}
    for _ in range(rounds):
        wins = KEPT * wins + _answers(rng, worlds.shares, tastes)
        if plan is not None:
            favourite = plan
        elif policy == "oracle of the first":
            favourite = (worlds.shares @ worlds.tastes).argmax(-1)
        else:
            rewards = fit_bradley_terry(wins, PRIOR_SD)
            first_rewards = rewards if first_rewards is None else first_rewards
            judged = {
                "trained once": first_rewards, "retrained": rewards,
                "both judge": np.minimum(first_rewards, rewards),
            }[policy]  # fmt: skip
            favourite = judged.argmax(-1)
        start = favourite if start is None else start
        shown = _shown(favourite, items)
        for name, judge in (("first", worlds.tastes), ("present", tastes)):
            each = (judge * shown[:, None]).sum(-1)
            found[name].append(each @ worlds.shares)
            found[f"minority_{name}"].append(each[:, -1])
        found["disagreement"].append(disagreement(worlds.shares, tastes))
        found["switched"].append(favourite != start)
        tastes = worlds.moved(tastes, shown, rate)
    return InfluenceRun(**{name: np.stack(values) for name, values in found.items()})


def disagreement(shares: np.ndarray, tastes: np.ndarray) -> np.ndarray:
    """Share of pairs of items that two people of different types order differently ``[...]``.

    Args:
        tastes: ``[..., types, items]``.
    """
    ahead = tastes[..., :, None] > tastes[..., None, :]
    i, j = np.triu_indices(tastes.shape[-1], 1)
    ahead = ahead[..., i, j]
    differ = (ahead[..., :, None, :] != ahead[..., None, :, :]).mean(-1)
    weight = np.outer(shares, shares) * (1 - np.eye(len(shares)))
    return (differ * weight).sum((-1, -2)) / max(weight.sum(), 1e-12)


def _shown(favourite: np.ndarray, items: int) -> np.ndarray:
    """Share of each item among what is shown ``[worlds, items]``."""
    return FAVOURITE * np.eye(items)[favourite] + (1 - FAVOURITE) / items


def _planned(worlds: InfluenceWorlds, rate: float, rounds: int) -> np.ndarray:
    """The item that, shown for ever, is liked most on average over the rounds ``[worlds]``."""
    items = worlds.tastes.shape[-1]
    total = np.zeros((len(worlds.tastes), items))
    for item in range(items):
        shown = _shown(np.full(len(total), item), items)
        tastes = worlds.tastes
        for _ in range(rounds):
            total[:, item] += (tastes * shown[:, None]).sum(-1) @ worlds.shares
            tastes = worlds.moved(tastes, shown, rate)
    return total.argmax(-1)


def _answers(rng: np.random.Generator, shares: np.ndarray, tastes: np.ndarray) -> np.ndarray:
    """Wins in a round of answers of random people to random pairs ``[worlds, items, items]``."""
    chance = expit(tastes[..., :, None] - tastes[..., None, :])
    chance = np.einsum("t,wtij->wij", shares, chance)
    items = tastes.shape[-1]
    i, j = np.triu_indices(items, 1)
    asked = rng.multinomial(ROUND_ANSWERS, np.full(len(i), 1 / len(i)), size=len(tastes))
    won = rng.binomial(asked, chance[:, i, j])
    wins = np.zeros((len(tastes), items, items))
    wins[:, i, j], wins[:, j, i] = won, asked - won
    return wins
