"""Whether a slate represents its voters, and the group that it leaves out."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from scrl.committees import (
    ApprovalProfile,
    Representation,
    check_representation,
    check_solid_coalitions,
)
from scrl.voting import Profile
from ui.shared import page
from ui.slate.slates import Row, Settings
from ui.voting import voting_labels

#: Axiom -> what it asks for, in plain words.
ASKED = {
    "jr": "A group that is large enough for one answer and agrees on one is not left without any.",
    "pjr": "A group that is large enough for several answers and agrees on them has that many "
    "among those that its members approve.",
    "ejr": "A group that is large enough for several answers and agrees on them has a member who "
    "approves that many.",
    "psc": "Voters who put the same answers first get as many of them as their number deserves.",
}
SHORT = {
    "jr": "Justified representation (JR)", "pjr": "Proportional (PJR)", "ejr": "Extended (EJR)",
    "psc": "Solid coalitions (PSC)",
}  # fmt: skip
#: Most names in a sentence.
MAX_NAMED = 6
#: Most candidates for which all axioms are checked: PJR and EJR search sets of candidates.
MAX_CHECKED = 16


def show(profile: Profile, row: Row, settings: Settings) -> None:
    """The verdicts on the slate of a row."""
    st.markdown(f"**{page.escaped(row.title)}: is this slate fair to groups?**")
    approvals = ApprovalProfile.from_profile(profile, settings.approve)
    axioms = ["jr", "pjr", "ejr"] if len(profile.names) <= MAX_CHECKED else ["jr"]
    found = [check_representation(axiom, approvals, row.slate) for axiom in axioms]
    found.append(check_solid_coalitions(profile, row.slate))
    for verdict in found:
        mark = ":material/check_circle:" if verdict.holds else ":material/cancel:"
        name = SHORT[verdict.axiom]
        said = f"{mark} **{name}**: {'holds' if verdict.holds else 'fails'}."
        st.markdown(said, help=ASKED[verdict.axiom])
        if not verdict.holds:
            st.markdown(_witness(profile, verdict, len(row.slate)))
    if not page.presenting():
        quota = profile.weight.sum() / settings.seats
        page.note(
            f"With {settings.seats} answers a group needs {1 / settings.seats:.0%} of the voters "
            f"({quota:.4g} of {profile.weight.sum():.4g}) for each. Here a voter approves the "
            f"first {settings.approve} of the ballot. Solid coalitions read the orders, with the "
            "quota of the transferable vote."
        )


def _witness(profile: Profile, verdict: Representation, seats: int) -> str:
    """The group that is left out, in a sentence of escaped parts."""
    who = _group(profile, verdict.group)
    what = _names(profile, verdict.candidates)
    deserves = "one answer" if verdict.deserves == 1 else f"{verdict.deserves} answers"
    agree = "all put first" if verdict.axiom == "psc" else "all approve"
    has = {
        "jr": "but none of them approves an answer in the slate",
        "pjr": f"but together they approve {_count(verdict.has)} in the slate",
        "ejr": f"but none of them approves more than {_count(verdict.has)} in the slate"
        if verdict.has
        else "but none of them approves an answer in the slate",
        "psc": f"but {_count(verdict.has)} of these is in the slate",
    }[verdict.axiom]
    return (
        f"{who} ({verdict.share:.0%} of the voters) are enough for {deserves} of {seats} and "
        f"{agree} {what}, {has}."
    )


def _count(number: int) -> str:
    return ("none", "one")[number] if number < 2 else f"{number}"


def _group(profile: Profile, group: Sequence[int]) -> str:
    """Who the voters of some ballots are."""
    labels = list(dict.fromkeys(profile.labels[i] for i in group))
    if all(labels) and len(labels) <= MAX_NAMED:
        return voting_labels.listed([page.escaped(label) for label in labels])
    return f"The voters of {len(group)} ballots" if len(group) > 1 else "The voters of one ballot"


def _names(profile: Profile, candidates: Sequence[int]) -> str:
    shown = [page.escaped(profile.names[c]) for c in candidates[:MAX_NAMED]]
    more = len(candidates) - MAX_NAMED
    return voting_labels.listed([*shown, f"{more} more"] if more > 0 else shown)
