"""What differs between runs: only that is shown. Works on the plain data of kept runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import yaml

from scrl.runs.archive import Kept

ABSENT = "–"


def settings(kept: Kept, content: Mapping) -> dict[str, str]:
    """All that a run was asked and made with: name of the setting -> value as text."""
    found = {"seed": str(kept.seed), "rules": ", ".join(kept.rules),
             "device": content["result"].get("device", "")}  # fmt: skip
    found |= {f"version of {name}": value for name, value in kept.versions.items()}
    if content.get("config"):
        found |= _flat(_unwrapped(content["config"]), "config")
    if content.get("yaml"):
        found |= _flat(yaml.safe_load(content["yaml"]), "scenario")
    else:
        found["ratings"] = kept.scenario
    return found


def differing_settings(runs: Sequence[tuple[Kept, Mapping]]) -> list[dict[str, str]]:
    """A row a setting that is not the same in all, a column a run, named by its number."""
    found = [settings(*run) for run in runs]
    rows = []
    for name in dict.fromkeys(name for one in found for name in one):
        values = [one.get(name, ABSENT) for one in found]
        if len(set(values)) > 1:
            rows.append({"setting": name} | {str(i): v for i, v in enumerate(values, 1)})
    return rows


def differing_orders(results: Sequence[Mapping]) -> list[dict]:
    """Each ``prompt``, ``source`` and ``rule`` whose ``orders`` (one a run, None where it has none)
    are not all the same; a run without the prompt or the rule is left out of the comparison."""
    rows = []
    for prompt in dict.fromkeys(p for result in results for p in result["prompts"]):
        entries = [result["prompts"].get(prompt, {}) for result in results]
        asked = [("vanilla", "")]
        for source in ("truth", "social"):
            rules = dict.fromkeys(rule for entry in entries for rule in entry.get(source, {}))
            asked += [(source, rule) for rule in rules]
        for source, rule in asked:
            told = [entry.get(source, {}) for entry in entries]
            told = [outcome.get(rule, {}) if rule else outcome for outcome in told]
            orders = [outcome.get("order") for outcome in told]
            known = [[sorted(tied) for tied in order] for order in orders if order is not None]
            if len(known) > 1 and any(order != known[0] for order in known):
                rows.append({"prompt": prompt, "source": source, "rule": rule, "orders": orders})
    return rows


def social_orders(results: Sequence[Mapping]) -> tuple[int, int]:
    """How many social orders (one a prompt and rule) differ, of how many that two runs or more
    report."""
    told = [(p, rule) for r in results for p, entry in r["prompts"].items()
            for rule in entry.get("social", {})]  # fmt: skip
    shared = sum(told.count(one) > 1 for one in set(told))
    return sum(row["source"] == "social" for row in differing_orders(results)), shared


def _unwrapped(tree):
    """A configuration as ``keeping.to_plain`` writes it, as nested mappings."""
    if isinstance(tree, Mapping):
        if "fields" in tree:
            return {name: _unwrapped(value) for name, value in tree["fields"].items()}
        if "tuple" in tree:
            return [_unwrapped(value) for value in tree["tuple"]]
    return tree


def _flat(value, name: str) -> dict[str, str]:
    if isinstance(value, Mapping):
        return {
            k: v for key, inner in value.items() for k, v in _flat(inner, f"{name}: {key}").items()
        }
    if isinstance(value, list):
        value = ", ".join("=".join(map(str, v)) if isinstance(v, list) else str(v) for v in value)
    return {name: str(value)}
