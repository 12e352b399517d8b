"""The measures of a result by names that trackers take, and its curves by step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scrl.runs.measures import measures_of
from scrl.tracking.records import Curve, key, named


def metrics_of(result: Mapping[str, Any]) -> dict[str, float]:
    """``runs.measures_of`` by names that trackers take."""
    return clean(measures_of(result))


def clean(measures: Mapping[str, float]) -> dict[str, float]:
    """Measures by names that trackers take; parts of a name are what ``/`` separates."""
    return named((key(*name.split("/")), value) for name, value in measures.items())


def curves_of(content: Mapping[str, Any]) -> dict[str, Curve]:
    """The curves of a result file or of a stored run.

    A training curve goes by its own ``step``. Of a run from several seeds, agreement with the
    truth and the latent model's size go by the seed.
    """
    found: dict[str, Curve] = {}
    curves = dict(content.get("curves") or {})
    steps = curves.pop("step", None)
    for name, values in curves.items() if steps else ():
        found[key("curve", name)] = [(int(s), float(v)) for s, v in zip(steps, values, strict=True)]
    seeds = (content.get("result") or content).get("seeds")
    if not isinstance(seeds, Mapping):
        return found
    for name, values in seeds["latent"].items():
        found[key("by seed", name)] = _by_seed(seeds["seeds"], values)
    for prompt, entry in seeds["prompts"].items():
        for rule, by_source in entry.get("agreement", {}).items():
            for source, agreement in by_source.items():
                name = key("by seed", prompt, rule, source, "tau")
                found[name] = _by_seed(seeds["seeds"], agreement["tau"])
    return found


def _by_seed(seeds: list[int], values: list[float]) -> Curve:
    return [(int(seed), float(value)) for seed, value in zip(seeds, values, strict=True)]
