"""Results of five ways of hiding ballots on held-out raters: verdicts, charts and table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from scrl.evaluation import MEASURES
from scrl.figures import regime_latent_maps, regime_loss_curves, regime_results
from scrl.studies import masking_regimes
from ui.shared import data_tables, page, predict_first
from ui.shared.page import IN_URL

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

TITLES = {
    "full": "Hide nothing",
    "one-hidden": "Hide one",
    "hidden-only": "Ask what is hidden",
    "all-targets": "Ask everything",
    "curriculum": "First hidden, then all",
}
#: Regime -> what it shows the encoder, and what it asks for.
SHOWS = {
    "full": ("everything", "everything"),
    "one-hidden": ("all but one", "the hidden one"),
    "hidden-only": ("a random part", "the hidden part"),
    "all-targets": ("a random part", "everything"),
    "curriculum": ("a random part", "the hidden part, later everything"),
}
#: Regime -> the failure that the blog post predicts.
_CLAIMS = {
    "full": "repeats what it sees, and knows nothing of what is hidden",
    "one-hidden": "places one hidden answer, and no more than one",
    "hidden-only": "places what is hidden, and misplaces what it sees",
    "all-targets": "repeats what it sees, and never learns what is hidden",
}
HIDE = {"Half of each ballot": "half", "One of each ballot": "one"}
COUNTS = ("None", "1", "2", "3", "All four")
_HIDDEN_TEXT = {"none": "nothing hidden", "one": "one hidden", "half": "half hidden"}


def draw(result: dict) -> None:
    """Draw verdicts, held-out metrics, latents and numbers of the regimes."""
    rows = masking_regimes.check_predictions(result)
    appear = sum(row["verdict"] == "appears" for row in rows)
    guess, shown = predict_first.guess(
        "The blog post predicts that each of the first four ways fails in its own manner. How many "
        "of these failures appear here, in every seed?", COUNTS, "guess_regimes",
    )  # fmt: skip
    if not shown:
        st.table(
            [
                _regime_cells(regime, _CLAIMS[regime])
                for regime in SHOWS
                if regime in masking_regimes.PREDICTIONS
            ]
        )
        return
    page.say(predict_first.verdict(guess, COUNTS[appear]) + summary(result, rows))
    _verdicts(result, rows)
    _held_out_results(result)
    _latent_maps(result)
    _numbers(result)


@st.fragment
def _held_out_results(result: dict) -> None:
    """Metrics on held-out raters; a change of a widget reruns only this."""
    with st.container(horizontal=True):
        hide = st.segmented_control(
            "Hidden of the new ballots", list(HIDE), default=next(iter(HIDE)), required=True,
            key="hide", **IN_URL,
        )  # fmt: skip
        measure = st.segmented_control(
            "Measure", ["Loss", "Pairs right"], default="Loss", required=True, key="measure",
            **IN_URL,
        )  # fmt: skip
    _final_metrics_chart(result, HIDE[hide], "loss" if measure == "Loss" else "pairs")
    _learning_curves(result, HIDE[hide])


def summary(result: dict, rows: list[dict]) -> str:
    """Which predicted failures appear, and whether the last way learns both parts."""
    seeds = len(result["seeds"])
    appearing = [f"‘{TITLES[r['regime']]}’" for r in rows if r["verdict"] == "appears"]
    absent = [f"‘{TITLES[r['regime']]}’" for r in rows if r["verdict"] != "appears"]
    curriculum = masking_regimes.curriculum_accuracy(result)
    text = (
        f"Of four predicted failures, **{len(appearing)}** appear in all {seeds} seeds"
        + (f" ({', '.join(appearing)})" if appearing else "") + "."
        + (f" That of **{' and '.join(absent)} does not**." if len(absent) == 1 else
           f" Those of **{' and '.join(absent)}** do not." if absent else "")
    )  # fmt: skip
    hidden, seen = curriculum["hidden"].mean(), curriculum["visible"].mean()
    return text + (
        f" The last way, ‘{TITLES['curriculum']}’, orders {hidden:.1%} of the hidden pairs rightly "
        f"(the best possible is {curriculum['oracle']:.1%}) and {seen:.1%} of the visible ones. "
        + ("So it learns both." if curriculum["both"] else "So it does not learn both.")
    )


def _verdicts(result: dict, rows: list[dict]) -> None:
    """A table of regimes: what each shows and asks for, the prediction, and the finding."""
    seeds, curriculum = len(result["seeds"]), masking_regimes.curriculum_accuracy(result)
    table = [
        _verdict_row(
            row["regime"], _CLAIMS[row["regime"]],
            f"{_measure_text(row['success'])}: {_mean_and_sd(row['success excess loss'])} nats",
            f"{_measure_text(row['failure'])}: **{_mean_and_sd(row['excess loss'])} nats**, pairs "
            f"{_mean_and_sd(-100 * row['lost pairs'], 1)} points",
            "**appears**" if row["verdict"] == "appears" else
            f"does not appear: larger in {(row['excess loss'] > 0).sum()} of {seeds} seeds",
        )
        for row in rows
    ]  # fmt: skip
    short = [100 * x for x in curriculum["shortfall"]]
    table.append(
        _verdict_row(
            masking_regimes.CURRICULUM, "learns both",
            f"at worst {short[0]:.1f} points of hidden pairs and {short[1]:.1f} of visible pairs "
            "below the best possible",
            "", "none" if curriculum["both"] else "does not learn both",
        )
    )  # fmt: skip
    found = {row["regime"]: row["verdict"] == "appears" for row in rows}
    page.say("\n".join(_claim(regime, found.get(regime)) for regime in SHOWS))
    if page.presenting():
        return
    with st.expander("How each failure was tested"):
        st.table(table)
        page.note(
            f"Numbers are differences from the last way with the same seed: mean ± standard "
            f"deviation over {seeds} seeds. The loss says how badly a rater is predicted, in nats. "
            "A failure appears if the loss is larger in every seed. The predictions were written "
            "down before new raters were tested. The network here also sees how the visible "
            "ballots pull at the rewards; that makes the first failure smaller."
        )


def _claim(regime: str, appears: bool | None) -> str:
    """What a way shows and asks, what the blog post says of it, and whether that is so."""
    shows, asks = SHOWS[regime]
    says = f" The blog post says that it {_CLAIMS[regime]}." if regime in _CLAIMS else ""
    verdict = {True: " **That is so.**", False: " **That is not so.**", None: ""}[appears]
    return f"- **{TITLES[regime]}** shows {shows}, and asks for {asks}.{says}{verdict}"


def _regime_cells(regime: str, says: str) -> dict[str, str]:
    """The cells that describe a regime."""
    shows, asks = SHOWS[regime]
    return {"Way of hiding": f"**{TITLES[regime]}**", "Shows; asks for": f"{shows}; {asks}",
            "The blog post says that it": says}  # fmt: skip


def _verdict_row(regime: str, says: str, well: str, ill: str, verdict: str) -> dict[str, str]:
    """A row of the table of verdicts."""
    return _regime_cells(regime, says) | {
        "Where it should do well": well, "Where it should do worse": ill, "The failure": verdict,
    }  # fmt: skip


def _measure_text(measured: tuple[str, str]) -> str:
    """A measure and what is hidden, in words."""
    hidden, measure = measured
    return f"{measure}, {_HIDDEN_TEXT[hidden]}"


def _mean_and_sd(values: np.ndarray, digits: int = 2) -> str:
    """Mean and standard deviation, with a typographic minus."""
    mean = f"{values.mean():+.{digits}f}".replace("-", "−")
    return f"{mean} ± {values.std():.{digits}f}"


def _final_metrics_chart(result: dict, hidden: str, kind: str) -> None:
    """Metrics of each regime at the end of training."""
    order = list(TITLES)
    panels = []
    for part in ("hidden", "visible"):
        measure = f"{part} {kind}"
        predicted_worse = [
            i for i, regime in enumerate(order)
            if regime in masking_regimes.PREDICTIONS
            and masking_regimes.PREDICTIONS[regime].failure == (hidden, f"{part} loss")
        ]  # fmt: skip
        panels.append(
            {
                "title": f"{part.capitalize()} answers",
                "values": [
                    masking_regimes.metric_by_seed(result, regime, hidden, measure)
                    for regime in order
                ],
                "predicted_worse": predicted_worse,
                "oracle": result["oracle"][hidden][measure] if kind == "pairs" else None,
            }
        )
    for panel, cell in zip(panels, st.columns(2), strict=True):
        with cell:
            page.chart(
                regime_results(
                    list(TITLES.values()), [panel],
                    "loss (nats)" if kind == "loss" else "pairs right",
                    percent=kind == "pairs", **page.style(),
                ),
                f"regime-ends-{panel['title']}",
                alt="; ".join(
                    f"{TITLES[regime]}, {panel['title'].lower()}: {np.mean(values):.3f}"
                    for regime, values in zip(order, panel["values"], strict=True)
                ),
            )  # fmt: skip
    page.note(
        f"Tested on {masking_regimes.RATERS:,} new raters, {_HIDDEN_TEXT[hidden]} of each "
        "ballot: how well the hidden answers are predicted, and the visible ones. "
        "‘Perfect knowledge’ knows the groups of raters and how large they are, but not what is "
        "hidden."
    )


def _values(result: dict, regime: str, name: str) -> list:
    """A value of every run of a regime."""
    return [run[name] for run in result["runs"] if run["regime"] == regime]


def _latent_maps(result: dict) -> None:
    """Held-out raters in the latent space of each regime."""
    near = {regime: np.mean(_values(result, regime, "near")) for regime in TITLES}
    notes = [f"{np.mean(_values(result, regime, 'active')):.1f} in use\n"
             f"{near[regime]:.0%} near" for regime in TITLES]  # fmt: skip
    for i, (regime, cell) in enumerate(zip(TITLES, _cells(), strict=True)):
        with cell:
            page.chart(
                regime_latent_maps(
                    list(TITLES.values()), notes, [result["maps"][r] for r in TITLES],
                    result["types"], only=i, height=360, **page.style(),
                ),
                f"regime-map-{regime}",
                alt=f"{TITLES[regime]}: {notes[i]}".replace("\n", ", "),
            )  # fmt: skip
    page.note(
        "Each network’s map of new raters, in the colours of their groups (first seed). "
        "‘In use’: in how many directions raters differ. "
        "Large marks: the network read the whole ballot. Small open marks: half of it was hidden. "
        "If the network has learnt what part of a ballot tells, small marks lie with the large "
        "ones of their group. ‘Near’ is the share for which that is so; perfect knowledge reaches "
        f"{result['oracle']['half']['type']:.0%}."
    )


def _cells() -> list[DeltaGenerator]:
    """Places for a chart of each regime: three in a row, one in a row on a phone."""
    count = len(TITLES)
    rows = [st.columns(3) for _ in range(0, count, 3)]
    return [cell for row in rows for cell in row][:count]


def _learning_curves(result: dict, hidden: str) -> None:
    """Held-out losses by training steps."""
    curves = masking_regimes.loss_curves(result, hidden)
    for i, (regime, cell) in enumerate(zip(TITLES, _cells(), strict=True)):
        found = curves[regime]
        with cell:
            page.chart(
                regime_loss_curves(
                    list(TITLES.values()), [curves[r] for r in TITLES], only=i, **page.style()
                ),
                f"regime-curve-{regime}",
                alt=f"{TITLES[regime]}: hidden {found['hidden'][1][-1]:.2f}, visible "
                f"{found['visible'][1][-1]:.2f} at the end",
            )
    page.note(
        f"The loss on new raters ({_HIDDEN_TEXT[hidden]}) during training: mean over "
        "seeds, and the band from least to most. The last way asks for the visible answers, too, "
        f"from step {masking_regimes.SCHEDULE.explore[1]:,} on."
    )


def _numbers(result: dict) -> None:
    """Every metric of each regime, and of an oracle."""
    rows = []
    for regime in TITLES:
        for hidden in masking_regimes.HIDDEN:
            values = {
                m: masking_regimes.metric_by_seed(result, regime, hidden, m) for m in MEASURES
            }
            rows.append(
                {"way of hiding": TITLES[regime], "of each ballot": _HIDDEN_TEXT[hidden]}
                | {m: float(v.mean()) for m, v in values.items()}
                | {f"{m}, sd": float(v.std()) for m, v in values.items()}
                | {"directions in use": float(np.mean(_values(result, regime, "active"))),
                   "near their own": float(np.mean(_values(result, regime, "near")))}
            )  # fmt: skip
    for hidden in masking_regimes.HIDDEN:
        best = {m: result["oracle"][hidden][m] for m in MEASURES}
        rows.append({"way of hiding": "Perfect knowledge", "of each ballot": _HIDDEN_TEXT[hidden],
                     **{m: np.nan if v is None else v for m, v in best.items()}})  # fmt: skip
    data_tables.numbers_expander(
        rows, "regimes", f"Means and standard deviations over {len(result['seeds'])} seeds; losses "
        "in nats for each rater, pairs as shares. With nothing hidden there are no hidden pairs.",
    )  # fmt: skip
