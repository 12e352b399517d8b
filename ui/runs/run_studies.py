"""The page of studies: what many runs found, from baked results, and the button to run again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st

from scrl.figures import agreement_by_raters, stacked_shares
from scrl.studies import data_efficiency, load_baked, voter_sampling
from scrl.types import InputError
from ui.shared import data_tables, page, predict_first, result_tables, run_store, viewer
from ui.shared.job_progress import watch

TITLES = {
    "raters": "Raters’ own complete ballots",
    "social": "Social model",
    "vanilla": "Bradley–Terry",
}
SCALES = {"Kendall’s τ": "tau", "Share exact": "exact"}
#: Name of a baked study -> its module.
STUDIES = {"data-efficiency": data_efficiency, "voter-sampling": voter_sampling}


@st.cache_data(show_spinner=False)
def _baked(study: str) -> dict:
    return load_baked(study)


@st.cache_data(show_spinner=False)
def _spec(study: str) -> str:
    return STUDIES[study].spec()


def _result(study: str) -> dict | None:
    """What this viewer's own run found, else the baked result, with a word where it is stale."""
    job = _job(study)
    if job is not None and job.state == "done":
        st.caption("From a run of this session.")
        return job.result
    try:
        content = _baked(study)
    except InputError as error:
        st.info(str(error))
        return None
    if content["spec"] != _spec(study):
        st.warning(f"The lab has changed since this was baked; `python -m scrl bake {study}`.")
    return content["result"]


def _job(study: str):
    id = st.session_state.get(f"study-{study}")
    return run_store.job_queue().get(id) if id else None


def _run_again_button(study: str) -> None:
    """The study as a job, for whoever doubts the baked result."""
    job = _job(study)
    busy = job is not None and job.active
    if not page.presenting():
        label = "Running" if busy else "Run it again"
        if st.button(label, disabled=busy, key=f"again-{study}", icon=":material/replay:"):
            try:
                st.session_state[f"study-{study}"] = run_store.job_queue().submit(
                    STUDIES[study].run,
                    key=f"{viewer.token()}:study-{study}", label=STUDIES[study].STUDY.title,
                )  # fmt: skip
            except InputError as error:
                st.error(str(error))
            else:
                st.rerun()
        st.caption("Trains a model for every run: some minutes.")
    if job is not None:
        watch(job)


def _part(study: str, draw: Callable[[dict], None]) -> None:
    result = _result(study)
    if result is not None:
        draw(result)
    _run_again_button(study)


def show_accuracy() -> None:
    _part("data-efficiency", _draw_accuracy)


def _draw_accuracy(result: dict) -> None:
    rows = data_efficiency.summarise(result["runs"])
    counts = sorted({row["n"] for row in rows})
    guess, shown = predict_first.guess(
        "From how many raters on is the social order clearly nearer to the truth than vanilla’s?",
        [*(f"{n:,}" for n in counts), "Never"], "guess_raters",
    )  # fmt: skip
    if not shown:
        return
    right = ahead_from(rows)
    st.markdown(predict_first.verdict(guess, right) + summary(rows))
    scale = st.segmented_control(
        "Agreement", list(SCALES), default=next(iter(SCALES)), required=True, key="scale",
        bind="query-params",
    )  # fmt: skip
    page.chart(
        agreement_by_raters(rows, TITLES, SCALES[scale], **page.style()), "by-raters",
        alt="; ".join(f"{r['n']:,} raters, {TITLES[r['source']]}: τ {r['tau']:.2f}"
                      for r in rows if r["source"] in TITLES),
        caption="Tennessee with Morristown by Borda: nine Memphis raters in ten and one in ten of "
        "the others rank Morristown, and every other city is left off half of the ballots at "
        f"random. Raters are drawn independently. Means over {rows[0]['seeds']} seeds, with a "
        "standard error on each side; ‘clearly’ is by two of the difference’s; exact means that "
        "no true pair is the other way round. The raters’ own complete ballots are what perfect "
        "knowledge of the same sample would give.",
    )  # fmt: skip
    data_tables.numbers_expander(
        [{"raters": f"{r['n']:,}", "": TITLES.get(r["source"], "Simulated voters"),
          "mean τ": r["tau"], "standard error": r["error"], "least τ": r["least"],
          "share exact": r["exact"], "seeds": str(r["seeds"])} for r in rows],
        "study-raters",
    )  # fmt: skip


def ahead_from(rows: list[dict]) -> str:
    """The least number of raters from which on the social order's mean τ is the larger by more than
    chance: two standard errors of the difference."""
    at = {(row["n"], row["source"]): row for row in rows}
    found = "Never"
    for n in sorted({row["n"] for row in rows}, reverse=True):
        social, vanilla = at[n, "social"], at[n, "vanilla"]
        if social["tau"] - vanilla["tau"] <= 2 * np.hypot(social["error"], vanilla["error"]):
            break
        found = f"{n:,}"
    return found


def summary(rows: list[dict]) -> str:
    at = {(row["n"], row["source"]): row for row in rows}
    counts = sorted({row["n"] for row in rows})
    few, many = counts[0], counts[-1]
    start = ahead_from(rows)
    where = (
        f"From **{start}** raters on the social order is clearly nearer to the truth than "
        "vanilla’s."
        if start != "Never"
        else "The social order is **never** clearly nearer to the truth than vanilla’s."
    )
    exact = at[many, "social"]["exact"]
    return (
        f"{where} With {few:,} raters its mean τ is {at[few, 'social']['tau']:.2f}, vanilla’s "
        f"{at[few, 'vanilla']['tau']:.2f} and the oracle’s {at[few, 'raters']['tau']:.2f}; with "
        f"{many:,} they are {at[many, 'social']['tau']:.2f}, {at[many, 'vanilla']['tau']:.2f} and "
        f"{at[many, 'raters']['tau']:.2f}, and the social order is exact in {exact:.0%} of seeds, "
        f"vanilla’s in {at[many, 'vanilla']['exact']:.0%}."
    )


def show_voter_sources() -> None:
    _part("voter-sampling", _draw_voter_sources)


def _draw_voter_sources(result: dict) -> None:
    guess, shown = predict_first.guess(
        "Do voters drawn from the prior give the true order?", ("Yes", "Sometimes", "No"),
        "guess_voters",
    )  # fmt: skip
    if not shown:
        return
    runs = result["runs"]
    exact = {s: sum(run[s]["reversed"] == 0 for run in runs) for s in ("prior", "density")}
    spread = {
        s: np.array([[run[s]["tv_first"], run[s]["tv_types"]] for run in runs])
        for s in ("prior", "density")
    }
    right = "Yes" if exact["prior"] == len(runs) else "Sometimes" if exact["prior"] else "No"
    st.markdown(
        predict_first.verdict(guess, right)
        + f"Drawn from the prior, voters give the true order in **{exact['prior']} of {len(runs)}**"
        f" runs; drawn from the fitted density, in **{exact['density']}**. First places are "
        f"{spread['prior'][:, 0].mean():.0%} astray against {spread['density'][:, 0].mean():.1%}."
    )
    which = st.segmented_control(
        "Shares of", ["First places", "Types"], default="First places", required=True,
        key="shares", bind="query-params",
    )  # fmt: skip
    key, names = (
        ("first", result["completions"]) if which == "First places" else ("types", result["types"])
    )
    mean = {s: np.mean([run[s][key] for run in runs], axis=0) for s in ("density", "prior")}
    page.chart(
        stacked_shares(
            names,
            [("Truth", result["truth"][key]), ("Fitted density", mean["density"]),
             ("Prior", mean["prior"])],
            "share of first places" if key == "first" else "share of voters nearest to each type",
            **page.style(),
        ),
        "voters",
        alt="; ".join(f"{n}: truth {t:.2f}, density {d:.2f}, prior {p:.2f}" for n, t, d, p in
                      zip(names, result["truth"][key], mean["density"], mean["prior"],
                          strict=True)),
        caption=f"Means over {len(runs)} trainings on Tennessee with Morristown. The prior is the "
        "standard normal that each rater’s posterior is drawn towards, one rater at a time; where "
        "all of them together lie is another matter.",
    )  # fmt: skip
    data_tables.numbers_expander(
        [
            {
                "seed": str(run["seed"]),
                "voters from": s,
                "order": result_tables.order_text(run[s]["order"]),
                "τ": run[s]["tau"],
                "first places astray": run[s]["tv_first"],
                "types astray": run[s]["tv_types"],
            }
            for run in runs
            for s in ("density", "prior")
        ],
        "study-voters",
        "Astray: total variation to the truth.",
    )
