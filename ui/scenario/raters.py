"""The part of the page on scenarios in which raters are made: completions, prompts, types, and
what each type thinks."""

from __future__ import annotations

import streamlit as st

from scrl.figures import colour
from scrl.scenarios import editing
from scrl.types import InputError
from ui.scenario import draft
from ui.scenario.draft import Draft, follow, press
from ui.scenario.page import MOST_FIELDS, fits, pick_prompt, too_large
from ui.shared import moving, page

_WAYS = ("Move", "Write", "Numbers")
_HELP = {
    "Move": "Drag a name, or choose it and press its arrows; with =, or dropped onto another, it "
    "is tied.",
    "Write": "A type a line: Memphis: A > B = C, best first, ties with =.",
    "Numbers": "Utilities: the greater the better, and how much matters for welfare and noise. An "
    "order stands for m-1 … 0.",
}


def raters(now: Draft) -> str:
    """Draw the builder; the prompt that it is about."""
    if not fits(now.good):
        too_large()
        return next(iter(now.good.prompts))
    if not page.presenting():
        _about(now.content)
    prompt, way = _shown(now)
    _types(now, prompt, way)
    if not page.presenting():
        _asked(now.content)
    return prompt


# -- the whole ------------------------------------------------------------------------------------


def _put(name: str):
    """An edit of one key of the whole scenario."""
    return lambda content, new: {**content, name: new}


def _about(content: dict) -> None:
    name, story = st.columns([1, 1.9])
    with name:
        follow(st.text_input, "Name", "f-name", content["name"], _put("name"), max_chars=80)
    with story:
        follow(
            st.text_input, "Story, one line", "f-summary", content.get("summary", ""),
            _put("summary"), max_chars=400,
        )  # fmt: skip


def _asked(content: dict) -> None:
    raters, noise, sampling = st.columns([1, 1, 1.3])
    with raters:
        follow(
            st.number_input, "Raters", "f-raters", float(content.get("raters", 10_000)),
            lambda c, new: {**c, "raters": int(new)}, min_value=1.0, max_value=100_000.0,
            step=500.0, format="%.0f",
        )  # fmt: skip
    with noise:
        follow(
            st.number_input, "Noise", "f-noise", float(content.get("noise", 0.0)), _put("noise"),
            min_value=0.0, max_value=1e6, step=0.1, format="%g",
            help="Scale of the Gumbel noise added to each utility before a rater ranks; neighbours "
            "on a ballot are 1 apart.",
        )  # fmt: skip
    with sampling:
        follow(
            st.segmented_control, "Types are allotted", "f-sampling",
            content.get("sampling", "quota"), _put("sampling"), options=["quota", "iid"],
            format_func={"quota": "by quota", "iid": "by chance"}.get, required=True,
            help="By quota the shares hold exactly; by chance each rater’s type is drawn.",
        )  # fmt: skip


def _unused(content: dict, part: str, word: str) -> str:
    number = len(content[part]) + 1
    while f"{word} {number}" in content[part]:
        number += 1
    return f"{word} {number}"


def _add(content: dict, part: str, word: str, label: str) -> None:
    press(
        label, f"add-{part}", lambda c: editing.added(c, part, _unused(c, part, word)),
        icon=":material/add:", disabled=len(content[part]) >= MOST_FIELDS[part],
    )  # fmt: skip


def _bin(part: str, name: str, i: int, help: str) -> None:
    press(
        "", f"bin-{part}-{i}", lambda c: editing.removed(c, part, name), icon=":material/delete:",
        type="tertiary", help=help,
    )  # fmt: skip


def _named(part: str, name: str, i: int, label: str) -> None:
    follow(
        st.text_input, label, f"{part}-name-{i}", name,
        lambda c, new: editing.renamed(c, part, name, new), label_visibility="collapsed",
        max_chars=60,
    )  # fmt: skip


# -- completions and prompts ----------------------------------------------------------------------


def _shown(now: Draft) -> tuple[str, str]:
    """Which prompt is shown, and how its orders are edited."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        prompt = pick_prompt(list(now.content["prompts"]))
        way = _views(now, prompt)
    return prompt, way


def _reads(part: str, name: str, entry: dict, i: int) -> None:
    """The text of a prompt or completion; its name where there is none."""

    def edit(content: dict, new: str) -> dict:
        own = {**content[part][name], "text": new}
        if not new.strip():
            own.pop("text")
        return {**content, part: {**content[part], name: own}}

    follow(
        st.text_input, f"Text of {part} {i + 1}", f"{part}-text-{i}", entry.get("text") or "",
        edit, label_visibility="collapsed", placeholder="What raters read", max_chars=400,
    )  # fmt: skip


def _completions(content: dict) -> None:
    st.caption("What raters may rank. A new one is last on every ballot.")
    for i, (name, entry) in enumerate(content["completions"].items()):
        left, middle, right = st.columns([2, 3, 0.8], vertical_alignment="center")
        with left:
            _named("completions", name, i, f"Completion {i + 1}")
        with middle:
            _reads("completions", name, entry, i)
        with right:
            _bin("completions", name, i, f"Take {name} away")
    _add(content, "completions", "Completion", "Add a completion")


def _prompts(content: dict) -> None:
    st.caption("What is asked. A new prompt begins with the orders of the first.")
    for i, (name, entry) in enumerate(content["prompts"].items()):
        with st.container(border=True, gap="small"):
            left, middle, right = st.columns([2, 4, 0.8], vertical_alignment="center")
            with left:
                _named("prompts", name, i, f"Prompt {i + 1}")
            with middle:
                _reads("prompts", name, entry, i)
            with right:
                _bin("prompts", name, i, f"Take {name} away")
            follow(
                st.multiselect, f"Completions on offer for ‘{page.plain(name)}’", f"offer-{i}",
                editing.offered(content, name),
                lambda c, new, p=name: editing.with_offered(c, p, new),
                options=list(content["completions"]),
            )  # fmt: skip
    _add(content, "prompts", "prompt", "Add a prompt")


# -- types ----------------------------------------------------------------------------------------


def _views(now: Draft, prompt: str) -> str:
    """How orders are edited; numbers first where they are stated."""
    usual = "Numbers" if editing.states_utilities(now.content, prompt) else "Move"
    return st.segmented_control(
        "Their orders, best first", _WAYS, default=usual, required=True, key="views",
        help="  \n".join(f"**{way}**: {text}" for way, text in _HELP.items()),
    )  # fmt: skip


def _types(now: Draft, prompt: str, way: str) -> None:
    content = now.content
    shades = {c: colour(i) for i, c in enumerate(content["completions"])}
    for i, (name, t) in enumerate(content["types"].items()):
        with st.container(gap="xsmall"):
            cells = st.columns([0.12, 2, 1.1, 0.5], vertical_alignment="center", gap="small")
            cells[0].html(f"<span style='color:{colour(i)};font-size:1.2rem'>■</span>")
            with cells[1]:
                _named("types", name, i, f"Type {i + 1}")
            with cells[2]:
                _share(name, t, i)
            if not page.presenting():
                with cells[3]:
                    _bin("types", name, i, f"Take {name} away; its share goes to the others")
            if way == "Move":
                _row(content, name, prompt, shades, i)
    with st.container(horizontal=True, vertical_alignment="center"):
        if not page.presenting():
            _add(content, "types", "Type", "Add a type of rater")
            with st.popover("Completions", key="edit-completions"):
                _completions(content)
            with st.popover("Prompts", key="edit-prompts"):
                _prompts(content)
        total = sum(t["share"] for t in content["types"].values())
        if abs(total - 1) > 1e-6:
            press(
                f"Scale {total:.4g} to 1", "evened", editing.with_normalised_shares, type="primary"
            )
    if way == "Write":
        _write(content, prompt)
    elif way == "Numbers":
        _numbers(content, prompt)
    elif not page.presenting():
        st.caption(_HELP["Move"])


def _share(name: str, t: dict, i: int) -> None:
    def edit(content: dict, new: float) -> dict:
        own = {**content["types"][name], "share": new / 100}
        return {**content, "types": {**content["types"], name: own}}

    follow(
        st.number_input, f"Share of type {i + 1} in %", f"share-{i}", round(t["share"] * 100, 4),
        edit, min_value=0.0, max_value=100.0, step=1.0, format="%g", label_visibility="collapsed",
        icon=":material/percent:",
    )  # fmt: skip


def _row(content: dict, name: str, prompt: str, shades: dict, i: int) -> None:
    def moved(order: list) -> None:
        draft.change("", lambda c: editing.with_order(c, name, prompt, order))

    order = editing.order_of(content, name, prompt)
    moving.row(order, shades, f"Order of {name} raters", f"row-{prompt}-{i}", moved)


def _write(content: dict, prompt: str) -> None:
    follow(
        st.text_area, _HELP["Write"], f"write-{prompt}", editing.orders_to_text(content, prompt),
        lambda c, new: editing.with_orders_text(c, prompt, new),
        height=30 + 42 * max(3, len(content["types"])),
    )  # fmt: skip


def _numbers(content: dict, prompt: str) -> None:
    names, types = editing.offered(content, prompt), list(content["types"])
    rows = [list(editing.utilities_of(content, t, prompt).values()) for t in types]

    def edit(content: dict, now: list[list]) -> dict:
        values = {}
        for type, old, new in zip(types, rows, now, strict=True):
            if None in new:
                raise InputError(f"{type}: {names[new.index(None)]} has no number; give it one.")
            if new != old:
                values[type] = dict(zip(names, new, strict=True))
        return editing.with_utilities(content, prompt, values)

    draft.grid(
        f"numbers-{prompt}", rows, types,
        [st.column_config.NumberColumn(n, format="%g", step=1e-6, width=76) for n in names], edit,
        "Utilities of every type",
    )  # fmt: skip
    if not page.presenting():
        st.caption(_HELP["Numbers"])
