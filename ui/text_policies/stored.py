"""The stored result that the parts of the page share."""

from __future__ import annotations

from typing import Any

import streamlit as st

from scrl.studies import load_baked, text_policy_results

#: Policy in the stored result -> its name on the page.
NAMES = {
    "reference": "Before training",
    "pooled": "Votes pooled",
    "social": "One person, one vote",
}
#: Prompts on which policies are measured -> key of the shares of styles, and of their deviations.
PROMPTS = {"Prompts of the training": "share", "New prompts": "new"}
#: The policy that repeats the social training with another seed.
AGAIN = "again"
#: Reward of the selection among samples -> its name on the page.
REWARDS = {"vanilla": "Votes pooled", "social": "One person, one vote"}


@st.cache_data(show_spinner=False)
def result() -> dict[str, Any]:
    """The result of the study.

    Raises:
        InputError: where it is not stored.
    """
    return load_baked("text-policy")["result"]


@st.cache_data(show_spinner=False)
def selection(reward: str, kind: str) -> text_policy_results.SampleSelection:
    """Best of n, or reweighting, of the stored samples by a reward of ``REWARDS``."""
    samples = result()["samples"]
    if kind == "best":
        return text_policy_results.best_of_samples(samples, reward)
    return text_policy_results.reweighted_samples(samples, reward)
