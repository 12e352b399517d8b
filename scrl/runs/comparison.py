"""Settings and orders in which stored runs differ. Works on their plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scrl.data.plain_yaml import read_yaml
from scrl.runs.run_record import RunRecord
from scrl.runs.version_0_5 import without_kinds

ABSENT = "–"


def settings(record: RunRecord, content: Mapping) -> dict[str, str]:
    """Everything a run depends on: name of the setting -> value as text."""
    found = {"seed": str(record.seed), "rules": ", ".join(record.rules),
             "device": content["result"].get("device", "")}  # fmt: skip
    found |= {f"version of {name}": value for name, value in record.versions.items()}
    if content.get("config"):
        found |= _flat(without_kinds(content["config"]), "config")
    if content.get("yaml"):
        found |= _flat(read_yaml(content["yaml"], "the scenario"), "scenario")
    else:
        found["ratings"] = record.scenario
    return found


def differing_settings(runs: Sequence[tuple[RunRecord, Mapping]]) -> list[dict[str, str]]:
    """One row for each setting that is not the same in all runs, one numbered column a run."""
    found = [settings(*run) for run in runs]
    rows = []
    for name in dict.fromkeys(name for one in found for name in one):
        values = [one.get(name, ABSENT) for one in found]
        if len(set(values)) > 1:
            rows.append({"setting": name} | {str(i): v for i, v in enumerate(values, 1)})
    return rows


def differing_orders(results: Sequence[Mapping]) -> list[dict]:
    """One row for each ``prompt``, ``source`` and ``rule`` whose ``orders`` differ.

    ``orders`` has one entry a run, None where the run lacks the prompt or the rule; such runs are
    not compared.
    """
    rows = []
    for prompt in dict.fromkeys(p for result in results for p in result["prompts"]):
        entries = [result["prompts"].get(prompt, {}) for result in results]
        compared = [("vanilla", "")]
        for source in ("truth", "social"):
            rules = dict.fromkeys(rule for entry in entries for rule in entry.get(source, {}))
            compared += [(source, rule) for rule in rules]
        for source, rule in compared:
            outcomes = [entry.get(source, {}) for entry in entries]
            outcomes = [outcome.get(rule, {}) if rule else outcome for outcome in outcomes]
            orders = [outcome.get("order") for outcome in outcomes]
            known = [[sorted(tied) for tied in order] for order in orders if order is not None]
            if len(known) > 1 and any(order != known[0] for order in known):
                rows.append({"prompt": prompt, "source": source, "rule": rule, "orders": orders})
    return rows


def count_differing_social_orders(results: Sequence[Mapping]) -> tuple[int, int]:
    """The number of social orders (one a prompt and rule) that differ, and the number that two or
    more runs have."""
    reported = [(p, rule) for r in results for p, entry in r["prompts"].items()
                for rule in entry.get("social", {})]  # fmt: skip
    shared = sum(reported.count(one) > 1 for one in set(reported))
    return sum(row["source"] == "social" for row in differing_orders(results)), shared


def _flat(value: object, name: str) -> dict[str, str]:
    if isinstance(value, Mapping):
        return {
            k: v for key, inner in value.items() for k, v in _flat(inner, f"{name}: {key}").items()
        }
    if isinstance(value, list):
        value = ", ".join("=".join(map(str, v)) if isinstance(v, list) else str(v) for v in value)
    return {name: str(value)}
