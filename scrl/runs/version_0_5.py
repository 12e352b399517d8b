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
#: Settings of the network that was the model of raters up to version 0.6, and of imputation.
_NETWORK_SETTINGS, _IMPUTATION_SETTINGS = ("individual", "density"), ("schedule",)


def upgraded_config(tree: Any) -> Any:
    """The settings of a run, without those of the network that read ballots."""
    found = without_kinds(tree)
    if not isinstance(found, dict) or "raters" in found:
        return found
    kept = {key: value for key, value in found.items() if key not in _NETWORK_SETTINGS}
    if isinstance(kept.get("imputation"), dict):
        kept["imputation"] = {
            key: value
            for key, value in kept["imputation"].items()
            if key not in _IMPUTATION_SETTINGS
        }
    return kept | {"raters": {"max_types": 12, "variation": True, "choose_noise": True}}


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
