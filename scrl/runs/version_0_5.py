"""Upgrades JSON that version 0.5 stored to today's.

Version 0.5 wrote a dataclass as ``{"kind": name, "fields": {...}}``, a tuple as
``{"tuple": [...]}`` and a scenario as ``{"scenario": YAML}``.
"""

from __future__ import annotations

from typing import Any

#: Class -> field of version 0.5 -> today's name.
_RENAMED_FIELDS: dict[str, dict[str, str]] = {
    "Config": {"silence": "imputation"},
    "SilenceConfig": {
        "choose": "enabled", "floor": "min_response_rate", "tests": "max_trials",
        "shared": "max_shared", "slack": "max_accuracy_loss",
    },
    "Silence": {
        "kinds": "clusters", "heard": "response_rate", "silent": "missing",
        "choices": "candidates", "chosen": "selected", "weight": "scale_posterior",
        "tests": "trials",
    },
    "Choice": {"hidden": "hidden_nats", "seen": "visible_nats", "right": "visible_accuracy"},
}  # fmt: skip
#: The same of a fitted run's manifest.
_RENAMED_PARTS = {"silence": "imputation"}


def upgraded_run(tree: dict[str, Any]) -> dict[str, Any]:
    """The manifest of a fitted run."""
    parts = {_RENAMED_PARTS.get(key, key): value for key, value in tree.items()}
    found = without_kinds({key: value for key, value in parts.items() if key != "source"})
    return found | ({"source": upgraded_source(tree["source"])} if "source" in tree else {})


def upgraded_source(tree: dict[str, Any]) -> dict[str, Any]:
    """The manifest of a scenario or of ratings."""
    if "scenario" in tree:
        return {"scenario": tree["scenario"], "ratings": None}
    return {"scenario": None, "ratings": without_kinds(tree)}


def without_kinds(tree: Any) -> Any:
    """Dataclasses as plain dictionaries under today's field names; today's JSON stays as it is."""
    if isinstance(tree, list):
        return [without_kinds(value) for value in tree]
    if not isinstance(tree, dict):
        return tree
    if tree.keys() == {"tuple"}:
        return [without_kinds(value) for value in tree["tuple"]]
    if tree.keys() == {"kind", "fields"}:
        renamed = _RENAMED_FIELDS.get(tree["kind"], {})
        return {renamed.get(k, k): without_kinds(v) for k, v in tree["fields"].items()}
    return {k: without_kinds(v) for k, v in tree.items()}
