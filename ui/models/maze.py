"""The part on the maze: users with two goals, and the reward that each model gives them."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl.figures import labelled_curves, maze_rewards
from scrl.studies import maze, maze_world
from ui.shared import baked_study, data_tables, page, predict_first
from ui.shared.page import IN_URL

TITLES = {
    "pooled": "Bradley–Terry",
    "vpl": "VPL",
    "individual": "Individual raters",
    "held": "VPL, penalty too high",
}
GOALS = ("left", "right")
ANSWERS = ("to the left goal", "to the right goal", "to a place between")
#: Pair accuracy that counts as enough.
LEVEL = 0.95


def show() -> None:
    """Draw the study of the maze."""
    baked_study.show(maze.STUDY, _draw, draw_progress=baked_study.caption_progress)


@st.cache_data(show_spinner=False)
def _ceiling() -> float:
    return maze_world.pooled_ceiling()


def _draw(result: dict, result_id: str) -> None:
    """Draw reward maps, accuracy and distance by the number of pairs."""
    page.say(
        "Half of the users want to go to the left goal of a maze, and half to the right goal. "
        "Nobody says which. Users only compare pairs of places, and prefer the one nearer to "
        "their goal."
    )
    guess, shown = predict_first.guess(
        "Where does one reward for everybody send a user who wants the left goal?", ANSWERS,
        "guess_maze",
    )  # fmt: skip
    if not shown:
        return
    destination = maze.pooled_destination(result)
    right = ANSWERS[0 if destination.steps[0] <= 2 else 1 if destination.steps[1] <= 2 else 2]
    page.say(predict_first.verdict(guess, right) + _summary(result, destination))
    shown = [str(n) for n in maze.SHOWN_PAIRS]
    n = int(
        st.segmented_control(
            "Pairs that each new user has compared", shown, default="2", required=True, key="said",
            **IN_URL,
        )
    )  # fmt: skip
    _reward_maps(result, n)
    left, aside = st.columns(2, gap="large")
    with left:
        _accuracy_chart(result, n)
    with aside:
        _distance_chart(result, n)
    _numbers(result)


def _summary(result: dict, destination: maze.Destination) -> str:
    """Where one reward sends everybody, and how many pairs the others need."""
    names = ("pooled", "vpl", "individual")
    floor, vpl, individual = (maze.accuracy(result, name)[0] for name in names)
    left, right = destination.steps
    words = f"Bradley–Terry sends everybody {left} steps from the left goal and {right} from the "
    words += "right one, where nobody wants to be." if min(left, right) > 2 else "right one."
    if len(destination.each) > 1 and min(destination.each) < max(destination.each):
        words += (
            f" (Over {len(destination.each)} draws of users: {min(destination.each)} to "
            f"{max(destination.each)} steps from the left goal.)"
        )
    words += (
        f" It has **{floor[-1]:.1%}** of their pairs right. No single reward can have more than "
        f"{_ceiling():.1%}. "
    )
    pairs = maze.pairs_needed(result, "vpl", LEVEL)
    if pairs is not None:
        words += (
            f"VPL has **{vpl[pairs]:.1%}** right after {pairs} pair{'s' if pairs != 1 else ''} of "
            f"a new user, and {vpl[-1]:.1%} after {maze.PAIRS}. The model of individual raters has "
            f"{individual[pairs]:.1%} and {individual[-1]:.1%}. "
        )
    if np.abs(maze.accuracy(result, "held")[0] - _ceiling()).max() < 0.02:
        words += "With too high a penalty VPL learns nothing about users: both maps are the same."
    return words


def _reward_maps(result: dict, n: int) -> None:
    """Rewards of two held-out users after ``n`` pairs."""
    at = maze.SHOWN_PAIRS.index(n)
    shown = {name: np.array(result["maps"][name][at]) for name in TITLES}
    columns = [("The user", maze.true_win_rates()), *((TITLES[k], shown[k]) for k in TITLES)]
    pairs = [np.array(user)[:n] for user in result["users"]]
    ends = {name: _steps_from_goals(rewards) for name, rewards in shown.items()}
    page.chart(
        maze_rewards(
            columns,
            [f"Wants the\n{goal} goal" for goal in GOALS],
            pairs,
            maze_world.walls(),
            maze_world.GOALS,
            **page.style(),
        ),
        "chart-maze",
        alt=f"After {n} pairs, the best cell for who wants the left goal and the right one: "
        + "; ".join(f"{TITLES[k]}, {a} and {b} steps from it" for k, (a, b) in ends.items()),
        caption="Two new users, a row for each. First column: what the user wants; an arrow for "
        f"each pair compared points to the preferred place ({n} of {maze.PAIRS}). Other columns: "
        "what each model expects, as the chance that a cell is preferred to the others. Models "
        f"see places, not walls. They learnt from {maze.USERS:,} users with {maze.PAIRS} pairs "
        "each.",
    )
    cells, rows = maze_world.free_cells().tolist(), []
    for goal, name in enumerate(GOALS):
        for i, (row, column) in enumerate(cells):
            values = {title: float(rewards[goal][i]) for title, rewards in columns}
            rows.append({"wants": name, "row": row, "column": column} | values)
    data_tables.numbers_expander(
        rows, "maze-maps", f"Chance that a free cell is preferred to the others, after {n} pairs. "
        "Rows and columns of the maze are counted from 0, from the upper left.",
    )  # fmt: skip


def _steps_from_goals(rewards: np.ndarray) -> tuple[int, int]:
    """Steps from each user's goal to their best cell."""
    best = rewards.argmax(axis=1)
    return tuple(int(maze_world.goal_distances()[goal, best[goal]]) for goal in range(2))


def _accuracy_chart(result: dict, n: int) -> None:
    """Pair accuracy by the number of pairs answered."""
    x = np.arange(maze.PAIRS + 1)
    each = {name: maze.accuracy(result, name) for name in TITLES}
    series = [(TITLES[name], each[name][0], i) for i, name in enumerate(TITLES)]
    series.append(("One reward, at most", np.full(len(x), _ceiling()), 7))
    low = min(float(y.min()) for _, y, _ in series)
    page.chart(
        labelled_curves(
            x,
            series,
            slider=n,
            x_title="pairs that a user has compared",
            y_title="pairs right",
            value_format=".1%",
            y_range=(min(0.5, low), 1.02),
            height=290,
            **page.style(),
        ),
        "chart-maze-right",
        alt="; ".join(f"{TITLES[k]}: {y[0, n]:.1%} after {n} pairs" for k, y in each.items()),
        caption=f"Share of {maze.QUERIES} other pairs ordered rightly, for {maze.HELD_OUT:,} new "
        f"users, after {n} pairs: "
        + ", ".join(
            f"{TITLES[k]} {y[0, n]:.1%} ({y[1, n]:.1%} to {y[2, n]:.1%})" for k, y in each.items()
        )
        + f". Means over {len(result['seeds'])} seeds, with 95 % intervals.",
    )


def _distance_chart(result: dict, n: int) -> None:
    """Steps from the goal by the number of pairs answered."""
    x = np.arange(maze.PAIRS + 1)
    series = [(TITLES[k], maze.steps_to_goal(result, k), i) for i, k in enumerate(TITLES)]
    apart = int(maze_world.goal_distances().max())
    page.chart(
        labelled_curves(x, series, slider=n, x_title="pairs that a user has compared",
               y_title="steps from the goal", value_format=".1f", y_range=(-0.4, apart / 2 + 1.5),
               height=290, **page.style()),
        "chart-maze-steps",
        alt="; ".join(f"{name}: {y[n]:.1f} steps after {n} pairs" for name, y, _ in series),
        caption="How far the cell that a model thinks best for a user lies from that user’s goal. "
        f"The goals are {apart} steps apart. So a cell on the way between them is {apart / 2:.1f} "
        "steps away on average.",
    )  # fmt: skip


def _numbers(result: dict) -> None:
    """Accuracy and steps by the number of pairs answered."""
    rows = []
    for n in range(maze.PAIRS + 1):
        row = {"pairs compared": n}
        for name, title in TITLES.items():
            mean, low, high = maze.accuracy(result, name)[:, n]
            row |= {title: float(mean), f"{title}, from": float(low), f"{title}, to": float(high),
                    f"{title}, steps": float(maze.steps_to_goal(result, name)[n])}  # fmt: skip
        rows.append(row)
    data_tables.numbers_expander(
        rows, "maze-right", "Shares of pairs right, with 95 % intervals over seeds, and steps from "
        f"the user’s goal to the best cell. One reward can have at most {_ceiling():.4f}.",
    )  # fmt: skip
