"""The part that tests what words are said to be good for: to be edited, and to be carried."""

from __future__ import annotations

import streamlit as st

from scrl.figures import estimate_dots
from scrl.studies import load_baked, summaries
from ui.shared import data_tables, page, predict_first

#: How summaries are written, and what stands for each.
VARIANTS = {
    "summary": "Fixed meaning",
    "wording": "Wording chosen freely",
    "code": "No knowledge of words",
}
EDITS = {
    "flipped": "the preference turns round",
    "others": "other preferences stay",
    "other words": "it turns round, in words never seen",
}
GUESSES = ("almost always", "about half of the time", "hardly ever")


def show() -> None:
    """Draw what an edited sentence does, and what a carried summary is worth."""
    page.say(
        "Words are said to have two advantages over numbers: one can *read and change* them, and "
        "*carry* them to another model. Both hold only while words mean what they say. A "
        "summariser that is paid for predictions alone is free to use them as a code. So three "
        "summarisers were trained. The first knows what sentences mean, and each of its sentences "
        "is replaced by a random one that says the same. The second chooses the wording itself. "
        "The third starts from no knowledge of words."
    )
    guess, shown = predict_first.guess(
        "The third summary says that somebody likes jokes. You make it ‘dislikes jokes’. How often "
        "does the reward follow?", GUESSES, "guess_code",
    )  # fmt: skip
    if not shown:
        return
    result = load_baked("summaries")["result"]
    code = result["edits"]["code"]["flipped"][0]
    right = GUESSES[0] if code > 0.8 else GUESSES[1] if code > 0.3 else GUESSES[2]
    left, aside = st.columns(2, gap="large")
    with left:
        _edits(result, predict_first.verdict(guess, right))
    with aside:
        _carried(result)
    _numbers(result)


def _edits(result: dict, verdict: str) -> None:
    """How often an edited sentence turns the preference round."""
    found = result["edits"]
    flipped = {name: found[name]["flipped"][0] for name in VARIANTS}
    own = [f"{result['carried'][f'own {name}'][0]:.1%}" for name in VARIANTS]
    page.say(
        f"{verdict}**Edited.** One stated taste is replaced by its opposite. The reward follows in "
        f"**{flipped['summary']:.0%}** of all cases with a fixed meaning, in "
        f"{flipped['wording']:.0%} where the summariser chooses the wording, and in "
        f"{flipped['code']:.0%} without knowledge of words. (We had asked for 90 %.) All three "
        f"predict about equally well, {own[0]}, {own[1]} and {own[2]} of disputed pairs: accuracy "
        "does not show whether a summary can be believed."
    )
    page.chart(
        estimate_dots(
            [(VARIANTS[name], *found[name]["flipped"], i) for i, name in enumerate(VARIANTS)],
            "edits that turn the preference round", reference=0.5, **page.style(),
        ),
        "chart-edits",
        alt="; ".join(f"{VARIANTS[n]}: {v:.0%}" for n, v in flipped.items()),
        caption="The preference between two answers that differ in the edited attribute only has "
        "to agree with the sentence before and after. With sentences in words that no summariser "
        f"writes, such as “They cannot stand jokes”, {found['summary']['other words'][0]:.0%} "
        "follow: the reward has learnt our sentences more than the language.",
    )  # fmt: skip


def _carried(result: dict) -> None:
    """Accuracy of a description that another model wrote."""
    found = result["carried"]
    rows = {
        "summary": VARIANTS["summary"], "wording": VARIANTS["wording"], "code": VARIANTS["code"],
        "vector": "A vector of reward features", "named weights": "A regression’s named weights",
    }  # fmt: skip
    page.say(
        f"**Carried.** A model of {summaries.OTHERS:,} *other* people reads the description. A "
        f"summary loses little: {found['own summary'][0]:.1%} become "
        f"**{found['summary'][0]:.1%}**. A vector ({found['own vector'][0]:.1%}) means something "
        f"else there ({found['vector'][0]:.1%}), and so does a code ({found['code'][0]:.1%}). But "
        "it is the *names* that travel, not the prose: weights with a name each carry as well "
        f"({found['named weights'][0]:.1%})."
    )
    page.chart(
        estimate_dots(
            [(title, *found[name], i) for i, (name, title) in enumerate(rows.items())],
            "disputed pairs right after carrying", reference=0.5, **page.style(),
        ),
        "chart-carried",
        alt="; ".join(f"{title}: {found[name][0]:.0%}" for name, title in rows.items()),
        caption="Descriptions after 16 pairs, written by a model and read by one that was trained "
        f"on other people of the same population. Means over {len(summaries.SEEDS)} populations "
        "with 95 % intervals; the line is chance.",
    )  # fmt: skip


def _numbers(result: dict) -> None:
    rows = [
        {"summaries": VARIANTS[name], "measured": title, "share": result["edits"][name][key][0],
         "from": result["edits"][name][key][1], "to": result["edits"][name][key][2]}
        for name in VARIANTS for key, title in EDITS.items()
    ]  # fmt: skip
    rows += [
        {"summaries": VARIANTS[name], "measured": f"stated tastes that are {key}",
         "share": values[0], "from": values[1], "to": values[2]}
        for name in VARIANTS for key, values in result["stated"][name].items()
        if key != "sentences"
    ]  # fmt: skip
    data_tables.numbers_expander(rows, "edited-summaries")
