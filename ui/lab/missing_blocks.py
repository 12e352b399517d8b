"""Blocks of ratings that a cluster of raters never gave, and what the model infers of them."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from scrl.figures import inferred_pairs
from ui.shared import data_tables, figure_cache, page
from ui.shared.result_tables import order_text

#: Blocks that are shown one by one.
MAX_SHOWN = 6
#: Label of the structure without shared utilities.
_NOTHING_SHARED = "prompts share nothing"


def has_blocks(result: Mapping) -> bool:
    """Whether a result holds such blocks."""
    return bool(result.get("silence", {}).get("kinds"))


def show(content: Mapping) -> None:
    """Draw each block of a finished run, and how the inference was selected."""
    inference = content["result"]["silence"]
    types = content["latent"]["types"]
    blocks = [(kind, prompt) for kind in inference["kinds"] for prompt in kind["prompts"]]
    for i, (kind, prompt) in enumerate(blocks[:MAX_SHOWN]):
        _show_block(kind, prompt, types, i)
    if len(blocks) > MAX_SHOWN:
        st.caption(f"{len(blocks) - MAX_SHOWN} more such blocks are in the result file.")
    if inference["choices"] and not page.presenting():
        _show_selection(inference)


def _show_block(kind: Mapping, prompt: str, types: list[str], i: int) -> None:
    """Who gave no ratings on what, and the probabilities that are inferred."""
    block = kind["prompts"][prompt]
    cluster = page.escaped(kind["name"] or "One kind of rater")
    is_complete = len(block["silent"]) == sum(map(len, block["order"]))
    items_text = "" if is_complete else f" about {page.escaped(', '.join(block['silent']))}"
    chances = [chance for *_, chance in block["sure"]]
    st.markdown(
        f"**{cluster}**, {kind['share']:.0%} of the raters, rated nothing{items_text} on "
        f"‘{page.escaped(prompt)}’. "
        + (
            f"From the other ratings the model infers {page.escaped(order_text(block['order']))}."
            if min(chances, default=0) >= 0.6
            else "The other ratings do not say what they prefer, so the model is unsure."
        )
    )
    type_index = types.index(kind["name"]) if kind["name"] in types else i
    page.chart(
        figure_cache.figure(inferred_pairs, block["sure"], type_index),
        f"chart-silence-{i}",
        alt="; ".join(f"{a} above {b}: {chance:.0%}" for a, b, chance in block["sure"]),
        caption="Each bar is the chance that such a rater prefers the first to the second. "
        "Simulated voters of this type prefer with these chances. Asking such raters would show "
        "whether the model is right.",
    )


def _show_selection(inference: Mapping) -> None:
    """The structures that were compared on blocks removed on purpose."""
    rows = [
        {
            "prompts share": f"{c['shared']} utilit{'y' if c['shared'] == 1 else 'ies'}"
            if c["shared"]
            else _NOTHING_SHARED,
            "penalty on the rest": c["penalty"],
            "nats on what was hidden": c["hidden"],
            "nats on the rest": c["seen"],
            "pairs of the rest right": c["right"],
            "taken": "yes" if i == inference["chosen"] else "",
        }
        for i, c in enumerate(inference["choices"])
    ]
    st.markdown("**How the model decided what it may infer**")
    data_tables.numbers_expander(
        rows,
        "silence",
        f"Ratings of other types were hidden in the same way, {inference['tests']} times, and then "
        "predicted under each choice. Higher numbers are better. How well this went also sets how "
        "sure the model may be.",
    )
