"""The part that shows which types each trained policy serves, and at what cost."""

from __future__ import annotations

from typing import Any

import streamlit as st

from scrl.figures import grouped_bars
from scrl.studies import text_policy, text_types
from ui.shared import data_tables, page
from ui.text_policies import stored


def show() -> None:
    """Shares of the styles before and after training, KL, and the held-out taste."""
    result = stored.result()
    page.say(_finding(result))
    chosen = st.segmented_control(
        "Answers to", list(stored.PROMPTS), default=next(iter(stored.PROMPTS)), key="text_prompts",
        bind="query-params", required=True,
    )  # fmt: skip
    _draw(result["styles"], stored.PROMPTS[chosen])
    _new_prompts(result)
    _costs(result)
    rows = [row for key, name in _all_names().items() for row in _rows(result, key, name)]
    data_tables.numbers_expander(
        rows, "text-policies", "KL in nats for a whole answer, measured on fresh samples. New "
        "prompts took no part in the training. ± is the standard deviation over ten samplings, of "
        "KL the standard error.",
        "%.3f",
    )  # fmt: skip


def _all_names() -> dict[str, str]:
    return {**stored.NAMES, stored.AGAIN: f"{stored.NAMES['social']}, trained again"}


def _draw(styles: dict[str, Any], key: str) -> None:
    """The chart of the shares of styles.

    Args:
        key: one of the values of ``stored.PROMPTS``.
    """
    types, ticks = text_types.TYPES, text_types.ATTRIBUTES
    series = [(name, styles[policy][key]) for policy, name in stored.NAMES.items()]
    page.chart(
        grouped_bars(ticks, series, "", "answers of the style", **page.style()),
        "chart-text-policies",
        alt="; ".join(
            f"{name}: " + ", ".join(f"{t} {s:.0%}" for t, s in zip(ticks, shares, strict=True))
            for name, shares in series
        ),
        caption="Per cent of answers of each style, in fresh samples of a language model of 135 "
        "million weights. "
        + " ".join(
            f"{t.name.capitalize()} people want {t.wish}: {t.share:.0%} of the population, "
            f"{t.pairs:.0%} of the votes."
            for t in types
        ),
    )


def _rows(result: dict[str, Any], key: str, name: str) -> list[dict[str, Any]]:
    """The numbers of a policy, a row for each kind of prompts."""
    policy, styles = result["policies"][key], result["styles"][key]
    rows = []
    for i, (prompts, shares) in enumerate(stored.PROMPTS.items()):
        prefix = "new_" * i
        rows.append(
            {"policy": name, "prompts": prompts.lower(), "KL": policy[f"{prefix}kl"],
             "± KL": policy[f"{prefix}kl_error"],
             "warns and addresses you": styles["wished"][i], "±": styles["wished_sd"][i]}
            | {a: s for a, s in zip(text_types.ATTRIBUTES, styles[shares], strict=True)}
            | {f"± {a}": s for a, s in zip(text_types.ATTRIBUTES, styles[f"{shares}_sd"],
                                           strict=True)}
            | {"log-probability of a token before training": policy["reference_score"],
               "repeated pairs of words": styles["repetition"], "ended": policy["ended"]}
        )  # fmt: skip
    return rows


def _change(styles: dict[str, Any], policy: str, key: str, k: int) -> str:
    """A share before and after a training."""
    return f"{styles['reference'][key][k]:.0%} to {styles[policy][key][k]:.0%}"


def _finding(result: dict[str, Any]) -> str:
    """What the two trainings change, in numbers."""
    styles = result["styles"]
    return (
        "A language model is trained by DPO on people’s choices between its own answers. If all "
        "**votes are pooled**, brisk people, who vote most, win: short answers go from "
        f"**{_change(styles, 'pooled', 'share', 0)}**, and answers with a warning from "
        f"**{_change(styles, 'pooled', 'share', 1)}**. With **one person, one vote** (Borda’s "
        "rule over the same answers), answers with a warning go from "
        f"**{_change(styles, 'social', 'share', 1)}**, and those that warn *and* address you, "
        f"which this rule puts first, from **{_change(styles, 'social', 'wished', 0)}** (trained "
        f"again with another seed: {styles['again']['wished'][0]:.0%})."
    )


def _new_prompts(result: dict[str, Any]) -> None:
    """Whether what was learnt holds on prompts without a vote."""
    styles = result["styles"]
    page.say(
        f"**New prompts.** On {len(text_policy.NEW)} prompts without a vote, warnings go from "
        f"{_change(styles, 'social', 'new', 1)} with one vote a person (trained again: "
        f"{styles['again']['new'][1]:.0%}), answers that address you from "
        f"{_change(styles, 'social', 'new', 2)}, and those that do both from "
        f"{_change(styles, 'social', 'wished', 1)} (trained again: "
        f"{styles['again']['wished'][1]:.0%}). The training had "
        f"{len(text_policy.TRAINED)} prompts."
    )


def _costs(result: dict[str, Any]) -> None:
    policies, styles = result["policies"], result["styles"]
    parts = [
        f"*{name}*: KL {policies[key]['kl']:.1f} ± {policies[key]['kl_error']:.1f} nats, on new "
        f"prompts {policies[key]['new_kl']:.1f} ± {policies[key]['new_kl_error']:.1f}"
        for key, name in stored.NAMES.items()
        if key != "reference"
    ]
    taste = ", ".join(
        f"{policies[key]['reference_score']:.2f} ({name.lower()})".replace("-", "−")
        for key, name in stored.NAMES.items()
    )
    repeated = ", ".join(f"{styles[key]['repetition']:.1%}" for key in stored.NAMES)
    page.say(
        f"**What it costs.** Distance from the model before training: {'; '.join(parts)}. "
        f"How natural the texts are, as the log-probability of a token before training: {taste}. "
        f"Pairs of words that repeat themselves in an answer: {repeated}, in the same order."
    )
