"""Result files (``report.to_dict``) as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping


def scores_of(outcome: Mapping) -> Mapping[str, float]:
    """A rule's scores; a lottery's probabilities."""
    return outcome.get("scores") or outcome["probabilities"]


def orders_csv(result: Mapping) -> str:
    """Every order of a result file: prompt, source, rule, completion, place, score."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["prompt", "source", "rule", "completion", "place", "score"])
    for prompt, entry in result["prompts"].items():
        outcomes = [("vanilla", "", entry["vanilla"])]
        for source in ("truth", "raters", "voters", "social"):
            outcomes += [(source, rule, o) for rule, o in entry.get(source, {}).items()]
        for source, rule, outcome in outcomes:
            values = outcome.get("rewards") or scores_of(outcome)
            place = 1
            for tied in outcome["order"]:
                for name in tied:
                    writer.writerow(
                        [prompt, source, rule, escape_formula(name), place, values[name]]
                    )
                place += len(tied)
    return out.getvalue()


def escape_formula(name: str) -> str:
    """A name that no spreadsheet reads as a formula."""
    return f"'{name}" if name[:1] in "=+-@\t\r" else name
