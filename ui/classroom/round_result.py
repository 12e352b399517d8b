"""What the class sees after the reveal: every rule's order, the silent, the map, the rounds."""

from __future__ import annotations

from html import escape

import numpy as np
import streamlit as st

from scrl import figures
from scrl.classroom import CastBallot, Question, class_map, profile_of, silence_of
from scrl.types import Outcome, places_to_order
from scrl.voting import RULES
from ui.classroom import counting
from ui.shared import page
from ui.shared.result_tables import order_text
from ui.voting import candidate_key, rules, supported_orders

#: Characters of an answer in a sentence and a wide figure, and in a narrow one.
MAX_LABEL, MAX_NARROW_LABEL = 34, 11
#: With more answers a figure shows their numbers.
MAX_NAMED = 8
#: Pixels of the figure of rules on a wide page, without and with presenter mode.
WIDTHS = (530, 600)
_FIRST = "Six to start with"
_KEY_STYLE = """<style>
ul.answers {list-style: none; margin: 0; padding: 0;}
ul.answers li {display: flex; gap: .5em; margin: 0 0 .45em; padding: 0; line-height: 1.35;
overflow-wrap: anywhere;}
.answers i {width: .9em; height: .9em; margin-top: .22em; border-radius: 2px; flex: none;}
</style>"""


def labels(question: Question, length: int = MAX_LABEL) -> list[str]:
    """A short name of each answer, all distinct.

    Args:
        length: most characters of a name.
    """
    lines = _lines(question)
    if len(set(lines)) < len(lines):
        lines = [f"{number}. {line}" for number, line in enumerate(lines, 1)]
    return figures.short_labels(lines, length)


def _lines(question: Question) -> list[str]:
    return [" ".join(label.split()) for label in question.labels]


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
        st.subheader("The order by each rule", anchor=False)
        shown = _show_rules(outcomes, faults, names, key)
        ballots_of_names = profile_of(question, ballots).renamed(names)
        supported_orders.show(ballots_of_names, shown, question.absent)
        _show_key(question)
    with right:
        _show_reward_model(outcomes, labels(question, MAX_NARROW_LABEL), key)
        _show_silence(question, ballots, phones, names)
        _show_map(question, ballots, names, key)


def _show_rules(
    outcomes: dict[str, Outcome], faults: dict[str, str], names: list[str], key: str
) -> dict[str, Outcome]:
    """The orders by the rules of a first lesson, or by all; those that are shown are returned."""
    every = f"All {len(outcomes)}"
    chosen = st.segmented_control(
        "Rules to show", [_FIRST, every], default=_FIRST, required=True,
        key=f"class_rules_{key}", label_visibility="collapsed",
    )  # fmt: skip
    if chosen == every:
        shown = outcomes
    else:
        shown = {rule: outcomes[rule] for rule in rules.FIRST_RULES if rule in outcomes}
    width = WIDTHS[page.presenting()] - (80 if chosen == every else 0)
    page.chart(
        figures.outcomes_by_rule(
            names, rules.outcome_rows(shown), row_height=23 if chosen == every else 32,
            width=width, **page.style(),
        ),
        f"class-rules-{key}",
        alt="; ".join(
            f"{RULES[rule].title}: {order_text(places_to_order(o.place, names))}"
            for rule, o in shown.items()
        ),
    )  # fmt: skip
    if any(len(set(o.place.tolist())) < len(names) for o in shown.values()):
        page.note("= before a name: the same place as another answer.")
    for rule, fault in faults.items():
        if chosen == every or rule in rules.FIRST_RULES:
            page.note(f"{RULES[rule].title} cannot count these ballots: {page.escaped(fault)}")
    return shown


def _show_key(question: Question) -> None:
    """The colour, the short name and the text of each answer, as figures and phones show them."""
    count = len(question.answers)
    numbered = count > MAX_NAMED or len(set(_lines(question))) < count
    entries = "".join(
        f'<li><i style="background:{candidate_key.fill(a)}"></i><span dir="auto">'
        f"{f'{a + 1}. ' if numbered else ''}"
        f"{f'<b>{escape(name)}:</b> ' if name else ''}{escape(answer)}</span></li>"
        for a, (name, answer) in enumerate(zip(question.names, question.answers, strict=True))
    )
    st.html(f'{_KEY_STYLE}<ul class="answers" aria-label="The answers">{entries}</ul>')


def _say_winners(outcomes: dict[str, Outcome], names: list[str], ballots: int) -> None:
    """Who wins, in one sentence."""
    winners, count = rules.all_winners(outcomes)
    cast = f"**{ballots}** ballot{'s' * (ballots != 1)}."
    if len(winners) == 1:
        first = page.escaped(names[next(iter(winners))])
        page.say(f"{cast} All {count} rules without a lottery put **{first}** first.")
        return
    listed = ", ".join(page.escaped(names[a]) for a in sorted(winners)[:6])
    more = f" and {len(winners) - 6} more" if len(winners) > 6 else ""
    page.say(
        f"{cast} Which answer wins depends on the rule: **{len(winners)}** of {len(names)} come "
        f"first by at least one of {count} rules without a lottery ({listed}{more})."
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
    listed = [f"{page.escaped(names[a])} by {silent.left_out[a]}"
              for a in order[:8] if silent.left_out[a]]  # fmt: skip
    if listed:
        meaning = ("These ballots say nothing about them." if question.absent == "unseen"
                   else "They count as last on these ballots.")  # fmt: skip
        parts.append(f"Left out: {', '.join(listed)}. {meaning}")
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
