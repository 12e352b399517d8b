"""What each format of feedback costs for equal accuracy, over 400 groups of raters.

    python benchmarks/formats.py [--groups N]     measure, print, update formats.json

One kind of rater (scenarios/noisy-alike.yaml) and four (tennessee-noisy.yaml), one question each,
lists of four; raters whose standards are alike, and differ by a standard deviation of 1. Accuracy
is the share of pairs put as the mean utility has them; intervals are bootstrapped over groups.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scrl.scenarios.parsing import load_scenario  # noqa: E402
from scrl.studies import feedback_formats  # noqa: E402 (the project is not installed)

LEVELS, SEED = (0.9, 0.95), 1


def measured(world: feedback_formats.World, asking: feedback_formats.Asking, groups: int) -> dict:
    found = feedback_formats.observe(world, asking, SEED, groups)
    right = found.right(world.worth)
    of = {}
    for level in LEVELS:
        each = dict.fromkeys(feedback_formats.FORMATS, 1.0)
        cost = feedback_formats.costs(right, found.raters, level, each)
        against = feedback_formats.costs(right, found.raters, level, each, reference="pair")
        of[f"{level:.0%}"] = {
            name: {
                "raters": _short(c.needed),
                "raters against a list": [_short(v) for v in (c.ratio, c.ratio_low, c.ratio_high)],
                "raters against pairs": [
                    _short(getattr(against[name], key))
                    for key in ("ratio", "ratio_low", "ratio_high")
                ],
                "completions read against a list": _short(
                    c.ratio
                    * feedback_formats.price(name, "completions read", asking, world.items)
                    / feedback_formats.price("list", "completions read", asking, world.items)
                ),
            }
            for name, c in cost.items()
        }
    return of


def _short(value: float) -> float | None:
    """None where the observed raters were too few."""
    return None if value != value else round(value, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--groups", type=int, default=400)
    groups = parser.parse_args().groups
    summary: dict = {"groups": groups, "seed": SEED, "raters at most": feedback_formats.RATERS[-1]}
    for stem in ("noisy-alike", "tennessee-noisy"):
        scenario = load_scenario(ROOT / "scenarios" / f"{stem}.yaml")
        world = feedback_formats.world_of(scenario, next(iter(scenario.prompts)))
        theory = feedback_formats.theory(feedback_formats.Asking(), world.items)
        summary[stem] = {
            "theory, completions all but equal": {n: _short(x) for n, x in theory.items()}
        }
        for strict in (0.0, 1.0):
            asking = feedback_formats.Asking(strict=strict)
            summary[stem][f"standards differ by {strict:g}"] = measured(world, asking, groups)
    print(json.dumps(summary, indent=1))
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(summary, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
