"""Results as plotly figures. The one place that knows colours.

Every function takes plain data of the result file (``report.to_dict``, ``report.latent_map``) and
``dark`` and ``scale`` (of type and marks; presenter mode enlarges it), and returns a figure with a
transparent ground. A rater type, and likewise a completion, keeps by its position one colour,
symbol and dash on every page: the colours are Okabe and Ito's, which hold for colour-blind
readers, and where one is too pale for its ground the symbol, the dash or a label says the same.
"""

from scrl.figures.base import COLOURS, DASHES, SYMBOLS, colour, ink
from scrl.figures.latent import beliefs, latent_points, reliability_curves, shares_by
from scrl.figures.numbers import loss_curves, run_strips, score_dots
from scrl.figures.orders import MOST_LINES, order_bumps, ordinals, places
from scrl.figures.raters import latent_map
from scrl.figures.traversal import traversal

__all__ = [
    "COLOURS", "DASHES", "MOST_LINES", "SYMBOLS", "beliefs", "colour", "ink", "latent_map",
    "latent_points", "loss_curves", "order_bumps", "ordinals", "places", "reliability_curves",
    "run_strips", "score_dots", "shares_by", "traversal",
]  # fmt: skip
