"""Who is nearer to everyone's complete ballots: the social model or Bradley–Terry."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from ui.shared import page


def compare(entry: Mapping, rule: str) -> tuple[bool, str]:
    """Whether the social model does what it should, and the comparison in words.

    Args:
        entry: of a result file, one prompt.
        rule: by which the complete ballots are counted.

    Returns:
        False where the social model is no nearer than Bradley–Terry although it is not right; the
        text is Markdown.
    """
    agreement = entry.get("agreement", {}).get(rule, {})
    if not {"social", "vanilla"} <= set(agreement):
        return True, (
            "Nobody knows the complete ballots of these raters. So this page cannot say which of "
            "the two orders is nearer to them."
        )
    social, usual = (agreement[key]["reversed"] for key in ("social", "vanilla"))
    size = len(entry["completions"])
    total = size * (size - 1) // 2
    winner = _winner(entry, rule)
    if social == usual == 0:
        return True, (
            "**Both are right.** The social model and Bradley–Terry both give the order of "
            f"everyone’s complete ballots.{winner}"
        )
    if social == 0:
        return True, (
            "**The social model is right, Bradley–Terry is wrong.** The social model gives the "
            f"order of everyone’s complete ballots. Bradley–Terry has {usual} of {total} pairs the "
            f"wrong way round.{winner}"
        )
    counts = (
        f"It has {social} of {total} pairs the wrong way round, and Bradley–Terry "
        f"{usual if usual else 'none'}."
    )
    if social < usual:
        return True, f"**The social model is nearer, but not right.** {counts}{winner}"
    if social == usual:
        return False, f"**Both fail.** The social model is no better here. {counts}{winner}"
    return False, f"**The social model fails here.** {counts}{winner}"


def _winner(entry: Mapping, rule: str) -> str:
    """Which answer each order puts first, where they differ."""
    firsts = [
        set(order[0])
        for order in (
            entry["truth"][rule]["order"],
            entry["social"][rule]["order"],
            entry["vanilla"]["order"],
        )
    ]
    truth, social, usual = (page.escaped(" = ".join(sorted(first))) for first in firsts)
    if truth == social == usual:
        return f" All put **{truth}** first."
    return (
        f" First place: **{truth}** with complete ballots, **{social}** in the social model, "
        f"**{usual}** in Bradley–Terry."
    )


def show(entry: Mapping, rule: str) -> None:
    """Say it; a failure stands out as much as a success."""
    works, text = compare(entry, rule)
    if works:
        page.say(text)
    else:
        st.warning(text)
        page.note(
            "Usual reasons: few raters, much noise, or a group that says nothing about what it "
            "prefers. The part ‘The raters’ shows which types the model found."
        )
