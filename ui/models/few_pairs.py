"""The part on few pairs: every reward model on seven populations, and who is best."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

from scrl.figures import calibration_curves, models_by_pairs
from scrl.studies import few_pairs, few_pairs_results
from ui.models import few_pairs_claims
from ui.models.few_pairs_claims import TITLES, WORLDS
from ui.shared import baked_study, data_tables, page, predict_first
from ui.shared.page import IN_URL

#: World -> what is in it, in two or three sentences.
_ABOUT = {
    "pets": "Half of the people prefer dogs to cats, half cats to dogs; all like birds best and "
    "rabbits least. Nobody errs.",
    "maze": "Half of the people want to be near the left goal of a maze, half near the right one. "
    "Nobody errs. The places that they are asked about are new to every model.",
    "kinds": "Twenty answers with ten features. Three kinds of people, 60, 30 and 10 %, each with "
    "weights of its own on the features. People err.",
    "text-detail": "Eight ways to answer everyday questions: some people want detail, some "
    "brevity, some company. Models read the texts. The questions asked about are new.",
    "text-caution": "Should an answer warn, or just say it, in few words? Models read the texts. "
    "The questions asked about are new.",
    "text-tone": "Formal, warm or short letters. Models read the texts. The letters asked about "
    "are new.",
    "spread": "As ‘Three kinds’, but there are no kinds: everybody’s weights differ, around a "
    "common mean.",
}
_COUNTED = {
    "All answers": ("accuracy", "predicts … of all answers of new people"),
    "Disputed pairs": ("disputed", "predicts … of the answers on which people disagree"),
    "Smallest group": ("minority", "predicts … of the answers of the smallest group"),
}
_FAMILIES = {
    "One reward for all": ("pooled", "distributional"),
    "A network": ("vpl", "polar"),
    "Shared linear rewards": ("features", "lore"),
    "Kinds of people": ("prototypes", "individual"),
    "A regression for each": ("own", "gaussian"),
    "A text about each": ("plus",),
}
#: Index of the number of pairs that the guess is about.
_GUESSED = few_pairs.SHOTS.index(8)


def show() -> None:
    """Draw the study of few pairs."""
    baked_study.show(
        few_pairs.STUDY, _draw, draw_progress=baked_study.caption_progress,
        note="This trains every model on every population and takes about ten minutes.",
    )  # fmt: skip


def _draw(result: dict, result_id: str) -> None:
    """Draw one world, who is best in all, and the claims of papers."""
    page.say(
        f"Every model learns from {few_pairs.SIZES.raters} people, "
        f"{few_pairs.SIZES.pairs} pairs each. Then it meets people it has never seen, who have "
        "compared only a few pairs, and has to predict what else they prefer."
    )
    families = {
        name: models
        for name, models in _FAMILIES.items()
        if any(model in world for model in models for world in result["worlds"].values())
    }
    guess, shown = predict_first.guess(
        "Which kind of model is best in most of these populations, after 8 pairs?",
        list(families), "guess_few_pairs",
    )  # fmt: skip
    if not shown:
        return
    right = few_pairs_results.leading_family(result, families, _GUESSED)
    verdict = predict_first.verdict(guess, right)
    _world(result, verdict)
    _best_everywhere(result)
    few_pairs_claims.show(result)


def _world(result: Mapping, verdict: str) -> None:
    """One population: who is best, all models by pairs, and calibration."""
    with st.container(horizontal=True):
        chosen = st.segmented_control(
            "Population", list(WORLDS.values()), default=WORLDS["text-tone"], required=True,
            key="population", wrap=True, **IN_URL,
        )  # fmt: skip
        shots = [str(n) for n in result["shots"]]
        picked = st.segmented_control(
            "Pairs of a new person", shots, default="8", required=True, key="pairs", **IN_URL
        )
        counted = st.segmented_control(
            "What counts", list(_COUNTED), default="All answers", required=True, key="counts",
            wrap=True, **IN_URL,
        )  # fmt: skip
    name = next(key for key, title in WORLDS.items() if title == chosen)
    world, shot = result["worlds"][name], shots.index(picked)
    measure, what = _COUNTED[counted]
    page.say(_ABOUT[name])
    if world["oracle"][measure] is None:
        page.note("No group is the smallest here; all answers are counted.")
        measure, what = _COUNTED["All answers"]
    sentence = few_pairs_results.leader_sentence(
        world, TITLES, measure, shot, result["shots"][shot], what
    )
    oracle, pooled = (np.mean(world[m][measure], axis=0)[shot] for m in ("oracle", "pooled"))
    page.say(
        f"{verdict}{sentence} Whoever knows the population predicts {oracle:.1%}, "
        f"Bradley–Terry {pooled:.1%}."
    )
    left, aside = st.columns(2, gap="large")
    with left:
        _accuracy(result, world, measure, shot)
    with aside:
        _calibration(result, world, shot)
    _curves(world, shot)
    _numbers(result, name)


def _accuracy(result: Mapping, world: Mapping, measure: str, shot: int) -> None:
    """Answers predicted by each model, by pairs."""
    rows = _rows(world, measure, shot, 1.0)
    reference = dict(rows)[TITLES["oracle"]][0][shot]
    few = [model for model in world if len(world[model]["seeds"]) < len(world["oracle"]["seeds"])]
    count = len(world[few[0]]["seeds"]) if few else 0
    rest = (
        f" Of {', '.join(TITLES[model] for model in few)} only {count} seeds, since a training "
        "takes long."
        if few
        else ""
    )
    page.chart(
        models_by_pairs(
            rows, result["shots"], shot, "answers predicted", reference=float(reference),
            **page.style(),
        ),
        "chart-few-pairs",
        alt="; ".join(f"{name} {y[0][shot]:.0%}" for name, y in rows),
        caption="A mark for each number of pairs. Means over "
        f"{len(world['oracle']['seeds'])} draws of people, with 95 % intervals at the chosen "
        f"number.{rest}",
    )  # fmt: skip


def _calibration(result: Mapping, world: Mapping, shot: int) -> None:
    """How far stated chances are off, by model and pairs."""
    rows = _rows(world, "calibration", shot, -1.0)
    found = few_pairs_results.leader(world, "loss", shot)
    best = TITLES[found.models[0]] if found is not None else ""
    words = f" By log loss, which rewards right and bold chances, {best} is first"
    if found is not None and not found.is_alone:
        words += ", level with " + ", ".join(TITLES[model] for model in found.models[1:])
    page.chart(
        models_by_pairs(
            rows, result["shots"], shot, "stated chances off by", reference=0.0, **page.style()
        ),
        "chart-few-pairs-calibration",
        alt="; ".join(f"{name} off by {y[0][shot]:.1%}" for name, y in rows),
        caption="Calibration: how far a stated chance is from the share that comes out so. To the "
        f"left is better.{words}.",
    )  # fmt: skip


def _rows(world: Mapping, measure: str, shot: int, sign: float) -> list[tuple[str, np.ndarray]]:
    """Models with their intervals, the best first, the oracle on top."""
    found = {}
    for model in world:
        values = few_pairs_results.interval(world[model], measure)
        if values is not None:
            found[model] = values
    order = sorted(found, key=lambda model: (model != "oracle", -sign * found[model][0][shot]))
    return [(TITLES[model], found[model]) for model in order]


def _curves(world: Mapping, shot: int) -> None:
    """Calibration curves of two models."""
    found = few_pairs_results.leader(world, "accuracy", shot)
    if page.presenting() or found is None:
        return
    best = found.models[0]
    others = [model for model in world if model not in (best, "oracle")]
    with st.expander("Chances that two models state, and what came of them"):
        other = st.selectbox(
            "Beside the best", others, index=others.index("own"), key="beside",
            format_func=lambda model: TITLES[model],
        )  # fmt: skip
        keys = ("predicted", "observed", "pairs")
        series = [
            (TITLES[model],
             [dict(zip(keys, row, strict=True)) for row in world[model]["bins"][shot]])
            for model in (best, other)
        ]  # fmt: skip
        page.chart(
            calibration_curves(series, **page.style()), "chart-few-pairs-chances",
            alt="; ".join(f"{name}: {bins[-1]['observed']:.0%} where it says "
                          f"{bins[-1]['predicted']:.0%}" for name, bins in series),
            caption="Above the dotted line a model is less sure than it could be, below it is too "
            "sure. The size of a mark is its number of pairs.",
        )  # fmt: skip


def _best_everywhere(result: Mapping) -> None:
    """Who is best in every population, by the number of pairs."""
    rows = []
    for name, world in result["worlds"].items():
        row = {"population": WORLDS[name]}
        for shot, pairs in enumerate(result["shots"]):
            found = few_pairs_results.leader(world, "accuracy", shot)
            names = [TITLES[model] for model in found.models] if found is not None else []
            row[f"{pairs} pairs"] = " = ".join(names[:3]) + (" = …" if len(names) > 3 else "")
        rows.append(row)
    page.say("**Who is best**, by all answers. ‘=’: the two cannot be told apart.")
    st.table(rows)
    page.note(
        "Six of the seven populations consist of two or three kinds of people, which suits models "
        "of kinds. In the seventh there are none. The part *New people* shows when shared linear "
        "rewards are enough. A model with fewer seeds than the others is compared on those. PLUS "
        "is tried where features can be named in a sentence: not in the maze, and not on texts."
    )


def _numbers(result: Mapping, name: str) -> None:
    """All measures of one population."""
    rows = []
    for model, entry in result["worlds"][name].items():
        for shot, pairs in enumerate(result["shots"]):
            row = {"model": TITLES[model], "pairs": pairs, "seeds": len(entry["seeds"])}
            for measure in few_pairs.MEASURES:
                values = few_pairs_results.interval(entry, measure)
                if values is not None:
                    mean, low, high = (float(v[shot]) for v in values)
                    row |= {measure: mean, f"{measure}, from": low, f"{measure}, to": high}
            rows.append(row | {"seconds of a core": float(entry["seconds"])})
    work = sum(len(entry["seeds"]) * entry["seconds"] for entry in result["worlds"][name].values())
    data_tables.numbers_expander(
        rows, f"few-pairs-{name}",
        f"All trainings of this population together take about {work:.0f} s of a processor core. "
        "Loss: minus the logarithm of the stated chance of what a person answered. Calibration: "
        "mean distance of stated chances from shares. Seconds: of one training and its "
        "predictions, with nothing to compile.",
    )  # fmt: skip
