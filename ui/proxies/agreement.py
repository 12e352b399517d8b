"""The part on how often proxies order texts as people do."""

from __future__ import annotations

import streamlit as st

from scrl.figures import estimate_dots
from scrl.proxies import PROXIES
from scrl.studies import load_baked, proxy_agreement, proxy_hacking, proxy_readers
from scrl.types import InputError
from ui.shared import data_tables, page

LEARNT = {"vanilla": "Vanilla, learnt", "individual": "Individual, learnt", "oracle": "Oracle"}


def _title(name: str) -> str:
    key, _, reference = name.partition(":")
    title = PROXIES[key].title if key in PROXIES else LEARNT.get(key, "Similarity to the source")
    if reference:
        title += " to a person’s" if reference == proxy_agreement.HUMAN else " to a system’s"
    return title


def show() -> None:
    """Draw agreement with real raters of translations and with simulated readers."""
    left, right = st.columns(2, gap="large")
    with left:
        _real()
    with right:
        _simulated()


def _real() -> None:
    """Professional raters of translations."""
    try:
        result = load_baked(proxy_agreement.STUDY.name)["result"]
    except InputError as error:
        st.info(page.escaped(str(error)))
        return
    rewards = result["rewards"]
    best = max((n for n in rewards if n not in LEARNT), key=lambda n: rewards[n]["agreement"][0])
    count = int(result["raters"])
    length, bleu = (rewards[n]["agreement"] for n in ("length", "bleu:refA"))
    vanilla, individual = (rewards[n]["agreement"][0] for n in ("vanilla", "individual"))
    page.say(
        f"**Real raters.** {count} professionals marked errors in translations. The "
        f"rewards that are learnt from other raters’ marks order {vanilla:.0%} (vanilla) and "
        f"{individual:.0%} (individual) of their pairs "
        f"rightly. The best proxy, {_title(best)}, orders {rewards[best]['agreement'][0]:.0%}. "
        f"BLEU has {bleu[0]:.0%}, and **counting words** {length[0]:.0%}. "
        "VADER reads English, so on German it knows nothing."
    )
    rows = sorted(rewards, key=lambda n: -rewards[n]["agreement"][0])
    page.chart(
        estimate_dots(
            [(_title(n), *rewards[n]["agreement"], 1 if n in LEARNT else 0) for n in rows],
            "pairs ordered as the rater does", reference=0.5, **page.style(),
        ),
        "chart-proxy-raters",
        alt="; ".join(f"{_title(n)}: {rewards[n]['agreement'][0]:.0%}" for n in rows),
        caption=f"Eight systems’ translations of {result['segments']} English segments (WMT 2023), "
        f"{result['pairs']:,} pairs of held-out raters over {len(result['seeds'])} splits; 95 % "
        "intervals over segments; the line is chance. Learnt rewards know other raters’ marks of "
        "the same translations; proxies know none. Two of the systems saw a reference.",
    )  # fmt: skip
    table = [
        {"reward": _title(n), "pairs right": r["agreement"][0], "from": r["agreement"][1],
         "to": r["agreement"][2], "Kendall’s τ": r["tau"][0], "over vanilla by": r["lead"][0],
         "lead, from": r["lead"][1], "lead, to": r["lead"][2]}
        for n in rows for r in (rewards[n],)
    ]  # fmt: skip
    data_tables.numbers_expander(table, "proxies-and-raters", "τ of strictly ordered pairs.")


def _simulated() -> None:
    """Simulated readers of three types."""
    readers = load_baked(proxy_hacking.STUDY.name)["result"]["readers"]
    groups = ["all", *proxy_readers.TYPES]
    group = st.segmented_control(
        "Readers", groups, default="all", required=True, key="readers", bind="query-params"
    )
    every = readers["all"]
    page.say(
        "**Simulated readers** of the review who disagree: half want the task done well, three in "
        "ten want praise, two in ten want it short. No proxy serves all, nor does vanilla "
        f"({every['vanilla'][0]:.0%}): the individual rewards, from 20 pairs of each reader, order "
        f"{every['individual'][0]:.0%} of other pairs rightly, of {every['oracle'][0]:.0%} that "
        "can be known."
    )
    own = readers[group]
    rows = sorted(own, key=lambda n: -own[n][0])
    page.chart(
        estimate_dots(
            [(_title(n), *own[n], 1 if n in LEARNT else 0) for n in rows],
            "pairs ordered as the reader does", reference=0.5, **page.style(),
        ),
        "chart-proxy-readers",
        alt="; ".join(f"{_title(n)}: {own[n][0]:.0%}" for n in rows),
        caption=f"Means over {proxy_readers.SEEDS} seeds with 95 % intervals; the line is chance. "
        "Fans are made to want what VADER measures.",
    )  # fmt: skip
    data_tables.numbers_expander(
        [{"reward": _title(n)} | {g: readers[g][n][0] for g in groups} for n in rows],
        "proxies-and-readers",
    )
