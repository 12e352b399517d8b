"""Results as plotly figures. The one place that knows colours.

Every function takes plain data of the result file (``report.to_dict``, ``report.latent_map``) and
``dark`` and ``scale`` (of type and marks; presenter mode enlarges it), and returns a figure with a
transparent ground. A rater type, and likewise a completion, keeps by its position one colour,
symbol and dash on every page: the colours are Okabe and Ito's, which hold for colour-blind
readers, and where one is too pale for its ground the symbol, the dash or a label says the same.
"""

from scrl.figures.base import COLOURS, DASHES, SYMBOLS, colour, ink
from scrl.figures.distortion import points_and_means, switch_map, witness, worst_and_usual
from scrl.figures.formats import learning, prices, spread_reward
from scrl.figures.gap import waterfall
from scrl.figures.latent import beliefs, latent_points, reliability_curves, shares_by
from scrl.figures.maze import maps
from scrl.figures.numbers import loss_curves, run_strips, score_dots
from scrl.figures.orders import MOST_LINES, order_bumps, ordinals, places
from scrl.figures.policies import proposals, trade_off
from scrl.figures.raters import latent_map
from scrl.figures.regimes import regime_curves, regime_maps, regime_marks
from scrl.figures.scenario import coverage, place_map
from scrl.figures.scoreboard import accuracy_by_type, pair_accuracy
from scrl.figures.silence import inferred_pairs
from scrl.figures.strategy import lie_dumbbells, share_bars, size_steps, spread_lines
from scrl.figures.studies import agreement_by_raters, shares_beside
from scrl.figures.theorems import blind_duels, curves, duel_circle, plane
from scrl.figures.traversal import traversal

__all__ = [
    "COLOURS",
    "DASHES",
    "MOST_LINES",
    "SYMBOLS",
    "accuracy_by_type",
    "agreement_by_raters",
    "beliefs",
    "blind_duels",
    "colour",
    "coverage",
    "curves",
    "duel_circle",
    "inferred_pairs",
    "ink",
    "latent_map",
    "latent_points",
    "learning",
    "lie_dumbbells",
    "loss_curves",
    "maps",
    "order_bumps",
    "ordinals",
    "pair_accuracy",
    "place_map",
    "places",
    "plane",
    "points_and_means",
    "prices",
    "proposals",
    "regime_curves",
    "regime_maps",
    "regime_marks",
    "reliability_curves",
    "run_strips",
    "score_dots",
    "share_bars",
    "shares_beside",
    "shares_by",
    "size_steps",
    "spread_lines",
    "spread_reward",
    "switch_map",
    "trade_off",
    "traversal",
    "waterfall",
    "witness",
    "worst_and_usual",
]
