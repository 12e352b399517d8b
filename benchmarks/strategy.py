"""Does the social model resist a lie in its training data, or follow it?

    python benchmarks/strategy.py [--seeds N]     measure, print, and write strategy.json

Tennessee with Morristown, default settings. All raters of one type state another order, found
against the vanilla reward or against a rule. Beside each trained figure stands the exact one: the
Bradley–Terry scores on the ballots that raters give on average, and each rule's outcome on
everybody's complete ballots as stated. Places are of the liars' true favourite, 1 = first; worth is
the winner's mean utility by the honest scenario (0 to 4).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import scrl  # noqa: E402 (the project is not installed)
from scrl.config import DEFAULT_RULES  # noqa: E402
from scrl.runtime import device_name, start  # noqa: E402
from scrl.studies.misreport import find_misreport, misreport_effect, train_with_misreport  # noqa: E402

#: Who lies, and against what.
CASES = (("Nashville", "vanilla"), ("Nashville", "borda"), ("Knoxville", "borda"))


def brief(measured: dict) -> dict:
    """Who wins, the favourite's place, and what the winner is worth to whom."""
    return {
        "winner": measured["order"][0],
        "place": measured["place"],
        **{name: round(measured[name], 4) for name in ("mean", "liars", "others")},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    seeds = range(parser.parse_args().seeds)
    start()
    scenario = scrl.load_scenario(ROOT / "scenarios" / "tennessee-morristown.yaml")
    cases = []
    for type, against in CASES:
        lie = find_misreport(scenario, type, "best", against)
        exact = misreport_effect(scenario, lie, DEFAULT_RULES)["outcomes"]
        case = {
            "liars": type,
            "against": against,
            "stated": [" = ".join(place) for place in lie.order],
            "exact": {n: {w: brief(o) for w, o in both.items()} for n, both in exact.items()},
            "trained": [],
        }
        for seed in seeds:
            found = train_with_misreport(scenario, lie, DEFAULT_RULES, seed)
            row = {"seed": seed, "vanilla": brief(found["vanilla"])}
            row |= {rule: brief(found["social"][rule]) for rule in DEFAULT_RULES}
            row["agrees with exact"] = {
                name: row[name]["winner"][0] in case["exact"][name]["lied"]["winner"]
                for name in ("vanilla", *DEFAULT_RULES)
            }
            case["trained"].append(row)
            print(type, against, row, flush=True)
        cases.append(case)
    summary = {"seeds": len(seeds), "device": device_name(), "cases": cases}
    Path(__file__).with_suffix(".json").write_text(json.dumps(summary, indent=1) + "\n")


if __name__ == "__main__":
    main()
