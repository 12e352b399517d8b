"""Whom does a slate serve? Top k of one reward beside rules of committees, on random populations.

    python benchmarks/slates.py [--seeds N]     measure, print, and write slates.json

200 voters rank 10 completions by their utilities; rules read the orders alone (of approvals, the
first three). A slate serves a voter by its best member. Populations, drawn anew for each seed:
several types with unequal shares and variation within; one type with 60 % of the voters; voters
and completions in a plane; one taste shared by all, with noise; utilities without any structure.
Figures are means over seeds; differences from the top k by Bradley–Terry are paired, with 95 %
intervals by bootstrap over seeds.
"""

from __future__ import annotations

import argparse
import json
import sys
from itertools import combinations
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scrl.committees import (  # noqa: E402 (the project is not installed)
    COMMITTEE_RULES,
    elect_committee,
    slate_service,
    top_of_scores,
)
from scrl.runtime import start  # noqa: E402
from scrl.voting import Profile  # noqa: E402

VOTERS, CANDIDATES, APPROVED, SLATES = 200, 10, 3, (2, 3, 5)
REWARD = "bradley-terry"
RULES = ("k-borda", "av", "pav", "phragmen", "equal-shares", "cc", "stv", "borda-cc")
BOUNDS = ("random slate", "best slate for mean utility")


def typed(rng: np.random.Generator, shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Utilities of types with these shares, and each voter's type."""
    kind = rng.choice(len(shares), VOTERS, p=shares)
    taste = rng.normal(size=(len(shares), CANDIDATES))
    return taste[kind] + 0.5 * rng.normal(size=(VOTERS, CANDIDATES)), kind


def plane(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Minus the distances in a plane; the voters' quadrants are their types."""
    voters, answers = rng.normal(size=(VOTERS, 2)), rng.normal(size=(CANDIDATES, 2))
    distance = np.linalg.norm(voters[:, None] - answers[None], axis=2)
    return -distance, (voters > 0) @ np.array([1, 2])


POPULATIONS = {
    "three to five types": lambda rng: typed(rng, rng.dirichlet(np.full(rng.integers(3, 6), 2.0))),
    "one type of 60 %": lambda rng: typed(rng, np.array([0.6, 0.2, 0.2])),
    "a plane": plane,
    "one taste with noise": lambda rng: typed(rng, np.ones(1)),
    "no structure": lambda rng: (
        rng.normal(size=(VOTERS, CANDIDATES)),
        np.zeros(VOTERS, int),
    ),
}  # fmt: skip


def slates(profile: Profile, seats: int, rng: np.random.Generator) -> dict[str, tuple[int, ...]]:
    """The slate of each rule; tied ones by the order of the completions, which is random."""
    found = {REWARD: top_of_scores(profile, REWARD, seats)}
    orders = Profile(profile.names, profile.place, profile.weight)
    for rule in RULES:
        approve = APPROVED if COMMITTEE_RULES[rule].reads == "approvals" else None
        found[rule] = elect_committee(orders, rule, seats, approve, limit=1).committee
    found["random slate"] = tuple(rng.choice(CANDIDATES, seats, replace=False).tolist())
    found["best slate for mean utility"] = max(
        combinations(range(CANDIDATES), seats),
        key=lambda c: float(profile.utility[:, list(c)].max(axis=1).mean()),
    )
    return found


def measure(seed: int) -> dict[str, dict[str, list[float]]]:
    """Population and size -> rule -> share with favourite, mean and least utility of the best."""
    found = {}
    for at, (name, draw) in enumerate(POPULATIONS.items()):
        rng = np.random.default_rng([seed, at])
        utility, kind = draw(rng)
        labels = [str(k) for k in kind]
        profile = Profile.from_utilities("abcdefghij", utility, labels=labels)
        for seats in SLATES:
            served = {
                rule: slate_service(profile, slate)
                for rule, slate in slates(profile, seats, rng).items()
            }
            found[f"{name}, {seats}"] = {
                rule: [s.favourite_share, s.mean_utility, s.least_utility(labels)]
                for rule, s in served.items()
            }
    return found


def summary(runs: list[dict]) -> dict:
    """Means, and paired differences from the reward with intervals."""
    rng, out = np.random.default_rng(0), {}
    for case in runs[0]:
        base = np.array([run[case][REWARD] for run in runs])
        out[case] = {}
        for rule in (REWARD, *RULES, *BOUNDS):
            values = np.array([run[case][rule] for run in runs])
            gain = values - base
            means = gain[rng.integers(0, len(gain), (2_000, len(gain)))].mean(axis=1)
            low, high = np.quantile(means, [0.025, 0.975], axis=0)
            out[case][rule] = {
                key: [round(float(x), 3) for x in (values[:, i].mean(), gain[:, i].mean(), low[i],
                                                   high[i])]
                for i, key in enumerate(("favourite", "mean utility", "least served type"))
            }  # fmt: skip
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=100)
    seeds = parser.parse_args().seeds
    start()
    result = summary([measure(seed) for seed in range(seeds)])
    for case, rules in result.items():
        print(case)
        for rule, row in rules.items():
            print(f"  {rule:28}", *(f"{k}: {v}" for k, v in row.items()))
    Path(__file__).with_suffix(".json").write_text(
        json.dumps({"seeds": seeds, "columns": ["mean", "difference", "low", "high"], **result},
                   indent=1, ensure_ascii=False) + "\n", "utf-8",
    )  # fmt: skip


if __name__ == "__main__":
    main()
