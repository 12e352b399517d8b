"""A finished scoreboard: summary, charts, collapse checks and table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from scrl.figures import accuracy_by_type, labelled_curves, pair_accuracy
from scrl.studies import scoreboard, scoreboard_metrics
from ui.shared import (
    data_tables,
    page,
    predict_first,
    result_tables,
)
from ui.shared.controls import rule_title
from ui.shared.page import IN_URL

TITLES = {name: entry.title for name, entry in scoreboard.MODELS.items()}
_MAY_ABSTAIN = "If it may stay silent"
#: View -> key of the values that it shows; "" for all and disputed pairs.
_VIEWS = {
    "All and disputed": "",
    "Disputed, by type": "disputed_by_type",
    "All, by type": "by_type",
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
    raters = "raters" if result["data"] else "types of rater"
    if pooled_accuracy is None:
        st.markdown(
            "Too few raters were asked of the same pairs to say which they dispute."
            if result["data"] else "No two types of rater here put a pair the other way round."
        )  # fmt: skip
    else:
        guess, shown = predict_first.guess(
            f"Of the pairs that {raters} dispute, how many does one reward for everybody order "
            "rightly?", list(_GUESSES), f"guess_{name}",
        )  # fmt: skip
        if not shown:
            return False
        right = min(_GUESSES, key=lambda option: abs(_GUESSES[option] - pooled_accuracy))
        st.markdown(predict_first.verdict(guess, right) + summary(result))
    views = [v for v in _VIEWS if not (result["data"] and "by type" in v)]
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
            f"Bradley–Terry orders **{own['accuracy'][0]:.0%}** of all pairs rightly and "
            f"**{own['disputed'][0]:.0%}** of the disputed."
        )
    if limits is not None and limits["disputed"] is not None:
        parts.append(
            f"No single order has more than {limits['one']:.0%} of all, or "
            f"{limits['disputed']:.0%} of the disputed."
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
            f"From {'up to ' if result['data'] else ''}{pairs} pairs of a rater it never met, "
            f"{TITLES[best['model']]} has **{right[0]:.1%}**"
            + (" of the disputed." if right is best["disputed"] else ".")
        )
    # A model counts as collapsed where most of its trainings did.
    failed = [TITLES[row["model"]] for row in readers if 2 * row["collapsed"] > row["trainings"]]
    if failed:
        parts.append(f"Collapsed: **{', '.join(failed)}**.")
    return " ".join(parts)


def _caption(result: Mapping) -> str:
    """How many raters and pairs the figures rest on."""
    size, seeds = result["size"], len(result["seeds"])
    if result["data"]:
        return (
            f"{result['held']:,} raters, each held out once in five folds"
            + (f" from each of {seeds} seeds" if seeds > 1 else "")
            + f"; half of their completions are hidden, up to {size['context']} pairs among the "
            f"others are what the models are told, up to {size['asked']} pairs of hidden ones are "
            "asked. Intervals of 95 % over raters. Disputed: of at least five training raters who "
            "were asked, a third or more go either way. "
        )
    over = f"Means over {seeds} seeds with 95 % intervals" if seeds > 1 else "One seed"
    return (
        f"{over}. Trained on {size['raters']:,} raters’ {size['pairs']} pairs each; judged on "
        f"{size['asked']} further pairs of {result['held']:,} raters never met, after "
        f"{size['context']} pairs of theirs, asked as often as their ballots hold them. "
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
                x_title="share of the pairs that it answers, the surest first",
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
            caption=caption + "Who may leave out the pairs it is least sure of should have more of "
            "the others right.",
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
            caption=caption + "One order for everybody serves some type at the cost of another; "
            "where types are of a size, a coin decides which, so that a mean over seeds hides it.",
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
            "Lines: the most that one order for everybody can have right, exactly." if limits
            else ""
        ),
    )  # fmt: skip


def _collapse_checks(rows: Sequence[Mapping]) -> None:
    """The verdict on each latent model, and the checks behind it."""
    latent = [row for row in rows if row["active"] is not None]
    if not latent:
        return
    st.subheader("The collapse doctor", anchor=False)
    lines = []
    for row in latent:
        times = (f" (collapsed in {row['collapsed']} of {row['trainings']} trainings)"
                 if row["collapsed"] else "")  # fmt: skip
        lines.append(f"- **{TITLES[row['model']]}**{times}: {row['verdict']}")
    st.markdown("\n".join(lines))
    if not page.presenting():
        checks = [
            {"model": TITLES[row["model"]], "active units": f"{row['active']:g}"}
            | {name: f"{value:.1%}" for name, value in
               zip(("own latent", "another rater’s", "silenced"), row["checks"], strict=True)}
            | ({"KL by dimension, nats": " · ".join(f"{x:.2f}" for x in row["kl"])}
               if row.get("kl") else {})
            for row in latent
        ]  # fmt: skip
        with st.expander("The checks"):
            st.dataframe(checks, hide_index=True)
            st.caption(
                "Pairs ordered rightly from a rater’s own latent, from another rater’s and from "
                "that of one who said nothing; KL to the prior, a mean over raters and trainings."
            )
        st.caption(
            "A latent model has collapsed where no dimension’s mean varies over raters by more "
            "than .01, or where another rater’s latent orders a rater’s pairs as well as their own."
        )


def _table(result: Mapping, name: str) -> None:
    """Every metric of each model, with a download."""
    if page.presenting():
        return
    st.subheader("The scoreboard", anchor=False)
    prompts = list(result["prompts"])
    prompt = prompts[0]
    with st.container(horizontal=True):
        titles = {_rule_title(rule): rule for rule in scoreboard_metrics.ORDER_RULES}
        chosen = st.selectbox("Social order by", titles, key=f"{name}_rule", width=260, **IN_URL)
        if len(prompts) > 1:
            prompt = st.selectbox("Of the prompt", prompts, key=f"{name}_prompt", **IN_URL)
    rule = titles[chosen]
    lines = [_table_row(result, row, rule, prompt) for row in result["rows"]]
    empty = [key for key in lines[0] if all(line[key] == "—" for line in lines)]
    lines = [{k: v for k, v in line.items() if k not in empty} for line in lines]
    st.dataframe(lines, hide_index=True)
    text = "Mean and 95 % interval. Calibration: expected error of stated chances. "
    if result["data"]:
        text += (
            "Ahead: of Bradley–Terry on the same pairs. Order: the held-out raters’ rewards, by "
            f"{chosen}."
        )
    else:
        truth = result_tables.order_text(result["truth"][rule][prompt])
        text += (
            f"Order, τ with the truth ({truth}), strict pairs of it reversed and what the winner "
            f"is worth: the held-out raters’ rewards, by {chosen}; distortion is the best mean "
            "utility over the winner’s; minority (the smallest type) and worst-off: where the "
            "winner lies between what they like least (0) and most (1). MaxMin: the same of the "
            "completion whose least reward among the prototypes is greatest."
        )
    if "seconds" in lines[0]:
        text += " Seconds: of one training, beside others on the same cores."
    st.caption(page.escaped(text))
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
        "disputed": interval_text("disputed"),
        "calibration": interval_text("calibration"),
        "active units": "—" if row["active"] is None else f"{row['active']:g}",
    }
    if result["data"]:
        line |= {"ahead": interval_text("ahead")}
    else:
        names = {"τ": "tau", "reversed": "reversed", "distortion": "distortion",
                 "minority": "minority", "worst-off": "least"}  # fmt: skip
        line |= {
            name: interval_text(key, ".2f", row["elected"][rule]) for name, key in names.items()
        }
        line |= {"MaxMin, worst-off": interval_text("maxmin", ".2f")}
    seconds = "—" if row["seconds"] is None else f"{row['seconds']:.1f}"
    line |= {"parameters": f"{row['parameters']:,}", "seconds": seconds}
    return line | {"order": result_tables.order_text(row["orders"][rule][prompt])}


def _rule_title(rule: str) -> str:
    """The title of a rule of social orders."""
    return "Mean of win rates" if rule == scoreboard_metrics.WIN_RATES else rule_title(rule)
