"""The lab on ballots that name no rater: the rewards that can be trained, beside the counts."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from scrl import figures
from scrl.config import Config
from scrl.results import order_of, outcome_dict
from scrl.types import InputError
from ui.shared import data_tables, figure_cache, page, result_tables
from ui.shared.controls import Choice, rule_title

if TYPE_CHECKING:
    from scrl.types import Ratings

#: Why this is not the training of the other data.
WHY = (
    "No row of this file names its rater. So there is no model of raters, and no voters are "
    "simulated. The rewards are trained on the ballots as they are: Bradley–Terry on their pairs, "
    "the social reward on the order in which the rule counts them."
)


def show(choice: Choice, ratings: Ratings, prompt: str, rule: str, entry: dict) -> None:
    """Draw what is known before training, and the rewards once the reader has pressed Train.

    Args:
        ratings: those of the choice.
        entry: of the prompt, as ``orders.preview`` gives it.
    """
    page.say(WHY)
    wanted = f"ballots-{choice.spec}"
    pressed = st.button("Train", type="primary", key="train_ballots")
    if pressed:
        st.session_state["trained_ballots"] = wanted
    columns = [("Bradley–Terry", entry["vanilla"]["order"])]
    trained: dict[str, Any] | None = None
    if st.session_state.get("trained_ballots") == wanted:
        try:
            trained = _trained(wanted, ratings, choice.rules, choice.seed)
        except InputError as error:
            st.error(page.escaped(str(error)))
    for note in trained["notes"] if trained else ():
        page.note(page.escaped(note))
    found = trained["prompts"].get(prompt) if trained else None
    counted = found["counted"].get(rule) if found else None
    if found is not None and counted is not None:
        columns.append((f"Ballots, {rule_title(rule)}", counted["order"]))
        columns.append((result_tables.SOCIAL, found["rewards"][rule]["order"]))
    elif trained is None:
        columns.append((result_tables.SOCIAL, None))
    _draw(columns, entry["completions"], rule)
    if trained is None or found is None:
        return
    if counted is None:
        page.note("No ballot compares two completions of this prompt, so nothing is counted here.")
        return
    rows = [
        {"completion": name, "social reward": found["rewards"][rule]["values"][name],
         "Bradley–Terry reward": found["rewards"]["vanilla"]["values"][name]}
        for tied in found["rewards"][rule]["order"] for name in tied
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "ballot-rewards", "Rewards in log-odds, 0 on average.", "%.3f"
    )
    st.download_button(
        "Social reward (safetensors)", trained["files"][rule], f"{rule}.safetensors",
        "application/octet-stream", on_click="ignore", key="get-reward",
    )  # fmt: skip
    page.note(f"`python -m scrl score {rule}.safetensors FILE` scores completions with it.")


def _draw(columns: list, names: list[str], rule: str) -> None:
    caption = f"The rule is {rule_title(rule)}."
    if len(names) > figures.MAX_LINES:
        caption += f" The best {figures.MAX_LINES} of {len(names)} in the first order are drawn."
    page.chart(
        figure_cache.figure(figures.bump_chart, columns, names, None, row_height=48),
        "ballot-orders",
        alt="; ".join(f"{t}: {result_tables.order_text(o)}" for t, o in columns if o),
        caption=caption,
    )


@st.cache_data(max_entries=8, show_spinner="Training the rewards on the counted ballots")
def _trained(key: str, _ratings: Ratings, rules: tuple[str, ...], seed: int) -> dict[str, Any]:
    """The rewards as plain data: ``"prompts"`` and, of each model, the saved file."""
    from scrl.social import TIED_DIGITS, fit_ballot_rewards, save

    found = fit_ballot_rewards(_ratings, Config(rules=rules), seed)
    catalogue, prompts = _ratings.catalogue, {}
    rewards = {name: model.rewards() for name, model in found.models.items()}
    for p, prompt in enumerate(catalogue.prompts):
        names, items = catalogue.names(p), slice(*catalogue.offsets[p : p + 2])
        outcomes = found.counted.get(prompt, {})
        prompts[prompt] = {
            "counted": {rule: outcome_dict(outcome, names) for rule, outcome in outcomes.items()},
            "rewards": {
                name: {"order": order_of(values[items].round(TIED_DIGITS), names),
                       "values": dict(zip(names, values[items].tolist(), strict=True))}
                for name, values in rewards.items()
            },
        }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path, files = Path(folder) / "model.safetensors", {}
        for name, model in found.models.items():
            save(model, path, rule=name, scenario=_ratings.name)
            files[name] = path.read_bytes()
    return {"prompts": prompts, "files": files, "notes": list(found.notes)}
