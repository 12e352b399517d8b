"""The page of rules: who wins by each, and how one of them counted."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from functools import partial

import streamlit as st

from scrl import figures
from scrl.data import safe_csv
from scrl.types import InputError, Outcome, places_to_order
from scrl.voting import (
    RULES,
    Profile,
    ballots_read_by,
    count_all_rules,
    to_preflib,
)
from scrl.voting.explain import Bars, Explanation, Fit, Graph, Matrix, Rounds, explain
from ui.shared import figure_cache, page, predict_first
from ui.shared.page import IN_URL
from ui.shared.result_tables import order_text
from ui.voting import candidate_key, left_out, profile_picker, voting_labels, wide_figures

FIGURES = {
    Bars: figures.score_bars,
    Matrix: figures.matrix_heatmap,
    Graph: figures.majority_graph,
    Rounds: figures.elimination_rounds,
    Fit: figures.fitted_duels,
}
DEFAULT_RULE = "instant-runoff"
#: The rules that a course begins with, and the usual reward model.
FIRST_RULES = ("plurality", "instant-runoff", "borda", "copeland", "schulze", "bradley-terry")
#: Most winners that a sentence names.
MAX_WINNERS_NAMED = 12
#: Choice of the rules that are shown -> family; the first and the last are no family.
RULE_SETS = {
    "Six to start with": "",
    "Points": "positional",
    "Head to head": "pairwise",
    "Rounds": "elimination",
    "Rewards": "likelihood",
    "Welfare": "utility",
    "Lotteries": "lottery",
    "All": "",
}


def choose_ballots() -> tuple[Profile, str, str]:
    """The chosen ballots as they were cast, what candidates left out mean, and what the width of a
    victory is."""
    profile = profile_picker.choose_as_cast()
    meaning = left_out.pick(profile, tuple(left_out.MEANINGS))
    try:
        ballots_read_by("borda", profile, meaning)
    except InputError as error:
        st.warning(page.escaped(str(error)))
        meaning = "last"
    return profile, meaning, left_out.pick_widths(profile, meaning)


def count(
    profile: Profile, meaning: str = "last", widths: str = "shares"
) -> tuple[dict[str, Outcome], dict[str, str]]:
    """The outcome of every rule, and rule -> why it cannot count the profile.

    Args:
        meaning: what candidates left out mean, a key of ``left_out.MEANINGS``.
        widths: what the width of a victory is, a key of ``left_out.WIDTHS``.
    """
    return _count(profile_picker.cache_key(profile), meaning, widths, profile)


@st.cache_data(max_entries=100, show_spinner="Counting")
def _count(
    key: str, meaning: str, widths: str, _profile: Profile
) -> tuple[dict[str, Outcome], dict[str, str]]:
    return count_all_rules(_profile, None, meaning, widths)


@st.cache_data(max_entries=300, show_spinner=False)
def _explain(
    key: str, meaning: str, widths: str, rule: str, _profile: Profile, _outcome: Outcome
) -> Explanation:
    return explain(rule, _profile, _outcome, meaning, widths)


def explanation(
    profile: Profile,
    outcomes: dict[str, Outcome],
    rule: str,
    meaning: str = "last",
    widths: str = "shares",
) -> Explanation:
    """How a rule counted the profile; ``meaning`` and ``widths`` as in ``count``."""
    key = profile_picker.cache_key(profile)
    return _explain(key, meaning, widths, rule, profile, outcomes[rule])


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


# -- which rules ----------------------------------------------------------------------------------


def pick_rules(outcomes: dict[str, Outcome]) -> dict[str, Outcome]:
    """The choice of the rules to show; it stands in the URL.

    Returns:
        Their outcomes; that of the rule to be explained is among them.
    """
    families = {RULES[name].family for name in outcomes}
    sets = [title for title, family in RULE_SETS.items() if not family or family in families]
    if st.session_state.get("rules_shown", sets[0]) not in sets:
        del st.session_state["rules_shown"]  # of ballots with utilities
    chosen = st.segmented_control(
        "Rules to show", sets, default=sets[0], required=True, key="rules_shown",
        label_visibility="collapsed" if page.presenting() else "visible", **IN_URL,
    )  # fmt: skip
    family = RULE_SETS[chosen]
    shown = [
        name
        for name in outcomes
        if chosen == "All" or (RULES[name].family == family if family else name in FIRST_RULES)
    ]
    explained = _rule_wanted()
    if explained in outcomes and explained not in shown:
        shown.append(explained)
    return {name: outcomes[name] for name in shown}


def _rule_wanted() -> str:
    return st.query_params.get("rule") or st.session_state.get("rule_last", DEFAULT_RULE)


def pick_rule(outcomes: dict[str, Outcome]) -> str:
    """The choice of the rule to be explained; it stands in the URL under its name."""
    state = st.session_state
    name_wanted = _rule_wanted()
    if name_wanted not in outcomes:
        other = DEFAULT_RULE if DEFAULT_RULE in outcomes else next(iter(outcomes))
        if name_wanted in RULES:
            page.note(
                f"{RULES[name_wanted].title} cannot count these ballots. Shown is "
                f"{RULES[other].title}."
            )
        else:
            st.warning(
                f"There is no rule named ‘{page.escaped(name_wanted[:40])}’. Shown is "
                f"{RULES[other].title}."
            )
        name_wanted = other
    # Kept in the URL by hand: a bound widget would write the title there, not the name.
    state["rule_pick"] = name_wanted

    def picked() -> None:
        set_rule(state["rule_pick"])

    rule = st.selectbox(
        "How does this rule count?", list(outcomes), format_func=lambda r: RULES[r].title,
        key="rule_pick", on_change=picked,
        label_visibility="collapsed" if page.presenting() else "visible",
    )  # fmt: skip
    if not page.presenting():
        page.note(page.escaped(RULES[rule].summary))
    return rule


def set_rule(rule: str) -> None:
    """Put the rule to be explained in the URL; for callbacks."""
    st.session_state["rule_last"] = st.query_params["rule"] = rule


def _row_clicked() -> None:
    points = st.session_state["standings"]["selection"]["points"]
    if points:
        set_rule(points[0]["customdata"][0])


# -- what is drawn --------------------------------------------------------------------------------


def guess_winners(profile: Profile, outcomes: dict[str, Outcome]) -> bool:
    """Where the switch is on, ask how many candidates win by some rule; then give the answer.

    Returns:
        Whether the answer may be shown.
    """
    names = profile.names
    winner_set, rules = all_winners(outcomes)
    state, this = st.session_state, profile_picker.cache_key(profile)
    if state.get("winners_guess_of") != this:  # another profile, another guess
        state["winners_guess_of"], state["winners_guess"] = this, None
        state["winners_guess_given_up"] = False
    guess, shown = None, True
    if 1 < len(names) <= 10 and rules > 1:
        guess, shown = predict_first.guess(
            "How many different winners do these rules have?"
            + (" Lotteries do not count." if rules < len(outcomes) else ""),
            [str(k) for k in range(1, len(names) + 1)], "winners_guess",
        )  # fmt: skip
    if not shown or rules < 2:
        return shown
    verdict = predict_first.verdict(guess, str(len(winner_set)))
    listed = _winners_text([names[a] for a in sorted(winner_set)])
    by_lot = len(outcomes) - rules
    drawn = {0: "", 1: " The other rule is a lottery: it draws a winner."}.get(
        by_lot, f" The other {by_lot} are lotteries: they draw a winner."
    )
    if len(winner_set) == 1:
        which = f"{rules} of these {len(outcomes)} rules all" if by_lot else f"All {rules} rules"
        page.say(f"{verdict}{which} choose **{listed}**.{drawn}")
    else:
        which = f"{rules} of these {len(outcomes)}" if by_lot else f"These {rules}"
        page.say(
            f"{verdict}{which} rules have **{len(winner_set)} different winners**: {listed}.{drawn}"
        )
    return True


def _winners_text(names: Sequence[str]) -> str:
    """The names of winners in a sentence; of more than ``MAX_WINNERS_NAMED`` the first."""
    more = len(names) - MAX_WINNERS_NAMED
    shown = [page.escaped(name) for name in names[:MAX_WINNERS_NAMED]]
    return voting_labels.listed([*shown, f"{more} more"] if more > 0 else shown)


def _figure_style() -> dict:
    """As ``page.style``, with the width of the left column at usual window sizes."""
    return {**page.style(), "width": 590 if page.presenting() else 530}


def show_ballots(profile: Profile, note: bool) -> None:
    """Draw the ballots.

    Args:
        note: whether the caption tells what the preset shows.
    """
    look = _figure_style()
    candidates = len(profile.names)
    page.chart(
        figure_cache.drawn(
            lambda: figures.ballot_tiles(
                profile.names, profile.place, profile.weight, profile.labels,
                row_height=25 if candidates <= 6 else 21, **look,
            ),
            "ballots", profile_picker.cache_key(profile), profile.labels,
        ),
        "ballots",
        alt="; ".join(
            f"{w:g}: {order_text(o)}"
            for w, o in list(zip(profile.weight, profile.orders(), strict=True))[:40]
        ),
        caption=profile_picker.note() if note and not page.presenting() else "",
    )  # fmt: skip


def show_outcomes(profile: Profile, outcomes: dict[str, Outcome], rule: str) -> None:
    """Draw the outcome of every rule; a click on a row explains its rule."""
    many = len(profile.names) > candidate_key.MAX_WITHOUT_KEY
    with wide_figures.scrolling("standings_scroll") if many else st.container():
        st.plotly_chart(
            figure_cache.drawn(
                lambda: figures.outcomes_by_rule(
                    profile.names, outcome_rows(outcomes), rule,
                    row_height=26 if len(outcomes) <= 10 else 21.5, **_figure_style(),
                ),
                "outcomes", profile.names, rule,
                *((name, o.place.tolist(), o.scores.tolist()) for name, o in outcomes.items()),
            ),
            theme=None, key="standings", config=page.PLOTLY_CONFIG, on_select=_row_clicked,
            selection_mode="points",
            alt="; ".join(
                f"{RULES[name].title}: {order_text(places_to_order(o.place, profile.names))}"
                for name, o in outcomes.items()
            ),
        )  # fmt: skip
    if not page.presenting():
        page.note(
            "Each row is one rule. Click a row to see how its rule counts."
            + (" Point at a tile to see the full name, and who is tied." if many else "")
        )


def show_steps(explained: Explanation, profile: Profile, meaning: str, widths: str) -> None:
    """Draw the steps of a count: the main figure, the notes, the other figures.

    Args:
        profile: the ballots with the full names; those of the explanation may be short.
        meaning, widths: as in ``count``.
    """
    look = page.style()
    for i, step in enumerate(explained.steps[:1] if page.presenting() else explained.steps):
        title = step.unit if isinstance(step, Rounds) else step.title
        st.markdown(f"**{page.escaped(title)}**")
        page.chart(
            figure_cache.drawn(
                partial(FIGURES[type(step)], step, profile.names, **look),
                "step",
                profile_picker.cache_key(profile),
                meaning,
                widths,
                explained.rule,
                i,
            ),
            f"step-{explained.rule}-{i}",
            alt=title,
        )
        if i == 0:
            max_notes = 3 if page.presenting() else 8
            st.markdown("  \n".join(page.escaped(note) for note in explained.notes[:max_notes]))


def _titles_by_fault(faults: dict[str, str]) -> dict[str, list[str]]:
    """Fault -> the rules that have it; a rule's own title in a fault counts as no difference."""
    titles: dict[str, list[str]] = {}
    for name, fault in faults.items():
        titles.setdefault(fault.replace(RULES[name].title, "this rule"), []).append(
            RULES[name].title
        )
    return titles


def show_numbers(
    profile: Profile,
    outcomes: dict[str, Outcome],
    faults: dict[str, str],
    explained: Explanation,
) -> None:
    """The order by each rule and the table of the explained rule, with downloads.

    Args:
        faults: rule -> why it cannot count the ballots.
    """
    for fault, titles in _titles_by_fault(faults).items():
        page.note(f"Not counted: {voting_labels.listed(titles)}. {page.escaped(fault)}")
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
            page.say(
                f"**{RULES[explained.rule].title}**, "
                f"{page.escaped(RULES[explained.rule].reference)}"
            )
            st.dataframe(list(explained.table), hide_index=True)
        suffix, text = to_preflib(profile)
        download = partial(st.download_button, on_click="ignore")
        with st.container(horizontal=True):
            download("Orders (CSV)", orders_csv(profile, outcomes), "orders.csv", "text/csv")
            download("Ballots (text)", profile.to_text() + "\n", "profile.txt", "text/plain")
            download(f"Ballots (PrefLib .{suffix})", text, f"profile.{suffix}", "text/plain")


def orders_csv(profile: Profile, outcomes: dict[str, Outcome]) -> str:
    """A CSV of places and scores by rule and candidate."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["rule", "candidate", "place", "score"])
    for name, o in outcomes.items():
        for candidate, place, score in zip(profile.names, o.place, o.scores, strict=True):
            writer.writerow([name, candidate, int(place) + 1, float(score)])
    return safe_csv(out.getvalue())
