"""Results of a run as tables and phrases.

An ``entry`` is the part of a result file that belongs to one prompt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scrl.figures import mean_ranks, rank_labels
from scrl.runs import scores_of

#: Titles of the order of everyone's complete ballots, and of that of the model trained here.
TRUTH, SOCIAL = "All ballots, complete", "Social model"
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
    """``"A ≻ B = C"``."""
    return " ≻ ".join(" = ".join(tied) for tied in order)


def compared_orders(entry: Mapping, rule: str) -> list[tuple[str, list]]:
    """Titled orders: complete ballots where they are known, Bradley–Terry, and the social model
    once it is trained."""
    orders = [(TRUTH, entry["truth"][rule]["order"])] if "truth" in entry else []
    orders.append(("Bradley–Terry", entry["vanilla"]["order"]))
    if "social" in entry:
        orders.append((SOCIAL, entry["social"][rule]["order"]))
    return orders


def most_displaced(entry: Mapping, rule: str) -> str:
    """The completion whose place differs most between Bradley–Terry and the truth.

    Where the truth is unknown, between Bradley–Terry and the social model. "" where none differs.
    """
    orders = compared_orders(entry, rule)
    a, b = mean_ranks(orders[0][1]), mean_ranks(orders[-1 if "truth" not in entry else 1][1])
    name = max(entry["completions"], key=lambda name: abs(a[name] - b[name]))
    return name if a[name] != b[name] else ""


def places_table(entry: Mapping, titles: Mapping[str, str]) -> list[dict]:
    """Places of completions: a row for Bradley–Terry and one for each rule and source."""
    rows = [{"": "Bradley–Terry", "from": "Bradley–Terry", **_places(entry["vanilla"], entry)}]
    for source, label in (("truth", "all ballots, complete"), ("voters", "simulated voters"),
                          ("social", "social model")):  # fmt: skip
        for rule, outcome in entry.get(source, {}).items():
            name = titles.get(rule, rule)
            rows.append({"": name, "from": label, **_places(outcome, entry)})
    rule_titles = list(titles.values())
    return rows[:1] + sorted(
        rows[1:],
        key=lambda row: rule_titles.index(row[""]) if row[""] in rule_titles else len(rule_titles),
    )


def _places(outcome: Mapping, entry: Mapping) -> dict[str, str]:
    place = rank_labels(outcome["order"])
    return {name: place[name] for name in entry["completions"]}


#: Key of a result file -> label of the scores that it holds.
SCORE_SOURCES = (
    ("truth", "all ballots, complete"),
    ("raters", "the sampled raters’ complete ballots"),
    ("voters", "simulated voters"),
)


def score_series(entry: Mapping, rule: str) -> list[tuple[str, Mapping[str, float]]]:
    """Scores of a rule by the label of their source, in one unit."""
    return [
        (label, scores_of(entry[k][rule])) for k, label in SCORE_SOURCES if rule in entry.get(k, {})
    ]


def score_table(entry: Mapping, rule: str) -> list[dict]:
    """Every score of each completion, a row each, in the order of the social model."""
    order = (entry.get("social") or entry["voters"])[rule]["order"]
    rows = []
    for name in (name for tied in order for name in tied):
        row = {"completion": name}
        row |= {label: scores[name] for label, scores in score_series(entry, rule)}
        row["social reward"] = entry["social"][rule]["rewards"][name]
        row["Bradley–Terry reward"] = entry["vanilla"]["rewards"][name]
        row["Bradley–Terry, exact"] = entry["vanilla"]["mle"][name]
        rows.append(row)
    return rows


#: Key of a result file -> title of the order that it holds.
SOURCE_TITLES = {
    "vanilla": "Bradley–Terry",
    "raters": "The sampled raters’ complete ballots",
    "voters": "Simulated voters",
    "social": "Social model",
}


def agreement_table(entry: Mapping, rule: str) -> list[dict]:
    """Agreement of each order with the truth; no rows where it is unknown."""
    size = len(entry["completions"])
    return [
        {"": label, "agreement (Kendall’s τ)": agreement["tau"],
         "places right": f"{agreement['places']} of {size}",
         "pairs the wrong way round": f"{agreement['reversed']} of {size * (size - 1) // 2}"}
        for source, label in SOURCE_TITLES.items()
        if (agreement := entry.get("agreement", {}).get(rule, {}).get(source))
    ]  # fmt: skip


def welfare_table(entry: Mapping, rule: str) -> list[dict]:
    """Utility of each order's winner to all and to each type; no rows where it is unknown."""
    if "welfare" not in entry:
        return []
    welfare = entry["welfare"]
    by_source = {TRUTH: welfare["truth"][rule], "Bradley–Terry": welfare["vanilla"],
                 SOCIAL: welfare["social"][rule]}  # fmt: skip
    return [
        {"": label, "winner": " = ".join(x["winner"]), "mean": x["mean"], **x["by_type"]}
        for label, x in by_source.items()
    ]
