"""The part in which DPO and an online learner are trained on comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from scrl.figures import completion_probabilities
from ui.policies import prompt_choice
from ui.shared import data_tables, page, predict_first

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
    left, right = st.columns([1, 2.2], gap="large")
    chosen = prompt_choice.choose(left, right, needs_utility=False)
    if chosen is None:
        return
    problem, reference, _, _ = chosen
    with right:
        with st.container(horizontal=True):
            beta = page.slider("β, the price of a nat of KL", "beta", 0.2, 5.0, 1.0, 0.1, "%.1f")
            seed = page.slider("Seed", "toy", 0, 100, 0, 1, "%.0f")
        guess, shown = predict_first.guess(
            "DPO never sees a reward. Will its policy be that of the Bradley–Terry reward?",
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
        st.markdown(
            predict_first.verdict(guess, "yes" if dpo_distance < 0.05 else "no")
            + f"DPO on the same comparisons proposes **{dpo_distance:.1%}** otherwise than the "
            f"closed form of Bradley–Terry’s reward, the online learner **{online_distance:.1%}**."
            + ("" if trained.bounded else " Some completion is never beaten here, so that DPO has "
            "no finite optimum: it drifts towards never proposing the others, as long as it is "
               "trained. A reward model’s prior is what stops that.")
        )  # fmt: skip
        rows = [("Reference", reference), ("Closed form", trained.closed), ("DPO", trained.offline),
                ("Online learner", trained.online)]  # fmt: skip
        page.chart(
            completion_probabilities(rows, problem.names, **page.style()),
            "chart-trained",
            alt="; ".join(f"{n}: {', '.join(f'{p:.0%}' for p in policy)}" for n, policy in rows),
            caption="The closed form is π_ref · exp(reward / β). DPO minimises its loss on the "
            "comparisons that these raters give (of a scenario, those expected); the online "
            "learner (REINFORCE) proposes completions and is told Bradley–Terry’s reward less the "
            "price of KL.",
        )
        data_tables.numbers_expander(
            [{"completion": name, "Bradley–Terry reward": float(trained.reward[i]),
              "implicit in DPO": float(trained.implicit[i]),
              **{label: float(policy[i]) for label, policy in rows}}
             for i, name in enumerate(problem.names)],
            "trained", "DPO’s implicit reward is β log(π / π_ref), of mean 0.",
        )  # fmt: skip
