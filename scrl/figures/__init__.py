"""Results as Plotly figures. Only this package sets colours and fonts.

Every function takes plain data of a result file (``report.to_dict``, ``report.latent_map``) and the
keywords ``dark`` and ``scale`` (of text and marks; presenter mode enlarges them). It returns a
figure with a transparent background and one of the two templates of ``scrl.figures.template``.

A rater type, and likewise a completion, keeps one colour, symbol and dash by its position on every
page. The colours are those of Okabe and Ito, which colour-blind readers can distinguish; where one
is too pale for its background, the symbol, the dash or a label carries the same information.
"""

from scrl.figures.base import COLOURS, DASHES, SYMBOLS, colour, short_labels
from scrl.figures.counting_graphs import majority_graph
from scrl.figures.counting_steps import (
    elimination_rounds,
    fitted_duels,
    matrix_heatmap,
    score_bars,
)
from scrl.figures.criteria import counterexample, criteria_table
from scrl.figures.curves import labelled_curves
from scrl.figures.distortion import (
    borda_points_and_utilities,
    borda_threshold,
    witness_heatmap,
    worst_and_typical_distortion,
)
from scrl.figures.drift import curves_at_time, rewards_then
from scrl.figures.feedback_formats import accuracy_by_cost, relative_costs, reward_with_spread
from scrl.figures.few_pairs import models_by_pairs
from scrl.figures.latent import (
    calibration_curves,
    grouped_bars,
    latent_points,
    pairwise_probabilities,
)
from scrl.figures.margins import margins_of_victory
from scrl.figures.masking_regimes import regime_latent_maps, regime_loss_curves, regime_results
from scrl.figures.maze import maze_rewards
from scrl.figures.missing_data import inferred_pairs
from scrl.figures.orders import MAX_LINES, bump_chart, mean_ranks, rank_labels
from scrl.figures.policies import completion_probabilities, pareto_frontier
from scrl.figures.predictive_check import predicted_shares
from scrl.figures.raters import latent_map
from scrl.figures.run_studies import agreement_by_raters, stacked_shares
from scrl.figures.scenario import response_rates, spatial_map
from scrl.figures.scoreboard import accuracy_by_type, pair_accuracy
from scrl.figures.scores import loss_curves, score_dots, values_by_seed
from scrl.figures.served import people_served
from scrl.figures.slates import slates_by_rule
from scrl.figures.strategy import (
    gain_by_coalition_size,
    misreport_utilities,
    rates_by_rule,
    scores_by_misreport_share,
)
from scrl.figures.sweeps import sweep_heatmap, sweep_lines
from scrl.figures.template import register_templates
from scrl.figures.text_parts import banded_curves, estimate_dots, segment_rewards
from scrl.figures.theorems import indistinguishable_populations, linear_reward, tournament_graph
from scrl.figures.traversal import latent_traversal
from scrl.figures.vanilla_gap import gap_waterfall
from scrl.figures.voting import ballot_tiles, outcomes_by_rule

register_templates()

__all__ = [
    "COLOURS",
    "DASHES",
    "MAX_LINES",
    "SYMBOLS",
    "accuracy_by_cost",
    "accuracy_by_type",
    "agreement_by_raters",
    "ballot_tiles",
    "banded_curves",
    "borda_points_and_utilities",
    "borda_threshold",
    "bump_chart",
    "calibration_curves",
    "colour",
    "completion_probabilities",
    "counterexample",
    "criteria_table",
    "curves_at_time",
    "elimination_rounds",
    "estimate_dots",
    "fitted_duels",
    "gain_by_coalition_size",
    "gap_waterfall",
    "grouped_bars",
    "indistinguishable_populations",
    "inferred_pairs",
    "labelled_curves",
    "latent_map",
    "latent_points",
    "latent_traversal",
    "linear_reward",
    "loss_curves",
    "majority_graph",
    "margins_of_victory",
    "matrix_heatmap",
    "maze_rewards",
    "mean_ranks",
    "misreport_utilities",
    "models_by_pairs",
    "outcomes_by_rule",
    "pair_accuracy",
    "pairwise_probabilities",
    "pareto_frontier",
    "people_served",
    "predicted_shares",
    "rank_labels",
    "rates_by_rule",
    "regime_latent_maps",
    "regime_loss_curves",
    "regime_results",
    "relative_costs",
    "response_rates",
    "reward_with_spread",
    "rewards_then",
    "score_bars",
    "score_dots",
    "scores_by_misreport_share",
    "segment_rewards",
    "short_labels",
    "slates_by_rule",
    "spatial_map",
    "stacked_shares",
    "sweep_heatmap",
    "sweep_lines",
    "tournament_graph",
    "values_by_seed",
    "witness_heatmap",
    "worst_and_typical_distortion",
]
