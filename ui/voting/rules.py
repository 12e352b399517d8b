"""The page of rules: who wins by each, and how one of them counted."""

from __future__ import annotations

import csv
import io
from functools import partial

import streamlit as st

from scrl import figures
from scrl.data import safe_csv
from scrl.types import InputError, Outcome, places_to_order
from scrl.voting import (
    RULES,
    AnonymousProfile,
    ballots_read_by,
    count_all_rules,
    to_preflib,
)
from scrl.voting.explain import Bars, Explanation, Fit, Graph, Matrix, Rounds, explain
from ui.shared import page
from ui.shared.result_tables import order_text
from ui.voting import left_out, profile_picker

FIGURES = {
    Bars: figures.score_bars,
    Matrix: figures.matrix_heatmap,
    Graph: figures.majority_graph,
    Rounds: figures.elimination_rounds,
    Fit: figures.fitted_duels,
}
DEFAULT_RULE = "schulze"


def choose_ballots() -> tuple[AnonymousProfile, str]:
    """The chosen ballots as they were cast, and what candidates left out mean."""
    profile = profile_picker.choose_as_cast()
    meaning = left_out.pick(profile, tuple(left_out.MEANINGS))
    try:
        ballots_read_by("borda", profile, meaning)
    except InputError as error:
        st.warning(page.escaped(str(error)))
        meaning = "last"
    return profile, meaning


def count(
    profile: AnonymousProfile, meaning: str = "last"
) -> tuple[dict[str, Outcome], dict[str, str]]:
    """The outcome of every rule, and rule -> why it cannot count the profile.

    Args:
        meaning: what candidates left out mean, a key of ``left_out.MEANINGS``.
    """
    return _count(profile_picker.cache_key(profile), meaning, profile)


@st.cache_data(max_entries=100, show_spinner="Counting")
def _count(
    key: str, meaning: str, _profile: AnonymousProfile
) -> tuple[dict[str, Outcome], dict[str, str]]:
    return count_all_rules(_profile, left_out=meaning)


@st.cache_data(max_entries=300, show_spinner=False)
def _explain(
    key: str, meaning: str, rule: str, _profile: AnonymousProfile, _outcome: Outcome
) -> Explanation:
    return explain(rule, ballots_read_by(rule, _profile, meaning), _outcome)


def explanation(
    profile: AnonymousProfile, outcomes: dict[str, Outcome], rule: str, meaning: str = "last"
) -> Explanation:
    """How a rule counted the profile; ``meaning`` as in ``count``."""
    return _explain(profile_picker.cache_key(profile), meaning, rule, profile, outcomes[rule])


def winners(outcome: Outcome) -> tuple[int, ...]:
    """The candidates in first place."""
    return tuple(i for i, p in enumerate(outcome.place) if p == 0)


def all_winners(outcomes: dict[str, Outcome]) -> tuple[set[int], int]:
    """The first places by some rule that is no lottery, and the number of such rules."""
    sure = [o for o in outcomes.values() if not o.lottery]
    return {a for o in sure for a in winners(o)}, len(sure)


def outcome_rows(outcomes: dict[str, Outcome]) -> list[dict]:
    """Rows of the figure of outcomes.

    Rules with the same winner stand together, the largest group first; lotteries stand last.
    """
    sure = {name: winners(o) for name, o in outcomes.items() if not o.lottery}
    size = {winner_set: sum(w == winner_set for w in sure.values()) for winner_set in sure.values()}
    groups = sorted(size, key=lambda winner_set: -size[winner_set])
    order = sorted(sure, key=lambda name: groups.index(sure[name]))
    order += [name for name in outcomes if outcomes[name].lottery]
    return [
        {"rule": name, "title": RULES[name].title, "place": outcomes[name].place,
         "group": sure.get(name, "lottery"),
         "chance": outcomes[name].scores if outcomes[name].lottery else None}
        for name in order
    ]  # fmt: skip


# -- which rule -----------------------------------------------------------------------------------


def pick_rule(outcomes: dict[str, Outcome]) -> str:
    """The choice of the rule to be explained; it stands in the URL under its name."""
    state = st.session_state
    name_wanted = st.query_params.get("rule") or state.get("rule_last", DEFAULT_RULE)
    if name_wanted not in outcomes:
        if name_wanted in RULES:
            st.caption(f"{RULES[name_wanted].title} does not count this profile; this is another.")
        else:
            st.warning(
                f"There is no rule named ‘{page.escaped(name_wanted[:40])}’; this is another."
            )
        name_wanted = DEFAULT_RULE
    # Kept in the URL by hand: a bound widget would write the title there, not the name.
    state["rule_pick"] = name_wanted

    def picked() -> None:
        set_rule(state["rule_pick"])

    rule = st.selectbox(
        "How did this rule count?", list(outcomes), format_func=lambda r: RULES[r].title,
        key="rule_pick", on_change=picked,
        label_visibility="collapsed" if page.presenting() else "visible",
    )  # fmt: skip
    if not page.presenting():
        st.caption(page.escaped(RULES[rule].summary))
    return rule


def set_rule(rule: str) -> None:
    """Put the rule to be explained in the URL; for callbacks."""
    st.session_state["rule_last"] = st.query_params["rule"] = rule


def _row_clicked() -> None:
    points = st.session_state["standings"]["selection"]["points"]
    if points:
        set_rule(points[0]["customdata"][0])


# -- what is drawn --------------------------------------------------------------------------------


def guess_winners(profile: AnonymousProfile, outcomes: dict[str, Outcome]) -> bool:
    """Ask how many candidates win by some rule, and show the answer beside it.

    Returns:
        Whether the answer may be shown.
    """
    names = profile.names
    winner_set, rules = all_winners(outcomes)
    question, answer = st.columns([1.4, 1], gap="large", vertical_alignment="bottom")
    guess, state, this = None, st.session_state, profile_picker.cache_key(profile)
    if state.get("winners_guess_of") != this:  # another profile, another guess
        state["winners_guess_of"], state["winners_guess"] = this, None
    if 1 < len(names) <= 10:
        guess = question.segmented_control(
            f"How many candidates come first by at least one of {rules} rules?",
            list(range(1, len(names) + 1)), key="winners_guess",
        )  # fmt: skip
    if guess is None and page.switched_on("predict"):
        answer.markdown("Guess first; the orders come after.")
        return False
    word = "" if guess is None else "Right: " if guess == len(winner_set) else "No: "
    listed = ", ".join(page.escaped(names[a]) for a in sorted(winner_set)[:12])
    if len(winner_set) == 1:
        answer.markdown(f"{word}**One**, {listed}. Every rule agrees on the winner.")
    else:
        answer.markdown(f"{word}**{len(winner_set)} of {len(names)}**: {listed}.")
    return True


def _figure_style() -> dict:
    """As ``page.style``, with the width of the left column at usual window sizes."""
    return {**page.style(), "width": 590 if page.presenting() else 530}


def show_ballots(profile: AnonymousProfile, note: bool) -> None:
    """Draw the ballots.

    Args:
        note: whether the caption tells what the preset shows.
    """
    look = _figure_style()
    candidates = len(profile.names)
    page.chart(
        figures.ballot_tiles(
            profile.names, profile.place, profile.weight, profile.labels,
            row_height=22 if candidates <= 6 else 17, **look,
        ),
        "ballots",
        alt="; ".join(
            f"{w:g}: {order_text(o)}"
            for w, o in list(zip(profile.weight, profile.orders(), strict=True))[:40]
        ),
        caption=profile_picker.note() if note and not page.presenting() else "",
    )  # fmt: skip


def show_outcomes(profile: AnonymousProfile, outcomes: dict[str, Outcome], rule: str) -> None:
    """Draw the outcome of every rule; a click on a row explains its rule."""
    st.plotly_chart(
        figures.outcomes_by_rule(profile.names, outcome_rows(outcomes), rule, **_figure_style()),
        theme=None, key="standings", config=page.PLOTLY_CONFIG, on_select=_row_clicked,
        selection_mode="points",
        alt="; ".join(
            f"{RULES[name].title}: {order_text(places_to_order(o.place, profile.names))}"
            for name, o in outcomes.items()
        ),
    )  # fmt: skip


def show_steps(explained: Explanation) -> None:
    """Draw the steps of a count: the main figure, the notes, the other figures."""
    look = page.style()
    for i, step in enumerate(explained.steps[:1] if page.presenting() else explained.steps):
        title = step.unit if isinstance(step, Rounds) else step.title
        st.markdown(f"**{page.escaped(title)}**")
        page.chart(
            FIGURES[type(step)](step, explained.names, **look),
            f"step-{explained.rule}-{i}",
            alt=title,
        )
        if i == 0:
            max_notes = 3 if page.presenting() else 8
            st.markdown("  \n".join(page.escaped(note) for note in explained.notes[:max_notes]))


def show_numbers(
    profile: AnonymousProfile,
    outcomes: dict[str, Outcome],
    faults: dict[str, str],
    explained: Explanation,
) -> None:
    """Every order and the table of the explained rule, with downloads."""
    for name, fault in faults.items():
        st.caption(f"{RULES[name].title} does not count this profile: {page.escaped(fault)}")
    st.caption("Click a row to see how its rule counted.")
    with st.expander("The numbers"):
        st.dataframe(
            [
                {"rule": RULES[name].title,
                 "order": order_text(places_to_order(o.place, profile.names)),
                 **{n: float(s) for n, s in zip(profile.names, o.scores, strict=True)}}
                for name, o in outcomes.items()
            ],
            hide_index=True,
        )  # fmt: skip
        if explained.table:
            st.markdown(
                f"**{RULES[explained.rule].title}**, "
                f"{page.escaped(RULES[explained.rule].reference)}"
            )
            st.dataframe(list(explained.table), hide_index=True)
        suffix, text = to_preflib(profile)
        download = partial(st.download_button, on_click="ignore")
        with st.container(horizontal=True):
            download("Orders (CSV)", orders_csv(profile, outcomes), "orders.csv", "text/csv")
            download("Profile (text)", profile.to_text() + "\n", "profile.txt", "text/plain")
            download(f"Profile (PrefLib .{suffix})", text, f"profile.{suffix}", "text/plain")


def orders_csv(profile: AnonymousProfile, outcomes: dict[str, Outcome]) -> str:
    """A CSV of places and scores by rule and candidate."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["rule", "candidate", "place", "score"])
    for name, o in outcomes.items():
        for candidate, place, score in zip(profile.names, o.place, o.scores, strict=True):
            writer.writerow([name, candidate, int(place) + 1, float(score)])
    return safe_csv(out.getvalue())
