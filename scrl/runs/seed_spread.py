"""How far the results of several seeds differ. Works on result files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scrl.results import RunResult
from scrl.runs.csv_export import scores_of

SOURCES = ("vanilla", "raters", "voters", "social")


def merge_seeds(results: Sequence[RunResult]) -> RunResult:
    """Merge the result files of one run from several seeds.

    Returns:
        The first result. From several seeds it also has ``"seeds"``: ``seeds``, and of each of
        ``prompts`` the entries of ``SOURCES`` and ``agreement``, and ``latent``, each leaf a list
        with one value a seed.
    """
    if len(results) == 1:
        return results[0]
    merged = {*SOURCES, "agreement"}
    prompts = [
        {p: {k: v for k, v in entry.items() if k in merged} for p, entry in r["prompts"].items()}
        for r in results
    ]
    found = results[0].copy()
    found["seeds"] = {
        "seeds": [result["seed"] for result in results],
        "prompts": _stack_leaves(prompts),
        "latent": _stack_leaves([result["latent"] for result in results]),
    }
    return found


def _stack_leaves(values: Sequence) -> Any:
    """Nested mappings of equal keys as one, whose leaves are lists of the values."""
    if isinstance(values[0], Mapping):
        return {key: _stack_leaves([value[key] for value in values]) for key in values[0]}
    return list(values)


@dataclass(frozen=True)
class SeedSpread:
    """The orders and scores of one source on one prompt, by seed.

    Attributes:
        orders: one a seed, best first. values: completion -> its score or reward, one a seed.
        tau: Kendall's τ-b with the truth, one a seed; None where there is no truth.
        exact: number of seeds that give the true order; None where there is no truth.
    """

    orders: list[list[list[str]]]
    values: dict[str, list[float]]
    tau: list[float] | None
    exact: int | None

    @property
    def distinct_orders(self) -> list[tuple[list[list[str]], int]]:
        """The different orders and the number of seeds that gave each, the most frequent first."""
        count: dict[tuple, list] = {}
        for order in self.orders:
            key = tuple(tuple(sorted(tied)) for tied in order)
            count.setdefault(key, [order, 0])[1] += 1
        return sorted(((order, n) for order, n in count.values()), key=lambda found: -found[1])

    def range(self, name: str) -> tuple[float, float]:
        """The least and the greatest value of a completion over seeds."""
        return min(self.values[name]), max(self.values[name])


def seed_spreads(result: Mapping, prompt: str, rule: str) -> dict[str, SeedSpread]:
    """Source (of ``SOURCES``) -> its spread under a rule; empty for a run from one seed."""
    entry = result.get("seeds", {}).get("prompts", {}).get(prompt, {})
    found = {}
    for source in SOURCES:
        outcome = entry.get(source) if source == "vanilla" else entry.get(source, {}).get(rule)
        if outcome is None:
            continue
        agreement = entry.get("agreement", {}).get(rule, {}).get(source)
        values: Mapping = outcome.get("rewards") or scores_of(outcome)
        found[source] = SeedSpread(
            outcome["order"],
            dict(values),
            agreement and agreement["tau"],
            _count_exact(result, prompt, rule, outcome["order"]) if agreement else None,
        )
    return found


def _count_exact(result: Mapping, prompt: str, rule: str, orders: Sequence) -> int:
    truth = _tied_sets(result["prompts"][prompt]["truth"][rule]["order"])
    return sum(_tied_sets(order) == truth for order in orders)


def _tied_sets(order: Sequence[Sequence[str]]) -> list[frozenset]:
    return [frozenset(tied) for tied in order]
