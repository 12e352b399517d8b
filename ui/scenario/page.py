"""What stands around every part of the page on scenarios: the row of actions, and beside each
edit what it does to the vanilla order."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from scrl import figures
from scrl.config import DEFAULT_RULES
from scrl.figures import response_rates
from scrl.scenarios import (
    MAX_LINK_ITEMS,
    MAX_LINK_TYPES,
    MAX_SCENARIO_BYTES,
    Scenario,
    missing_data_effect,
    missing_ratings,
    parse_scenario,
)
from scrl.types import InputError
from ui.scenario import draft
from ui.scenario.draft import Draft
from ui.shared import asking, page, sources, store, tables
from ui.shared.controls import title_of

_IN_URL = {"bind": "query-params"}
#: What the reader chooses on this page, under the names of the URL.
_CHOSEN = ("part", "prompt", "who", "about")
#: Of what is drawn as fields: more is edited as a file.
MOST_FIELDS = {"types": 12, "completions": 12, "prompts": 8}


@st.cache_data(max_entries=300, show_spinner=False)
def _effect(yaml: str, rule: str, _scenario: Scenario) -> dict:
    return missing_data_effect(_scenario, rule)


def fits(scenario: Scenario) -> bool:
    """Whether there are few enough types, completions and prompts to be edited in fields."""
    return all(len(getattr(scenario, part)) <= most for part, most in MOST_FIELDS.items())


def too_large() -> None:
    parts = ", ".join(f"{most} {part}" for part, most in MOST_FIELDS.items())
    st.info(f"This scenario is larger than what is edited here ({parts}); edit it as a file.")


def story(now: Draft, part: str) -> None:
    """The scenario's name and story, where no field says them."""
    if page.presenting():
        st.markdown(f"**{page.plain(now.good.name)}**")
    elif part == "Silence":
        st.markdown(f"**{page.plain(now.good.name)}.** {page.plain(now.good.summary)}")


# -- actions --------------------------------------------------------------------------------------


def actions(now: Draft) -> None:
    """Undo, share, open a file, and on to the lab."""
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        st.button(
            "Undo", on_click=draft.undo, disabled=not now.past, icon=":material/undo:", key="undo",
            type="tertiary",
        )  # fmt: skip
        if not page.presenting():
            with st.popover("Open", icon=":material/upload_file:"):
                _open()
            with st.popover("Share", icon=":material/link:"):
                _share(now)
        if st.button("Open in the lab", type="primary", icon=":material/science:", key="to-lab"):
            _to_lab(now.good)


def _to_lab(scenario: Scenario) -> None:
    st.session_state[page.ANEW] = True
    present = {"present": "true"} if page.presenting() else {}
    try:
        id = sources.keep(scenario)
    except InputError as error:
        st.error(page.plain(str(error)))
        return
    st.switch_page("pages/lab.py", query_params={"scenario": id, **present})


def _share(now: Draft) -> None:
    yaml = now.good.to_yaml()
    if now.linked:
        params = {k: v for k, v in st.query_params.to_dict().items() if k != "run"}
        # What is chosen now; the address follows a moment later.
        params |= {k: st.session_state[k] for k in _CHOSEN if st.session_state.get(k)}
        link = f"{st.context.url or ''}?{urlencode({**params, 'scenario': now.id})}"
        st.caption("The link holds the whole scenario; the address bar says the same.")
        st.code(link, language=None, wrap_lines=True, height=110)
    else:
        st.caption(
            "This scenario is too large for a link of about 2,000 letters; share it as a file. "
            "Reloading the page loses what is not saved."
        )
    st.download_button(
        "Save as YAML", yaml, "scenario.yaml", "application/yaml", on_click="ignore",
        icon=":material/download:", key="save",
    )  # fmt: skip
    with st.expander("The file"):
        st.code(yaml, language="yaml", height=300)


def _open() -> None:
    file = st.file_uploader("A scenario (YAML), 1 MB at the most", ["yaml", "yml"], key="open")
    state = st.session_state
    if file is None or file.file_id == state.get("open_read"):
        return
    state["open_read"] = file.file_id
    try:
        if file.size > MAX_SCENARIO_BYTES:
            raise InputError(
                f"{file.name}: the file is larger than 1 MB, the limit for a scenario."
            )
        draft.replace(parse_scenario(file.getvalue(), file.name))
    except InputError as error:
        state["draft"].faults["open"] = str(error)
    else:
        state["draft"].faults.pop("open", None)
    st.rerun()


# -- which prompt, which rule ---------------------------------------------------------------------


def pick_prompt(prompts: list[str]) -> str:
    """The prompt that the parts of the page are about; it stands in the URL."""
    if st.session_state.get("prompt") not in prompts:
        st.session_state.pop("prompt", None)
    if len(prompts) == 1:
        return prompts[0]
    if len(prompts) <= 4:
        return st.segmented_control(
            "Prompt", prompts, default=prompts[0], required=True, key="prompt", **_IN_URL
        )
    return st.selectbox("Prompt", prompts, key="prompt", **_IN_URL)


# -- what it does ---------------------------------------------------------------------------------


def show_effect(now: Draft, prompt: str) -> None:
    """The reader's prediction, then truth and vanilla side by side."""
    scenario = now.good
    if prompt not in scenario.prompts:
        prompt = next(iter(scenario.prompts))
    items = sum(len(scenario.offered(p)) for p in scenario.prompts)
    if items > MAX_LINK_ITEMS or len(scenario.types) > MAX_LINK_TYPES:
        st.info("This scenario is too large to be counted at every edit; open it in the lab.")
        return
    yaml = scenario.to_yaml()
    # Compiled once for so many types and completions, not at the first touch of the noise.
    sizes = [len(scenario.types), *(len(scenario.offered(p)) for p in scenario.prompts)]
    shown_above = st.container()
    rule = st.selectbox(
        "Truth: everyone’s complete ballots, counted by", DEFAULT_RULES, format_func=title_of,
        key="rule", **_IN_URL,
    )  # fmt: skip
    with shown_above:
        try:
            entry = _effect(yaml, rule, scenario)[prompt]
            store.warm(f"sizes {sizes}", (rule,), scenario)
        except InputError as error:
            st.error(page.plain(str(error)))
            return
        _asked_and_told(scenario, prompt, rule, entry, hash((yaml, rule, prompt)))


def _asked_and_told(scenario: Scenario, prompt: str, rule: str, entry: dict, this: int) -> None:
    text = scenario.prompts[prompt].text or prompt
    st.markdown(f"*{page.plain(text)} …*")
    said, shown = asking.guess(
        "Does vanilla Bradley–Terry, trained on their ballots, find the true order?",
        ("Yes", "No"), f"guess_effect_{this:x}",
    )  # fmt: skip
    if not shown:
        st.caption("Guess first; the orders come after.")
        return
    silences = [s for s in missing_ratings(scenario) if s.prompt == prompt]
    silent, follow = bool(silences), _follow(entry, rule, {s.completion for s in silences})
    right = "No" if entry["reversed"] else "Yes"
    worth = ""
    if any(prompt in t.utilities for t in scenario.types.values()):
        worth = _worth(entry)
    st.markdown(asking.verdict(said, right) + _told(entry, rule, follow) + worth)
    _orders(entry, rule, silent, follow)
    asking.sheet(_rows(entry, rule, silent), "scenario", _NOTE)


_NOTE = (
    "Exact, before any training: the rule on everyone’s complete ballots, and the Bradley–Terry "
    "rewards that the ballots of such raters give on average."
)


def _follow(entry: dict, rule: str, unsaid: set[str]) -> str:
    """The completion to follow: of those left out the one that vanilla misplaces most, else of all;
    "" where it misplaces none."""
    a, b = (figures.mean_ranks(o["order"]) for o in (entry["truth"][rule], entry["vanilla"]))
    some = [name for name in entry["completions"] if name in unsaid and a[name] != b[name]]
    return max(some, key=lambda n: abs(a[n] - b[n])) if some else tables.most_moved(entry, rule)


def _told(entry: dict, rule: str, name: str) -> str:
    truth, vanilla = entry["truth"][rule]["order"], entry["vanilla"]["order"]
    if not entry["pairs"]:
        return "Nobody answers this prompt, so there is nothing to learn from."
    if not entry["reversed"]:
        return "Vanilla orders no two completions against the truth."
    word = "pair" if entry["reversed"] == 1 else "pairs"
    cause = ""
    if entry["reversed_complete"] == 0:
        cause = " If everyone answered it would reverse none: the silence does it."
    elif entry["reversed_complete"] == entry["reversed"]:
        cause = " It would reverse as many if everyone answered: the rule does it."
    moved = ""
    if name:
        place = tables.place_word
        moved = (
            f"**{page.plain(name)}** is {place(truth, name)} in truth and "
            f"**{place(vanilla, name)}** under vanilla. "
        )
    return f"{moved}Vanilla reverses {entry['reversed']} {word} of the true order.{cause}"


def _worth(entry: dict) -> str:
    """What vanilla's first is worth, where another would be worth more."""
    welfare, first = entry["welfare"], " = ".join(entry["vanilla"]["order"][0])
    if welfare["best"] - welfare["mean"] < 1e-9:
        return ""
    mean, best = (f"{welfare[key]:.4g}".replace("-", "−") for key in ("mean", "best"))
    return (
        f" Its first, **{page.plain(first)}**, is worth {mean} on average, and "
        f"**{page.plain(welfare['name'])}** would be worth {best}."
    )


def _columns(entry: dict, rule: str, silent: bool) -> list[tuple[str, list]]:
    truth = ("Truth", entry["truth"][rule]["order"])
    if not silent or page.presenting():
        return [truth, ("Vanilla", entry["vanilla"]["order"])]
    return [
        truth,
        ("All heard", entry["complete"]["order"]),
        ("As is", entry["vanilla"]["order"]),
    ]


def _orders(entry: dict, rule: str, silent: bool, follow: str) -> None:
    columns = _columns(entry, rule, silent)
    figure = figures.bump_chart(
        columns, entry["completions"], follow or None, row_height=44, **page.look()
    )  # fmt: skip
    caption = (
        "Places in truth, under the vanilla reward if everyone answered everything (all heard), "
        "and under it on the ballots as they are (as is)."
        if len(columns) > 2
        else "Places in truth and under the vanilla reward on the ballots as they are."
    )
    page.chart(
        figure, "effect", alt="; ".join(f"{t}: {tables.order_text(o)}" for t, o in columns),
        caption=caption,
    )  # fmt: skip


def _rows(entry: dict, rule: str, silent: bool) -> list[dict]:
    scores = tables.scores_of(entry["truth"][rule])
    rows = []
    for name in (name for tied in entry["truth"][rule]["order"] for name in tied):
        row = {"completion": name, f"truth, {title_of(rule)}": scores[name]}
        if silent:
            row["vanilla, all heard"] = entry["complete"]["mle"][name]
        row["vanilla, as is" if silent else "vanilla"] = entry["vanilla"]["mle"][name]
        rows.append(row)
    return rows


def coverage_figure(scenario: Scenario, chance, mark: tuple[int, int] | None):
    """Who is heard on what, in the colours of the types."""
    prompts = [(p, scenario.offered(p)) for p in scenario.prompts]
    return response_rates(scenario.type_names, prompts, chance, mark, **page.look())
