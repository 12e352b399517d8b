"""The part that optimises a proxy and watches the texts."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl.figures import banded_curves
from scrl.proxies import HACKED, IDEAL, PROXIES, REVIEW_START, typical_choice
from scrl.studies import proxy_hacking
from ui.shared import baked_study, data_tables, page, predict_first
from ui.shared.page import IN_URL

WRITERS = {"templates": "Templates", "model": "SmolLM2-135M"}
ANSWERS = ("yes, it does the task better", "no, it gets worse")
#: Proxies in the order of the choice.
ORDER = ("sentiment", "length", "bleu", "chrf", "rouge", "matching", "similarity")


def show() -> None:
    """Draw best of n by a proxy."""
    page.say(
        "The task: *make this review as positive as possible, however negatively it starts.* "
        f"It starts “{REVIEW_START}” The reward is a **proxy**: a measure that stands for the task."
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
    proxy = st.segmented_control(
        "The reward", list(ORDER), default="sentiment", required=True, key="reward",
        format_func=lambda name: PROXIES[name].title, **IN_URL,
    )  # fmt: skip
    left, right = st.columns(2, gap="large", vertical_alignment="bottom")
    with left:
        n = int(st.select_slider("Texts written, of which the one with the highest reward is kept",
                                 numbers, value=numbers[-1], key="n", **IN_URL))  # fmt: skip
    with right:
        writer = st.segmented_control(
            "Written by", list(WRITERS), default="templates", required=True, key="writer",
            format_func=WRITERS.get, **IN_URL,
        )  # fmt: skip
    mean = result[writer][proxy]["taste"][0][numbers.index(n)]
    _text(
        _typical(result, writer, proxy, n), proxy,
        f"The text of median reward among those that best of {n:,} keeps. The mean taste of the "
        f"kept texts is {mean:.2f}.",
    )  # fmt: skip
    _curves(result, writer, proxy, guess)
    _search(result, proxy)
    if proxy == "sentiment":
        _prices(result)


def _text(text: dict, proxy: str, note: str) -> None:
    """A continuation of the review in a frame."""
    with st.container(border=True):
        st.markdown(
            f"{page.escaped(REVIEW_START)} **{page.escaped(text['text'])}**  \n"
            f"{_badges(text, proxy)}"
        )
        page.note(note)


def _badges(text: dict, proxy: str) -> str:
    sign = "+" if proxy == "sentiment" else ""
    return (
        f":blue-badge[{PROXIES[proxy].title} {text['reward']:{sign}.2f}] "
        f":green-badge[a reader’s taste {text['taste']:.2f}] "
        f":gray-badge[repeated words {text['repetition']:.0%}]"
    )


def _typical(result: dict, writer: str, proxy: str, n: int) -> dict:
    """The text that best of n typically keeps."""
    if writer == "templates":
        return result["typical"][proxy][result["numbers"].index(n)]
    samples = result["samples"]
    chosen = samples[typical_choice(np.array([s[proxy] for s in samples]), n)]
    return chosen | {"reward": chosen[proxy]}


def _verdict(taste: np.ndarray, numbers: list[int]) -> tuple[bool, str]:
    """Whether the taste clearly falls below its start, and a sentence about it."""
    worst = int(taste[2].argmin())
    last = f"{taste[0, -1]:.2f} ({taste[1, -1]:.2f} to {taste[2, -1]:.2f})"
    if taste[2, worst] < taste[1, 0]:
        return True, (
            f"falls from {taste[0, 0]:.2f} to {taste[0, worst]:.2f} at best of "
            f"{numbers[worst]:,}: the reward is **hacked**."
        )
    if taste[1, -1] > taste[2, 0]:
        return False, (
            f"rises from {taste[0, 0]:.2f} to {last} at best of {numbers[-1]:,}: among these texts "
            "the proxy points the right way."
        )
    return False, (
        f"goes from {taste[0, 0]:.2f} to {last} at best of {numbers[-1]:,}: nothing is clearly "
        "lost or won. A proxy is hacked only as far as one searches."
    )


def _curves(result: dict, writer: str, proxy: str, guess: str | None) -> None:
    """Reward and taste, and what the choice costs in KL."""
    numbers, table = result["numbers"], result[writer][proxy]
    taste, kl = np.array(table["taste"]), np.array(table["kl"])
    _, words = _verdict(taste, numbers)
    right = ANSWERS[1] if (writer, proxy) == ("templates", "sentiment") else ""
    verdict = predict_first.verdict(guess, right) if right else ""
    page.say(f"{verdict}A reader’s taste, which no reward asked for, {words}")
    left, aside = st.columns(2, gap="large")
    with left:
        page.chart(
            banded_curves(
                numbers,
                [("the reward", np.array(table["reward"]), 0), ("a reader’s taste", taste, 1)],
                x_title="texts written (n)", y_title="mean of the text kept", log_axes="x",
                **page.style(),
            ),
            "chart-best-of-n",
            alt=f"Taste {taste[0, 0]:.2f} at the start, {taste[0, -1]:.2f} at best of "
            f"{numbers[-1]}",
            caption=_caption(result, writer),
        )  # fmt: skip
    with aside:
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
            "where no two texts have the same reward, and never too small.",
        )  # fmt: skip
    rows = [
        {"n": n, **{m: values[0][i] for m, values in table.items()},
         "taste, from": taste[1, i], "taste, to": taste[2, i], "KL at most": result["bounds"][i]}
        for i, n in enumerate(numbers)
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, f"best-of-n-{writer}-{proxy}", "Naturalness: log-probability of a word (of a token, "
        "for the language model) in nats, under the writer. Repetition: share of words that stand "
        "in the text before.",
    )  # fmt: skip


def _caption(result: dict, writer: str) -> str:
    means = (
        "Reward: 0 the mean text, 1 the best one. Taste, 0 to 1: takes up the bad start, gives two "
        "reasons, reads as prose, does not repeat itself."
    )
    if writer == "templates":
        return (
            f"Means over {proxy_hacking.SEEDS} pools of {proxy_hacking.POOL:,} texts of a careless "
            f"writer, with 95 % intervals. {means}"
        )
    return f"{len(result['samples'])} stored texts; 95 % intervals by the bootstrap. {means}"


def _search(result: dict, proxy: str) -> None:
    """What a search word by word finds, and published examples of hacked texts."""
    st.markdown("#### Searched harder")
    page.say(
        "Best of n can only choose what the writer writes. A greedy search, word by word, finds:"
    )
    for row in result["search"][proxy]:
        st.markdown(
            f"Price **{row['price']:g}**: {page.escaped(row['text'])}  \n{_badges(row, proxy)} "
            f":gray-badge[log-probability a word {row['naturalness']:.1f}]"
        )
    scrambled = result["search"]["matching"][0]
    page.note(
        "A reader’s taste is computed here, so it is a proxy as well: the scrambled words that a "
        f"search for word matching finds still have {scrambled['taste']:.2f}. Their "
        f"log-probability, {scrambled['naturalness']:.1f} a word, shows that nobody writes so; the "
        f"templates have {result['templates'][proxy]['naturalness'][0][0]:.1f}."
    )
    if proxy == "sentiment":
        slides = result["slides"]
        page.say(
            "A **price on KL** makes unlikely words dear. It is a partial repair: the reward falls "
            "back and the text becomes natural, but it is not yet what the task asks."
        )
        page.note(
            f"Published examples: “{HACKED}” alone has {slides['hacked']:+.2f} and “great” five "
            f"times {slides['great']:+.2f}. The review with the ideal continuation, “{IDEAL}”, has "
            f"{slides['ideal']:+.2f}."
        )
    elif PROXIES[proxy].reads_reference:
        page.note(f"The reference is an ideal continuation, written by people: “{IDEAL}”")


def _prices(result: dict) -> None:
    """The best policy among the templates by the price of a nat."""
    table = {name: np.array(values)[:, ::-1] for name, values in result["by price"].items()}
    prices = proxy_hacking.PRICES[::-1]
    page.chart(
        banded_curves(
            prices, [("the reward", table["reward"], 0), ("a reader’s taste", table["taste"], 1)],
            x_title="price of a nat of KL", y_title="mean", log_axes="x", **page.style(),
        ),
        "chart-by-price",
        alt="; ".join(f"price {p:g}: taste {t:.2f}" for p, t in
                      zip(prices, table["taste"][0], strict=True)),
        caption="The policy among the templates that is best for the reward less a price on KL: "
        f"{table['kl'][0, -1]:.2f} nats from the writer at a price of {prices[-1]:g}, "
        f"{table['kl'][0, 0]:.2f} at {prices[0]:g}. A high price keeps the taste and gives up "
        "reward.",
    )  # fmt: skip
