"""The page on training wrongly: five masking regimes side by side, and what each gets wrong."""

from __future__ import annotations

import hashlib
from functools import partial

import numpy as np
import streamlit as st

from scrl.evaluation import MEASURES
from scrl.figures import regime_latent_maps, regime_loss_curves, regime_results
from scrl.runs import load_baked
from scrl.scenarios import Scenario
from scrl.studies import masking_regimes as regimes
from scrl.types import InputError
from ui.shared import asking, page, runs, sources, store

TITLES = {
    "full": "Full visibility",
    "one-hidden": "One hidden",
    "hidden-only": "Hidden only",
    "all-targets": "All targets",
    "curriculum": "Curriculum",
}
#: What each regime shows the encoder, and what it asks for.
SHOWS = {
    "full": ("everything", "everything"),
    "one-hidden": ("all but one", "the one hidden"),
    "hidden-only": ("a random part", "what is hidden"),
    "all-targets": ("a random part", "everything"),
    "curriculum": ("a random part", "what is hidden, later everything"),
}
HIDE = {"Half of each ballot": "half", "One of each ballot": "one"}
COUNTS = ("None", "1", "2", "3", "All four")
_WORDS = {"none": "nothing hidden", "one": "one hidden", "half": "half hidden"}
_IN_URL = {"bind": "query-params"}


def choose() -> tuple[Scenario, int]:
    """The scenario and the size of the latent."""
    stories, first = sources.stories(regimes.SCENARIO)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        scenario = stories[
            st.selectbox("Scenario", list(stories), first, key="story", width=420, **_IN_URL)
        ]
        latent = st.segmented_control(
            "Latent dimensions", [f"{n}" for n in regimes.LATENTS],
            default=f"{regimes.LATENTS[0]}", required=True, key="latent", **_IN_URL,
            help="The post has an ‘arbitrarily large’ latent in mind: room enough to copy a ballot "
            "into.",
        )  # fmt: skip
        asking.switch()
    return scenario, int(latent)


# -- results --------------------------------------------------------------------------------------


@st.cache_data(show_spinner=False)
def _baked(latent: int) -> dict:
    return load_baked(f"regimes-{latent}")


@st.cache_data(show_spinner=False)
def _baked_spec(latent: int) -> str:
    return regimes.spec_of(latent)


def _spec(scenario: Scenario, latent: int, seeds: int = 0) -> str:
    known = hashlib.sha256(repr((scenario.to_yaml(), latent)).encode()).hexdigest()[:16]
    return f"regimes-{known}" + (f"-{seeds}" if seeds else "")


def _current(scenario: Scenario, latent: int):
    """The trainings on this choice that this viewer, or the URL, knows of."""
    spec = _spec(scenario, latent)
    known = st.session_state.setdefault("regime_runs", {})
    for id in (known.get(spec), st.query_params.get("regime_run")):
        job = store.jobs().get(id) if id else None
        if job is not None and store.spec_of(job).startswith(spec):
            known[spec] = st.query_params["regime_run"] = job.id
            return job
    return None


def _result(scenario: Scenario, latent: int, job) -> dict | None:
    """What this choice's own trainings found, else what is baked, else None."""
    if job is not None and job.state == "done":
        st.caption("From a run of this session.")
        return job.result
    if sources.id_of(scenario) != regimes.SCENARIO:
        return None
    try:
        content = _baked(latent)
    except InputError as error:
        st.info(str(error))
        return None
    if content["spec"] != _baked_spec(latent):
        st.warning("The lab has changed since this was baked; `python -m scrl bake --regimes`.")
    return content["result"]


def show(scenario: Scenario, latent: int) -> None:
    job = _current(scenario, latent)
    result = _result(scenario, latent, job)
    if result is None:
        st.markdown("Nobody has trained the five on this scenario yet.")
    else:
        _draw(result)
    _train(scenario, latent, job)


def _train(scenario: Scenario, latent: int, job) -> None:
    busy = job is not None and job.active
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seeds = st.segmented_control(
            "Seeds", [f"{n}" for n in regimes.CHOICES], default=f"{regimes.CHOICES[0]}",
            required=True, key="seeds", **_IN_URL,
        )  # fmt: skip
        spec = _spec(scenario, latent, int(seeds))
        done = job is not None and job.state == "done" and store.spec_of(job) == spec
        label = "Training" if busy else "Trained" if done else "Train them here"
        pressed = st.button(
            label, type="primary", disabled=busy or done, key="train", icon=":material/play_arrow:"
        )
    if not page.presenting():
        st.caption(
            "Five regimes times so many seeds, two at a time: a minute or more, after which the "
            "page shows these."
        )
    if pressed:
        work = partial(_work, scenario, int(seeds), latent)
        try:
            id = store.jobs().submit(
                work, key=f"{store.viewer()}:{spec}", label=f"{scenario.name}, five regimes"
            )
        except InputError as error:
            st.error(str(error))
            return
        st.session_state["regime_runs"][_spec(scenario, latent)] = id
        st.query_params["regime_run"] = id
        st.rerun()
    if job is not None:
        runs.watch(job, _live)


def _work(scenario: Scenario, seeds: int, latent: int, on_progress) -> dict:
    return regimes.compare(scenario, range(seeds), latent, on_progress)


def _live(progress) -> None:
    if progress is None or not progress.curves:
        return
    curves = [
        {kind: (steps, values, values, values) for kind in ("hidden", "visible")
         for steps, values in [progress.curves.get(f"{regime}, {kind}", ([], []))]}
        for regime in TITLES
    ]  # fmt: skip
    page.chart(
        regime_loss_curves(list(TITLES.values()), curves, height=220, **page.look()),
        "live-regimes",
        "Held-out losses of each regime against steps",
        "Loss on held-out raters of whom half of each ballot is hidden; each regime’s latest seed.",
    )


# -- what they say --------------------------------------------------------------------------------


def _draw(result: dict) -> None:
    rows = regimes.judged(result)
    appear = sum(row["verdict"] == "appears" for row in rows)
    said, shown = asking.guess(
        "The post predicts a failure of each of the first four regimes. How many appear here, in "
        "every seed?", COUNTS, "guess_regimes",
    )  # fmt: skip
    if not shown:
        st.table([_about(regime, regimes.PREDICTIONS[regime].says) for regime in SHOWS if regime in
                  regimes.PREDICTIONS])  # fmt: skip
        return
    st.markdown(asking.verdict(said, COUNTS[appear]) + sentence(result, rows))
    _verdicts(result, rows)
    _answers(result)
    _maps(result)
    _numbers(result)


@st.fragment
def _answers(result: dict) -> None:
    """What held-out raters say, as asked; a change draws nothing else again."""
    with st.container(horizontal=True):
        hide = st.segmented_control(
            "Hidden of held-out ballots", list(HIDE), default=next(iter(HIDE)), required=True,
            key="hide", **_IN_URL,
        )  # fmt: skip
        measure = st.segmented_control(
            "Measure", ["Loss", "Pairs right"], default="Loss", required=True, key="measure",
            **_IN_URL,
        )  # fmt: skip
    _ends(result, HIDE[hide], "loss" if measure == "Loss" else "pairs")
    _learning(result, HIDE[hide])


def sentence(result: dict, rows: list[dict]) -> str:
    """Which failures appear, which do not, and whether the curriculum does both."""
    seeds = len(result["seeds"])
    there = [TITLES[r["regime"]].lower() for r in rows if r["verdict"] == "appears"]
    not_there = [TITLES[r["regime"]].lower() for r in rows if r["verdict"] != "appears"]
    keeps = regimes.curriculum_keeps(result)
    text = (
        f"Of four predicted failures **{len(there)}** appear in all {seeds} seeds"
        + (f" ({', '.join(there)})" if there else "") + "."
        + (f" That of **{' and '.join(not_there)} does not**." if len(not_there) == 1 else
           f" Those of **{' and '.join(not_there)}** do not." if not_there else "")
    )  # fmt: skip
    hidden, seen = keeps["hidden"].mean(), keeps["visible"].mean()
    return text + (
        f" With half of each ballot hidden the curriculum orders {hidden:.1%} of the hidden pairs "
        f"rightly (perfect knowledge of the types: {keeps['oracle']:.1%}) and {seen:.1%} of the "
        "visible ones: " + ("it does both." if keeps["both"] else "it does not do both.")
    )


def _verdicts(result: dict, rows: list[dict]) -> None:
    """Each regime: what it shows and asks, what the post predicts, and what is there."""
    seeds, keeps = len(result["seeds"]), regimes.curriculum_keeps(result)
    table = [
        _row(
            row["regime"], regimes.PREDICTIONS[row["regime"]].says,
            f"{_asked(row['well'])}: {_spread(row['well by'])} nats",
            f"{_asked(row['ill'])}: **{_spread(row['worse'])} nats**, pairs "
            f"{_spread(-100 * row['pairs'], 1)} points",
            "**appears**" if row["verdict"] == "appears" else
            f"does not appear: larger in {(row['worse'] > 0).sum()} of {seeds} seeds",
        )
        for row in rows
    ]  # fmt: skip
    short = [100 * x for x in keeps["short"]]
    table.append(
        _row(
            regimes.CURRICULUM, "learns both",
            f"at worst {short[0]:.1f} points of hidden and {short[1]:.1f} of visible pairs short "
            "of perfect knowledge",
            "", "none" if keeps["both"] else "does not learn both",
        )
    )  # fmt: skip
    st.table(table)
    if not page.presenting():
        st.caption(
            f"Differences to the curriculum of the same seed, mean ± standard deviation over "
            f"{seeds} seeds; losses in nats a rater, pairs as the share rightly ordered. A failure "
            "appears where the loss is the larger in every seed. The predictions were written down "
            "before held-out raters were asked. The encoder here is also told how the visible "
            "ballots pull at the rewards, whatever the regime: that softens the first failure."
        )


def _about(regime: str, says: str) -> dict[str, str]:
    shows, asks = SHOWS[regime]
    return {"Regime": f"**{TITLES[regime]}**", "Shows; asks for": f"{shows}; {asks}",
            "By the post, it": says}  # fmt: skip


def _row(regime: str, says: str, well: str, ill: str, verdict: str) -> dict[str, str]:
    return _about(regime, says) | {
        "Where it should do well": well, "Where it should be worse": ill, "The failure": verdict,
    }  # fmt: skip


def _asked(what: tuple[str, str]) -> str:
    hidden, measure = what
    return f"{measure}, {_WORDS[hidden]}"


def _spread(values, digits: int = 2) -> str:
    """Mean ± standard deviation, with a sign that is a minus."""
    mean = f"{values.mean():+.{digits}f}".replace("-", "−")
    return f"{mean} ± {values.std():.{digits}f}"


def _ends(result: dict, hidden: str, kind: str) -> None:
    order = list(TITLES)
    panels = []
    for part in ("hidden", "visible"):
        measure = f"{part} {kind}"
        wrong = [
            i for i, regime in enumerate(order)
            if regime in regimes.PREDICTIONS
            and regimes.PREDICTIONS[regime].ill == (hidden, f"{part} loss")
        ]  # fmt: skip
        panels.append({
            "title": f"{part.capitalize()} completions",
            "values": [regimes.marks_of(result, regime, hidden, measure) for regime in order],
            "wrong": wrong,
            "best": result["oracle"][hidden][measure] if kind == "pairs" else None,
        })  # fmt: skip
    page.chart(
        regime_results(
            list(TITLES.values()), panels,
            "loss, nats a rater" if kind == "loss" else "pairs rightly ordered",
            percent=kind == "pairs", **page.look(),
        ),
        "regime-ends",
        alt="; ".join(
            f"{TITLES[regime]}, {panel['title'].lower()}: {np.mean(values):.3f}"
            for panel in panels for regime, values in zip(order, panel["values"], strict=True)
        ),
        caption=f"{regimes.RATERS:,} raters of a fresh sample, {_WORDS[hidden]} of each ballot, "
        "the same completions for all five. A hidden pair has at least one hidden side. Perfect "
        "knowledge knows the types, their shares and what they leave unsaid, and not what is "
        "hidden; the loss is a mean over draws from the posterior.",
    )  # fmt: skip


def _of(result: dict, regime: str, name: str) -> list:
    return [run[name] for run in result["runs"] if run["regime"] == regime]


def _maps(result: dict) -> None:
    near = {regime: np.mean(_of(result, regime, "near")) for regime in TITLES}
    notes = [f"{np.mean(_of(result, regime, 'active')):.1f} active units\n"
             f"{near[regime]:.0%} near their own" for regime in TITLES]  # fmt: skip
    page.chart(
        regime_latent_maps(
            list(TITLES.values()), notes, [result["maps"][regime] for regime in TITLES],
            result["types"], **page.look(),
        ),
        "regime-maps",
        alt="; ".join(f"{TITLES[r]}: {n}" for r, n in zip(TITLES, notes, strict=True)).replace(
            "\n", ", "
        ),
        caption="Held-out raters on the principal plane of each model’s latents, by type, first "
        "seed. Large: read whole; small and open: half of each ballot hidden. Where the model has "
        "learnt what parts of a ballot imply, the small lie with the large of their type (‘near "
        "their own’: the share whose nearest large mark is their own type’s, mean over seeds; "
        f"perfect knowledge guesses {result['oracle']['half']['type']:.0%} of their types).",
    )  # fmt: skip


def _learning(result: dict, hidden: str) -> None:
    curves = regimes.curves_of(result, hidden)
    page.chart(
        regime_loss_curves(
            list(TITLES.values()), [curves[regime] for regime in TITLES], **page.look()
        ),
        "regime-curves",
        alt="; ".join(
            f"{TITLES[r]}: hidden {curves[r]['hidden'][1][-1]:.2f}, visible "
            f"{curves[r]['visible'][1][-1]:.2f} at the end"
            for r in TITLES
        ),
        caption=f"Loss on held-out raters ({_WORDS[hidden]}) as each regime trains: mean over "
        "seeds, the band from the least to the most. The curriculum lets the visible completions "
        f"into its targets from step {regimes.SCHEDULE.explore[1]:,} on.",
    )


def _numbers(result: dict) -> None:
    rows = []
    for regime in TITLES:
        for hidden in regimes.HIDDEN:
            values = {m: regimes.marks_of(result, regime, hidden, m) for m in MEASURES}
            rows.append(
                {"regime": TITLES[regime], "of each ballot": _WORDS[hidden]}
                | {m: float(v.mean()) for m, v in values.items()}
                | {f"{m}, sd": float(v.std()) for m, v in values.items()}
                | {"active units": float(np.mean(_of(result, regime, "active"))),
                   "near their own": float(np.mean(_of(result, regime, "near")))}
            )  # fmt: skip
    for hidden in regimes.HIDDEN:
        best = {m: result["oracle"][hidden][m] for m in MEASURES}
        rows.append({"regime": "Perfect knowledge", "of each ballot": _WORDS[hidden],
                     **{m: np.nan if v is None else v for m, v in best.items()}})  # fmt: skip
    asking.sheet(
        rows, "regimes", f"Means and standard deviations over {len(result['seeds'])} seeds; losses "
        "in nats a rater, pairs as shares. With nothing hidden there are no hidden pairs.",
    )  # fmt: skip
