"""One call of every figure on small data: ``SAMPLES[name](dark=..., scale=...)``."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np
import plotly.graph_objects as go

from scrl import figures
from scrl.voting import Profile, count_all_rules
from scrl.voting.explain import explain

NAMES = ["Memphis", "Nashville", "Chattanooga", "Knoxville", "Morristown"]
TYPES = ["Memphis", "Nashville", "Chattanooga", "Knoxville"]
TRUTH = [["Chattanooga"], ["Knoxville"], ["Nashville"], ["Morristown"], ["Memphis"]]
VANILLA = [["Chattanooga"], ["Nashville"], ["Knoxville"], ["Memphis"], ["Morristown"]]
TIED = [["Chattanooga"], ["Nashville", "Knoxville"], ["Memphis"], ["Morristown"]]
RULES = ["Borda", "Copeland", "Schulze", "Instant runoff", "Plurality"]
RNG = np.random.default_rng(0)
STEPS = np.arange(0, 1001, 20)
LOSS = 2.0 + 3 * np.exp(-STEPS / 200)
X = np.linspace(0, 1, 21)
LATENT = {
    "x": RNG.normal(size=60) * 0.2 + np.repeat([0, 2], 30),
    "y": RNG.normal(size=60) * 0.2 + np.repeat([0, 1], 30),
    "type": np.repeat([0, 1], 30),
    "types": TYPES[:2],
    "marked": np.arange(60) % 2 == 0,
    "marked_label": "Morristown ranked",
    "unmarked_label": "Morristown left out",
    "explained": [0.6, 0.2],
}
GROUPS = [
    {"name": TYPES[k], "type": k, "points": RNG.normal(size=(40, 2)) * 0.3 + [2 * k, k % 2]}
    for k in range(3)
]
LABELS = [(g["name"], g["points"].max(axis=0), g["points"].min(axis=0)) for g in GROUPS]
GROUPS_3D = [{**g, "points": np.pad(g["points"], ((0, 0), (0, 1)))} for g in GROUPS]
LABELS_3D = [(g["name"], g["points"].mean(axis=0), g["points"].mean(axis=0)) for g in GROUPS_3D]
DENSITY = (
    np.linspace(-1, 5, 30), np.linspace(-1, 2, 20),
    np.exp(-((np.linspace(-1, 5, 30)[None] - 2) ** 2) - np.linspace(-1, 2, 20)[:, None] ** 2),
)  # fmt: skip
BINS = [
    {"predicted": p, "observed": p - 0.04, "pairs": n}
    for p, n in ((0.55, 90), (0.75, 40), (0.95, 9))
]
PROFILE = Profile.from_text(
    "42: Memphis > Nashville > Chattanooga > Knoxville\n"
    "26: Nashville > Chattanooga > Knoxville > Memphis\n"
    "15: Chattanooga > Knoxville > Nashville > Memphis\n"
    "17: Knoxville > Chattanooga > Nashville > Memphis\n"
)
ABOVE = np.array([[0.5, 0.42, 0.42, 0.42], [0.58, 0.5, 0.68, 0.68],
                  [0.58, 0.32, 0.5, 0.83], [0.58, 0.32, 0.17, 0.5]])  # fmt: skip
MODELS = {"pooled": "Bradley–Terry", "vpl": "VPL", "individual": "Individual raters"}
ACCURACIES = [
    {"model": model, "accuracy": (a, a - 0.01, a + 0.01), "disputed": (d, d - 0.03, d + 0.03),
     "by_type": [a, a - 0.1, None, a + 0.05]}
    for model, a, d in (("pooled", 0.7, 0.5), ("vpl", 0.85, 0.72), ("individual", 0.88, 0.8))
]  # fmt: skip
AGREEMENT = [
    {"n": n, "source": s, "tau": t, "error": 0.05, "exact": max(t, 0)}
    for s, shift in (("vanilla", -0.5), ("social", 0.0))
    for n, t in ((30, 0.5 + shift), (300, 0.8 + shift), (3000, 0.95 + shift))
]  # fmt: skip
WALLS = np.array([list(row) for row in ("######", "#OOOO#", "#O##O#", "#OOOO#", "######")]) == "#"
MISREPORT = [
    {"title": title, "misreporters": own, "others": others, "note": note}
    for title, own, others, note in (
        ("Borda", (0.4, 0.6), (0.7, 0.5), "elects Nashville"),
        ("Copeland", (0.4, 0.4), (0.7, 0.7), "unchanged"),
        ("Schulze", (0.3, 0.5), None, "elects Memphis"),
    )
]
SWEEP = [
    {"x": x, "y": y, "mean": mean, "low": mean and mean - 0.1, "high": mean and mean + 0.1,
     "done": 3 * bool(mean), "failed": int(mean is None), "tasks": 3}
    for x, y, mean in ((0, 0, 0.2), (1, 0, 0.5), (2, 0, None), (0, 1, 0.4), (1, 1, 0.9))
]  # fmt: skip
PANELS = [
    {"title": title, "names": PROFILE.names, "place": PROFILE.place, "weight": PROFILE.weight,
     "order": order, "marked": marked, "shown": True}
    for title, order, marked in (("Before", [[n] for n in TYPES], ()),
                                 ("After", [TYPES[:2], TYPES[2:]], (1,)))
]  # fmt: skip
CELLS = {"condorcet": {"state": "Y", "proviso": False, "hint": "kept"},
         "participation": {"state": "N", "proviso": False, "hint": "fails"},
         "clones": {"state": "-", "proviso": True, "hint": "none found"}}  # fmt: skip
CRITERIA_ROWS = [
    {"rule": r.lower(), "title": r, "family": f, "cells": CELLS}
    for r, f in zip(RULES, ("points", "duels", "duels", "rounds", "points"), strict=True)
]
REGIMES = ["Random half", "Left out", "None"]
REGIME_MAPS = [
    {"x": RNG.normal(size=40), "y": RNG.normal(size=40), "type": np.repeat([0, 1], 20),
     "whole": np.arange(40) % 4 == 0}
    for _ in REGIMES
]  # fmt: skip
REGIME_CURVES = [
    {"hidden": (STEPS, LOSS, LOSS - 0.1, LOSS + 0.1), "visible": (STEPS, LOSS - 1, LOSS - 1, LOSS)}
    for _ in REGIMES
]  # fmt: skip


@cache
def outcomes():
    """The profile's outcomes by every rule. Not counted on import, since that compiles programs."""
    return count_all_rules(PROFILE)[0]


def slates_by_rule(**theme) -> go.Figure:
    slates = {"k-borda": (1, 2), "stv": (0, 1)}
    rows = []
    for rule, slate in slates.items():
        place = PROFILE.place[:, list(slate)]
        rows.append(
            {"rule": rule, "title": rule, "group": rule, "slate": slate, "tied": rule == "stv",
             "best": np.array(slate)[place.argmin(axis=1)], "ahead": place.min(axis=1)}
        )  # fmt: skip
    return figures.slates_by_rule(PROFILE.names, rows, PROFILE.weight, TYPES, "stv", **theme)


def outcomes_by_rule(**theme) -> go.Figure:
    standings = [
        {"rule": r, "title": r.title(), "group": i // 2, "place": outcomes()[r].place,
         "chance": None}
        for i, r in enumerate(("borda", "copeland", "schulze", "plurality"))
    ] + [{"rule": "dictator", "title": "Random dictator", "group": 9, "place": None,
          "chance": [0.42, 0.26, 0.15, 0.17]}]  # fmt: skip
    return figures.outcomes_by_rule(PROFILE.names, standings, "borda", **theme)


def step_figure(draw: Callable[..., go.Figure], rule: str, kind: str, **theme) -> go.Figure:
    """A figure of the first step of ``kind`` in how ``rule`` counts the profile."""
    steps = explain(rule, PROFILE, outcomes()[rule]).steps
    step = next(step for step in steps if type(step).__name__ == kind)
    return draw(step, PROFILE.names, **theme)


SAMPLES: dict[str, Callable[..., go.Figure]] = {
    "criteria_table": partial(
        figures.criteria_table,
        CRITERIA_ROWS,
        [("condorcet", "Condorcet"), ("participation", "Participation"), ("clones", "Clones")],
        ("copeland", "participation"),
        2,
    ),
    "counterexample": partial(figures.counterexample, PANELS, PROFILE.names),
    "borda_points_and_utilities": partial(
        figures.borda_points_and_utilities,
        NAMES[:3],
        np.array([1.2, 1.0, 0.8]),
        np.array([0.3, 0.5, -0.8]),
    ),
    "borda_threshold": partial(
        figures.borda_threshold,
        np.arange(6),
        np.array([0.5, 0.33, 0.25, 0.2, 0.17, 0.14]),
        (2, 0.3),
    ),
    "worst_and_typical_distortion": partial(
        figures.worst_and_typical_distortion,
        RULES[:3],
        1 + RNG.random((3, 50)),
        np.array([2.0, 4.0, np.inf]),
        np.array([3.0, 5.0, np.inf]),
        1,
    ),
    "worst_and_typical_distortion, one panel": partial(
        figures.worst_and_typical_distortion,
        RULES[:3],
        1 + RNG.random((3, 50)),
        np.array([2.0, 4.0, 9.0]),
        None,
    ),
    "witness_heatmap": partial(
        figures.witness_heatmap, NAMES, ["42 voters", "26 voters", "mean"], RNG.random((3, 5))
    ),
    "accuracy_by_cost": partial(
        figures.accuracy_by_cost,
        [
            (n, np.array([10.0, 100, 1000]), np.array([0.6, 0.8, 0.9]) + i / 50, np.full(3, 0.02))
            for i, n in enumerate(("pairs", "orders of five", "ratings"))
        ],
        0.85,
        "comparisons asked",
    ),
    "relative_costs": partial(
        figures.relative_costs,
        [
            ("orders", 0.8, 0.5, 1.2, "0.80"),
            ("ratings", 2.5, 1.5, np.nan, "2.5"),
            ("best of five", np.nan, np.nan, np.nan, "never"),
        ],
        "comparisons needed, relative to pairs",
    ),
    "reward_with_spread": partial(
        figures.reward_with_spread,
        X,
        X**2,
        0.1 + X / 3,
        [("mean utility", X), ("Borda", X**3)],
        0.6,
    ),
    "gap_waterfall": partial(
        figures.gap_waterfall,
        ["left-out completions", "a long name of a part", "noise"],
        [4, -1, 2],
        "vanilla against the truth",
        "pairs in another order",
    ),
    "pairwise_probabilities": partial(figures.pairwise_probabilities, TYPES, ABOVE, (0, 2)),
    "latent_points": partial(figures.latent_points, GROUPS, LABELS, DENSITY, ("first", "second")),
    "latent_points, 3D": partial(
        figures.latent_points, GROUPS_3D, LABELS_3D, None, ("1", "2", "3")
    ),
    "calibration_curves": partial(figures.calibration_curves, [("masked", BINS), ("full", BINS)]),
    "segment_rewards": partial(
        figures.segment_rewards,
        np.array([[-0.3, 0.5, 0.0], [0.3, -0.5, -0.3]]),
        ["irrelevant", "unverifiable", "incomplete"],
        ["Segment 1", "Segment 2"],
    ),
    "estimate_dots": partial(
        figures.estimate_dots, [("BLEU", 0.62, 0.59, 0.66, 0)], "pairs ordered rightly", 0.5
    ),
    "banded_curves": partial(
        figures.banded_curves,
        [2, 4, 8],
        [("own", np.array([[3.0, 3, 4], [2, 2, 3], [4, 4, 6]]), 0)],
        x_title="segments",
        y_title="updates",
        log_axes="xy",
    ),
    "grouped_bars": partial(
        figures.grouped_bars,
        TYPES,
        [("found", [0.3, 0.5, 0.9, None]), ("at best", [0.4, 0.6, 1, 0.5])],
        "completions ranked",
        "share right",
    ),
    "maze_rewards": partial(
        figures.maze_rewards,
        [("The user", RNG.random((2, 10))), ("VPL", RNG.random((2, 10)))],
        ["Wants the\nleft goal", "Wants the\nright goal"],
        [np.array([[[1, 1.2], [1, 3.4]]]), np.zeros((0, 2, 2))],
        WALLS,
        ((3, 1), (3, 4)),
    ),
    "loss_curves": partial(figures.loss_curves, {"loss": (STEPS, LOSS), "KL": (STEPS, LOSS / 3)}),
    "values_by_seed": partial(
        figures.values_by_seed,
        [("vanilla", [0.2, 0.2, 0.4]), ("social", [1, 1, 0.8])],
        "Kendall’s τ",
    ),
    "score_dots": partial(
        figures.score_dots,
        NAMES,
        [
            ("truth", dict(zip(NAMES, [0.5, 2, 3, 2.5, 1], strict=True))),
            ("voters", dict(zip(NAMES, [0.6, 1.9, 2.8, 2.6, 1.1], strict=True))),
        ],
        "Borda points",
        "Morristown",
        ranges={"voters": dict.fromkeys(NAMES, (0.4, 3.0))},
    ),
    "bump_chart": partial(
        figures.bump_chart,
        [("Truth", TRUTH), ("Bradley–Terry", VANILLA), ("Social", TIED)],
        NAMES,
        "Morristown",
        seeds={2: [TRUTH, VANILLA, TIED]},
    ),
    "bump_chart, one to come": partial(
        figures.bump_chart,
        [("Truth", TRUTH), ("Social", None)],
        NAMES,
    ),
    "completion_probabilities": partial(
        figures.completion_probabilities,
        [
            ("RLHF policy", np.array([0.6, 0.3, 0.1])),
            ("maximal lottery", np.array([0.2, 0.2, 0.6])),
        ],
        NAMES[:3],
    ),
    "people_served": partial(
        figures.people_served, [(NAMES[0], 42, 1.0), (NAMES[1], 26, 2.5), ("<b>x", 32, 5.0)], 5
    ),
    "pareto_frontier": partial(
        figures.pareto_frontier,
        np.stack([X, 1 - X**2], 1),
        [("DPO", (0.2, 0.8)), ("RLHF", (0.7, 0.2))],
        ("mean utility", "worst type’s utility"),
    ),
    "predicted_shares": partial(
        figures.predicted_shares,
        [
            {
                "prompt": "best",
                "completion": name,
                "observed": observed,
                "simulated": simulated,
                "raters": 100.0,
                "error": 0.04,
                "failed": failed,
            }
            | over
            for name, observed, simulated, failed, over in (
                ("Memphis", 0.42, 0.4, False, {}),
                ("Nashville", 0.26, 0.5, True, {"over": "Memphis"}),
            )
        ],
    ),
    "latent_map": partial(figures.latent_map, LATENT),
    "latent_map, mixed": partial(figures.latent_map, {**LATENT, "type": np.arange(60) % 2}),
    "regime_loss_curves": partial(figures.regime_loss_curves, REGIMES, REGIME_CURVES),
    "regime_latent_maps": partial(
        figures.regime_latent_maps, REGIMES, ["a note"] * 3, REGIME_MAPS, TYPES
    ),
    "regime_results": partial(
        figures.regime_results,
        REGIMES,
        [
            {"title": t, "values": RNG.random((3, 5)), "predicted_worse": (1,), "oracle": 0.9}
            for t in ("hidden completions", "all pairs")
        ],
        "log-likelihood",
        percent=True,
    ),
    "response_rates": partial(
        figures.response_rates,
        TYPES,
        [("State capital", NAMES)],
        np.clip(RNG.random((4, 5)) - 0.2, 0, 1),
        (1, 2),
    ),
    "spatial_map": partial(
        figures.spatial_map,
        [
            ("Memphis", -90, 35.1, 0.42),
            ("Nashville", -86.8, 36.2, 0.26),
            ("East", -84.5, 35.6, 0.32),
        ],
        [("Memphis", -90, 35.1), ("Nashville", -86.8, 36.2), ("Chattanooga", -85.3, 35.0)],
        True,
    ),
    "accuracy_by_type": partial(figures.accuracy_by_type, ACCURACIES, MODELS, TYPES, "by_type"),
    "pair_accuracy": partial(
        figures.pair_accuracy, ACCURACIES, MODELS, {"one": 0.8, "disputed": 0.6}
    ),
    "inferred_pairs": partial(
        figures.inferred_pairs,
        [("Memphis", "Knoxville", 0.6), ("Nashville", "Memphis", 0.95)],
        1,
    ),
    "score_bars": partial(step_figure, figures.score_bars, "borda", "Bars"),
    "margins_of_victory": partial(
        figures.margins_of_victory,
        [
            {"title": "Plurality", "lower": 8, "upper": 8, "amount": "8 of 100", "then": "Memphis"},
            {"title": "Borda", "lower": 1, "upper": 6, "amount": "1 to 6", "then": "Nashville"},
            {
                "title": "Copeland", "lower": 2, "upper": 2, "amount": "2 of 100 ballots (2.0 %)",
                "then": "A candidate with a long name = Another one with a long name",
            },
        ],
    ),
    "matrix_heatmap": partial(step_figure, figures.matrix_heatmap, "copeland", "Matrix"),
    "majority_graph": partial(step_figure, figures.majority_graph, "schulze", "Graph"),
    "elimination_rounds": partial(
        step_figure, figures.elimination_rounds, "instant-runoff", "Rounds"
    ),
    "fitted_duels": partial(step_figure, figures.fitted_duels, "bradley-terry", "Fit"),
    "misreport_utilities": partial(
        figures.misreport_utilities, MISREPORT, "Nashville raters", "Borda"
    ),
    "rates_by_rule": partial(
        figures.rates_by_rule,
        [("Borda", 0.4, 0.02), ("Copeland", 0.2, 0.01), ("Schulze", 0.1, 0.01)],
        "electorates where a lie pays",
        "Borda",
    ),
    "gain_by_coalition_size": partial(
        figures.gain_by_coalition_size,
        np.array([10.0, 20, 30]),
        np.array([0.0, 0.1, 0.3]),
        20.0,
    ),
    "scores_by_misreport_share": partial(
        figures.scores_by_misreport_share,
        NAMES[:3],
        X,
        np.stack([1 - X, X, 0.5 + 0 * X], 1),
        0.4,
        "points",
    ),
    "agreement_by_raters": partial(
        figures.agreement_by_raters,
        AGREEMENT,
        {"vanilla": "Bradley–Terry", "social": "Social"},
        "tau",
    ),
    "stacked_shares": partial(
        figures.stacked_shares,
        TYPES,
        [("all", [0.42, 0.26, 0.15, 0.17]), ("U.S.", [0.25] * 4)],
        "raters",
    ),
    "indistinguishable_populations": partial(
        figures.indistinguishable_populations,
        list("abcd"),
        ABOVE,
        np.array([[0.25, 0.5, 0.25], [0.0, 1.0, 0.0]]),
    ),
    "labelled_curves": partial(
        figures.labelled_curves,
        X,
        [("mean", X, 0), ("sigmoid of it", X**2, 1), ("last", X - 0.2, 2)],
        slider=0.3,
        x_title="share",
        y_title="reward",
        percent=True,
        shade_negative=True,
    ),
    "labelled_curves, logarithmic": partial(
        figures.labelled_curves,
        X + 0.1,
        [("a", X + 0.1, 3), ("b", X + 0.2, 4)],
        log_axes="xy",
        x_title="x",
    ),
    "tournament_graph": partial(
        figures.tournament_graph,
        list("abc"),
        np.array([[0.5, 0.7, 0.4], [0.3, 0.5, 0.6], [0.6, 0.4, 0.5]]),
        ["u 1", "u 2", "u 3"],
    ),
    "linear_reward": partial(
        figures.linear_reward,
        np.array([[0, 0], [1, 0.2], [0.5, 1], [1.5, 0.4], [2, 1.2], [0.2, 0.5]]),
        ["a", "b", "c", "a′", "b′", "c′"],
        np.array([1.0, 0.5]),
    ),
    "latent_traversal": partial(
        figures.latent_traversal,
        X,
        np.stack([X, 1 - X, 0.3 + X / 4], 1),
        NAMES[:3],
        [(0.5, 0, 1)],
        ("Memphis", "Nashville"),
    ),
    "ballot_tiles": partial(
        figures.ballot_tiles, PROFILE.names, PROFILE.place, PROFILE.weight, PROFILE.labels
    ),
    "outcomes_by_rule": outcomes_by_rule,
    "slates_by_rule": slates_by_rule,
    "curves_at_time": partial(
        figures.curves_at_time, X, [("Elo", np.stack([X, X - 0.1, X + 0.1]), 0)], at=0.5,
        change=(0.4, "tastes swap"), x_title="answers so far", y_title="error", percent=True,
    ),
    "rewards_then": partial(
        figures.rewards_then, NAMES[:3], np.array([1.0, 0.0, -1.0]), np.array([0.5, 0.2, -0.9]),
        ("what people want", "Elo"), limit=1.2,
    ),
    "sweep_heatmap": partial(
        figures.sweep_heatmap, SWEEP, ("raters", ["100", "1,000", "10,000"]),
        ("share of Memphis that answers", ["0.1", "0.5"]), "agreement (τ)", selected=1,
    ),
    "sweep_lines": partial(
        figures.sweep_lines, SWEEP, ("raters", ["100", "1,000", "10,000"]),
        ("share of Memphis that answers", ["0.1", "0.5"]), "agreement (τ)", selected=1,
    ),
    "models_by_pairs": partial(
        figures.models_by_pairs,
        [(name, np.array([[0.6, 0.7], [0.55, 0.65], [0.65, 0.75]])) for name in ("VPL", "LoRe")],
        (2, 8), 1, "answers predicted",
    ),
}  # fmt: skip
