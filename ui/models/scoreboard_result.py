"""A finished scoreboard: summary, charts, who tells people apart, and table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from scrl.figures import accuracy_by_type, labelled_curves, pair_accuracy
from scrl.studies import scoreboard, scoreboard_metrics
from ui.models.model_texts import TITLES, people_verdict
from ui.shared import (
    data_tables,
    page,
    predict_first,
    result_tables,
)
from ui.shared.controls import rule_title
from ui.shared.page import IN_URL

_MAY_ABSTAIN = "If it may skip pairs"
#: View -> key of the values that it shows; "" for all and disputed pairs.
_VIEWS = {
    "All pairs": "",
    "Disputed pairs, by group": "disputed_by_type",
    "All pairs, by group": "by_type",
    _MAY_ABSTAIN: "covered",
}
#: Guess -> the share that it stands for.
_GUESSES = {"About half": 0.5, "About two thirds": 0.67, "Nearly all": 0.95}


def draw(result: Mapping, name: str) -> bool:
    """Draw one scoreboard.

    Args:
        name: distinguishes its widgets and downloads from those of other scoreboards.

    Returns:
        Whether it is drawn; False until the reader has guessed.
    """
    rows = result["rows"]
    limits = result["limits"] or {}
    pooled_accuracy = next(
        (r["disputed"][0] for r in rows if r["model"] == "pooled"), limits.get("disputed")
    )
    raters = "raters" if result["data"] else "groups of raters"
    if pooled_accuracy is None:
        st.markdown(
            "Too few raters were asked about the same pairs to say which pairs are disputed."
            if result["data"] else "No two groups of raters disagree on any pair here."
        )  # fmt: skip
    else:
        guess, shown = predict_first.guess(
            f"Some pairs are disputed: {raters} disagree on them. How many of these does one "
            "reward for everybody order rightly?", list(_GUESSES), f"guess_{name}",
        )  # fmt: skip
        if not shown:
            return False
        right = min(_GUESSES, key=lambda option: abs(_GUESSES[option] - pooled_accuracy))
        page.say(predict_first.verdict(guess, right) + summary(result))
    views = [v for v in _VIEWS if not (result["data"] and "by group" in v)]
    view = st.segmented_control(
        "Pairs", views, default=views[0], required=True, key=f"{name}_view", **IN_URL,
        label_visibility="collapsed",
    )  # fmt: skip
    _chart(result, _VIEWS[view], name)
    _collapse_checks(rows)
    _table(result, name)
    return True


def summary(result: Mapping) -> str:
    """The findings of a scoreboard, in a few sentences."""
    at = {row["model"]: row for row in result["rows"]}
    parts, limits = [], result["limits"]
    if "pooled" in at and at["pooled"]["disputed"][0] is not None:
        own = at["pooled"]
        parts.append(
            f"Bradley–Terry orders **{own['accuracy'][0]:.0%}** of all pairs rightly, but of the "
            f"disputed pairs only **{own['disputed'][0]:.0%}**."
            if own["disputed"][0] < own["accuracy"][0]
            else f"Bradley–Terry orders **{own['accuracy'][0]:.0%}** of all pairs rightly, and "
            f"**{own['disputed'][0]:.0%}** of the disputed pairs."
        )
    if limits is not None and limits["disputed"] is not None:
        parts.append(
            f"One order for everybody can never have more than {limits['one']:.0%} of all pairs, "
            f"or {limits['disputed']:.0%} of the disputed."
        )
    entries = scoreboard.MODELS
    readers = [
        row for m, row in at.items() if entries[m].is_personalised and not entries[m].uses_true_type
    ]
    if readers:
        best = max(readers, key=lambda row: row["disputed"][0] or row["accuracy"][0])
        right = best["disputed"] if best["disputed"][0] is not None else best["accuracy"]
        pairs = result["size"]["context"]
        parts.append(
            f"{TITLES[best['model']]} is told {'up to ' if result['data'] else ''}{pairs} pairs of "
            f"a new rater, and then has **{right[0]:.1%}** right"
            + (" of the disputed." if right is best["disputed"] else ".")
        )
    # A model counts as collapsed where most of its trainings did.
    failed = [TITLES[row["model"]] for row in readers if 2 * row["collapsed"] > row["trainings"]]
    if failed:
        parts.append(f"**{', '.join(failed)}** learnt nothing about people.")
    return " ".join(parts)


def _caption(result: Mapping) -> str:
    """How many raters and pairs the figures rest on."""
    size, seeds = result["size"], len(result["seeds"])
    if result["data"]:
        return (
            f"{result['held']:,} raters, each tested once as a new person"
            + (f", for each of {seeds} seeds" if seeds > 1 else "")
            + f". Half of a rater’s answers are hidden. The models are told up to "
            f"{size['context']} pairs of the other half, and must order up to {size['asked']} "
            "hidden pairs. Bars: 95 % intervals. A pair is disputed if, of five raters or more, at "
            "least a third prefer either side. "
        )
    over = f"Means over {seeds} seeds, with 95 % intervals" if seeds > 1 else "One seed"
    return (
        f"{over}. The models learn from {size['pairs']} pairs of each of {size['raters']:,} "
        f"raters. Then they meet {result['held']:,} new raters, are told {size['context']} pairs "
        f"of each, and must order {size['asked']} other pairs. "
    )


def _chart(result: Mapping, key: str, name: str) -> None:
    """The chart of a view: all and disputed pairs, by type, or by coverage."""
    rows, caption = result["rows"], _caption(result)
    if key == "covered":
        share = np.array(scoreboard_metrics.COVERAGE)
        series = [(TITLES[row["model"]], np.array(row["covered"]), i)
                  for i, row in enumerate(rows)]  # fmt: skip
        lowest = min(0.5, *(min(row["covered"]) for row in rows))
        page.chart(
            labelled_curves(
                share,
                series,
                percent=True,
                x_title="share of pairs that it answers, the surest first",
                y_title="of these ordered rightly",
                value_format=".1%",
                height=360,
                y_range=(lowest, 1.0),
                **page.style(),
            ),
            f"{name}-covered",
            alt="; ".join(
                f"{TITLES[r['model']]}: {r['covered'][4]:.1%} of the surer half" for r in rows
            ),
            caption=caption + "A model that may skip the pairs of which it is least sure should "
            "have more of the others right.",
        )
        return
    if key:
        page.chart(
            accuracy_by_type(rows, TITLES, result["types"], key, **page.style()), f"{name}-{key}",
            alt="; ".join(
                f"{TITLES[r['model']]}: " + ", ".join(
                    f"{t} {v:.0%}" for t, v in zip(result["types"], r[key], strict=True)
                    if v is not None
                ) for r in rows
            ),
            caption=caption + "One order for everybody serves some groups at the cost of others. "
            "Where groups are equally large, chance decides which, and a mean over seeds hides it.",
        )  # fmt: skip
        return
    limits = result["limits"] or {}
    page.chart(
        pair_accuracy(rows, TITLES, limits, **page.style()), name,
        alt="; ".join(
            f"{TITLES[r['model']]}: {r['accuracy'][0]:.1%} of all"
            + (f", {r['disputed'][0]:.1%} of the disputed" if r["disputed"][0] is not None else "")
            for r in rows
        ),
        caption=caption + (
            "Lines: the most that one order for everybody can have right." if limits
            else ""
        ),
    )  # fmt: skip


def _collapse_checks(rows: Sequence[Mapping]) -> None:
    """Whether each latent model tells people apart, and the checks behind it."""
    latent = [row for row in rows if row["active"] is not None]
    if not latent:
        return
    st.subheader("Which models tell people apart?", anchor=False)
    lines = []
    for row in latent:
        times = (f" It failed in {row['collapsed']} of {row['trainings']} trainings."
                 if row["collapsed"] else "")  # fmt: skip
        lines.append(f"- **{TITLES[row['model']]}** {people_verdict(row)}{times}")
    page.say("\n".join(lines))
    if not page.presenting():
        checks = [
            {"model": TITLES[row["model"]], "directions in use": f"{row['active']:g}"}
            | {name: f"{value:.1%}" for name, value in
               zip(("told own pairs", "told another’s", "told nothing"), row["checks"],
                   strict=True)}
            | ({"learnt by direction, nats": " · ".join(f"{x:.2f}" for x in row["kl"])}
               if row.get("kl") else {})
            for row in latent
        ]  # fmt: skip
        with st.expander("The checks"):
            st.dataframe(checks, hide_index=True)
            page.note(
                "Share of pairs ordered rightly: the model is told the rater’s own pairs, another "
                "rater’s, or nothing. ‘Learnt’ is the KL from a person of whom nothing is known, a "
                "mean over raters and trainings."
            )
        page.note(
            "A model fails to tell people apart in one of two ways. Its map of people is one point "
            "(all variances at most .01). Or another rater’s pairs serve it as well as the rater’s "
            "own."
        )


MAXMIN = "MaxMin"
#: The columns of the table that are shown together, since all would not fit.
_COLUMNS = {
    "Pairs": ("all pairs", "disputed pairs", "ahead", "chances off by"),
    "Order": ("order", "agreement", "reversed"),
    "Whom it serves": ("distortion", "smallest group", "least satisfied", MAXMIN),
    "Size": ("directions in use", "parameters", "seconds"),
}


def _table(result: Mapping, name: str) -> None:
    """Every metric of each model, with a download."""
    if page.presenting():
        return
    st.subheader("All numbers", anchor=False)
    prompts = list(result["prompts"])
    prompt = prompts[0]
    with st.container(horizontal=True):
        titles = {_rule_title(rule): rule for rule in scoreboard_metrics.ORDER_RULES}
        chosen = st.selectbox("Social order by", titles, key=f"{name}_rule", width=260, **IN_URL)
        if len(prompts) > 1:
            prompt = st.selectbox("For the prompt", prompts, key=f"{name}_prompt", **IN_URL)
    rule = titles[chosen]
    lines = [_table_row(result, row, rule, prompt) for row in result["rows"]]
    empty = [key for key in lines[0] if all(line[key] == "—" for line in lines)]
    lines = [{k: v for k, v in line.items() if k not in empty} for line in lines]
    shown = st.segmented_control(
        "Numbers of", list(_COLUMNS), default=next(iter(_COLUMNS)), required=True,
        key=f"{name}_columns", wrap=True, **IN_URL,
    )  # fmt: skip
    columns = ("model", *_COLUMNS[shown])
    st.dataframe([{k: v for k, v in line.items() if k in columns} for line in lines],
                 hide_index=True)  # fmt: skip
    text = "Means and 95 % intervals. ‘Chances off by’: how far stated chances are from the truth. "
    if result["data"]:
        text += (
            "‘Ahead’: pairs right, less those of Bradley–Terry. ‘Order’: the new raters’ rewards, "
            f"counted by {chosen}."
        )
    else:
        truth = result_tables.order_text(result["truth"][rule][prompt])
        text += (
            f"‘Order’: the new raters’ rewards, counted by {chosen}. All complete ballots give "
            f"{truth}. ‘Agreement’ with that order is 1 if no pair is the other way round, and −1 "
            "if all are; ‘reversed’ counts such pairs. ‘Distortion’: the best mean worth, divided "
            "by the winner’s. ‘Smallest group’ and ‘least satisfied’: where the winner lies "
            "between what the group likes least (0) and most (1). ‘MaxMin’: the same for the "
            "answer that leaves the least satisfied best off."
        )
    if "seconds" in lines[0]:
        text += " ‘Seconds’: for one training, with others at the same time."
    page.note(page.escaped(text))
    data_tables.download_button(lines, name)


def _table_row(result: Mapping, row: Mapping, rule: str, prompt: str) -> dict:
    """The metrics of one model as text."""

    def interval_text(key: str, form: str = ".3f", of: Mapping = row) -> str:
        mean, low, high = of[key]
        if mean is None:
            return "—"
        return f"{mean:{form}}" + ("" if low in (None, mean) else f" [{low:{form}}, {high:{form}}]")

    line = {
        "model": TITLES[row["model"]],
        "all pairs": interval_text("accuracy"),
        "disputed pairs": interval_text("disputed"),
        "chances off by": interval_text("calibration"),
        "directions in use": "—" if row["active"] is None else f"{row['active']:g}",
    }
    if result["data"]:
        line |= {"ahead": interval_text("ahead")}
    else:
        names = {"agreement": "tau", "reversed": "reversed", "distortion": "distortion",
                 "smallest group": "minority", "least satisfied": "least"}  # fmt: skip
        line |= {
            name: interval_text(key, ".2f", row["elected"][rule]) for name, key in names.items()
        }
        line |= {MAXMIN: interval_text("maxmin", ".2f")}
    seconds = "—" if row["seconds"] is None else f"{row['seconds']:.1f}"
    line |= {"parameters": f"{row['parameters']:,}", "seconds": seconds}
    return line | {"order": result_tables.order_text(row["orders"][rule][prompt])}


def _rule_title(rule: str) -> str:
    """The title of a rule of social orders."""
    return "Mean of win rates" if rule == scoreboard_metrics.WIN_RATES else rule_title(rule)
