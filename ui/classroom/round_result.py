"""What the class sees after the reveal: every rule's order, the silent, the map, the rounds."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl import figures
from scrl.classroom import CastBallot, Question, class_map, silence_of
from scrl.types import Outcome, places_to_order
from scrl.voting import RULES
from ui.classroom import counting
from ui.shared import page
from ui.shared.result_tables import order_text
from ui.voting import rules

#: Characters of an answer in a sentence and a wide figure, and in a narrow one.
MAX_LABEL, MAX_NARROW_LABEL = 34, 11
#: With more answers a figure shows their numbers.
MAX_NAMED = 8


def labels(question: Question, length: int = MAX_LABEL) -> list[str]:
    """A short name of each answer, all distinct.

    Args:
        length: most characters of a name.
    """
    lines = [" ".join(label.split()) for label in question.labels]
    if len(set(lines)) < len(lines):
        lines = [f"{number}. {line}" for number, line in enumerate(lines, 1)]
    return figures.short_labels(lines, length)


def show(question: Question, number: int, ballots: list[CastBallot], phones: int) -> None:
    """Draw the result of a revealed round.

    Args:
        number: of the round.
        phones: how many phones opened the link.
    """
    outcomes, faults = counting.count(question, ballots)
    names, key = labels(question), f"{question.id}-{number}"
    _say_winners(outcomes, names, len(ballots))
    left, right = st.columns([1.4, 1], gap="large")
    with left:
        st.subheader("Every rule’s order", anchor=False)
        page.chart(
            figures.outcomes_by_rule(
                names, rules.outcome_rows(outcomes), row_height=21.5, **page.style()
            ),
            f"class-rules-{key}",
            alt="; ".join(
                f"{RULES[rule].title}: {order_text(places_to_order(o.place, names))}"
                for rule, o in outcomes.items()
            ),
        )
        for rule, fault in faults.items():
            page.note(f"{RULES[rule].title} cannot count these ballots: {page.escaped(fault)}")
    with right:
        _show_reward_model(outcomes, labels(question, MAX_NARROW_LABEL), key)
        _show_silence(question, ballots, phones, names)
        _show_map(question, ballots, names, key)
    _show_key(question)


def _show_key(question: Question) -> None:
    """The number, the short name and the text of each answer, where figures do not say it all."""
    numbered = len(question.answers) > MAX_NAMED
    narrow = labels(question, MAX_NARROW_LABEL)
    if not numbered and narrow == list(question.answers):
        return
    with st.expander("The answers in full", expanded=numbered and not page.presenting()):
        for number, answer in enumerate(question.answers, 1):
            label = question.labels[number - 1]
            name = f"**{page.escaped(label)}** · " if label != answer else ""
            st.markdown(f"{number}\\. {name}{page.escaped(answer)}")


def _say_winners(outcomes: dict[str, Outcome], names: list[str], ballots: int) -> None:
    """Who wins, in one sentence."""
    winners, count = rules.all_winners(outcomes)
    cast = f"**{ballots}** ballot{'s' * (ballots != 1)}."
    if len(winners) == 1:
        first = page.escaped(names[next(iter(winners))])
        page.say(f"{cast} All {count} rules put **{first}** first.")
        return
    listed = ", ".join(page.escaped(names[a]) for a in sorted(winners)[:6])
    more = f" and {len(winners) - 6} more" if len(winners) > 6 else ""
    page.say(
        f"{cast} Which answer wins depends on the rule: **{len(winners)}** of {len(names)} come "
        f"first by at least one of {count} rules ({listed}{more})."
    )


def _show_reward_model(outcomes: dict[str, Outcome], names: list[str], key: str) -> None:
    """The orders of Borda and Bradley–Terry side by side."""
    st.subheader("A usual reward model", anchor=False)
    shown = [
        (RULES[rule].title, places_to_order(outcomes[rule].place, names))
        for rule in ("borda", "bradley-terry")
        if rule in outcomes
    ]
    page.chart(
        figures.bump_chart(shown, names, row_height=34, **page.style()),
        f"class-orders-{key}",
        alt="; ".join(f"{title}: {order_text(order)}" for title, order in shown),
    )
    page.note(
        "Bradley–Terry is the usual reward model. It learns one reward for everybody from the "
        "pairs that these ballots compare."
    )


def _show_silence(
    question: Question, ballots: list[CastBallot], phones: int, names: list[str]
) -> None:
    """How many phones sent nothing, and how many ballots left out each answer."""
    st.subheader("Who was silent", anchor=False)
    silent = silence_of(question, ballots, phones)
    none = silent.phones - silent.ballots
    parts = [f"{none} of {silent.phones} phones sent no ballot." if none
             else "Every phone sent a ballot."]  # fmt: skip
    order = np.argsort(-silent.left_out, kind="stable")
    listed = [f"{page.escaped(names[a])} ({silent.left_out[a]})"
              for a in order[:8] if silent.left_out[a]]  # fmt: skip
    if listed:
        meaning = ("These ballots say nothing about it." if question.absent == "unseen"
                   else "It counts as tied last there.")  # fmt: skip
        parts.append(f"Left out by so many ballots: {', '.join(listed)}. {meaning}")
    else:
        parts.append("No ballot left anything out.")
    page.say(" ".join(parts))


def _show_map(question: Question, ballots: list[CastBallot], names: list[str], key: str) -> None:
    """The ballots on their principal plane."""
    st.subheader("The map of the class", anchor=False)
    found = class_map(question, ballots)
    if found is None:
        page.say("A map needs at least three ballots.")
        return
    texts = [order_text([[names[a] for a in tied] for tied in ballot.order]) for ballot in ballots]
    page.chart(
        figures.latent_points(
            [{"name": "ballots", "points": found.points[found.own], "type": 0, "packed": "class",
              "text": texts, "unlisted": True}],
            axes=[f"{share:.0%} of the differences" for share in found.explained],
            height=330, **page.style(),
        ),
        f"class-map-{key}",
        alt=f"Map of {len(ballots)} ballots, {len(found.count)} of them different.",
        caption="Each dot is a ballot. Near dots are alike. After the reveal each phone shows "
        "which dot is its own.",
    )  # fmt: skip


def compare_rounds(question: Question, rounds: dict[int, list[CastBallot]]) -> None:
    """Draw how the class moved from round to round.

    Args:
        rounds: number -> ballots of each revealed round, at least two.
    """
    st.subheader("What the discussion changed", anchor=False)
    names = labels(question, MAX_NARROW_LABEL)
    rule = st.segmented_control(
        "Counted by", ["borda", "instant-runoff", "bradley-terry"], default="borda",
        required=True, format_func=lambda rule: RULES[rule].title, key=f"compare-{question.id}",
    )  # fmt: skip
    shown = []
    for number, ballots in rounds.items():
        outcomes, _ = counting.count(question, ballots)
        if rule in outcomes:
            order = places_to_order(outcomes[rule].place, names)
            shown.append((f"Round\u00a0{number}", order))
    page.chart(
        figures.bump_chart(shown, names, **page.style()), f"class-rounds-{question.id}",
        alt="; ".join(f"{title}: {order_text(order)}" for title, order in shown),
    )  # fmt: skip
    *_, before, after = rounds.values()
    first = {ballot.phone: ballot.order for ballot in before}
    both = [ballot for ballot in after if ballot.phone in first]
    changed = sum(first[ballot.phone] != ballot.order for ballot in both)
    page.say(
        f"Of {len(both)} phones that voted in the last two rounds, **{changed}** changed their "
        "ballot."
    )
