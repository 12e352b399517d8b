"""How many telling questions are worth sixteen random ones, over ten seeds.

    python benchmarks/questions.py [--seeds N]     measure, print, update questions.json

Six kinds of reader (scenarios/six-kinds.yaml), who differ within a kind too. Each seed trains on
3,000 readers who ranked half of the answers, and questions 1,000 readers of another sample, who
answer by their own order. Beside the learnt population stands the oracle: the utilities of 3,000
further readers of the true one in its place.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scrl.diagnostics import Atoms  # noqa: E402 (the project is not installed)
from scrl.evaluation import selective_accuracy  # noqa: E402
from scrl.runs import run_seeds  # noqa: E402
from scrl.runtime import device_name, start  # noqa: E402
from scrl.scenarios import load_scenario, sample  # noqa: E402
from scrl.studies import Quiz, equivalent_questions, simulate_quiz  # noqa: E402

VISITORS, RANDOM = 1000, 16
#: How sharply the oracle's own utilities decide, in log-odds a unit: they are all but certain.
SHARP = 6.0


def played(quiz: Quiz, utility: np.ndarray, seed: int) -> dict:
    most = len(quiz.pairs)
    telling = simulate_quiz(quiz, utility, most, True)
    random = simulate_quiz(quiz, utility, most, False, seed)
    curves = telling.accuracy.mean(axis=0), random.accuracy.mean(axis=0)
    at = simulate_quiz(quiz, utility, 8, True)
    first, second = quiz.pairs.T
    truth = utility[:, first] > utility[:, second]
    shares = np.array([0.25, 0.5, 0.75, 1.0])
    return {
        "worth of sixteen": round(equivalent_questions(*curves, RANDOM), 2),
        "right at none, 4, 8, 16 telling": curves[0][[0, 4, 8, 16]].round(4).tolist(),
        "right at none, 4, 8, 16 random": curves[1][[0, 4, 8, 16]].round(4).tolist(),
        "right of the surest quarter, half, three quarters, all after 8": selective_accuracy(
            at.probability, truth, shares
        )
        .round(4)
        .tolist(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    count = parser.parse_args().seeds
    start()
    scenario, rows = load_scenario(ROOT / "scenarios" / "six-kinds.yaml"), []
    items = np.arange(len(scenario.completions))
    for e in run_seeds(scenario, seeds=range(count)):
        visitors = sample(scenario, e.seed + 1000).complete_utilities([0])[:VISITORS]
        others = sample(scenario, e.seed + 2000).complete_utilities([0])
        known = Atoms(others, np.full(len(others), 1 / len(others)), SHARP * others)
        rows.append({
            "seed": e.seed,
            "learnt": played(Quiz.of(e.individual.population, items), visitors, e.seed),
            "oracle": played(Quiz.from_atoms(known, items), visitors, e.seed),
        })  # fmt: skip
        print(json.dumps(rows[-1]), flush=True)
    summary = {"device": device_name(), "seeds": count}
    for who in ("learnt", "oracle"):
        worths = [row[who]["worth of sixteen"] for row in rows]
        summary[who] = {
            "telling questions worth sixteen random ones": {
                "mean": round(float(np.mean(worths)), 2), "least": min(worths), "most": max(worths),
            },
            **{name: np.mean([row[who][name] for row in rows], axis=0).round(4).tolist()
               for name in rows[0][who] if name != "worth of sixteen"},
        }  # fmt: skip
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n")
    print(json.dumps(summary, indent=1))


if __name__ == "__main__":
    main()
