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

from scrl.scenarios import load_scenario  # noqa: E402 (the project is not installed)
from scrl.studies import Population, SurveyDesign, feedback_costs, feedback_formats  # noqa: E402
from scrl.studies.feedback_population import FORMATS, population_of  # noqa: E402

LEVELS, SEED = (0.9, 0.95), 1


def measured(population: Population, design: SurveyDesign, groups: int) -> dict:
    found = feedback_formats.fit_formats(population, design, SEED, groups)
    right = found.accuracy(population.mean_utility)
    of = {}
    for level in LEVELS:
        each = dict.fromkeys(FORMATS, 1.0)
        cost = feedback_costs.format_costs(right, found.raters, level, each)
        against = feedback_costs.format_costs(right, found.raters, level, each, reference="pair")
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
                    * feedback_costs.rater_cost(name, "completions read", design, population.items)
                    / feedback_costs.rater_cost(
                        "list", "completions read", design, population.items
                    )
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
        population = population_of(scenario, next(iter(scenario.prompts)))
        theory = feedback_costs.theoretical_ratios(SurveyDesign(), population.items)
        summary[stem] = {
            "theory, completions all but equal": {n: _short(x) for n, x in theory.items()}
        }
        for threshold_sd in (0.0, 1.0):
            design = SurveyDesign(threshold_sd=threshold_sd)
            summary[stem][f"standards differ by {threshold_sd:g}"] = measured(
                population, design, groups
            )
    print(json.dumps(summary, indent=1))
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(summary, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
