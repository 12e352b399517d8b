"""Result files as tables and sentences. Works on the plain data of ``report.to_dict``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scrl.figures import mean_ranks, rank_labels
from scrl.runs import scores_of

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
          "tenth")  # fmt: skip


def ordinal_place(order: Sequence[Sequence[str]], name: str) -> str:
    """``"fourth"``, ``"last"``, ``"tied second"``; ``"12th"`` further down."""
    before = 0
    for tied in order:
        if name in tied:
            if before and before + len(tied) == sum(map(len, order)):
                word = "last"
            else:
                word = _ORDINALS[before] if before < len(_ORDINALS) else f"{before + 1}th"
            return f"tied {word}" if len(tied) > 1 else word
        before += len(tied)
    raise KeyError(name)


def order_text(order: Sequence[Sequence[str]]) -> str:
    return " ≻ ".join(" = ".join(tied) for tied in order)


def compared_orders(entry: Mapping, rule: str) -> list[tuple[str, list]]:
    """The orders a reader compares: truth where there is one, vanilla, social."""
    orders = [("Truth", entry["truth"][rule]["order"])] if "truth" in entry else []
    orders.append(("Bradley–Terry", entry["vanilla"]["order"]))
    if "social" in entry:
        orders.append(("Social model", entry["social"][rule]["order"]))
    return orders


def most_displaced(entry: Mapping, rule: str) -> str:
    """The completion whose place Bradley–Terry gets most wrong, or that the social model moves most
    where there is no truth; "" where nothing moves."""
    orders = compared_orders(entry, rule)
    a, b = mean_ranks(orders[0][1]), mean_ranks(orders[-1 if "truth" not in entry else 1][1])
    name = max(entry["completions"], key=lambda name: abs(a[name] - b[name]))
    return name if a[name] != b[name] else ""


def places_table(entry: Mapping, titles: Mapping[str, str]) -> list[dict]:
    """A row for every rule's order and one for vanilla; a column a completion: its place."""
    rows = [{"": "Bradley–Terry", "from": "vanilla network", **_places(entry["vanilla"], entry)}]
    for source, label in (("truth", "truth"), ("voters", "simulated voters"),
                          ("social", "social network")):  # fmt: skip
        for rule, outcome in entry.get(source, {}).items():
            name = titles.get(rule, rule)
            rows.append({"": name, "from": label, **_places(outcome, entry)})
    known = list(titles.values())
    return rows[:1] + sorted(rows[1:], key=lambda row: known.index(row[""]) if row[""] in known
                             else len(known))  # fmt: skip


def _places(outcome: Mapping, entry: Mapping) -> dict[str, str]:
    place = rank_labels(outcome["order"])
    return {name: place[name] for name in entry["completions"]}


SCORE_SOURCES = (
    ("truth", "truth"),
    ("raters", "raters themselves"),
    ("voters", "simulated voters"),
)


def score_series(entry: Mapping, rule: str) -> list[tuple[str, Mapping[str, float]]]:
    """The rule's scores by where they come from, in one unit."""
    return [
        (label, scores_of(entry[k][rule])) for k, label in SCORE_SOURCES if rule in entry.get(k, {})
    ]


def score_table(entry: Mapping, rule: str) -> list[dict]:
    """A row a completion, best first by the social model: every score there is."""
    order = (entry.get("social") or entry["voters"])[rule]["order"]
    rows = []
    for name in (name for tied in order for name in tied):
        row = {"completion": name}
        row |= {label: scores[name] for label, scores in score_series(entry, rule)}
        row["social reward"] = entry["social"][rule]["rewards"][name]
        row["vanilla reward"] = entry["vanilla"]["rewards"][name]
        row["vanilla, exact"] = entry["vanilla"]["mle"][name]
        rows.append(row)
    return rows


SOURCE_TITLES = {
    "vanilla": "Bradley–Terry",
    "raters": "raters themselves",
    "voters": "simulated voters",
    "social": "social network",
}


def agreement_table(entry: Mapping, rule: str) -> list[dict]:
    """How far each order agrees with the truth; no rows without a truth."""
    size = len(entry["completions"])
    return [
        {"": label, "Kendall’s τ": found["tau"], "places right": f"{found['places']} of {size}",
         "pairs reversed": f"{found['reversed']} of {size * (size - 1) // 2}"}
        for source, label in SOURCE_TITLES.items()
        if (found := entry.get("agreement", {}).get(rule, {}).get(source))
    ]  # fmt: skip


def welfare_table(entry: Mapping, rule: str) -> list[dict]:
    """What each order's winner is worth to all and to each type; no rows without a truth."""
    if "welfare" not in entry:
        return []
    found = entry["welfare"]
    worth = {"truth": found["truth"][rule], "Bradley–Terry": found["vanilla"],
             "social network": found["social"][rule]}  # fmt: skip
    return [
        {"": label, "winner": " = ".join(x["winner"]), "mean": x["mean"], **x["by_type"]}
        for label, x in worth.items()
    ]
