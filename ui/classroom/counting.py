"""The ballots of a round counted by every rule, and the programs for it compiled beforehand."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from scrl.classroom import CastBallot, Question, phone_summary, profile_of
from scrl.types import Outcome
from scrl.voting import RULES, Profile, count_all_rules
from ui.shared import background

#: The rules whose orders phones are shown: the class's own and the usual reward model's.
PHONE_RULES = {"borda": "Borda", "bradley-terry": "Bradley–Terry (usual reward model)"}


def count(
    question: Question, ballots: list[CastBallot]
) -> tuple[dict[str, Outcome], dict[str, str]]:
    """The outcome of every rule, and rule -> why it cannot count these ballots."""
    key = repr((question.answers, question.absent, sorted(ballot.order for ballot in ballots)))
    return _count(key, profile_of(question, ballots), question.absent)


@st.cache_data(max_entries=200, show_spinner="Counting by every rule")
def _count(key: str, _profile: Profile, absent: str) -> tuple[dict[str, Outcome], dict[str, str]]:
    return count_all_rules(_profile, left_out=absent)


def summarise(question: Question, ballots: list[CastBallot]) -> dict:
    """What phones are shown at the reveal."""
    outcomes, _ = count(question, ballots)
    shown = {title: outcomes[rule] for rule, title in PHONE_RULES.items() if rule in outcomes}
    return phone_summary(question, ballots, shown)


def compile_for(answers: int, ballots: int = 1) -> None:
    """Compile in the background what counting will need, while phones still vote."""
    # The padded sizes of ``count_all_rules``: one program for all numbers below each.
    rows = 64 if ballots <= 56 else 256 if ballots <= 240 else 1024
    columns = next(size for size in (8, 16, 32) if answers <= size)
    background.once(f"compile-rules-{columns}-{rows}", partial(_compile, columns, rows))


def _compile(answers: int, ballots: int) -> None:
    rng = np.random.default_rng(0)
    orders = [rng.permutation(answers) for _ in range(ballots)]
    profile = Profile.from_orders([str(i) for i in range(answers)], orders)
    compiled = [name for name in RULES.ordinal if not RULES[name].on_host]
    count_all_rules(profile, compiled)
