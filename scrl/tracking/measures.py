"""The numbers of a result file, by name, and its curves by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scrl.tracking.records import Curve, key, named

#: Of a result with at most so many prompts each prompt has measures of its own.
MAX_PROMPTS = 20
#: Of the parts of a result, the numbers that are measures.
_PARTS = {
    "latent": ("raters", "dim", "active_units", "components"),
    "population": ("within", "between", "error", "tied"),
    "check": ("mean", "largest", "tested", "failed"),
}


def measures_of(result: Mapping[str, Any]) -> dict[str, float]:
    """The measures of a result file of ``run`` or ``evaluate``.

    Agreement with the truth and welfare are means over prompts (``agreement/RULE/SOURCE/tau``,
    ``welfare/RULE/social``); with 2 to ``MAX_PROMPTS`` prompts those of each prompt stand below
    ``prompt/NAME`` too.

    >>> accuracy = {"individual": {"mean": 0.75, "low": 0.7, "high": 0.8}}
    >>> measures_of({"accuracy": accuracy})["accuracy/individual"]
    0.75
    """
    if "accuracy" in result:
        return named(_of_evaluation(result))
    return named([*_of_prompts(result["prompts"]), *_of_parts(result)])


def _of_prompts(prompts: Mapping[str, Mapping]) -> Iterator[tuple[str, float]]:
    values: dict[tuple[str, ...], list[float]] = {}
    each = {prompt: list(_of_prompt(entry)) for prompt, entry in prompts.items()}
    for found in each.values():
        for path, value in found:
            values.setdefault(path, []).append(value)
    yield "prompts", len(prompts)
    for path, own in values.items():
        yield key(*path), sum(own) / len(own)
    if 2 <= len(prompts) <= MAX_PROMPTS:
        for prompt, found in each.items():
            for path, value in found:
                yield key("prompt", prompt, *path), value


def _of_prompt(entry: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], float]]:
    for rule, by_source in entry.get("agreement", {}).items():
        for source, agreement in by_source.items():
            for name, value in agreement.items():
                yield ("agreement", rule, source, name), value
    welfare = entry.get("welfare")
    if welfare:
        yield ("welfare", "best"), welfare["best"]
        yield ("welfare", "vanilla"), welfare["vanilla"]["mean"]
        for source in ("truth", "social"):
            for rule, found in welfare[source].items():
                yield ("welfare", rule, source), found["mean"]


def _of_parts(result: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for part, names in _PARTS.items():
        for name in names:
            if name in result.get(part, {}):
                yield key(part, name), result[part][name]
    for phase, seconds in result.get("seconds", {}).items():
        yield key("seconds", phase), seconds


def _of_evaluation(result: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, found in result["accuracy"].items():
        if not isinstance(found, Mapping):  # chance
            yield key("accuracy", name), found
            continue
        yield key("accuracy", name), found["mean"]
        for bound in ("low", "high"):
            if bound in found:
                yield key("accuracy", name, bound), found[bound]
    for name, rival in result.get("rivals", {}).items():
        yield key("accuracy", "rival", name), rival["accuracy"]["mean"]
        yield key("difference", name), rival["difference"]["mean"]
    for name, error in result.get("calibration_error", {}).items():
        yield key("calibration_error", name), error
    for name in ("raters", "pairs", "active_units"):
        if name in result:
            yield name, result[name]
    for phase, seconds in result.get("seconds", {}).items():
        yield key("seconds", phase), seconds


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
