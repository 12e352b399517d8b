"""The part on errors over time, with a slider of time."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

from scrl.figures import curves_at_time, rewards_then
from scrl.studies import drift
from ui.drift.texts import EXPLAINED, MODELS_EXPLAINED, POSITIONS, SCOPES, TITLES, WORLDS
from ui.shared import baked_study, data_tables, page, predict_first
from ui.shared.page import IN_URL

_GUESSES = ("Window", "Discounted", "Random walk", "Elo")
_MODELS = ("stationary", "window", "discount", "random walk", "elo")


def show() -> None:
    """Draw the errors of models over time, and what one of them believes at one time."""
    baked_study.show(
        drift.STUDY, _draw, note="This takes about a minute.",
        draw_progress=baked_study.caption_progress,
    )  # fmt: skip


def _draw(result: dict, result_id: str) -> None:
    swap = result["drifts"]["swap"]
    if page.switched_on("predict"):
        page.note(MODELS_EXPLAINED)
    guess, shown = predict_first.guess(
        "Suddenly most people want what few people wanted before. Which model is the first to "
        "order their pairs nearly as well as it can be done?", _GUESSES, "guess_lag",
    )  # fmt: skip
    if not shown:
        return
    lags = {name: swap["lag"]["majority"][name]["answers"][0] for name in _MODELS}
    best = min(lags, key=lags.__getitem__)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        tastes = st.segmented_control(
            "What tastes do", list(WORLDS), default=next(iter(WORLDS)), required=True,
            key="tastes", wrap=True, **IN_URL,
        )  # fmt: skip
        judged = st.segmented_control(
            "Judged by", list(SCOPES), default=next(iter(SCOPES)), required=True, key="judged",
            wrap=True, **IN_URL,
        )  # fmt: skip
    found, scope = result["drifts"][WORLDS[tastes]], SCOPES[judged]
    lead = _summary(swap) if WORLDS[tastes] == "swap" else EXPLAINED[WORLDS[tastes]]
    page.say(predict_first.verdict(guess, TITLES[best]) + lead)
    time = np.array(result["time"])
    at = page.slider("Answers so far", "time", 0, float(time[-1]), 1_296.0, 48.0, "%.0f")
    left, right = st.columns([1.5, 1], gap="large")
    with left:
        _errors(found, WORLDS[tastes], scope, time, at)
    with right:
        _beliefs(found, time, at)
    _late(result, WORLDS[tastes], scope)
    _trade_off(result["settings"], swap["settled"]["majority"])
    _numbers(found, time, scope)


def _summary(swap: Mapping) -> str:
    """The lag of each model, and the stationary one’s error at the end."""
    lag = swap["lag"]
    words = ", ".join(
        f"{TITLES[name]} {lag['majority'][name]['answers'][0]:.0f}"
        for name in ("elo", "random walk", "discount", "window")
    )
    wrong, error = swap["wrong"]["majority"], swap["error"]["majority"]["stationary"]
    return (
        f"After {drift.ANSWERS // 2:,} answers a majority and a minority **swap tastes**. Models "
        "that forget old answers recover. Answers until the majority’s error is within "
        f"{drift.WITHIN:.0%} of the least possible: {words}. The **stationary** model, which "
        "weighs all answers alike, never recovers: at the end its error is "
        f"{error[0][-1]:.0%}, with **{wrong[0]:.0%}** ({wrong[1]:.0%} to {wrong[2]:.0%}) of the "
        "disputed pairs in the wrong order."
    )


def _elo(swap: Mapping) -> str:
    """How Elo compares with the random walk after the swap."""
    lead = swap["lead"]["majority"]
    gain = [-value for value in reversed(lead[1:])]
    elo = f"has an error {-100 * lead[0]:.1f} points lower than the random walk"
    if gain[0] <= 0:
        elo = "errs about as often as the random walk"
    small = {n: swap["lag"]["minority"][n]["answers"][0] for n in ("random walk", "elo")}
    return (
        f" Against what we expected, **Elo**, the simplest model, {elo} after the swap "
        f"({100 * gain[0]:.1f} to {100 * gain[1]:.1f}). For the minority the random walk is "
        f"faster: it needs {small['random walk']:.0f} answers, Elo {small['elo']:.0f}."
    )


def _errors(found: Mapping, world: str, scope: str, time: np.ndarray, at: float) -> None:
    """Errors over time, and at the time of the slider."""
    error = found["error"][scope]
    series = [(TITLES[n], np.array(v, float), POSITIONS[n]) for n, v in error.items()]
    now = {n: float(np.interp(at, time, v[0])) for n, v in error.items()}
    swaps = world == "swap"
    change = (drift.ANSWERS / 2, "tastes swap") if swaps else None
    page.chart(
        curves_at_time(
            time, series, at=at, change=change, x_title="answers so far",
            y_title="next answers predicted wrongly", percent=True, value_format=".1%",
            **page.style(),
        ),
        "chart-drift",
        alt=f"After {at:.0f} answers: " + "; ".join(f"{TITLES[n]} {v:.0%}" for n, v in now.items()),
        caption="**Chance to predict the next answer wrongly**, on pairs whose order changes at "
        f"some time. {f'{EXPLAINED[world]} ' * swaps}{MODELS_EXPLAINED} How long a model "
        "remembers is set by how well it predicted the earlier answers. Each type has a model of "
        f"its own. Means over {len(drift.SEEDS)} seeds of {drift.WORLDS} worlds, with 95 % "
        "intervals.",
    )  # fmt: skip


def _beliefs(found: Mapping, time: np.ndarray, at: float) -> None:
    """What the majority of the first world wants, and what a model believes, at one time."""
    titles = {TITLES[name]: name for name in _MODELS}
    chosen = st.selectbox("What this model believes then", list(titles), 3, key="model", **IN_URL)
    name, b = titles[chosen], int(np.searchsorted(time, at, side="right") - 1)
    truth, learnt = (np.array(found["example"][key]) for key in ("truth", name))
    limit = 1.08 * max(float(np.abs(found["example"][k]).max()) for k in found["example"])
    letters = [f"Answer {letter}" for letter in "ABCDEF"[: truth.shape[1]]]
    gap = float(np.sqrt(((truth[b] - learnt[b]) ** 2).mean()))
    page.chart(
        rewards_then(
            letters, truth[b], learnt[b], ("what people want", chosen), limit=limit,
            position=POSITIONS[name], **page.style(),
        ),
        "chart-beliefs",
        alt="; ".join(f"{n}: wanted {x:+.1f}, believed {y:+.1f}"
                      for n, x, y in zip(letters, truth[b], learnt[b], strict=True)),
        caption=f"The majority of one world after {time[b]:.0f} answers; the rewards are off by "
        f"{gap:.2f} (root mean square).",
    )  # fmt: skip


def _late(result: Mapping, world: str, scope: str) -> None:
    """Errors above the oracle’s in the second half, in a sentence."""
    late = result["drifts"][world]["late"][scope]
    names = sorted((n for n in late if n in _MODELS), key=lambda n: late[n][0])
    words = ", ".join(f"{TITLES[n]} {late[n][0]:.1%}" for n in names)
    text = f"**In the second half** the errors above the least possible are: {words}."
    if world == "swap":
        text += _elo(result["drifts"]["swap"])
    if world == "none":
        text += (
            " So being ready for a change costs little where none comes: the settings are learnt, "
            "and long memories are chosen."
        )
    if scope == "minority":
        text += (
            f" A single random walk for all people is {100 * late['one for all'][0]:.0f} points "
            "above it: which people a model serves matters more than how it follows them in time."
        )
    page.say(text)


def _trade_off(settings: Mapping, settled: Mapping) -> None:
    """What each fixed setting costs."""
    rows = [
        {"model": TITLES[name], "setting": _setting(name, row["setting"]),
         "answers until back": "never" if row["lag"] is None else f"{row['lag']:.0f}",
         "loss without drift": f"{row['loss']:.1%}"}
        for name, kept in settings.items() for row in kept
    ]  # fmt: skip
    with st.expander("What would a fixed setting cost?"):
        st.dataframe(rows, hide_index=True)
        page.note(
            "The majority’s lag after a swap, and the error above the least possible where nothing "
            "changes. A short memory is soon back and errs more all the time. At equal loss the "
            "random walk is back soonest. That it is behind Elo above is due to the choice of the "
            "setting: when tastes swap, nothing has ever changed, and in "
            f"{settled['random walk']:.0%} of the worlds the walk has learnt to take no steps at "
            "all. Elo cannot learn without steps, and so it stays ready; where nothing changes, it "
            "pays for that."
        )


def _setting(name: str, setting: float) -> str:
    if name == "stationary":
        return "none"
    if name in ("window", "discount"):
        what = "last {:,.0f} answers" if name == "window" else "weight halves in {:,.0f} answers"
        return "all answers alike" if setting >= 1e9 else what.format(setting)
    return f"step of {setting:g}" if name == "elo" else f"walks {setting:g} an answer"


def _numbers(found: Mapping, time: np.ndarray, scope: str) -> None:
    rows = []
    for name, values in found["error"][scope].items():
        for i, t in enumerate(time.tolist()):
            mean, low, high = (float(v[i]) for v in values)
            rows.append({"model": TITLES[name], "answers": t, "error": mean, "from": low,
                         "to": high})  # fmt: skip
    data_tables.numbers_expander(rows, "drift", "Chance to predict the next answer wrongly.")
