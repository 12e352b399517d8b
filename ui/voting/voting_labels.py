"""Labels of rules, ballots and winners on the pages about voting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import streamlit as st

from scrl.voting import RULES, Profile, format_ballot
from ui.shared.controls import rule_title
from ui.shared.page import IN_URL


def rule_titles(rules: Iterable[str]) -> str:
    """Titles of rules, with semicolons between them: a title may hold a comma."""
    return "; ".join(RULES[rule].title for rule in rules)


def winner_text(chances: np.ndarray, names: Sequence[str]) -> str:
    """The winner, or tied winners of equal chances; else ``"a lottery"``."""
    possible = np.flatnonzero(chances > 1e-6)
    if len({round(float(c), 6) for c in chances[possible]}) == 1:
        return " = ".join(names[i] for i in possible)
    return "a lottery"


def pick_rule(rules: Sequence[str], default: str = "borda", key: str = "rule") -> str:
    """The choice of a rule; it stands in the URL under ``key``."""
    return st.selectbox(
        "Rule", list(rules), list(rules).index(default) if default in rules else 0,
        format_func=rule_title, key=key, **IN_URL,
    )  # fmt: skip


def ballot_label(place: np.ndarray, names: Sequence[str]) -> str:
    """A ballot as ``A > B = C``; unranked candidates are not named."""
    return format_ballot(Profile(names, [place], [1.0]).orders()[0])


def winner_chances(chances: np.ndarray, names: Sequence[str]) -> str:
    """The possible winners, with their chances where these differ."""
    possible = [(c, name) for c, name in zip(chances, names, strict=True) if c > 1e-6]
    if len({round(float(c), 6) for c, _ in possible}) == 1:
        return " = ".join(name for _, name in possible)
    return ", ".join(f"{name} {c:.0%}" for c, name in possible)


def listed(words: Sequence[str]) -> str:
    """``"A, B and C"``; with semicolons where a word holds a comma."""
    mark = "; " if any("," in word for word in words) else ", "
    return " and ".join([mark.join(words[:-1])] * (len(words) > 1) + list(words[-1:]))
