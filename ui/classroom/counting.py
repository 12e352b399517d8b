"""The ballots of a round counted by every rule."""

from __future__ import annotations

import streamlit as st

from scrl.classroom import CastBallot, Question, phone_summary, profile_of
from scrl.figures import short_labels
from scrl.types import Outcome
from scrl.voting import Profile, count_all_rules
from scrl.voting.explain import supported_orders_notes

#: The rules whose orders phones are shown: the class's own and the usual reward model's.
PHONE_RULES = {"borda": "Borda", "bradley-terry": "Bradley–Terry (usual reward model)"}

#: Most characters of an answer in a note on a phone.
MAX_LABEL = 40


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
    """What phones are shown at the reveal, and ``notes`` on what no ballot orders."""
    outcomes, _ = count(question, ballots)
    shown = {title: outcomes[rule] for rule, title in PHONE_RULES.items() if rule in outcomes}
    named = profile_of(question, ballots).renamed(short_labels(question.labels, MAX_LABEL))
    notes = supported_orders_notes(named, [*PHONE_RULES], question.absent)
    return {**phone_summary(question, ballots, shown), "notes": notes}
