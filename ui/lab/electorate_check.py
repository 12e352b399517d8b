"""Whether the simulated electorate reproduces the raters' ballots."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from scrl.figures import predicted_shares
from ui.shared import data_tables, figure_cache, page

#: Words of ``scrl.runs.check_result`` -> those of the page.
_PLAIN_WORDS = {
    "The electorate reproduces the ballots within sampling error.":
        "The simulated voters vote like the real ones, up to chance.",
    "whether the electorate reproduces their ballots":
        "whether the simulated voters vote like them",
    "The electorate does not reproduce the ballots:":
        "The simulated voters do not vote like the real ones:",
    "on the same completions": "on the same answers",
}  # fmt: skip


def show(result: Mapping) -> None:
    """The verdict in one line, and where it is bad what differs; nothing for an older run."""
    check = result.get("check")
    if check is None:
        return
    message = page.escaped(_plain(check["message"]))
    if not check["failed"]:
        st.caption(message)
        return
    st.warning(message)
    page.chart(
        figure_cache.figure(predicted_shares, check["shares"]),
        "chart-check",
        alt="; ".join(
            f"{_what(share)}: {share['observed']:.0%} of ballots, {share['simulated']:.0%} "
            "simulated"
            for share in check["shares"]
            if share["failed"]
        ),
        caption="How often one answer is above another, and how often it is first: in the real "
        "ballots and in simulated ones. Bars reach two standard errors. Where the two differ, the "
        "orders above may be wrong as well.",
    )
    if not page.presenting():
        rows = [
            {
                "prompt": share["prompt"],
                "share": _what(share),
                "ballots": share["observed"],
                "simulated": share["simulated"],
                "standard error": share["error"],
                "raters": share["raters"],
                "beyond chance": "yes" if share["failed"] else "",
            }
            for share in check["shares"]
        ]
        data_tables.numbers_expander(rows, "check", f"{check['tested']} shares were compared.")


def _plain(message: str) -> str:
    """A message of a result file in plain words; the file keeps its own."""
    for technical, plain in _PLAIN_WORDS.items():
        message = message.replace(technical, plain)
    return message


def _what(share: Mapping) -> str:
    """What a share counts, without its prompt."""
    place = f"above {share['over']}" if "over" in share else "first"
    return f"{share['completion']} {place}"
