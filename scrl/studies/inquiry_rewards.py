"""What optimising one reward does: to accuracy, to an attribute nobody asked for, to a minority.

*Agreement*: raters like answers that agree with their view, which may be wrong. *Side channels*:
the reward reads quality with an error, and an attribute that goes with quality. *Minority*: share,
strength, silence and the rule, crossed, with exact frequencies. *Exclusion*: who is served by one
reward as data grow. Worlds are random.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from scipy.special import expit

from scrl.choice_models.bradley_terry import fit_bradley_terry
from scrl.policies.exact import best_of_n_policy
from scrl.random_streams import HostStream, host_rng
from scrl.reward_models.linear_tastes import gaussian_weights
from scrl.studies.pairwise_rewards import bradley_terry_rewards
from scrl.studies.part_results import over_seeds, run_parts
from scrl.studies.protocol import Listener, ModuleStudy, differences, settings_hash

SEEDS = tuple(range(10))
#: Answers drawn for a question, of which the best of n is kept, and n.
POOL, BEST_OF = 256, (1, 2, 4, 8, 16, 32, 64)
#: Annotated pairs, other features of answers, and standard deviation of their weights.
PAIRS, STYLES, STYLE_SD = 4_000, 6, 0.5
#: Prior precision of a reward's coefficients.
PRECISION = 0.1

#: How much raters like agreement, where accuracy weighs 1; share of the views that are right; and
#: the correlation of agreement and accuracy among answers, which is negative for a wrong view.
LIKINGS, VIEWS_RIGHT, VIEW_CORRELATION, QUESTIONS = (0.0, 0.25, 0.5, 1.0, 2.0), 0.65, 0.6, 200

#: Correlation of the attribute with quality, and standard deviations of the error with which the
#: reward reads quality, whose own is 1.
SIDE_CORRELATION, READING_ERRORS = 0.4, (0.0, 0.5, 1.0, 2.0)

#: Levels of the four factors; random populations of each seed; answers of a population; standard
#: deviation of a gap of utilities in log-odds.
SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
STRENGTHS, SILENCES = (0.5, 1.0, 2.0), (0.0, 0.5, 0.9)
POPULATIONS, ANSWERS, GAP_SD = 40, 8, 2.0
RULES = ("Bradley–Terry", "Copeland", "plurality")

#: Shares of the kinds, equal shares, prompts, and numbers of compared pairs of a prompt.
KINDS, EQUAL, PROMPTS = (0.6, 0.3, 0.1), (1 / 3, 1 / 3, 1 / 3), 100
PAIRS_OF_PROMPT = (30, 100, 300, 1_000, 3_000)
TOLERANCE = 0.01


def spec() -> str:
    """A hash of the study's settings."""
    return settings_hash(
        SEEDS, POOL, BEST_OF, PAIRS, STYLES, STYLE_SD, PRECISION, LIKINGS, VIEWS_RIGHT,
        VIEW_CORRELATION, QUESTIONS, SIDE_CORRELATION, READING_ERRORS, SHARES, STRENGTHS, SILENCES,
        POPULATIONS, ANSWERS, GAP_SD, RULES, KINDS, EQUAL, PROMPTS, PAIRS_OF_PROMPT,
    )  # fmt: skip


def run(on_progress: Listener = None, seeds: Sequence[int] = SEEDS) -> dict[str, Any]:
    """The study: a minute.

    Returns:
        Part -> as the function of the part returns it.
    """
    return run_parts({name: partial(part, seeds) for name, part in PARTS.items()}, on_progress)


def _intervals(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """``over_seeds`` of each entry that all seeds have."""
    return {name: over_seeds([row[name] for row in rows]) for name in rows[0]}


def _coefficients(difference: np.ndarray) -> np.ndarray:
    """Bradley–Terry coefficients of features, from the preferred item's less the other's
    ``[pairs, features]``."""
    mask = np.ones((1, len(difference)))
    return gaussian_weights(
        difference[None], mask, np.zeros(difference.shape[1]), PRECISION
    )[0][0]  # fmt: skip


def _preferred(rng: np.random.Generator, gap: np.ndarray) -> np.ndarray:
    """1 where Bradley–Terry raters prefer the first item, else -1 ``[pairs, 1]``."""
    return np.where(rng.random(len(gap)) < expit(gap), 1.0, -1.0)[:, None]


def _best_of(reward: np.ndarray, *values: np.ndarray) -> list[np.ndarray]:
    """Expected values of the best of n by ``reward [questions, POOL]``, for each of ``BEST_OF``
    ``[sizes, questions]``."""
    uniform = np.full(POOL, 1 / POOL)
    by_rank = best_of_n_policy(uniform, np.arange(POOL, dtype=float), np.array(BEST_OF))
    order = reward.argsort(1)
    return [by_rank @ np.take_along_axis(value, order, 1).T for value in values]


def _answers(rng: np.random.Generator, right: np.ndarray, pool: int) -> tuple[np.ndarray, ...]:
    """Accuracy, agreement with the asker's view and styles of answers, all of variance 1.

    Args:
        right: whether the view is right ``[questions]``.
    """
    accuracy = rng.standard_normal((len(right), pool))
    along = np.where(right, VIEW_CORRELATION, -VIEW_CORRELATION)[:, None]
    other = rng.standard_normal(accuracy.shape)
    agreement = along * accuracy + np.sqrt(1 - VIEW_CORRELATION**2) * other
    return accuracy, agreement, rng.standard_normal((*accuracy.shape, STYLES))


def agreement_over_accuracy(seeds: Sequence[int] = SEEDS) -> list[dict[str, Any]]:
    """What the best of n gains in accuracy and agreement, by how much raters like agreement.

    ``"askers"`` judge their own questions, and the reward reads the view. ``"blind"``: it does not.
    ``"others"`` judge, liking agreement with views of their own. ``"oracle"``: accuracy.

    Returns:
        For each liking ``"liking"`` and ``"models"``: model -> ``"accuracy"``, ``"wrong"`` (where
        the asker is wrong), ``"agreement"`` -> mean and interval ``[3][sizes]``, in standard
        deviations of the answers.
    """
    found = []
    for liking in LIKINGS:
        rows = [_flattery(seed, liking) for seed in seeds]
        models = {name: _intervals([row[name] for row in rows]) for name in rows[0]}
        found.append({"liking": liking, "models": models})
    return found


def _flattery(seed: int, liking: float) -> dict[str, dict[str, np.ndarray]]:
    """One world: the four rewards are fitted to annotated pairs, and optimised."""
    rng = host_rng(seed, HostStream.INQUIRY_REWARDS, 0)
    taste = STYLE_SD * rng.standard_normal(STYLES)
    accuracy, agreement, style = _answers(rng, rng.random(PAIRS) < VIEWS_RIGHT, 2)
    # Others have views of their own, as often right.
    along = np.where(rng.random(PAIRS) < VIEWS_RIGHT, 1.0, -1.0)[:, None] * VIEW_CORRELATION
    noise = rng.standard_normal(accuracy.shape)
    own = along * accuracy + np.sqrt(1 - VIEW_CORRELATION**2) * noise
    features = np.concatenate([accuracy[..., None], agreement[..., None], style], -1)
    gap = features[:, 0] - features[:, 1]
    rest = gap[:, 0] + gap[:, 2:] @ taste
    askers = _preferred(rng, rest + liking * gap[:, 1]) * gap
    others = _preferred(rng, rest + liking * (own[:, 0] - own[:, 1])) * gap
    blind = np.insert(_coefficients(np.delete(askers, 1, axis=1)), 1, 0.0)
    weights = {
        "askers": _coefficients(askers), "blind": blind, "others": _coefficients(others),
        "oracle": np.eye(2 + STYLES)[0],
    }  # fmt: skip
    right = rng.random(QUESTIONS) < VIEWS_RIGHT
    accuracy, agreement, style = _answers(rng, right, POOL)
    found = {}
    for name, weight in weights.items():
        reward = weight[0] * accuracy + weight[1] * agreement + style @ weight[2:]
        accurate, agreeing = _best_of(reward, accuracy, agreement)
        found[name] = {
            "accuracy": accurate.mean(1), "wrong": accurate[:, ~right].mean(1),
            "agreement": agreeing.mean(1),
        }  # fmt: skip
    return found


def side_channels(seeds: Sequence[int] = SEEDS) -> list[dict[str, Any]]:
    """How far an attribute moves that nobody values, by the error of the reward's reading.

    ``"reward"`` reads quality with an error, the attribute and styles; ``"controlled"`` has no
    coefficient of the attribute, ``"unread"`` was fitted without it; ``"oracle"`` is what raters
    value.

    Returns:
        For each error ``"error"``, ``"models"``: model -> ``"attribute"``, ``"quality"`` -> mean
        and interval ``[3][sizes]`` in standard deviations; and ``"excess"``: share of the reward's
        movement at the largest n that the quality gained does not bring along ``[3]``.
    """
    found = []
    for error in READING_ERRORS:
        rows = [_side_channel(seed, error) for seed in seeds]
        models = {name: _intervals([row[name] for row in rows]) for name in rows[0]}
        excess = [
            1 - SIDE_CORRELATION * row["reward"]["quality"][-1] / row["reward"]["attribute"][-1]
            for row in rows
        ]
        found.append({"error": error, "models": models, "excess": over_seeds(excess)})
    return found


def _side_channel(seed: int, error: float) -> dict[str, dict[str, np.ndarray]]:
    """One world: the four rewards are fitted and optimised."""
    rng = host_rng(seed, HostStream.INQUIRY_REWARDS, 1)
    taste = STYLE_SD * rng.standard_normal(STYLES)

    def draw(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Quality, and what the reward reads: quality with its error, the attribute, styles."""
        quality, other, noise = rng.standard_normal((3, *shape))
        attribute = SIDE_CORRELATION * quality + np.sqrt(1 - SIDE_CORRELATION**2) * other
        style = rng.standard_normal((*shape, STYLES))
        read = np.stack([quality + error * noise, attribute], axis=-1)
        return quality, np.concatenate([read, style], axis=-1)

    quality, read = draw((PAIRS, 2))
    gap = read[:, 0] - read[:, 1]
    chosen = _preferred(rng, quality[:, 0] - quality[:, 1] + gap[:, 2:] @ taste) * gap
    weight = _coefficients(chosen)
    controlled = weight * (np.arange(len(weight)) != 1)
    unread = np.insert(_coefficients(np.delete(chosen, 1, axis=1)), 1, 0.0)
    quality, read = draw((QUESTIONS, POOL))
    rewards = {
        "reward": read @ weight, "controlled": read @ controlled, "unread": read @ unread,
        "oracle": quality + read[..., 2:] @ taste,
    }  # fmt: skip
    found = {}
    for name, reward in rewards.items():
        moved, gained = _best_of(reward, read[..., 1], quality)
        found[name] = {"attribute": moved.mean(1), "quality": gained.mean(1)}
    return found


# -- what makes a minority disappear --------------------------------------------------------------


def _populations(seed: int) -> np.ndarray:
    """Utilities of majority and minority, independent ``[POPULATIONS, 2, ANSWERS]``."""
    rng = host_rng(seed, HostStream.INQUIRY_REWARDS, 2)
    return rng.standard_normal((POPULATIONS, 2, ANSWERS)) * GAP_SD / np.sqrt(2)


def minority_pairs(utility: np.ndarray, cell: tuple[float, float, float, str]) -> np.ndarray:
    """The minority's pairs that the reward orders rightly, and those of disputed pairs, shares; and
    whether the minority's favourite comes last ``[3, POPULATIONS]``.

    Expected frequencies stand for a sample, so that nothing is due to chance.

    Args:
        utility: as of ``_populations``.
        cell: the minority's share, strength (a factor of utilities), silence (share of its raters
            who do not answer), and the rule.
    """
    share, strength, silence, rule = cell
    utility = utility * np.array([1.0, strength])[:, None]
    voice = np.array([1 - share, share * (1 - silence)])
    gap = utility[..., :, None] - utility[..., None, :]
    above = np.tensordot(voice / voice.sum(), expit(gap).swapaxes(0, 1), 1)
    score = _SCORES[rule](above, utility, voice / voice.sum())
    own = np.sign(gap[:, 1])
    said = np.sign(np.round(score[:, :, None] - score[:, None, :], 9))
    right = 0.5 + 0.5 * own * said
    pairs = np.triu(np.ones((ANSWERS, ANSWERS), bool), 1)
    disputed = pairs & (own != np.sign(gap[:, 0]))
    favourite = utility[:, 1].argmax(1)
    last = score[np.arange(len(score)), favourite] <= score.min(1) + 1e-9
    return np.stack([
        right[:, pairs].mean(1), (right * disputed).sum((1, 2)) / disputed.sum((1, 2)), last,
    ])  # fmt: skip


def _plurality(above: np.ndarray, utility: np.ndarray, voice: np.ndarray) -> np.ndarray:
    """Chance to be chosen from all answers, by Luce's rule, over the raters who answer."""
    weight = np.exp(utility - utility.max(-1, keepdims=True))
    return np.einsum("k,pka->pa", voice, weight / weight.sum(-1, keepdims=True))


#: Rule -> scores ``[populations, answers]`` of pair shares, utilities and voices.
_SCORES: dict[str, Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]] = {
    "Bradley–Terry": lambda above, utility, voice: bradley_terry_rewards(
        above * (1 - np.eye(ANSWERS))
    ),
    "Copeland": lambda above, utility, voice: np.sign(np.round(above - 0.5, 9)).sum(-1),
    "plurality": _plurality,
}


def disappearing_minority(seeds: Sequence[int] = SEEDS) -> dict[str, Any]:
    """The minority's pairs right in all combinations of share, strength, silence and rule.

    Returns:
        ``"right"``, ``"disputed"``, ``"last"``: name of a curve -> mean and interval by share
        ``[3][shares]``; curves change one thing of equal strength, no silence, Bradley–Terry.
        ``"effects"``: factor -> share of the variance of ``"disputed"`` between all combinations
        that it explains alone, with interval ``[3]``; ``"together"``: what the four leave.
    """
    levels = (SHARES, STRENGTHS, SILENCES, RULES)
    each = []
    for seed in seeds:
        utility = _populations(seed)
        cells = [minority_pairs(utility, cell).mean(1) for cell in product(*levels)]
        each.append(np.array(cells).reshape(*map(len, levels), 3))
    table = np.array(each)
    at: dict[str, tuple[int, int, int]] = {
        "as strong, all answer": (1, 0, 0), "twice as strong": (2, 0, 0),
        "half as strong": (0, 0, 0), "half silent": (1, 1, 0), "90 % silent": (1, 2, 0),
        "Copeland": (1, 0, 1), "plurality": (1, 0, 2),
    }  # fmt: skip
    found: dict[str, Any] = {}
    for k, name in enumerate(("right", "disputed", "last")):
        found[name] = {curve: over_seeds(table[:, :, *where, k]) for curve, where in at.items()}
    values = table[..., 1]
    total = values.var(axis=(1, 2, 3, 4))
    effects = {}
    for i, factor in enumerate(("share", "strength", "silence", "rule")):
        others = tuple(j + 1 for j in range(4) if j != i)
        effects[factor] = values.mean(axis=others).var(axis=1) / total
    found["effects"] = {factor: over_seeds(part) for factor, part in effects.items()}
    found["together"] = over_seeds(1 - np.sum(list(effects.values()), 0))
    return found


def exclusion(seeds: Sequence[int] = SEEDS) -> dict[str, Any]:
    """How well the winner of each prompt serves each kind, by the number of compared pairs.

    Satisfaction is 0 for a kind's worst answer and 1 for its best.

    Returns:
        ``"one"``: satisfaction by kind under one reward for all; ``"own"``: under a reward of each
        kind's own answers, as many pairs in all; ``"equal"``: under one reward, kinds of equal
        shares; each with mean and interval ``[3][sizes][kinds]``. ``"dictator"``: of a random
        rater's favourite ``[3][kinds]``. ``"again"``: chance that the kind served worst on one half
        of the prompts is so on the other, at the most pairs, with unequal and with equal shares.
    """
    rows = [_served(seed) for seed in seeds]
    return _intervals(rows)


def _served(seed: int) -> dict[str, np.ndarray]:
    rng = host_rng(seed, HostStream.INQUIRY_REWARDS, 3)
    utility = rng.standard_normal((PROMPTS, 3, ANSWERS)) * GAP_SD / np.sqrt(2)
    low, high = utility.min(-1, keepdims=True), utility.max(-1, keepdims=True)
    good = (utility - low) / (high - low)
    chance = expit(utility[..., :, None] - utility[..., None, :])
    prompts, kinds = np.arange(PROMPTS), np.arange(3)
    found: dict[str, Any] = {"one": [], "own": [], "equal": []}
    halves = {}
    for count in PAIRS_OF_PROMPT:
        for name, shares in (("one", KINDS), ("equal", EQUAL)):
            wins = _sampled_wins(rng, chance, np.array(shares), count)
            winner = fit_bradley_terry(wins.sum(1)).argmax(1)
            served = good[prompts, :, winner]
            found[name].append(served.mean(0))
            halves[name] = served[::2].mean(0).argmin() == served[1::2].mean(0).argmin()
            if name == "one":
                own = fit_bradley_terry(wins).argmax(2)
                found["own"].append(good[prompts[:, None], kinds, own].mean(0))
    best = utility.argmax(-1)
    by_dictator = np.stack([good[prompts, :, best[:, k]].mean(0) for k in kinds])
    found["dictator"] = np.array(KINDS) @ by_dictator
    found["again"] = np.array([halves["one"], halves["equal"]], float)
    return {name: np.array(value) for name, value in found.items()}


def _sampled_wins(
    rng: np.random.Generator, chance: np.ndarray, shares: np.ndarray, count: int
) -> np.ndarray:
    """Wins ``[prompts, kinds, answers, answers]`` of ``count`` comparisons of each prompt, whose
    raters and pairs are random."""
    first, second = np.triu_indices(ANSWERS, 1)
    cells = np.repeat(shares, len(first)) / len(first)
    asked = rng.multinomial(count, cells / cells.sum(), PROMPTS).reshape(PROMPTS, 3, -1)
    won = rng.binomial(asked, chance[..., first, second])
    wins = np.zeros((PROMPTS, 3, ANSWERS, ANSWERS))
    wins[..., first, second], wins[..., second, first] = won, asked - won
    return wins


PARTS: dict[str, Callable[[Sequence[int]], Any]] = {
    "agreement": agreement_over_accuracy, "side": side_channels,
    "minority": disappearing_minority, "exclusion": exclusion,
}  # fmt: skip


def spot_check(content: Mapping[str, Any], on_progress: Listener = None) -> list[str]:
    """Differences of a stored content from two parts, repeated on all seeds."""
    stored = content["result"]
    return [
        difference
        for name in ("side", "exclusion")
        for difference in differences(stored[name], PARTS[name](SEEDS), TOLERANCE, f"{name}.")
    ]


STUDY = ModuleStudy(
    name="inquiries-rewards",
    title="Open questions: what optimising one reward does",
    modules=(__name__,),
    compute_spec=spec,
    compute=lambda on_progress: {"result": run(on_progress)},
    check=spot_check,
)
