"""The page of reward models: which are trained on what, and whom each serves."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import streamlit as st

from scrl.figures import accuracy_by_type, labelled_curves, pair_accuracy
from scrl.runs import load_baked
from scrl.scenarios import Scenario
from scrl.studies import scoreboard, scoreboard_metrics
from scrl.types import InputError, Ratings
from ui.shared import asking, controls, page, runs, sources, store, tables
from ui.shared.controls import title_of

_IN_URL = {"bind": "query-params"}
TITLES = {name: entry.title for name, entry in scoreboard.MODELS.items()}
_SILENT = "If it may stay silent"
#: What a reader may look at, and the key of the rows that it shows.
_VIEWS = {
    "All and disputed": "",
    "Disputed, by type": "disputed_by_type",
    "All, by type": "by_type",
    _SILENT: "covered",
}
#: What the reader may guess, and the share that each stands for.
_GUESSES = {"About half": 0.5, "About two thirds": 0.67, "Nearly all": 0.95}


@st.cache_data(show_spinner=False)
def baked(stem: str) -> dict:
    return load_baked(f"models-{stem}")


@st.cache_data(show_spinner=False)
def _spec_of(stem: str) -> str:
    return scoreboard.spec_of(sources.of_gallery(stem))


def board() -> None:
    left, right = st.columns([1, 2.6], gap="large")
    with left:
        source = controls.pick(scoreboard.SCENARIOS[0])
        if source is None:
            return
        models, seeds = _choose(source)
        job = _current(source, models, seeds)
        _train(source, models, seeds, job)
    with right:
        if not models:
            st.info("Choose at least one reward model.")
            return
        if job is not None and job.state != "done":
            runs.watch(job, lambda progress: None)
        result = _result(source, models, seeds, job)
        if result is not None:
            draw(result, "scores")


# -- what is chosen -------------------------------------------------------------------------------


def _choose(source: Scenario | Ratings) -> tuple[tuple[str, ...], int]:
    known = scoreboard.available(source)
    titles = [TITLES[name] for name in known]
    chosen = st.multiselect("Reward models", titles, titles, key="models", **_IN_URL)
    # Real, since for whole numbers Streamlit fails on an infinite one in the URL.
    most = float(scoreboard.MAX_SEEDS)
    usual = float(len(scoreboard.SEEDS)) if source.is_scenario else 1.0
    if not page.presenting():
        with st.expander("What they are"):
            st.markdown(
                "\n".join(f"- **{TITLES[m]}**: {scoreboard.MODELS[m].description}" for m in known)
            )
    seeds = int(
        st.number_input("Seeds", 1.0, most, usual, 1.0, format="%.0f", key="seeds", **_IN_URL)
    )
    return tuple(name for name in known if TITLES[name] in chosen), seeds


# -- training -------------------------------------------------------------------------------------


def _spec(source: Scenario | Ratings, models: tuple[str, ...], seeds: int) -> str:
    what = source.to_yaml() or st.session_state["scenario"]
    known = repr((what, models, seeds))
    return "models-" + hashlib.sha256(known.encode()).hexdigest()[:16]


def _current(source: Scenario | Ratings, models: tuple[str, ...], seeds: int):
    """The run of this very choice that this viewer, or the URL, knows of."""
    spec = _spec(source, models, seeds)
    known = st.session_state.setdefault("model_runs", {})
    for id in (known.get(spec), st.query_params.get("models_run")):
        job = store.jobs().get(id) if id else None
        if job is not None and store.spec_of(job) == spec:
            known[spec] = st.query_params["models_run"] = job.id
            return job
    return None


def _train(source: Scenario | Ratings, models: tuple[str, ...], seeds: int, job) -> None:
    busy, done = job is not None and job.active, job is not None and job.state == "done"
    label = "Training" if busy else "Trained" if done else "Train them together"
    pressed = st.button(
        label, type="primary", disabled=busy or done or not models, key="train",
        icon=":material/play_arrow:",
    )  # fmt: skip
    if not page.presenting():
        st.caption(
            "On two cores about a quarter of a minute a seed, after a first one that compiles."
        )
    if not pressed:
        return
    spec = _spec(source, models, seeds)
    try:
        scoreboard.check(source, models, range(seeds))
        id = store.jobs().submit(
            partial(_work, source, models, seeds),
            key=f"{store.viewer()}:{spec}", label=f"Reward models on {source.name}",
        )  # fmt: skip
    except InputError as error:
        st.error(page.plain(str(error)))
        return
    st.session_state["model_runs"][spec] = id
    st.query_params["models_run"] = id
    st.rerun()


def _work(source, models: tuple[str, ...], seeds: int, on_progress) -> dict:
    return scoreboard.run(source, models, range(seeds), on_progress)


def _result(source, models: tuple[str, ...], seeds: int, job) -> dict | None:
    """What was trained, else what was baked where that is what is asked for."""
    if job is not None and job.state == "done":
        return job.result
    stem = sources.id_of(source) if source.is_scenario else None
    if stem in scoreboard.SCENARIOS and seeds == len(scoreboard.SEEDS):
        try:
            content = baked(stem)
        except InputError as error:
            st.info(page.plain(str(error)))
            return None
        if content["spec"] != _spec_of(stem):
            st.warning("The lab has changed since this was baked; `python -m scrl bake --models`.")
        rows = [row for row in content["result"]["rows"] if row["model"] in models]
        return content["result"] | {"rows": rows}
    if job is None:
        st.info("Nothing is trained yet with these choices.")
    return None


# -- the scoreboard -------------------------------------------------------------------------------


def draw(result: Mapping, name: str) -> bool:
    """One scoreboard; ``name`` tells its figure and its download from others'. False while the
    reader has yet to guess."""
    rows = result["rows"]
    limits = result["limits"] or {}
    one = next((r["disputed"][0] for r in rows if r["model"] == "pooled"), limits.get("disputed"))
    who = "raters" if result["data"] else "types of rater"
    if one is None:
        st.markdown(
            "Too few raters were asked of the same pairs to say which they dispute."
            if result["data"] else "No two types of rater here put a pair the other way round."
        )  # fmt: skip
    else:
        said, shown = asking.guess(
            f"Of the pairs that {who} dispute, how many does one reward for everybody order "
            "rightly?", list(_GUESSES), f"guess_{name}",
        )  # fmt: skip
        if not shown:
            return False
        right = min(_GUESSES, key=lambda option: abs(_GUESSES[option] - one))
        st.markdown(asking.verdict(said, right) + finding(result))
    views = [v for v in _VIEWS if not (result["data"] and "by type" in v)]
    view = st.segmented_control(
        "Pairs", views, default=views[0], required=True, key=f"{name}_view", **_IN_URL,
        label_visibility="collapsed",
    )  # fmt: skip
    _chart(result, _VIEWS[view], name)
    _doctor(rows)
    _table(result, name)
    return True


def finding(result: Mapping) -> str:
    """What the scoreboard says, in a few sentences."""
    at = {row["model"]: row for row in result["rows"]}
    parts, limits = [], result["limits"]
    if "pooled" in at and at["pooled"]["disputed"][0] is not None:
        own = at["pooled"]
        parts.append(
            f"Bradley–Terry orders **{own['accuracy'][0]:.0%}** of all pairs rightly and "
            f"**{own['disputed'][0]:.0%}** of the disputed."
        )
    if limits is not None and limits["disputed"] is not None:
        parts.append(
            f"No single order has more than {limits['one']:.0%} of all, or "
            f"{limits['disputed']:.0%} of the disputed."
        )
    entries = scoreboard.MODELS
    readers = [
        row for m, row in at.items() if entries[m].is_personalised and not entries[m].uses_true_type
    ]
    if readers:
        best = max(readers, key=lambda row: row["disputed"][0] or row["accuracy"][0])
        right = best["disputed"] if best["disputed"][0] is not None else best["accuracy"]
        pairs = result["size"]["context"]
        parts.append(
            f"From {'up to ' if result['data'] else ''}{pairs} pairs of a rater it never met, "
            f"{TITLES[best['model']]} has **{right[0]:.1%}**"
            + (" of the disputed." if right is best["disputed"] else ".")
        )
    # In most of its trainings; the doctor says in how many.
    failed = [TITLES[row["model"]] for row in readers if 2 * row["collapsed"] > row["trainings"]]
    if failed:
        parts.append(f"Collapsed: **{', '.join(failed)}**.")
    return " ".join(parts)


def _caption(result: Mapping) -> str:
    size, seeds = result["size"], len(result["seeds"])
    if result["data"]:
        return (
            f"{result['held']:,} raters, each held out once in five folds"
            + (f" from each of {seeds} seeds" if seeds > 1 else "")
            + f"; half of their completions are hidden, up to {size['context']} pairs among the "
            f"others are what the models are told, up to {size['asked']} pairs of hidden ones are "
            "asked. Intervals of 95 % over raters. Disputed: of at least five training raters who "
            "were asked, a third or more go either way. "
        )
    over = f"Means over {seeds} seeds with 95 % intervals" if seeds > 1 else "One seed"
    return (
        f"{over}. Trained on {size['raters']:,} raters’ {size['pairs']} pairs each; judged on "
        f"{size['asked']} further pairs of {result['held']:,} raters never met, after "
        f"{size['context']} pairs of theirs, asked as often as their ballots hold them. "
    )


def _chart(result: Mapping, key: str, name: str) -> None:
    rows, caption = result["rows"], _caption(result)
    if key == "covered":
        share = np.array(scoreboard_metrics.COVERAGE)
        series = [(TITLES[row["model"]], np.array(row["covered"]), i)
                  for i, row in enumerate(rows)]  # fmt: skip
        lowest = min(0.5, *(min(row["covered"]) for row in rows))
        page.chart(
            labelled_curves(
                share,
                series,
                percent=True,
                x_title="share of the pairs that it answers, the surest first",
                y_title="of these ordered rightly",
                value_format=".1%",
                height=360,
                y_range=(lowest, 1.0),
                **page.look(),
            ),
            f"{name}-covered",
            alt="; ".join(
                f"{TITLES[r['model']]}: {r['covered'][4]:.1%} of the surer half" for r in rows
            ),
            caption=caption + "Who may leave out the pairs it is least sure of should have more of "
            "the others right.",
        )
        return
    if key:
        page.chart(
            accuracy_by_type(rows, TITLES, result["types"], key, **page.look()), f"{name}-{key}",
            alt="; ".join(
                f"{TITLES[r['model']]}: " + ", ".join(
                    f"{t} {v:.0%}" for t, v in zip(result["types"], r[key], strict=True)
                    if v is not None
                ) for r in rows
            ),
            caption=caption + "One order for everybody serves some type at the cost of another; "
            "where types are of a size, a coin decides which, so that a mean over seeds hides it.",
        )  # fmt: skip
        return
    limits = result["limits"] or {}
    page.chart(
        pair_accuracy(rows, TITLES, limits, **page.look()), name,
        alt="; ".join(
            f"{TITLES[r['model']]}: {r['accuracy'][0]:.1%} of all"
            + (f", {r['disputed'][0]:.1%} of the disputed" if r["disputed"][0] is not None else "")
            for r in rows
        ),
        caption=caption + (
            "Lines: the most that one order for everybody can have right, exactly." if limits
            else ""
        ),
    )  # fmt: skip


def _doctor(rows: Sequence[Mapping]) -> None:
    """What is said of each latent model, and the checks behind it."""
    latent = [row for row in rows if row["active"] is not None]
    if not latent:
        return
    st.subheader("The collapse doctor", anchor=False)
    lines = []
    for row in latent:
        times = (f" (collapsed in {row['collapsed']} of {row['trainings']} trainings)"
                 if row["collapsed"] else "")  # fmt: skip
        lines.append(f"- **{TITLES[row['model']]}**{times}: {row['verdict']}")
    st.markdown("\n".join(lines))
    if not page.presenting():
        checks = [
            {"model": TITLES[row["model"]], "active units": f"{row['active']:g}"}
            | {name: f"{value:.1%}" for name, value in
               zip(("own latent", "another rater’s", "silenced"), row["checks"], strict=True)}
            | ({"KL by dimension, nats": " · ".join(f"{x:.2f}" for x in row["kl"])}
               if row.get("kl") else {})
            for row in latent
        ]  # fmt: skip
        with st.expander("The checks"):
            st.dataframe(checks, hide_index=True)
            st.caption(
                "Pairs ordered rightly from a rater’s own latent, from another rater’s and from "
                "that of one who said nothing; KL to the prior, a mean over raters and trainings."
            )
        st.caption(
            "A latent model has collapsed where no dimension’s mean varies over raters by more "
            "than .01, or where another rater’s latent orders a rater’s pairs as well as their own."
        )


def _table(result: Mapping, name: str) -> None:
    if page.presenting():
        return
    st.subheader("The scoreboard", anchor=False)
    prompts = list(result["prompts"])
    prompt = prompts[0]
    with st.container(horizontal=True):
        titles = {_by(rule): rule for rule in scoreboard_metrics.ORDER_RULES}
        chosen = st.selectbox("Social order by", titles, key=f"{name}_rule", width=260, **_IN_URL)
        if len(prompts) > 1:
            prompt = st.selectbox("Of the prompt", prompts, key=f"{name}_prompt", **_IN_URL)
    rule = titles[chosen]
    lines = [_line(result, row, rule, prompt) for row in result["rows"]]
    empty = [key for key in lines[0] if all(line[key] == "—" for line in lines)]
    lines = [{k: v for k, v in line.items() if k not in empty} for line in lines]
    st.dataframe(lines, hide_index=True)
    text = "Mean and 95 % interval. Calibration: expected error of stated chances. "
    if result["data"]:
        text += (
            "Ahead: of Bradley–Terry on the same pairs. Order: the held-out raters’ rewards, by "
            f"{chosen}."
        )
    else:
        truth = tables.order_text(result["truth"][rule][prompt])
        text += (
            f"Order, τ with the truth ({truth}), strict pairs of it reversed and what the winner "
            f"is worth: the held-out raters’ rewards, by {chosen}; distortion is the best mean "
            "utility over the winner’s; minority (the smallest type) and worst-off: where the "
            "winner lies between what they like least (0) and most (1). MaxMin: the same of the "
            "completion whose least reward among the prototypes is greatest."
        )
    if "seconds" in lines[0]:
        text += " Seconds: of one training, beside others on the same cores."
    st.caption(page.plain(text))
    asking.download(lines, name)


def _line(result: Mapping, row: Mapping, rule: str, prompt: str) -> dict:
    def said(key: str, form: str = ".3f", of: Mapping = row) -> str:
        mean, low, high = of[key]
        if mean is None:
            return "—"
        return f"{mean:{form}}" + ("" if low in (None, mean) else f" [{low:{form}}, {high:{form}}]")

    line = {
        "model": TITLES[row["model"]], "all pairs": said("accuracy"), "disputed": said("disputed"),
        "calibration": said("calibration"),
        "active units": "—" if row["active"] is None else f"{row['active']:g}",
    }  # fmt: skip
    if result["data"]:
        line |= {"ahead": said("ahead")}
    else:
        names = {"τ": "tau", "reversed": "reversed", "distortion": "distortion",
                 "minority": "minority", "worst-off": "least"}  # fmt: skip
        line |= {name: said(key, ".2f", row["elected"][rule]) for name, key in names.items()}
        line |= {"MaxMin, worst-off": said("maxmin", ".2f")}
    seconds = "—" if row["seconds"] is None else f"{row['seconds']:.1f}"
    line |= {"parameters": f"{row['parameters']:,}", "seconds": seconds}
    return line | {"order": tables.order_text(row["orders"][rule][prompt])}


def _by(rule: str) -> str:
    return "Mean of win rates" if rule == scoreboard_metrics.WIN_RATES else title_of(rule)
