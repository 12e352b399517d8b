"""The sections of the page of election reports."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from scrl import figures
from scrl.election_reports import ElectionReport, MarginEntry, amount, margin_sentence
from scrl.types import Outcome
from scrl.voting import Profile
from scrl.voting.explain import Matrix, Rounds
from ui.shared import figure_cache, page
from ui.voting import candidate_key, profile_picker, rules, wide_figures


def show_headline(place: DeltaGenerator, report: ElectionReport) -> None:
    """The sentences of the headline, in place of those before."""
    first, *others = (page.escaped(sentence) for sentence in report.headline)
    with place.container():
        st.markdown(f"## {first}")
        if others:
            page.say(" ".join(others))


def show_winners(profile: Profile, outcomes: dict[str, Outcome], report: ElectionReport) -> None:
    """Who wins by each rule."""
    shown = {e.rule: outcomes[e.rule] for e in report.rules if e.rule in outcomes}
    st.subheader("Who wins by which rule")
    many = len(profile.names) > candidate_key.MAX_WITHOUT_KEY
    with wide_figures.scrolling("winners_scroll") if many else st.container():
        page.chart(
            figure_cache.drawn(
                lambda: figures.outcomes_by_rule(
                    profile.names, rules.outcome_rows(shown), row_height=24, width=400,
                    **page.style(),
                ),
                "report-winners", profile_picker.cache_key(profile), report.left_out, report.widths,
            ),
            "report-winners",
            alt="; ".join(f"{e.title}: {' = '.join(e.winners)} first" for e in report.rules),
            caption="Each row is one rule; rules with the same winner stand together.",
        )  # fmt: skip


def show_margins(place: DeltaGenerator, entries: Sequence[MarginEntry]) -> None:
    """How many ballots would change each winner, in place of what was shown before."""
    known = [entry for entry in entries if entry.upper is not None]
    if not known:
        return
    rows = [
        {
            "title": entry.title,
            "lower": (entry.lower or 1) * entry.unit,
            "upper": (entry.upper or 0) * entry.unit,
            "amount": _amount(entry),
            "then": " = ".join(entry.new_winners),
        }
        for entry in known
    ]
    with place.container():
        page.chart(
            figure_cache.figure(figures.margins_of_victory, rows),
            f"margins-{len(known)}",
            alt="; ".join(margin_sentence(entry) for entry in known),
        )


def _amount(entry: MarginEntry) -> str:
    """How many ballots, and their share."""
    assert entry.upper is not None
    most = amount(entry.upper, entry.ballots, entry.unit)
    if not entry.exact:
        most = f"{amount(entry.lower or 1, entry.ballots, entry.unit)} to {most}"
    whole = f" of {entry.ballots:,} ballots ({entry.share:.1%})" if entry.unit == 1 else ""
    return f"{most}{whole or ' of the ballots'}"


def show_witnesses(entries: Sequence[MarginEntry]) -> None:
    """Which ballots would have to change."""
    page.note(
        "The fewest ballots that have to be replaced before another candidate wins or draws level; "
        "a bar in two tones where only bounds are known. Each change was checked by a new count."
    )
    with st.expander("Which ballots?"):
        for entry in entries:
            if entry.upper is None:
                page.say(f"**{entry.title}**: {page.escaped(entry.method)}")
                continue
            st.markdown(
                f"**{entry.title}**, then first: {page.escaped(' = '.join(entry.new_winners))}"
            )
            st.dataframe(
                [
                    *({"ballots": n, "change": "take away", "ballot": b} for n, b in entry.removed),
                    *({"ballots": n, "change": "put in", "ballot": b} for n, b in entry.added),
                ],
                hide_index=True,
            )
            page.note(page.escaped(entry.method))


def show_rounds(profile: Profile, outcomes: dict[str, Outcome], report: ElectionReport) -> None:
    """Instant runoff, as a figure and in numbers."""
    if "instant-runoff" not in outcomes:
        return
    st.subheader("Instant runoff, round by round")
    in_words = candidate_key.shortened(profile, candidate_key.MAX_LETTERS_IN_TEXT)
    reading = report.left_out, report.widths
    explained = rules.explanation(in_words, outcomes, "instant-runoff", *reading)
    step = next(step for step in explained.steps if isinstance(step, Rounds))
    many = len(step.rounds) > 6
    with wide_figures.scrolling("rounds_scroll") if many else st.container():
        page.chart(
            figure_cache.drawn(
                partial(figures.elimination_rounds, step, profile.names, **page.style()),
                "report-rounds", profile_picker.cache_key(profile), *reading,
            ),
            "report-rounds",
            alt="; ".join(note for note in explained.notes[:8]),
        )  # fmt: skip
    with st.expander("The rounds in numbers"):
        st.dataframe(round_rows(report), hide_index=True)


def round_rows(report: ElectionReport) -> list[dict[str, str | float | None]]:
    """A row for each candidate, a column for each round, those who stay longest first."""
    last = {who: i for i, entry in enumerate(report.rounds) for who in entry.tally}
    order = sorted(last, key=lambda who: (-last[who], -report.rounds[last[who]].tally[who]))
    rows: list[dict[str, str | float | None]] = [
        {"candidate": who,
         **{f"round {i}": e.tally.get(who) for i, e in enumerate(report.rounds, 1)}}
        for who in order
    ]  # fmt: skip
    exhausted = {f"round {i}": e.exhausted for i, e in enumerate(report.rounds, 1)}
    return [*rows, {"candidate": "exhausted", **exhausted}]


def show_head_to_head(report: ElectionReport) -> None:
    """The pairwise table."""
    table = report.pairwise
    above = np.array(table.above)
    met = above + above.T
    share = np.where(met > 0, above / np.where(met > 0, met, 1), np.nan)
    np.fill_diagonal(share, np.nan)
    st.subheader("Head to head")
    step = Matrix("Share of ballots that rank the row above the column", share)
    wide = len(table.names) > candidate_key.MAX_WITHOUT_KEY
    with wide_figures.scrolling("duels_scroll") if wide else st.container():
        page.chart(
            figure_cache.drawn(
                partial(figures.matrix_heatmap, step, table.names, **page.style()),
                "report-duels", table,
            ),
            "report-duels",
            alt=report.headline[1] if len(report.headline) > 1 else step.title,
            caption="Percent of the ballots that prefer one of two, for the candidate of the row.",
        )  # fmt: skip
    with st.expander("The ballots in numbers"):
        st.dataframe(
            [
                {"ballots for": who,
                 **{f"over {other}": n for other, n in zip(table.names, row, strict=True)}}
                for who, row in zip(table.names, table.above, strict=True)
            ],
            hide_index=True,
        )  # fmt: skip


def show_readings(report: ElectionReport) -> None:
    """What another reading of truncated ballots would change."""
    if not report.readings:
        return
    st.subheader("What a ballot leaves out")
    rows = report.reading_rows()
    page.note(
        f"{page.escaped(report.reading)} "
        + ("Read otherwise, other candidates would win:" if rows else "")
        + ("" if rows else "By every other reading the same candidates win.")
    )
    if rows:
        st.dataframe(
            [
                {"rule": rule.title, "here": " = ".join(rule.winners),
                 **{entry.title: _other_winners(who)
                    for entry, who in zip(report.readings, found, strict=True)}}
                for rule, found in rows
            ],
            hide_index=True,
        )  # fmt: skip
    for entry in report.readings:
        page.note(f"**{entry.title}**: {page.escaped(entry.sentence)}")


def _other_winners(who: Sequence[str] | None) -> str:
    if who is None:
        return "not counted"
    return " = ".join(who) or "the same"


def show_downloads(report: ElectionReport) -> None:
    """The report as files."""
    download = partial(st.download_button, on_click="ignore", icon=":material/download:")
    text = json.dumps(report.to_dict(), ensure_ascii=False, indent=1)
    with st.container(horizontal=True):
        download("Report (HTML)", report.to_html(), "report.html", "text/html", type="primary")
        download("Report (JSON)", text, "report.json", "application/json")
        download("Report (Markdown)", report.to_markdown(), "report.md", "text/markdown")
    page.note("The HTML file opens in any browser, prints well and fetches nothing.")
