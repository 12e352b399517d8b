"""Speech bubbles of a conversation with an assistant, and the wishes of each group, as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from scrl.figures import colour

_STYLE = """<style>
.talk { display: flex; flex-direction: column; gap: .6rem; margin: 0 0 .25rem; }
.talk p { margin: 0; padding: .7rem 1rem; border-radius: 1.1rem; max-width: 92%; line-height: 1.5; }
.talk .asks { align-self: flex-end; border-bottom-right-radius: .25rem;
  background: color-mix(in srgb, currentColor 9%, transparent); }
.talk .says { align-self: flex-start; border-bottom-left-radius: .25rem;
  border: 1px solid color-mix(in srgb, currentColor 30%, transparent); }
.talk b { display: block; font-size: .875rem; }
.wishes { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr));
  gap: .75rem; list-style: none; margin: 0 !important; padding: 0 !important; }
.wishes > li { border: 1px solid color-mix(in srgb, currentColor 25%, transparent);
  border-radius: .6rem; padding: .7rem .9rem; margin: 0; }
.wishes h3 { font-size: 1rem; margin: 0; padding: 0; }
.wishes .many { font-size: .875rem; margin: 0 0 .4rem; }
.wishes ol { margin: 0; padding-left: 1.4rem; }
.wishes ol li { margin: .1rem 0; padding: 0; }
.wishes .dot { display: inline-block; width: .65rem; height: .65rem; border-radius: 50%;
  margin-right: .4rem; }
</style>"""


def conversation(question: str, answer: str, name: str) -> None:
    """A question, and the answer that the assistant gives to everyone."""
    st.html(
        f"{_STYLE}<div class='talk'><p class='asks'>{escape(question)}</p>"
        f"<p class='says'><b>{escape(name)}</b>{escape(answer)}</p></div>"
    )


def wishes(groups: Sequence[tuple[str, int, Sequence[str]]], names: Sequence[str]) -> None:
    """Each group's order of the answers, best first.

    Args:
        groups: name, people of a hundred, and the order.
        names: all answers in the order of the scenario, which gives them their colours.
    """
    tone = {name: colour(i) for i, name in enumerate(names)}
    cards = "".join(
        f"<li><h3>{escape(group)}</h3><p class='many'>{people} of 100 people</p><ol>"
        + "".join(
            f"<li><span class='dot' style='background:{tone[name]}'></span>{escape(name)}</li>"
            for name in order
        )
        + "</ol></li>"
        for group, people, order in groups
    )
    st.html(f"{_STYLE}<ul class='wishes'>{cards}</ul>")
