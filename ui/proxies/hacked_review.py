"""The part that optimises sentiment and watches the texts."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl.figures import banded_curves
from scrl.proxies import HACKED, IDEAL, REVIEW_START, typical_choice
from scrl.studies import proxy_hacking
from ui.shared import baked_study, data_tables, page, predict_first
from ui.shared.page import IN_URL

WRITERS = {"templates": "Templates", "model": "SmolLM2-135M"}
ANSWERS = ("yes, it does the task better", "no, it gets worse")


def show() -> None:
    """Draw best of n by sentiment."""
    page.say(
        "The task of the slides: *make this review as positive as possible, however negatively it "
        f"starts.* The review starts “{REVIEW_START}” The reward is a **proxy**: how positive the "
        "words of the review are, by VADER."
    )
    baked_study.show(
        proxy_hacking.STUDY, _draw,
        note="This takes minutes: a language model writes 256 texts.",
        draw_progress=baked_study.caption_progress,
    )  # fmt: skip


def _draw(result: dict, result_id: str) -> None:
    guess, shown = predict_first.guess(
        "The most positive of 1,000 texts is kept. Does it do the task better than the first one "
        "written?", ANSWERS, "guess_proxy",
    )  # fmt: skip
    if not shown:
        return
    numbers = result["numbers"]
    left, right = st.columns(2, gap="large", vertical_alignment="bottom")
    with left:
        n = int(st.select_slider("Texts written, of which the most positive is kept", numbers,
                                 value=numbers[-1], key="n", **IN_URL))  # fmt: skip
    with right:
        writer = st.segmented_control(
            "Written by", list(WRITERS), default="templates", required=True, key="writer",
            format_func=WRITERS.get, **IN_URL,
        )  # fmt: skip
    text = _typical(result, writer, n)
    with st.container(border=True):
        st.markdown(
            f"{page.escaped(REVIEW_START)} **{page.escaped(text['text'])}**  \n{_badges(text)}"
        )
        page.note(f"A typical text of best of {n:,}.")
    _curves(result, writer, result[writer]["by n"], guess)
    _harder(result)


def _badges(text: dict) -> str:
    return (
        f":blue-badge[sentiment {text['sentiment']:+.2f}] "
        f":green-badge[a reader’s taste {text['taste']:.2f}]"
    )


def _typical(result: dict, writer: str, n: int) -> dict:
    """The text that best of n typically keeps."""
    if writer == "templates":
        return result["typical"][result["numbers"].index(n)]
    samples = result["samples"]
    return samples[typical_choice(np.array([s["sentiment"] for s in samples]), n)]


def _curves(result: dict, writer: str, table: dict, guess: str | None) -> None:
    """Sentiment and taste, and what the choice costs in KL."""
    numbers = result["numbers"]
    taste = np.array(table["taste"])
    worst = int(taste[0].argmin())
    fell = taste[2, worst] < taste[1, 0]
    verdict = predict_first.verdict(guess, ANSWERS[1]) if writer == "templates" else ""
    words = f"{verdict}The sentiment rises from {table['sentiment'][0][0]:+.2f} to "
    words += f"{table['sentiment'][0][-1]:+.2f}. A reader’s taste, which nobody asked for, "
    if fell:
        words += (
            f"falls from {taste[0, 0]:.2f} to {taste[0, worst]:.2f} at best of "
            f"{numbers[worst]:,}: the reward is **hacked**."
        )
    else:
        words += (
            f"is {taste[0, 0]:.2f} at first and {taste[0, 6]:.2f} at best of {numbers[6]}: this "
            f"writer’s {len(result['samples'])} texts hold no hack, so nothing is clearly lost. At "
            f"the end the one most positive text decides ({taste[1, -1]:.2f} to "
            f"{taste[2, -1]:.2f}). A proxy is hacked as far as one searches."
        )
    page.say(words)
    left, right = st.columns(2, gap="large")
    with left:
        page.chart(
            banded_curves(
                numbers,
                [("sentiment, the reward", np.array(table["sentiment"]), 0),
                 ("a reader’s taste", taste, 1)],
                x_title="texts written (n)", y_title="mean of the text kept", log_axes="x",
                **page.style(),
            ),
            "chart-best-of-n",
            alt=f"Sentiment {table['sentiment'][0][-1]:.2f} and taste {taste[0, -1]:.2f} at best "
            f"of {numbers[-1]}",
            caption=_caption(result, writer),
        )  # fmt: skip
    with right:
        kl = np.array(table["kl"])
        bound = np.repeat(np.array(result["bounds"])[None], 3, 0)
        page.chart(
            banded_curves(
                numbers, [("KL, exactly", kl, 2), ("log n − (n − 1)/n", bound, 7)],
                x_title="texts written (n)", y_title="nats from the writer", log_axes="x",
                **page.style(),
            ),
            "chart-best-of-n-kl",
            alt=f"KL {kl[0, -1]:.2f} of at most {bound[0, -1]:.2f} nats",
            caption="How far keeping the best of n moves from the writer. The formula is exact "
            "where no two texts are equally positive, and never too small.",
        )  # fmt: skip
    rows = [
        {"n": n, **{m: values[0][i] for m, values in table.items()},
         "taste, from": taste[1, i], "taste, to": taste[2, i], "KL at most": result["bounds"][i]}
        for i, n in enumerate(numbers)
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, f"best-of-n-{writer}", "Naturalness: log-probability of a word (of a token, for the "
        "language model) in nats, under the writer. Repetition: share of words that stand in the "
        "text before.",
    )  # fmt: skip


def _caption(result: dict, writer: str) -> str:
    taste = (
        " Taste, 0 to 1: takes up the bad start, gives two reasons, reads as prose, does not "
        "repeat itself."
    )
    if writer == "templates":
        return (
            f"Means over {proxy_hacking.SEEDS} pools of {proxy_hacking.POOL:,} texts of a careless "
            f"writer, with 95 % intervals.{taste}"
        )
    return f"{len(result['samples'])} stored texts; 95 % intervals by the bootstrap.{taste}"


def _harder(result: dict) -> None:
    """The search word by word, and the price on KL."""
    st.markdown("#### Harder, and with a price")
    page.say(
        "Best of n can only choose what the writer writes. A search word by word can leave it. "
        "A **price on KL** makes unlikely words dear. It is a partial repair: the reward falls "
        "back, and the text becomes natural, but not yet what the task asks."
    )
    for row in result["search"]:
        st.markdown(
            f"Price **{row['price']:g}**: {page.escaped(row['text'])}  \n{_badges(row)} "
            f":gray-badge[log-probability a word {row['naturalness']:.1f}]"
        )
    price = result["templates"]["by price"]
    kept = list(zip(proxy_hacking.PRICES, price["kl"][0], price["sentiment"][0], price["taste"][0],
                    strict=True))  # fmt: skip
    low, high = kept[0], kept[-1]
    page.note(
        f"Among the writer’s own texts, the best policy at a price of {low[0]:g} keeps a KL of "
        f"{low[1]:.2f} nats, a sentiment of {low[2]:+.2f} and a taste of {low[3]:.2f}; at "
        f"{high[0]:g} it has {high[1]:.2f} nats, {high[2]:+.2f} and {high[3]:.2f}."
    )
    page.say(
        f"**The slides’ own texts.** “{HACKED}” alone scores +0.94 and “great” five times +0.97. "
        f"The review with the ideal continuation, “{IDEAL}”, scores −0.48."
    )
    curves = [
        (name, np.array(result["proxies"][key]), i)
        for i, (key, name) in enumerate(
            (("sentiment", "sentiment"), ("bleu", "BLEU"), ("rouge", "ROUGE-L"),
             ("matching", "word matching"), ("length", "length"))
        )
    ]  # fmt: skip
    page.chart(
        banded_curves(
            result["numbers"], curves, x_title="texts written (n)", log_axes="x",
            y_title="a reader’s taste", **page.style(),
        ),
        "chart-proxies-by-n",
        alt="; ".join(f"{name}: taste {v[0, -1]:.2f}" for name, v, _ in curves),
        caption="A reader’s taste when the best of n by each proxy is kept, templates. BLEU, "
        "ROUGE-L and word matching compare with the ideal continuation. Length is not hacked "
        "here, since this writer never rambles: longer texts give more reasons.",
    )  # fmt: skip
