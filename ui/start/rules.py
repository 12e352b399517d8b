"""Step 5: the reader chooses the voting rule, and with it the answer."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ui.shared import page
from ui.start import bubbles, path, served, story

_WORKSHEET = Path(__file__).with_name("worksheet.html")
#: Rule -> its title, and what it asks for in plain words.
_RULES = {
    "plurality": (
        "Plurality",
        "Most first places win. What people think of all other answers does not count.",
    ),
    "borda": (
        "Borda",
        "An answer gets a point for each answer that a person puts below it. Most points win.",
    ),
    "instant-runoff": (
        "Instant runoff",
        "The answer with the fewest first places goes out. The people who wanted it then count for "
        "their next answer. This goes on until one answer is left.",
    ),
    "copeland": (
        "Copeland",
        "Each answer meets each other answer, and the majority decides. Most meetings won win.",
    ),
}


def show() -> None:
    """The rules, the winner of the chosen one, and whom it serves."""
    path.sentence("A voting rule decides whose wishes count. Somebody has to choose it.")
    rule = st.segmented_control(
        "Everyone is heard, and the ballots are counted by", list(_RULES), key="path_rule",
        default="borda", format_func=lambda rule: _RULES[rule][0], required=True,
    )  # fmt: skip
    page.say(_RULES[rule][1])
    name = story.winner(story.entry()["social"][rule]["order"])
    left, right = st.columns(2, gap="large")
    with left:
        bubbles.conversation(story.question(), story.answer_text(name), name)
    with right:
        served.people_chart(name, "served_by_rule")
        page.say(f"**{name}**: {story.served_sentence(name)}")
    path.buttons(5)
    st.subheader("What next?", anchor=False)
    path.links(
        [
            ("pages/lab.py", "Change everything in the lab", "science"),
            ("pages/scenario.py", "Change the groups, or write a scenario of your own", "groups"),
        ],
        scenario=story.STORY.stem,
    )
    path.links(
        [
            ("pages/classroom.py", "Let a class vote from its phones", "phone_android"),
            ("pages/rules.py", "See how each rule counts", "how_to_vote"),
            ("pages/understand.py", "Understand why", "lightbulb"),
        ]
    )
    if not page.presenting():
        with st.expander("More: which rule is right?"):
            page.say(
                "No rule is right for every purpose, and each breaks a promise that sounds fair. "
                "The usual training also contains a voting rule: with complete ballots it gives "
                "the order of Borda. It was not chosen; it follows from the mathematics."
            )
            page.note(
                "The winners are those of the stored run. It has one social model for each rule."
            )
        with st.expander("More: for teachers"):
            page.say("The story makes a lesson of 20 minutes. This worksheet follows its steps.")
            st.download_button(
                "Worksheet to print (HTML)", _WORKSHEET.read_text("utf-8"), "worksheet.html",
                "text/html", on_click="ignore", icon=":material/print:",
            )  # fmt: skip
