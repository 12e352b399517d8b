"""The finding of the blog post, from a baked result: no model runs here."""

from __future__ import annotations

import json

import streamlit as st

from scrl import figures
from scrl.runs import orders_csv
from scrl.studies import load_baked
from scrl.types import InputError
from ui.shared import data_tables, figure_cache, page, predict_first, result_tables

#: The baked study, its prompt, the rule, and the completion that is highlighted.
SCENARIO, PROMPT, RULE, CITY = "tennessee-morristown", "best", "borda", "Morristown"


@st.cache_data(show_spinner=False)
def _load() -> dict:
    return load_baked(SCENARIO)


def _orders(entry: dict) -> None:
    """True, Bradley–Terry and social order; the last after the guess where that is switched on."""
    columns = result_tables.compared_orders(entry, RULE)
    guess = None
    places = ["first", "second", "third", "fourth", "last"]
    guess, shown = predict_first.guess(
        f"Where does the social model put {CITY}?", places, "guess_finding"
    )
    if not shown:
        columns[-1] = (columns[-1][0], None)
    figure = figure_cache.figure(figures.bump_chart, columns, entry["completions"], CITY)
    page.chart(
        figure,
        "orders",
        alt="; ".join(f"{t}: {result_tables.order_text(o)}" for t, o in columns if o),
        caption="Left: everyone’s complete ballots, counted by Borda. Middle: Bradley–Terry, the "
        "usual reward model, trained on incomplete ballots. Right: the social model, trained on "
        "the same incomplete ballots.",
    )
    if guess is not None:
        place = result_tables.ordinal_place(columns[-1][1], CITY)
        st.markdown(f"{predict_first.verdict(guess, place)}The social model puts it **{place}**.")


def _latents(latent: dict) -> None:
    """The map of raters' latents."""
    page.chart(
        figure_cache.figure(figures.latent_map, latent, height=376),
        "latent",
        alt=f"Raters fall into {len(latent['types'])} clusters: {', '.join(latent['types'])}.",
        caption=f"Each mark is one of {latent.get('raters', 10_000):,} raters, or of a sample of "
        "them. Raters at one point are drawn side by side. Raters of one city are together, "
        f"whether or not {CITY} was on their ballot. So the model knows what the others would have "
        "said.",
    )


def _numbers(result: dict, entry: dict, made: str) -> None:
    """Scores and downloads."""
    with st.expander("The numbers"):
        data_tables.numbers_table(result_tables.score_table(entry, RULE))
        page.note(
            "A Borda score is the mean number of points per voter; a first place has 4 points. "
            "Rewards are log-odds with mean zero. Made by "
            f"`{made if isinstance(made, str) else made['command']}`."
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
    page.say(
        f"Where should the capital of Tennessee be? If everyone’s ballot is complete, {CITY} is "
        f"**{place(truth, CITY)}**. In the usual reward model, Bradley–Terry, it is "
        f"**{place(vanilla, CITY)}**.{ending}"
    )
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _orders(entry)
    with right:
        _latents(content["latent"])
    why, do = st.columns([3, 2], gap="medium", vertical_alignment="center")
    why.markdown(
        f"**Why.** 90 % of the raters from Memphis rated {CITY}, and 10 % of all others did. "
        f"Bradley–Terry counts only the pairs that somebody rated. So on {CITY} it counts mostly "
        "Memphis, and Memphis puts it last. The social model first learns what each rater would "
        "say. Then it lets everyone vote, and learns the outcome."
    )
    with do.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        predict_first.switch()
        page.go_button("Try it yourself", "pages/lab.py", {"scenario": SCENARIO})
    if not page.presenting():
        _numbers(content["result"], entry, content["made"])
