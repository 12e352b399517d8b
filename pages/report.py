"""Election report: who wins by which rule, how closely, round by round and head to head."""

import streamlit as st

from scrl.election_reports import report_with_margins
from ui.report import election, sections
from ui.shared import navigation, page
from ui.slate import stv_stages
from ui.voting import candidate_key, rules


def show() -> None:
    page.opening("report")
    page.start_counting()
    profile, meaning, widths = rules.choose_ballots()
    seats = election.pick_seats(profile)
    report = election.report(profile, meaning, widths, seats)
    outcomes, _ = rules.count(profile, meaning, widths)
    headline = st.empty()
    sections.show_headline(headline, report)
    left, right = st.columns([1.1, 1], gap="large")
    with left:
        sections.show_winners(profile, outcomes, report)
        candidate_key.draw(profile)
    with right:
        st.subheader("How close it is")
        bars, below = st.empty(), st.container()
    if not page.presenting():
        left, right = st.columns([1.1, 1], gap="large")
        with left:
            if seats > 1:
                st.subheader(f"{seats} seats by the single transferable vote")
                stv_stages.show(profile, seats)
            sections.show_rounds(profile, outcomes, report)
        with right:
            sections.show_head_to_head(report)
        sections.show_readings(report)
    found = []
    with below:
        for entry in election.margins(profile):
            found.append(entry)
            sections.show_margins(bars, found)
        if not page.presenting():
            sections.show_witnesses(found)
        report = report_with_margins(report, found)
        sections.show_downloads(report)
    sections.show_headline(headline, report)


navigation.ensure_navigation()
show()
