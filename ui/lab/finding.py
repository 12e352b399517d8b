"""The finding of the blog post, from a baked result: no model runs here."""

from __future__ import annotations

import json

import streamlit as st

from scrl import figures
from scrl.runs import orders_csv
from scrl.studies import load_baked
from scrl.types import InputError
from ui.shared import data_tables, page, predict_first, result_tables

#: The baked study, its prompt, the rule, and the completion that is highlighted.
SCENARIO, PROMPT, RULE, CITY = "tennessee-morristown", "best", "borda", "Morristown"


@st.cache_data(show_spinner=False)
def _load() -> dict:
    return load_baked(SCENARIO)


def _orders(entry: dict) -> None:
    """True, Bradley–Terry and social order; the last after the guess where that is switched on."""
    columns = result_tables.compared_orders(entry, RULE)
    guess = None
    if page.switched_on("predict"):
        guess = st.segmented_control(
            f"Where do you think the social model puts {CITY}?",
            options=list(range(1, len(entry["completions"]) + 1)),
            format_func=lambda n: ["1st", "2nd", "3rd", "4th", "5th"][n - 1],
            key="guess",
        )
        if guess is None:
            columns[-1] = (columns[-1][0], None)
    figure = figures.bump_chart(columns, entry["completions"], CITY, **page.style())
    page.chart(
        figure,
        "orders",
        alt="; ".join(f"{t}: {result_tables.order_text(o)}" for t, o in columns if o),
        caption="Places by Borda count of everyone’s complete ballots, by the Bradley–Terry reward "
        "model trained on the incomplete ballots, and by the social reward model trained on the "
        "same incomplete ballots.",
    )
    if guess is not None:
        place = result_tables.ordinal_place(columns[-1][1], CITY)
        right = figures.mean_ranks(columns[-1][1])[CITY] == guess
        st.markdown(f"{'Right' if right else 'Not quite'}: the social model puts it **{place}**.")


def _latents(latent: dict) -> None:
    """The map of raters' latents."""
    page.chart(
        figures.latent_map(latent, height=376, **page.style()),
        "latent",
        alt=f"Raters fall into {len(latent['types'])} clusters: {', '.join(latent['types'])}.",
        caption=f"A sample of {latent.get('raters', 10_000):,} raters as the model of raters sees "
        "them; those at one point are drawn side by side. Raters of one city lie together whether "
        f"or not {CITY} was on their ballot, so the model knows what the others would have said.",
    )


def _numbers(result: dict, entry: dict, made: str) -> None:
    """Scores and downloads."""
    with st.expander("The numbers"):
        data_tables.numbers_table(result_tables.score_table(entry, RULE))
        st.caption(
            "Borda scores are mean points a voter, 4 for a first place. Rewards are in log-odds, "
            f"centred at zero. Made by `{made if isinstance(made, str) else made['command']}`."
        )
        with st.container(horizontal=True):
            st.download_button(
                "Result (JSON)", json.dumps(result, indent=1, ensure_ascii=False),
                f"{SCENARIO}.json", "application/json", on_click="ignore",
            )  # fmt: skip
            st.download_button(
                "Orders (CSV)", orders_csv(result), f"{SCENARIO}.csv", "text/csv",
                on_click="ignore",
            )  # fmt: skip


def show() -> None:
    """Draw the finding."""
    try:
        content = _load()
    except InputError as error:
        st.error(page.escaped(str(error)))
        return
    entry = content["result"]["prompts"][PROMPT]
    social, truth = entry["social"][RULE]["order"], entry["truth"][RULE]["order"]
    vanilla, place = entry["vanilla"]["order"], result_tables.ordinal_place
    guessing = page.switched_on("predict")
    ending = "" if guessing else f" The social model puts it **{place(social, CITY)}**."
    st.markdown(
        f"Where should the capital of Tennessee be? {CITY} is **{place(truth, CITY)}** when "
        f"everyone is heard, and **{place(vanilla, CITY)}** in the reward model that RLHF "
        f"ordinarily trains.{ending}"
    )
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _orders(entry)
    with right:
        _latents(content["latent"])
    why, do = st.columns([3, 2], gap="medium", vertical_alignment="center")
    why.markdown(
        f"**Why.** Of the raters from Memphis 90 % ranked {CITY}; of all others 10 % did. "
        "Bradley–Terry counts the pairs it is given, so on this city it hears Memphis, which puts "
        "it last. The social model first learns what each rater would say, then lets everyone "
        "vote, then learns the outcome."
    )
    with do.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        predict_first.switch()
        page.go_button("Try it yourself", "pages/lab.py", {"scenario": SCENARIO})
    if not page.presenting():
        _numbers(content["result"], entry, content["made"])
