"""Bradley–Terry and Plackett–Luce from a table, with errors and intervals: what leaderboards do.

>>> import scrl
>>> votes = [("ann", "ben"), ("ben", "cat"), ("cat", "ann"), ("ann", "ben"), ("ann", "cat")]
>>> board = scrl.fit_bradley_terry(votes)
>>> board.names, board.score.round(2).tolist()
(('ann', 'cat', 'ben'), [0.73, -0.37, -0.37])

"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from numbers import Real
from typing import Any

import numpy as np

from scrl.choice_models.ballot_support import graph_support_notes
from scrl.choice_models.choice_estimates import ChoiceLikelihood, WeightedRows, fit_choices
from scrl.choice_models.comparison_frames import FIRST, SECOND, TIE, PairRows, read_pairs
from scrl.choice_models.leaderboards import Anchor, Leaderboard, make_leaderboard
from scrl.choice_models.pair_likelihood import pair_likelihood
from scrl.choice_models.ranking_frames import RankingRows, read_rankings
from scrl.choice_models.ranking_likelihood import ranking_likelihood
from scrl.choice_models.tied_ranking_likelihood import tied_ranking_likelihood
from scrl.data.files import quoted
from scrl.types import InputError

#: Readings of ties in comparisons, and words for them.
TIES = {
    "half": "ties half a win each",
    "davidson": "ties by Davidson's model",
    "rao-kupper": "ties by Rao and Kupper's model",
    "omit": "ties left out",
}
#: The same for rankings.
RANKING_TIES = {"half": "ties as all their orders", "davidson": "ties by the Davidson–Luce model"}
#: Least and greatest standard deviation of a prior: beyond them its precision is lost.
PRIOR_SDS = 1e-3, 1e3
#: Name of the coefficient of being shown first.
SIDE = "shown first"


def fit_bradley_terry(
    comparisons: Any,
    *,
    winner: str | None = None,
    loser: str | None = None,
    model_a: str | None = None,
    model_b: str | None = None,
    weight: str | None = None,
    weights_are: str | None = None,
    rater: str | None = None,
    ties: str = "half",
    features: Sequence[str | tuple[str, str]] = (),
    side: bool = False,
    prior_sd: float | None = None,
    errors: str | None = None,
    anchor: Anchor = None,
    scale: str | float = "log-odds",
) -> Leaderboard:
    """Bradley–Terry scores with standard errors and intervals, from compared pairs.

    >>> import scrl
    >>> battles = {
    ...     "model_a": ["gpt", "gpt", "claude", "llama", "llama", "gpt"],
    ...     "model_b": ["claude", "llama", "llama", "claude", "gpt", "claude"],
    ...     "winner": ["model_b", "model_a", "tie", "model_b", "model_a", "tie"],
    ... }
    >>> board = scrl.fit_bradley_terry(battles, anchor={"gpt": 1000}, scale="elo")
    >>> board.names, board.score.round().tolist()
    (('claude', 'gpt', 'llama'), [1191.0, 1000.0, 1000.0])
    >>> gap = board.difference("claude", "llama")
    >>> round(gap.estimate), round(gap.standard_error)
    (191, 150)
    >>> board.predict("claude", "llama").win > 0.5
    True

    Counts need no frame: ``fit_bradley_terry({("ann", "ben"): 12, ("ben", "ann"): 7})``.

    Args:
        comparisons: a data frame of pandas, polars or Arrow, a dict of columns, or a list of
            dicts, with a row for each comparison; or a list of ``(winner, loser)`` or
            ``(a, b, result)``, an array ``[comparisons, 2]``, or a dict of counts with keys
            ``(winner, loser)``.
        winner: column of the preferred item beside ``loser``; or column of the result beside
            ``model_a`` and ``model_b``: an item's name, ``model_a`` or ``a``, ``model_b`` or ``b``,
            ``tie`` or ``tie (bothbad)``, or the first item's score 1, 0.5 or 0.
        loser: column of the other item.
        model_a, model_b: columns of both items, as they were shown.
        weight: column of weights.
        weights_are: ``"counts"``: a weight of 3 stands for three rows. ``"importance"``: the row
            counts three times as much, which adds no rows; errors are then robust. By default
            whole numbers are counts.
        rater: column of raters, or of another cluster: errors and resamples then treat rows of
            one rater as dependent.
        ties: ``"half"``, half a win for each, as public leaderboards do; ``"davidson"``;
            ``"rao-kupper"``; or ``"omit"``.
        features: columns that may favour the first item, such as how much longer its answer is
            ("style control"); a pair of columns stands for their difference.
        side: whether being shown first helps; its coefficient is called ``shown first``.
        prior_sd: standard deviation of a Gaussian prior on each score and on log ν, in log-odds.
            Maximum likelihood without it.
        errors: ``"information"``, the inverse of the observed information; or ``"robust"``, the
            sandwich estimator, which is right where the model is not, such as with ties as half
            wins. By default robust with such ties, with importance weights, and with raters.
        anchor: ``{name: score}`` fixes an item's score, a number fixes the mean; by default the
            mean is 0.
        scale: ``"log-odds"``; ``"elo"``, 400 points for odds of ten to one; or points for each
            unit of log-odds.

    Returns:
        A ``Leaderboard``; ``scrl.choice_models.fit_bradley_terry`` fits matrices of wins.

    Raises:
        InputError: for rows that cannot be read, and where the likelihood has no finite maximum:
            the message names the items that were never compared, never won or never lost.
    """
    if ties not in TIES:
        raise InputError(f"Ties as {quoted(ties)} are unknown: {', '.join(TIES)}.")
    rows = read_pairs(
        comparisons, winner=winner, loser=loser, model_a=model_a, model_b=model_b, weight=weight,
        rater=rater, features=features,
    )  # fmt: skip
    if side and not rows.has_sides:
        raise InputError("Whether being shown first helps needs the columns model_a and model_b.")
    _check_prior(prior_sd)
    if ties == "omit":
        if (rows.result == TIE).all():
            raise InputError("Every comparison is a tie, so nothing is left: use ties='half'.")
        rows = rows.select(rows.result != TIE)
    has_ties = bool((rows.result == TIE).any())
    likelihood, kind = pair_likelihood(rows, "half" if ties == "omit" else ties, side)
    data = _weighted_rows(kind, rows.weight, rows.cluster, weights_are)
    # Where all is tied no residual is left, from which robust errors could be read.
    is_misfit = ties == "half" and has_ties and not (rows.result == TIE).all()
    errors, words = _errors(errors, data, is_misfit)
    estimate = fit_choices(likelihood, data, rows.names, prior_sd, errors)
    told = f", {TIES[ties]}" if has_ties or ties == "omit" else ""
    prior = "" if prior_sd is None else f", prior of sd {prior_sd:g}"
    model = f"Bradley–Terry{told}{prior}, {_rows_in_words(data, 'comparisons')}"
    names = ((SIDE,) if side else ()) + rows.feature_names
    board = make_leaderboard(
        estimate, rows.names, _results_of_items(rows), model, words, anchor, scale, names
    )
    return replace(board, notes=_support_notes(likelihood, data, rows.names, prior_sd))


def fit_plackett_luce(
    rankings: Any,
    *,
    ranking: str | None = None,
    item: str | None = None,
    rank: str | None = None,
    weight: str | Sequence[float] | None = None,
    weights_are: str | None = None,
    rater: str | Sequence[Hashable] | None = None,
    ties: str = "half",
    prior_sd: float | None = None,
    errors: str | None = None,
    anchor: Anchor = None,
    scale: str | float = "log-odds",
) -> Leaderboard:
    """Plackett–Luce scores with standard errors and intervals, from rankings.

    A ranking is a sequence of choices, best first, each from the items that remain. Items that it
    leaves out are unseen.

    >>> import scrl
    >>> races = [["ann", "ben", "cat"], ["ben", "cat", "ann"], ["cat", "ann"]]
    >>> races += [["ann", ["ben", "cat"]]]  # ann first, ben and cat tied
    >>> board = scrl.fit_plackett_luce(races)
    >>> board.names, board.score.round(2).tolist()
    (('ben', 'ann', 'cat'), [0.26, -0.06, -0.2])
    >>> counts = {("ann", "ben", "cat"): 5, ("cat", "ben", "ann"): 3, ("ben", "ann", "cat"): 2}
    >>> scrl.fit_plackett_luce(counts, anchor={"cat": 0}).score.round(2).tolist()
    [1.21, 1.1, 0.0]

    Args:
        rankings: a list of lists of names, best first, where a list or set inside a ranking is a
            tie; a dict of counts with tuples as keys; an array ``[rankings, places]`` of whole
            numbers, padded with -1; or a table with a row for each ranked item.
        ranking, item, rank: columns of the table: a label of the ranking, the item, and its place,
            1 the best, equal places tied.
        weight: column of each ranking's weight, or a list of weights beside a list of rankings.
        weights_are, prior_sd, errors, anchor, scale: as in ``scrl.fit_bradley_terry``.
        rater: column of raters, or a list of them beside a list of rankings.
        ties: ``"half"``: a tie stands for all orders of its items, alike; ``"davidson"``: the
            Davidson–Luce model, in which sizes of ties have parameters.

    Returns:
        A ``Leaderboard``; ``scrl.choice_models.plackett_luce.fit_rankings`` fits arrays only.

    Raises:
        InputError: as ``scrl.fit_bradley_terry``.
    """
    rows = read_rankings(
        rankings, ranking=ranking, item=item, rank=rank, weight=weight, rater=rater
    )
    _check_prior(prior_sd)
    if ties not in RANKING_TIES:
        raise InputError(f"Ties as {quoted(ties)} are unknown: {', '.join(RANKING_TIES)}.")
    has_ties = any(len(place) > 1 for places in rows.rankings for place in places)
    likelihood: ChoiceLikelihood
    if has_ties and ties == "davidson":
        likelihood, kind = tied_ranking_likelihood(rows)
    else:
        likelihood, kind = ranking_likelihood(rows)
    data = _weighted_rows(kind, rows.weight, rows.cluster, weights_are)
    errors, words = _errors(errors, data, has_ties and ties == "half")
    estimate = fit_choices(likelihood, data, rows.names, prior_sd, errors)
    told = f", {RANKING_TIES[ties]}" if has_ties else ""
    prior = "" if prior_sd is None else f", prior of sd {prior_sd:g}"
    model = f"Plackett–Luce{told}{prior}, {_rows_in_words(data, 'rankings')}"
    board = make_leaderboard(
        estimate, rows.names, _places_of_items(rows), model, words, anchor, scale
    )
    return replace(board, notes=_support_notes(likelihood, data, rows.names, prior_sd))


def _support_notes(
    likelihood: ChoiceLikelihood,
    data: WeightedRows,
    names: Sequence[Hashable],
    prior_sd: float | None,
) -> tuple[str, ...]:
    """What only the prior orders; nothing without one, since such fits are refused."""
    if prior_sd is None:
        return ()
    beats = likelihood.beats(data.totals)
    return graph_support_notes(beats, names, f"the prior of sd {prior_sd:g}")


def _check_prior(prior_sd: float | None) -> None:
    low, high = PRIOR_SDS
    number = isinstance(prior_sd, Real) and not isinstance(prior_sd, bool)
    if prior_sd is not None and not (number and low <= prior_sd <= high):
        raise InputError(
            f"prior_sd is {prior_sd if number else quoted(prior_sd)}; it is a number from "
            f"{low:g} to {high:g}, or None for maximum likelihood."
        )


def _weighted_rows(
    kind: np.ndarray, weight: np.ndarray, cluster: np.ndarray | None, weights_are: str | None
) -> WeightedRows:
    """Rows with the stated, or the likely, meaning of their weights."""
    if weights_are not in (None, "counts", "importance"):
        raise InputError(f"Weights as {quoted(weights_are)} are unknown: counts or importance.")
    are_counts = not (weight % 1).any() if weights_are is None else weights_are == "counts"
    if cluster is not None:
        cluster = np.unique(cluster, return_inverse=True)[1].ravel()
    return WeightedRows(kind, weight, cluster, bool(are_counts))


def _errors(stated: str | None, rows: WeightedRows, misfit: bool) -> tuple[str, str]:
    """The kind of standard errors, and words for it."""
    if stated not in (None, "information", "robust"):
        raise InputError(f"Errors from {quoted(stated)} are unknown: information or robust.")
    needed = misfit or rows.cluster is not None or not rows.are_counts
    errors = stated or ("robust" if needed else "information")
    if errors == "robust" and rows.cluster is not None:
        if rows.size < 2:
            raise InputError("Errors over raters need two raters or more; leave rater out.")
        return errors, f"robust errors over {rows.size:,} raters"
    return errors, "robust errors" if errors == "robust" else "errors from observed information"


def _rows_in_words(rows: WeightedRows, what: str) -> str:
    total = rows.weight.sum() if rows.are_counts else len(rows.kind)
    return f"{total:,.10g} {what}"


def _results_of_items(rows: PairRows) -> dict[str, np.ndarray]:
    """Weights with which each item won, lost and tied ``[items]``."""
    m = len(rows.names)

    def total(first: int, second: int) -> np.ndarray:
        return np.bincount(rows.first, rows.weight * (rows.result == first), m) + np.bincount(
            rows.second, rows.weight * (rows.result == second), m
        )

    return {"wins": total(FIRST, SECOND), "losses": total(SECOND, FIRST), "ties": total(TIE, TIE)}


def _places_of_items(rows: RankingRows) -> dict[str, np.ndarray]:
    """Weights of the rankings with each item, and of those that it leads, ties shared
    ``[items]``."""
    rankings, firsts = np.zeros((2, len(rows.names)))
    for places, weight in zip(rows.rankings, rows.weight, strict=True):
        for place in places:
            rankings[list(place)] += weight
        firsts[list(places[0])] += weight / len(places[0])
    return {"rankings": rankings, "firsts": firsts}
