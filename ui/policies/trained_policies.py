"""The part in which DPO and an online learner are trained on comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from scrl.figures import completion_probabilities
from ui.policies import prompt_choice
from ui.shared import data_tables, glossary, page, predict_first

if TYPE_CHECKING:
    import numpy as np

    from scrl.policies import PromptProblem, TrainedPolicies


@st.cache_resource(max_entries=60, show_spinner="Training DPO and an online learner")
def _train(
    key: tuple, beta: float, seed: int, _problem: PromptProblem, _reference: np.ndarray
) -> TrainedPolicies:
    """The policies of DPO and of the online learner, and their closed form."""
    from scrl.policies import train_policies

    return train_policies(_problem.wins, _problem.vanilla, _reference, beta, seed)


def show() -> None:
    """Draw trained policies beside the closed form."""
    right, left = st.columns([2.2, 1], gap="large")  # on a phone the picture comes first
    chosen = prompt_choice.choose(left, right)
    if chosen is None:
        return
    problem, reference, _, _ = chosen
    with right:
        with st.container(horizontal=True):
            beta = page.slider(
                "Price of moving away from the start (β)",
                "beta",
                0.2,
                5.0,
                1.0,
                0.1,
                "%.1f",
                help=glossary.entries("KL"),
            )
            seed = page.slider("Seed", "toy", 0, 100, 0, 1, "%.0f")
        guess, shown = predict_first.guess(
            "DPO trains an assistant without a reward model. Will it answer as the best assistant "
            "by Bradley–Terry’s rewards?",
            ["yes", "no"], "guess_dpo",
        )  # fmt: skip
        if not shown:
            return
        from scrl.policies import total_variation

        key = (problem.wins.tobytes(), problem.vanilla.tobytes(), reference.tobytes())
        trained = _train(key, beta, round(seed), problem, reference)
        dpo_distance, online_distance = (
            total_variation(trained.offline, trained.closed),
            total_variation(trained.online, trained.closed),
        )
        page.say(
            predict_first.verdict(guess, "yes" if dpo_distance < 0.05 else "no")
            + f"DPO, trained on the same comparisons, gives another answer **{dpo_distance:.1%}** "
            "of the time than the best assistant by Bradley–Terry’s rewards. The online learner "
            f"does so **{online_distance:.1%}** of the time."
            + ("" if trained.bounded else " Some answer never loses a comparison here. So DPO "
               "never comes to rest: the longer it trains, the less it gives the others. In a "
               "reward model the limit on rewards stops that.")
        )  # fmt: skip
        rows = [("Before training", reference), ("Best by the rewards", trained.closed),
                ("DPO", trained.offline), ("Online learner", trained.online)]  # fmt: skip
        page.chart(
            completion_probabilities(rows, problem.names, **page.style()),
            "chart-trained",
            alt="; ".join(f"{n}: {', '.join(f'{p:.0%}' for p in policy)}" for n, policy in rows),
            caption="How often each assistant gives each answer. ‘Best by the rewards’ is exact: "
            "the start times exp(reward / β). DPO learns from the raters’ comparisons alone. The "
            "online learner (REINFORCE) tries answers and is told the reward, less the price of "
            "moving.",
        )
        data_tables.numbers_expander(
            [{"answer": name, "Bradley–Terry reward": float(trained.reward[i]),
              "implicit in DPO": float(trained.implicit[i]),
              **{label: float(policy[i]) for label, policy in rows}}
             for i, name in enumerate(problem.names)],
            "trained", "DPO’s implicit reward is β log(after / before), with mean 0.",
        )  # fmt: skip
