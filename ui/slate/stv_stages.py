"""How the single transferable vote counts, stage by stage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from scrl import figures
from scrl.committees import OUT, StvCount, StvStage, count_stv
from scrl.types import InputError
from scrl.voting import Profile
from scrl.voting.explain import Round, Rounds
from ui.shared import figure_cache, page
from ui.voting import profile_picker, voting_labels, wide_figures

#: Stages that the figure draws, and that are told in words.
MAX_DRAWN, MAX_TOLD = 9, 8
_NOBODY = "exhausted"


@st.cache_data(max_entries=100, show_spinner=False)
def _count(key: str, seats: int, _profile: Profile) -> StvCount:
    return count_stv(_profile, seats, limit=50)


def show(profile: Profile, seats: int) -> None:
    """Draw the stages of the count and tell them."""
    try:
        count = _count(profile_picker.cache_key(profile), seats, profile)
    except InputError as error:
        st.warning(page.escaped(str(error)))
        return
    shown = [k for k, stage in enumerate(count.stages) if not _moves_nothing(stage)]
    stages = [count.stages[k] for k in shown[:MAX_DRAWN]]
    names, rounds = drawn_rounds(profile, stages)
    told = sentences(profile, count)
    with wide_figures.scrolling("stages_scroll", 90 * len(stages) + 130):
        page.chart(
            figure_cache.drawn(
                lambda: figures.elimination_rounds(rounds, names, **page.style()),
                "stv", profile_picker.cache_key(profile), seats,
            ),
            "stv-stages", alt=" ".join(told),
        )  # fmt: skip
    if page.presenting():
        return
    st.markdown("\n".join(f"{k}. {text}" for k, text in enumerate(told[:MAX_TOLD], 1)))
    over = "more than " if count.quota.must_exceed else ""
    tied = any(stage.tied and stage.votes[stage.moved[0]] > 0 for stage in count.stages)
    more = f"{len(told) - MAX_TOLD} more steps follow. " if len(told) > MAX_TOLD else ""
    page.note(
        f"{more}A seat costs {over}{count.quota.value:.4g} votes ({count.quota.name} quota)."
        + (" Ties are broken by the order of the candidates." if tied else "")
    )


def _moves_nothing(stage: StvStage) -> bool:
    """Whether a candidate without votes goes out."""
    return stage.event == "out" and not stage.elected and not stage.votes[list(stage.moved)].any()


def sentences(profile: Profile, count: StvCount) -> list[str]:
    """The stages in sentences of escaped parts; candidates without votes go out in one."""
    told: list[str] = []
    empty: list[int] = []
    for k, stage in enumerate(count.stages):
        if _moves_nothing(stage):
            empty += stage.moved
            continue
        if empty:
            told.append(f"{_named(profile, empty)}: no votes, out.")
            empty = []
        told.append(sentence(profile, count, k))
    return told


def _named(profile: Profile, who: Sequence[int]) -> str:
    return voting_labels.listed([page.escaped(profile.names[c]) for c in who])


def drawn_rounds(profile: Profile, stages: Sequence[StvStage]) -> tuple[list[str], Rounds]:
    """The stages as the figure of eliminations reads them; exhausted votes are one name more."""
    m = len(profile.names)
    lost = any(stage.exhausted > 1e-9 * profile.weight.sum() for stage in stages)
    names = [*profile.names, _NOBODY] if lost else list(profile.names)
    rounds, gone = [], np.zeros(m, bool)
    for stage in stages:
        score = np.where(gone, np.nan, stage.votes)
        moves = np.zeros((len(names), len(names) + 1))
        moves[:m, :m] = stage.transfers[:, :m]
        if lost:
            score = np.append(score, stage.exhausted if stage.exhausted > 0 else np.nan)
            moves[:m, m] = stage.transfers[:, m]
        last = stage.event == "end"
        shown = stage.elected if last else stage.moved
        label = "elected" if last else "out" if stage.event == "out" else "passes on"
        rounds.append(Round(score, shown, "", moves, label))
        gone = stage.status == OUT
    return names, Rounds("", "votes", tuple(rounds))


def sentence(profile: Profile, count: StvCount, k: int) -> str:
    """A stage in a sentence of escaped parts."""
    stage = count.stages[k]
    parts = []
    if stage.elected:
        verb = "is" if len(stage.elected) == 1 else "are"
        quota = stage.votes[list(stage.elected)].min() >= stage.quota - 1e-9
        how = "elected" if quota else "elected as the last who are left"
        parts.append(f"{_named(profile, stage.elected)} {verb} {how}")
    if stage.event == "surplus":
        over = sum(stage.votes[c] for c in stage.moved) - stage.quota * len(stage.moved)
        parts.append(f"{_named(profile, stage.moved)} passes on {over:.4g} votes above the quota")
    if stage.event == "out":
        fewest = f"{stage.votes[stage.moved[0]]:.4g}"
        tie = ", tied with others" if stage.tied else ""
        parts.append(f"{_named(profile, stage.moved)} has fewest votes ({fewest}{tie}) and is out")
    return "; ".join(parts) + "." if parts else "Nobody is left."
