"""What becomes of missing data: four kinds of it, a negative control, 20 seeds, default settings.

    python benchmarks/missing.py [--seeds N] [--only KIND]     measure, print, update missing.json

Seeds begin at 100: those below were looked at while settings were chosen. As many runs at once as
there are cores, so that ``seconds`` are those of a run that shares the machine.

In each scenario the missing part can be inferred from the others, and why is said beside it. Every
figure stands beside vanilla's, the oracle's (the sampled raters' own complete ballots) and that of
a mixture of exact models, one for each true type, which knows the types and shares nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import scrl  # noqa: E402 (the project is not installed)
from scrl.choice_models import (  # noqa: E402
    fit_pair_counts,
    kendall_tau,
    order_places,
    pair_counts,
    strictly_reversed,
)
from scrl.parallel import map_tasks  # noqa: E402
from scrl.runs import imputation_dict  # noqa: E402
from scrl.runtime import device_name, start  # noqa: E402
from scrl.scenarios import with_overrides  # noqa: E402

FIRST_SEED = 100
CITIES = ("Memphis", "Nashville", "Chattanooga", "Knoxville")
WHY = {
    "some skip a completion": "raters of the same type who ranked Morristown say where it stands",
    "some skip a prompt": "raters of the same type who answered the second prompt say how",
    "a type never rates a completion": "every other type's second order is its first reversed, and "
    "the silent type says where the completion stands in its first",
    "a type never answers a prompt": "every other type's second order is its first reversed",
    "negative control": "nothing: every type's second order is drawn at random",
}


def of_gallery(stem: str):
    return scrl.load_scenario(ROOT / "scenarios" / f"{stem}.yaml")


def silent_on_prompt(city: str):
    """A type never answers the second prompt; of the others half do."""
    answers = {t: {"worst": 0.0 if t == city else 0.5} for t in CITIES}
    return with_overrides(of_gallery("tennessee-inverted-missing"), answers=answers)


def unrelated(seed: int):
    """The same silence of Nashville, with second orders that have nothing to do with the first."""
    scenario = silent_on_prompt("Nashville")
    rng, types = np.random.default_rng([7, seed]), {}
    for name, t in scenario.types.items():
        order = tuple((c,) for c in rng.permutation(CITIES))
        types[name] = t.model_copy(update={"rankings": {**t.rankings, "worst": order}})
    return scenario.model_copy(update={"types": types})


def cases(kind: str, seed: int) -> list[tuple[str, object]]:
    """The silent type, "" where none is, and the scenario."""
    if kind == "some skip a completion":
        return [("", of_gallery("tennessee-morristown"))]
    if kind == "some skip a prompt":
        return [("", of_gallery("tennessee-inverted-partial"))]
    if kind == "a type never rates a completion":
        city = CITIES[seed % 4]
        full = of_gallery("tennessee-inverted-full")
        return [(city, with_overrides(full, includes={city: {"worst": {city: 0.0}}}))]
    if kind == "negative control":
        return [("Nashville", unrelated(seed))]
    return [(city, silent_on_prompt(city)) for city in CITIES]


def measure(scenario, seed: int, silent: str) -> dict:
    began = time.perf_counter()
    e = scrl.run(scenario, scrl.Config(rules=("borda",)), seed)
    spent = time.perf_counter() - began
    catalogue, utility = e.catalogue, scenario.type_utilities
    types = e.ratings.rater_type[e.embedded_raters]
    rewards = e.individual.rewards(e.posterior.mean)
    heard = np.zeros((len(scenario.types), catalogue.items), bool)
    heard[e.ratings.rater_type[e.ratings.ballot_rater[e.ratings.entry_ballot]], e.ratings.item] = 1
    row = {"silent": silent, "seed": seed, "seconds": round(spent, 1)}
    seen, unseen = np.ones(len(e.embedded_raters), bool), []
    social = vanilla = mixture = True
    result = scrl.to_dict(e)["prompts"]
    per_type = [
        fit_pair_counts(
            pair_counts(e.ratings.select(of_type(e.ratings, t))), catalogue.offsets, 10.0
        )
        for t in range(len(scenario.types))
    ]
    for p, prompt in enumerate(catalogue.prompts):
        items, names = slice(*catalogue.offsets[p : p + 2]), catalogue.names(p)
        right = (np.argsort(-rewards[:, items]) == np.argsort(-utility[types][:, items])).all(1)
        whole = heard[:, items].all(axis=1)
        seen &= right | ~whole[types]
        for t in np.flatnonzero(~whole):
            mine = rewards[types == t][:200, items]
            unseen += [kendall_tau(places(r), places(utility[t, items])) for r in mine]
        oracle = order_places(result[prompt]["raters"]["borda"]["order"], names)
        # A tie of the oracle may be broken either way.
        social &= not strictly_reversed(oracle, places(e.social["borda"][items]))
        vanilla &= not strictly_reversed(oracle, places(e.vanilla[items]))
        mixture &= not strictly_reversed(
            oracle, places(borda(per_type, items, scenario.type_shares))
        )
    row |= {
        "raters whose observed orders are right": round(float(seen.mean()), 4),
        "tau of the unseen order": round(float(np.mean(unseen)), 4) if unseen else None,
        "social order is the oracle's": bool(social),
        "vanilla order is the oracle's": bool(vanilla),
        "mixture's order is the oracle's": bool(mixture),
        "shared": e.imputation.shared,
    }
    if silent:
        sure = [
            s for k in imputation_dict(e)["kinds"] for q in k["prompts"].values() for s in q["sure"]
        ]
        t, at = list(scenario.types).index(silent), catalogue.prompts.index("worst")
        value = dict(zip(catalogue.names(at), utility[t][slice(*catalogue.offsets[at : at + 2])],
                         strict=True))  # fmt: skip
        row["pairs"] = [[chance, bool(value[a] > value[b])] for a, b, chance in sure]
    return row


def of_type(ratings, t: int) -> np.ndarray:
    return ratings.rater_type[ratings.ballot_rater] == t


def places(values: np.ndarray) -> np.ndarray:
    """``[candidates]``, equal values sharing a place."""
    values = np.round(np.asarray(values, float), 6)
    return (values[None, :] > values[:, None]).sum(axis=1)


def borda(per_type: list[np.ndarray], items: slice, share: np.ndarray) -> np.ndarray:
    """Mean points of voters who are of the exact types."""
    gaps = [np.round(r[items, None] - r[None, items], 6) for r in per_type]
    return np.einsum("t,tab->a", share, [0.5 * (1 + np.sign(gap)) for gap in gaps])


def calibration(pairs: list) -> dict:
    """Stated chance against frequency, each pair counted both ways round, in five bins."""
    chance = np.array([c for c, _ in pairs] + [1 - c for c, _ in pairs])
    true = np.array([t for _, t in pairs] + [not t for _, t in pairs], float)
    bins = np.minimum((chance * 5).astype(int), 4)
    rows = [
        {"stated": round(float(chance[bins == b].mean()), 3),
         "true": round(float(true[bins == b].mean()), 3), "pairs": int((bins == b).sum())}
        for b in range(5) if (bins == b).any()
    ]  # fmt: skip
    error = sum(r["pairs"] * abs(r["stated"] - r["true"]) for r in rows) / len(chance)
    return {"pairs": len(pairs), "error": round(float(error), 4), "bins": rows}


def summary(rows: list[dict]) -> dict:
    share = lambda name: round(float(np.mean([r[name] for r in rows])), 4)  # noqa: E731
    ok = [r["raters whose observed orders are right"] >= 0.99 for r in rows]
    found = {
        "runs": len(rows),
        "runs with observed orders right for 99 % of raters": round(float(np.mean(ok)), 4),
        **{name: share(name) for name in rows[0] if "oracle's" in name},
        "seconds, median": float(np.median([r["seconds"] for r in rows])),
    }
    taus = [r["tau of the unseen order"] for r in rows]
    if None not in taus:
        found["tau of the unseen order, mean"] = round(float(np.mean(taus)), 4)
        found["shared structure taken"] = round(float(np.mean([r["shared"] > 0 for r in rows])), 4)
    if rows[0].get("pairs"):
        found["calibration"] = calibration([p for r in rows for p in r["pairs"]])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--only", choices=list(WHY))
    asked = parser.parse_args()
    start()
    path = Path(__file__).with_suffix(".json")
    kept = json.loads(path.read_text()) if path.is_file() else {"kinds": {}}
    for kind in [asked.only] if asked.only else WHY:
        asked_of = [
            (scenario, seed, silent)
            for seed in range(FIRST_SEED, FIRST_SEED + asked.seeds)
            for silent, scenario in cases(kind, seed)
        ]

        def tell(result, kind=kind) -> None:
            row = {k: v for k, v in result.value.items() if k != "pairs"}
            print(kind, row, flush=True)

        # The first alone, since it compiles.
        rows = map_tasks(lambda case: measure(*case), asked_of, on_done=tell, first_alone=True)
        kept["kinds"][kind] = {"why": WHY[kind], **summary(rows)}
        if kind == "a type never answers a prompt":
            kept["kinds"][kind]["by silent type"] = {
                city: summary([r for r in rows if r["silent"] == city]) for city in CITIES
            }
        kept["device"] = device_name()
        path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    print(json.dumps(kept, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
