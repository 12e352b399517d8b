"""How far apart runs from several seeds lie. Works on result files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scrl.runs.csv_export import scores_of

SOURCES = ("vanilla", "raters", "voters", "social")


def gathered(results: Sequence[Mapping]) -> dict:
    """Result files of one run from several seeds as one.

    Returns:
        The first; of several also ``"seeds"``: the ``seeds``; of each of the ``prompts`` what
        ``SOURCES`` say and how far they agree with the truth (``agreement``), and of the
        ``latent`` its numbers: as there, but each value is a list of one a seed.
    """
    if len(results) == 1:
        return dict(results[0])
    parts = (*SOURCES, "agreement")
    prompts = [
        {p: {k: entry[k] for k in parts if k in entry} for p, entry in result["prompts"].items()}
        for result in results
    ]
    return results[0] | {
        "seeds": {
            "seeds": [result["seed"] for result in results],
            "prompts": _side_by_side(prompts),
            "latent": _side_by_side([result["latent"] for result in results]),
        }
    }


def _side_by_side(values: Sequence):
    """The same mapping with a list of one value of each at its leaves."""
    if isinstance(values[0], Mapping):
        return {key: _side_by_side([value[key] for value in values]) for key in values[0]}
    return list(values)


@dataclass(frozen=True)
class Spread:
    """What one source says of one prompt, from several seeds.

    Attributes:
        orders: one a seed, best first. values: completion -> its score or reward in each.
        tau: Kendall's τ-b with the truth of each seed; None where there is no truth.
        true: in how many the order is the true one; None likewise.
    """

    orders: list[list[list[str]]]
    values: dict[str, list[float]]
    tau: list[float] | None
    true: int | None

    @property
    def distinct(self) -> list[tuple[list[list[str]], int]]:
        """The different orders and how many seeds gave each, the most frequent first."""
        count: dict[tuple, list] = {}
        for order in self.orders:
            key = tuple(tuple(sorted(tied)) for tied in order)
            count.setdefault(key, [order, 0])[1] += 1
        return sorted(((order, n) for order, n in count.values()), key=lambda found: -found[1])

    def range(self, name: str) -> tuple[float, float]:
        """The least and the greatest value of a completion."""
        return min(self.values[name]), max(self.values[name])


def spreads(result: Mapping, prompt: str, rule: str) -> dict[str, Spread]:
    """Source (of ``SOURCES``) -> what it says by a rule; empty for a run from one seed."""
    entry = result.get("seeds", {}).get("prompts", {}).get(prompt, {})
    found = {}
    for source in SOURCES:
        told = entry.get(source) if source == "vanilla" else entry.get(source, {}).get(rule)
        if told is None:
            continue
        agreed = entry.get("agreement", {}).get(rule, {}).get(source)
        found[source] = Spread(
            told["order"],
            told.get("rewards") or scores_of(told),
            agreed and agreed["tau"],
            _true(result, prompt, rule, told["order"]) if agreed else None,
        )
    return found


def _true(result: Mapping, prompt: str, rule: str, orders: Sequence) -> int:
    truth = _sets(result["prompts"][prompt]["truth"][rule]["order"])
    return sum(_sets(order) == truth for order in orders)


def _sets(order: Sequence[Sequence[str]]) -> list[frozenset]:
    return [frozenset(tied) for tied in order]
