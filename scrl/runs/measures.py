"""The numbers of a result file by name, for tables of many runs and for trackers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

#: Of a result with at most so many prompts each prompt has measures of its own.
MAX_PROMPTS = 20
#: Of the parts of a result, the numbers that are measures, and their titles.
_PARTS = {
    "latent": {"raters": "Raters read", "dim": "Latent dimensions",
               "active_units": "Active latent units", "components": "Types of raters found"},
    "population": {"within": "Pairs in dispute within a type",
                   "between": "Pairs in dispute between types",
                   "error": "Pairs that raters misjudge", "tied": "Pairs that raters call equal"},
    "check": {"mean": "Simulated and real ballots: mean difference",
              "largest": "Simulated and real ballots: largest difference",
              "tested": "Shares of ballots tested", "failed": "Shares of ballots that differ"},
}  # fmt: skip
_AGREEMENT = {"tau": "Kendall’s τ with the truth", "places": "Completions in their true place",
              "reversed": "Strict pairs reversed"}  # fmt: skip
_SOURCES = {"vanilla": "Bradley–Terry", "raters": "raters’ own complete ballots",
            "voters": "simulated voters", "social": "social model", "truth": "truth"}  # fmt: skip


def measures_of(result: Mapping[str, Any]) -> dict[str, float]:
    """The measures of a result file of ``run`` or ``evaluate``; those that are finite.

    Agreement with the truth and welfare are means over prompts (``agreement/RULE/SOURCE/tau``,
    ``welfare/RULE/social``); with 2 to ``MAX_PROMPTS`` prompts those of each prompt stand below
    ``prompt/NAME`` too.

    >>> accuracy = {"individual": {"mean": 0.75, "low": 0.7, "high": 0.8}}
    >>> measures_of({"accuracy": accuracy})["accuracy/individual"]
    0.75
    """
    pairs = _of_evaluation(result) if "accuracy" in result else _of_run(result)
    return {name: float(value) for name, value in pairs if math.isfinite(value)}


def measure_title(name: str) -> str:
    """A measure in words.

    >>> measure_title("agreement/borda/social/tau")
    'Kendall’s τ with the truth: social model, borda'
    """
    match name.split("/"):
        case ["agreement", rule, source, what]:
            return f"{_AGREEMENT.get(what, what)}: {_SOURCES.get(source, source)}, {rule}"
        case ["welfare", "best"]:
            return "Mean utility of the best completion"
        case ["welfare", "vanilla"]:
            return "Mean utility of the winner: Bradley–Terry"
        case ["welfare", rule, source]:
            return f"Mean utility of the winner: {_SOURCES.get(source, source)}, {rule}"
        case ["distortion", "vanilla"]:
            return "Distortion of the winner: Bradley–Terry"
        case ["distortion", rule, source]:
            return f"Distortion of the winner: {_SOURCES.get(source, source)}, {rule}"
        case ["accuracy", *model]:
            return f"Accuracy on hidden pairs: {' '.join(model)}"
        case ["seconds", phase]:
            return f"Seconds: {phase}"
        case ["prompt", prompt, *rest]:
            return f"{measure_title('/'.join(rest))}, on ‘{prompt}’"
        case [part, what] if what in _PARTS.get(part, {}):
            return _PARTS[part][what]
    return name.replace("/", ": ").replace("_", " ")


def _of_run(result: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    prompts: Mapping[str, Mapping] = result["prompts"]
    values: dict[str, list[float]] = {}
    each = {prompt: list(_of_prompt(entry)) for prompt, entry in prompts.items()}
    for found in each.values():
        for name, value in found:
            values.setdefault(name, []).append(value)
    yield "prompts", len(prompts)
    for name, own in values.items():
        yield name, sum(own) / len(own)
    if 2 <= len(prompts) <= MAX_PROMPTS:
        for prompt, label in zip(each, _labels(each), strict=True):
            for name, value in each[prompt]:
                yield f"prompt/{label}/{name}", value
    for part, titles in _PARTS.items():
        for name in titles:
            if name in result.get(part, {}):
                yield f"{part}/{name}", result[part][name]
    yield from _seconds(result)


def _labels(prompts: Iterable[str]) -> list[str]:
    """Names of prompts without the mark that separates parts; different prompts stay different."""
    found: list[str] = []
    for prompt in prompts:
        label, n = prompt.replace("/", "_"), 2
        while label in found:
            label, n = f"{prompt.replace('/', '_')} ({n})", n + 1
        found.append(label)
    return found


def _of_prompt(entry: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for rule, by_source in entry.get("agreement", {}).items():
        for source, agreement in by_source.items():
            for name, value in agreement.items():
                yield f"agreement/{rule}/{source}/{name}", value
    if welfare := entry.get("welfare"):
        yield "welfare/best", welfare["best"]
        yield "welfare/vanilla", welfare["vanilla"]["mean"]
        for source in ("truth", "social"):
            for rule, found in welfare[source].items():
                yield f"welfare/{rule}/{source}", found["mean"]


def _of_evaluation(result: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, found in result["accuracy"].items():
        if not isinstance(found, Mapping):  # of an earlier version, chance is a number
            yield f"accuracy/{name}", found
            continue
        yield f"accuracy/{name}", found["mean"]
        for bound in ("low", "high"):
            if bound in found:
                yield f"accuracy/{name}/{bound}", found[bound]
    for name, rival in result.get("rivals", {}).items():
        yield f"accuracy/rival/{name}", rival["accuracy"]["mean"]
        yield f"difference/{name}", rival["difference"]["mean"]
    for name, error in result.get("calibration_error", {}).items():
        yield f"calibration_error/{name}", error
    for name in ("raters", "pairs", "active_units"):
        if name in result:
            yield name, result[name]
    yield from _seconds(result)


def _seconds(result: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for phase, seconds in result.get("seconds", {}).items():
        yield f"seconds/{phase}", seconds
