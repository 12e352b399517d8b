"""The same raters observed through five feedback formats, each fitted by its own likelihood.

A rater of a type has utilities u of the prompt's completions and errs by Gumbel noise of the
scenario's scale s, drawn for each answer. The formats ask about

``thumbs``: one completion, +1 where its noisy utility is above the rater's threshold: the mean
    utility of all completions of the prompt to this type. P(+1) = σ((u − mean) / s). Thresholds may
    differ between raters by a normal deviate that a rater keeps.
``pair``: two completions, the preferred one: P(i ≻ j) = σ((uᵢ − uⱼ) / s). A threshold cancels.
``tie``: the same two, and a tie where the noisy gap is below a width.
``list``: several, all in order: Plackett–Luce.
``split``: the same list taken apart into its pairs, as most reward models do.

The likelihoods are logistic with one number for each completion, Bradley–Terry, Davidson,
Plackett–Luce and Bradley–Terry, with the usual prior. With one type of rater all converge to u / s,
and only their cost differs. With several types they also differ in the limit of infinitely many
raters: shares of approval, Borda's order (pairs, ties and split lists), and the Plackett–Luce
order, which gives first places more weight.

All numbers of raters and all groups are fitted at once from counts; nothing is compiled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from scrl.choice_models import bradley_terry, davidson, plackett_luce
from scrl.choice_models.newton import maximise
from scrl.choice_models.rank_metrics import pair_accuracy
from scrl.random_streams import HostStream, host_rng
from scrl.studies.feedback_limits import limit_scores
from scrl.studies.feedback_population import Population, SurveyDesign
from scrl.studies.feedback_sampling import FeedbackSampler

#: Numbers of raters observed; each contains the raters of the smaller ones.
RATERS = tuple(2**i for i in range(1, 11))
#: Limit scores nearer than this are a tie.
SCORE_TIE = 1e-6


@dataclass(frozen=True, eq=False)
class FormatFits:
    """Fits of every format to the same raters.

    Attributes:
        raters: numbers of raters ``[numbers]``.
        score: format -> fitted rewards ``[numbers, groups, items]``.
        limit: format -> scores with infinitely many raters ``[items]``; only their order counts.
    """

    raters: np.ndarray
    score: dict[str, np.ndarray]
    limit: dict[str, np.ndarray]

    def accuracy(self, truth: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """Format -> share of pairs in the true order ``[numbers, groups]``.

        Args:
            truth: scores ``[items]``; default the format's own limit. The accuracy is NaN where
                they tie all pairs.
        """
        return {
            name: pair_accuracy(score, self.limit[name] if truth is None else truth, SCORE_TIE)
            for name, score in self.score.items()
        }


def fit_formats(
    population: Population,
    design: SurveyDesign,
    seed: int,
    groups: int = 60,
    raters: Sequence[int] = RATERS,
    prior_sd: float = 10.0,
) -> FormatFits:
    """Draw raters of independent types, ask them in every format and fit.

    Args:
        groups: independent groups of raters, all from streams of ``seed``.
        raters: numbers of raters, rising; the first of a group are those of the smaller numbers.
    """
    numbers = np.asarray(raters)
    type_rng = host_rng(seed, HostStream.FEEDBACK_ANSWERS, 0)
    rater_type = type_rng.choice(len(population.share), (groups, numbers[-1]), p=population.share)
    sampler = FeedbackSampler(population, design, rater_type, numbers, seed)
    approved, asked = sampler.thumbs()
    wins, _ = sampler.pairs(0.0)
    clear_wins, ties = sampler.pairs(design.tie_width)
    choices, split_wins = sampler.lists()
    score = {
        "thumbs": fit_approval(approved, asked, prior_sd),
        "pair": bradley_terry.fit_bradley_terry(wins, prior_sd),
        "tie": davidson.fit_davidson(
            clear_wins[..., None, :, :], ties[..., None, :, :], prior_sd
        ).reward[..., 0, :],
        "list": plackett_luce.fit_plackett_luce(choices, prior_sd),
        "split": bradley_terry.fit_bradley_terry(split_wins, prior_sd),
    }  # fmt: skip
    score = {name: np.swapaxes(values, 0, 1) for name, values in score.items()}
    return FormatFits(numbers, score, limit_scores(population, design))


def fit_approval(approved: np.ndarray, asked: np.ndarray, prior_sd: float = 10.0) -> np.ndarray:
    """The log-odds r of approval, one for each completion.

    Maximises approved · r − asked · log(1 + exp r) − r² / (2 prior_sd²).

    Args:
        approved, asked: counts of equal shapes.
    """
    precision = 1.0 / prior_sd**2

    def derivatives(reward: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        probability = expit(reward)
        gradient = approved - asked * probability - precision * reward
        return gradient, gradient / (asked * probability * (1 - probability) + precision)

    start = np.log((approved + 0.5) / (asked - approved + 0.5))
    return maximise(derivatives, start, np.abs)
