"""The part on policies without training: best of n, and reweighted samples."""

from __future__ import annotations

import streamlit as st

from scrl.figures import labelled_curves
from scrl.studies import text_policy, text_policy_results, text_types
from ui.shared import data_tables, page
from ui.text_policies import stored
from ui.text_policies.before_and_after import show_text

KINDS = {"best": "Best of n", "reweighted": "Reweighted samples"}


def show() -> None:
    """Shares of styles against KL, by either reward."""
    kind = st.segmented_control(
        "Policy", list(KINDS), format_func=KINDS.get, default="best", key="text_kind",
        bind="query-params", required=True,
    )  # fmt: skip
    page.say(
        "**Best of n**: the model writes n answers, and the one with the highest reward is given."
        if kind == "best"
        else "**Reweighted samples**: each of the model’s answers is given with a probability "
        "proportional to exp(reward / price of KL)."
    )
    page.note(
        "How many answers have each style, by how far the choice moves from the model (KL). Left: "
        "the reward is Bradley–Terry on pooled votes; right: Borda’s rule, where everybody counts "
        "once."
    )
    for column, (reward, name) in zip(st.columns(2), stored.REWARDS.items(), strict=True):
        with column:
            _curves(kind, reward, name)
    prompts = list(text_policy.TRAINED)
    chosen = st.selectbox("Prompt", prompts, key="sample_prompt", bind="query-params")
    for column, (reward, name) in zip(st.columns(2), stored.REWARDS.items(), strict=True):
        with column:
            st.markdown(f"Best of {max(text_policy_results.SIZES)} by **{name}**")
            show_text(stored.selection(reward, "best").chosen[prompts.index(chosen)])


def _curves(kind: str, reward: str, name: str) -> None:
    found = stored.selection(reward, kind)
    st.markdown(f"**{name}**")
    series = [(a, found.share[i], i) for i, a in enumerate(text_types.ATTRIBUTES)]
    page.chart(
        labelled_curves(
            found.kl, series, x_title="KL in nats" + (", upper bound" if kind == "best" else ""),
            y_title="answers of the style", y_range=(-0.02, 1.02), value_format=".0%",
            **page.style(),
        ),
        f"chart-selection-{reward}",
        alt="; ".join(f"{a}: {v[0]:.0%} to {v[-1]:.0%}" for a, v, _ in series),
    )  # fmt: skip
    rows = [
        {"KL": kl} | {a: v[i] for a, v, _ in series}
        | {f"utility, {t.name}": found.utility[k, i] for k, t in enumerate(text_types.TYPES)}
        for i, kl in enumerate(found.kl)
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, f"selection-{kind}-{reward}",
        "KL of best of n is at most log n − (n − 1)/n. Shares are means over every choice of n of "
        "the stored answers." if kind == "best" else
        "KL is exact for the choice among the stored answers. Rewards have standard deviation 1.",
        "%.3f",
    )  # fmt: skip
