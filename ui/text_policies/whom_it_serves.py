"""The part that shows which types each trained policy serves, and at what cost."""

from __future__ import annotations

from typing import Any

from scrl.figures import grouped_bars
from scrl.studies import text_policy, text_types
from ui.shared import data_tables, page
from ui.text_policies import stored


def show() -> None:
    """Shares of the styles before and after training, KL, and the held-out taste."""
    result = stored.result()
    styles, policies = result["styles"], result["policies"]
    types = text_types.TYPES
    ticks = text_types.ATTRIBUTES
    series = [(name, styles[key]["share"]) for key, name in stored.NAMES.items()]
    page.say(_finding(result))
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
    _costs(result)
    rows = [
        {"policy": name, "KL": policies[key]["kl"], "± (standard error)": policies[key]["kl_error"],
         "log-probability of a token before training": policies[key]["reference_score"],
         "repeated pairs of words": styles[key]["repetition"], "ended": policies[key]["ended"]}
        | {f"{a}": s for a, s in zip(text_types.ATTRIBUTES, styles[key]["share"], strict=True)}
        | {f"{a}, new prompts": s
           for a, s in zip(text_types.ATTRIBUTES, styles[key]["new"], strict=True)}
        | {f"± {a}, over samplings": s
           for a, s in zip(text_types.ATTRIBUTES, styles[key]["share_sd"], strict=True)}
        for key, name in stored.NAMES.items()
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "text-policies", "KL in nats for a whole answer, measured on fresh samples. New "
        "prompts took no part in the training. ± is the standard deviation over ten samplings.",
        "%.3f",
    )  # fmt: skip


def _finding(result: dict[str, Any]) -> str:
    """What the two trainings change, in numbers."""
    styles = result["styles"]

    def change(policy: str, k: int) -> str:
        return f"{styles['reference']['share'][k]:.0%} to {styles[policy]['share'][k]:.0%}"

    return (
        "A language model is trained by DPO on people’s choices between its own answers. Pooled "
        "votes are mostly those of brisk people, who vote most: short answers go from "
        f"**{change('pooled', 0)}**, and answers with a warning from **{change('pooled', 1)}**. "
        "Where Borda’s rule decides between the same answers and everybody counts once, short "
        f"answers go from **{change('social', 0)}**, and warnings from **{change('social', 1)}**."
    )


def _costs(result: dict[str, Any]) -> None:
    policies, styles = result["policies"], result["styles"]
    parts = [
        f"*{name}*: KL {policies[key]['kl']:.1f} ± {policies[key]['kl_error']:.1f} nats"
        for key, name in stored.NAMES.items()
        if key != "reference"
    ]
    taste = ", ".join(
        f"{policies[key]['reference_score']:.2f} ({name.lower()})".replace("-", "−")
        for key, name in stored.NAMES.items()
    )
    repeated = ", ".join(f"{styles[key]['repetition']:.1%}" for key in policies)
    new = [f"{styles[key]['new'][1]:.0%}" for key in ("reference", "social")]
    page.say(
        f"**New prompts.** On {len(text_policy.NEW)} prompts without a vote, warnings go from "
        f"{new[0]} to {new[1]} with one vote a person, and short answers from "
        f"{styles['reference']['new'][0]:.0%} to {styles['social']['new'][0]:.0%}: with "
        f"{len(text_policy.TRAINED)} prompts in the training, some of what is learnt is about "
        "their topics."
    )
    page.say(
        f"**What it costs.** {'; '.join(parts)}. A taste that nobody trained on, the "
        f"log-probability of a token under the model before training: {taste}. Pairs of words that "
        f"repeat themselves in an answer: {repeated}."
    )
