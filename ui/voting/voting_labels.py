"""Labels of rules, ballots and winners."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from scrl.voting import RULES, AnonymousProfile, format_ballot
from ui.shared.controls import rule_title
from ui.shared.page import IN_URL


def rule_titles(rules) -> str:
    return ", ".join(RULES[rule].title for rule in rules)


def winner_text(p: np.ndarray, names) -> str:
    able = np.flatnonzero(p > 1e-6)
    if len({round(float(x), 6) for x in p[able]}) == 1:
        return " = ".join(names[i] for i in able)
    return "a lottery"


def pick_rule(rules: Sequence[str], default: str = "borda", key: str = "rule") -> str:
    return st.selectbox(
        "Rule", list(rules), list(rules).index(default) if default in rules else 0,
        format_func=rule_title, key=key, **IN_URL,
    )  # fmt: skip


def ballot_label(place, names: Sequence[str]) -> str:
    """``A > B = C``; who is left out is not named."""
    return format_ballot(AnonymousProfile(names, [place], [1.0]).orders()[0])


def winner_chances(chance, names: Sequence[str]) -> str:
    """Who may win, with chances where they differ."""
    able = [(c, name) for c, name in zip(chance, names, strict=True) if c > 1e-6]
    if len({round(float(c), 6) for c, _ in able}) == 1:
        return " = ".join(name for _, name in able)
    return ", ".join(f"{name} {c:.0%}" for c, name in able)


def listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1])] * (len(words) > 1) + list(words[-1:]))
