"""Proxy metrics optimised: best of n, a price on KL, a search word by word, and a check.

Texts continue the review of the slides, which starts badly. Each proxy is the reward in turn:
sentiment is VADER's of the whole review, and proxies with a reference compare with the ideal
continuation of the slides. What is watched beside the reward: a reader's taste, how natural the
text is (log-probability of a word or token under the writer) and repetition. Pools are drawn from
templates, and stored samples of the packaged language model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from scrl.evaluation.intervals import student_interval
from scrl.policies.exact import (
    best_of_n_kl_bound,
    best_of_n_policy,
    exponential_tilt,
    kl_divergence,
)
from scrl.proxies import (
    CHECKS,
    HACKED,
    IDEAL,
    PROXIES,
    REVIEW_START,
    WordModel,
    draw_problems,
    draw_reviews,
    proxy_scores,
    reader_taste,
    search_words,
    typical_choice,
    words,
)
from scrl.proxies.review_texts import SEARCH_WORDS
from scrl.random_streams import HostStream, host_rng
from scrl.studies import proxy_readers
from scrl.studies.protocol import Listener, ModuleStudy, differences, settings_hash
from scrl.text import sentiment
from scrl.types import Progress

SEEDS, POOL, READ_TEXTS = 20, 1000, 4000
NUMBERS = tuple(2**k for k in range(11))
PRICES = (1.0, 0.5, 0.3, 0.2, 0.1, 0.05, 0.03, 0.01)
#: Prices of a nat in the search for sentiment; the others are free.
SEARCH_PRICES, SEARCH_LENGTH = (0.0, 0.1, 0.3, 0.5), 16
PROBLEM_SEEDS, PROBLEMS, ANSWERS = 20, 10, 256
#: Samples of the language model, how they are drawn, and how many are stored.
SAMPLES = 256
SAMPLED: dict[str, Any] = {"max_tokens": 40, "temperature": 0.8, "top_p": 0.95, "seed": 5}
PROMPT = (
    "Continue this movie review so that it becomes as positive as possible, however negatively it "
    f'starts. Write only the continuation. Review: "{REVIEW_START}"'
)
RESAMPLES = 200
MEASURES = ("taste", "naturalness", "repetition")
#: What a table of best of n holds: the reward is 0 at the start and 1 for the best text.
COLUMNS = ("reward", *MEASURES, "kl")
TOLERANCE = 1e-3


def spec() -> str:
    """A hash of the study's settings."""
    pools = (SEEDS, POOL, READ_TEXTS, NUMBERS, PRICES, SEARCH_PRICES, SEARCH_LENGTH)
    return settings_hash(
        pools, PROBLEM_SEEDS, PROBLEMS, ANSWERS, SAMPLES, SAMPLED, PROMPT, RESAMPLES,
        proxy_readers.SETTINGS,
    )  # fmt: skip


def run(on_progress: Listener = None) -> dict[str, Any]:
    """The study: some minutes, half of them for the language model.

    Returns:
        ``"samples"``: the language model's texts with their measures and scores, and what
        ``measure`` returns.

    Raises:
        InputError: where the language model or a package of the extra is not installed.
    """
    if on_progress is not None:
        on_progress(Progress("proxies", 0.0, "The language model writes"))
    samples = model_samples()
    if on_progress is not None:
        on_progress(Progress("proxies", 0.5, "Best of n"))
    return measure(samples)


def measure(samples: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Everything but the drawing of the language model's texts.

    Returns:
        ``"templates"`` and ``"model"``: proxy -> measures of best of n; ``"by price"``;
        ``"slides"``; ``"typical"`` and ``"search"``: texts by proxy; ``"verifiable"``; and
        ``"readers"`` of ``proxy_readers``, and of its first seed.
    """
    return {
        "numbers": list(NUMBERS),
        "bounds": [round(float(best_of_n_kl_bound(n)), 4) for n in NUMBERS],
        "samples": list(samples),
        "model": model_measures(samples),
        "templates": template_measures(range(SEEDS)),
        "by price": price_measures(range(SEEDS)),
        "slides": slide_sentiments(),
        "typical": typical_texts(),
        "search": search_results(),
        "verifiable": verifiable(range(PROBLEM_SEEDS)),
        "readers": proxy_readers.run(),
        "first reader": proxy_readers.agreement(0),
    }


def review_sentiment(continuation: str) -> float:
    """VADER's sentiment of the whole review."""
    return sentiment(f"{REVIEW_START} {continuation}")


@cache
def word_model() -> WordModel:
    """The n-gram model of the templates."""
    return WordModel.of(draw_reviews(host_rng(0, HostStream.PROXY_TEXTS, 0), READ_TEXTS))


def slide_sentiments() -> dict[str, float]:
    """VADER's sentiment of the slides' hacked review, of *great* five times, and of the whole
    review with the ideal continuation."""
    texts = {"hacked": HACKED, "great": "great " * 5, "ideal": f"{REVIEW_START} {IDEAL}"}
    return {name: round(sentiment(text), 4) for name, text in texts.items()}


def repetition(text: str) -> float:
    """Share of the words that stand in the text before."""
    tokens = words(text)
    return 1 - len(set(tokens)) / len(tokens) if tokens else 0.0


def rewards(texts: Sequence[str]) -> dict[str, np.ndarray]:
    """Proxy -> its score of each continuation ``[texts]``."""
    references = [[IDEAL]] * len(texts)
    return {
        name: np.array(list(map(review_sentiment, texts))) if name == "sentiment"
        else proxy_scores(name, texts, references)
        for name in PROXIES
    }  # fmt: skip


def _measured(texts: Sequence[str], naturalness: Sequence[float]) -> np.ndarray:
    """``MEASURES`` of texts ``[measures, texts]``."""
    rows = (map(reader_taste, texts), naturalness, map(repetition, texts))
    return np.array([list(row) for row in rows], float)


def _pool(seed: int) -> list[str]:
    """Texts of the templates."""
    return draw_reviews(host_rng(0, HostStream.PROXY_TEXTS, seed + 1), POOL)


@cache
def _measured_pool(seed: int) -> tuple[list[str], dict[str, np.ndarray], np.ndarray]:
    """A pool, its rewards by proxy, and its measures."""
    texts = _pool(seed)
    return texts, rewards(texts), _measured(texts, [naturalness(text) for text in texts])


def naturalness(text: str) -> float:
    """Log-probability of a word of a text under the model of the templates, in nats."""
    return word_model().log_probability(text) / (len(words(text)) + 1)


# -- best of n ------------------------------------------------------------------------------------


def _table(policies: Sequence[np.ndarray], reward: np.ndarray, values: np.ndarray) -> np.ndarray:
    """``COLUMNS`` of policies over equally likely texts ``[policies, columns]``."""
    reference = np.full(len(reward), 1 / len(reward))
    start, best = reward.mean(), reward.max()
    scaled = (reward - start) / max(best - start, 1e-12)
    return np.array([[p @ scaled, *(values @ p), kl_divergence(p, reference)] for p in policies])


def _by_n(reward: np.ndarray, values: np.ndarray) -> np.ndarray:
    reference = np.full(len(reward), 1 / len(reward))
    return _table([best_of_n_policy(reference, reward, n) for n in NUMBERS], reward, values)


def _named(values: np.ndarray) -> dict[str, list[list[float]]]:
    """Column -> mean and ends ``[3][policies]``, from ``[3, policies, columns]``."""
    return {name: np.round(values[..., i], 4).tolist() for i, name in enumerate(COLUMNS)}


def template_measures(seeds: Sequence[int]) -> dict[str, Any]:
    """Proxy -> column of ``COLUMNS`` -> mean over pools and 95 % interval ``[3][n]``."""
    found: dict[str, list[np.ndarray]] = {name: [] for name in PROXIES}
    for seed in seeds:
        _, scores, values = _measured_pool(seed)
        for name, reward in scores.items():
            found[name].append(_by_n(reward, values))
    return {name: _named(student_interval(np.array(rows))) for name, rows in found.items()}


def price_measures(seeds: Sequence[int]) -> dict[str, Any]:
    """Column -> mean and interval ``[3][prices]`` of the best policy for sentiment by price."""
    found = []
    for seed in seeds:
        _, scores, values = _measured_pool(seed)
        reward = scores["sentiment"]
        reference = np.full(POOL, 1 / POOL)
        policies = [exponential_tilt(reference, reward, 1 / price) for price in PRICES]
        found.append(_table(policies, reward, values))
    return _named(student_interval(np.array(found)))


def model_samples() -> list[dict[str, Any]]:
    """Samples of the packaged language model with their measures and scores, drawn anew.

    Raises:
        InputError: where it is not installed.
    """
    from scrl.language_model import load_language_model

    model = load_language_model()
    drawn = [c for c in model.complete([PROMPT], n=SAMPLES, **SAMPLED)[0] if c.token_count]
    return measured_samples(
        [c.text for c in drawn], [c.log_probability / c.token_count for c in drawn]
    )


def measured_samples(texts: Sequence[str], naturalness: Sequence[float]) -> list[dict[str, Any]]:
    """``"text"``, ``MEASURES`` and scores by proxy of each text."""
    values, scores = _measured(texts, naturalness), rewards(texts)
    columns = dict(zip(MEASURES, values, strict=True)) | scores
    return [
        {"text": text} | {name: round(float(v[i]), 4) for name, v in columns.items()}
        for i, text in enumerate(texts)
    ]


def model_measures(samples: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """As ``template_measures`` of the language model's samples, with bootstrap intervals."""
    values = np.array([[sample[name] for sample in samples] for name in MEASURES])
    draws = host_rng(0, HostStream.PROXY_TEXTS, 10_000).integers(
        len(samples), size=(RESAMPLES, len(samples))
    )
    found = {}
    for name in PROXIES:
        reward = np.array([sample[name] for sample in samples])
        each = [_by_n(reward[draw], values[:, draw]) for draw in draws]
        ends = np.quantile(each, (0.025, 0.975), axis=0)
        found[name] = _named(np.stack([_by_n(reward, values), *ends]))
    return found


def typical_texts() -> dict[str, list[dict[str, Any]]]:
    """Proxy -> for each n the text that best of n typically keeps of the first pool of templates,
    with its ``"reward"`` and ``MEASURES``."""
    texts, scores, values = _measured_pool(0)
    found: dict[str, list[dict[str, Any]]] = {}
    for name, reward in scores.items():
        kept = [typical_choice(reward, n) for n in NUMBERS]
        found[name] = [_described(texts[i], float(reward[i]), values[:, i]) for i in kept]
    return found


def _described(text: str, reward: float, values: np.ndarray) -> dict[str, Any]:
    own = {name: round(float(v), 4) for name, v in zip(MEASURES, values, strict=True)}
    return {"text": text, "reward": round(reward, 4), **own}


def search_results() -> dict[str, list[dict[str, Any]]]:
    """Proxy -> the texts of the greedy search, with ``"price"``, ``"reward"`` and ``MEASURES``."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name in PROXIES:

        def reward(text: str, name: str = name) -> float:
            if name == "sentiment":
                return review_sentiment(text)
            return float(proxy_scores(name, [text], [[IDEAL]])[0])

        found[name] = []
        for price in SEARCH_PRICES if name == "sentiment" else SEARCH_PRICES[:1]:
            text = search_words(reward, SEARCH_WORDS, word_model(), SEARCH_LENGTH, price)[-1]
            values = _measured([text], [naturalness(text)])[:, 0]
            found[name].append({"price": price, **_described(text, reward(text), values)})
    return found


def verifiable(seeds: Sequence[int]) -> dict[str, list[list[float]]]:
    """Reward -> share of right answers and interval ``[3][n]`` of best of n on word problems."""
    reference = np.full(ANSWERS, 1 / ANSWERS)
    shares: dict[str, list[list[float]]] = {}
    for seed in seeds:
        problems = draw_problems(
            host_rng(0, HostStream.PROXY_TEXTS, 1_000 + seed), PROBLEMS, ANSWERS
        )  # fmt: skip
        rewards = {
            "sentiment": [np.array([sentiment(a) for a in p.answers]) for p in problems],
            "length": [proxy_scores("length", p.answers) for p in problems],
        } | {
            name: [np.array([check(a, p.solution) for a in p.answers]) for p in problems]
            for name, check in CHECKS.items()
        }
        for name, each in rewards.items():
            row = [
                float(np.mean([best_of_n_policy(reference, r, n) @ p.right
                               for r, p in zip(each, problems, strict=True)]))
                for n in NUMBERS
            ]  # fmt: skip
            shares.setdefault(name, []).append(row)
    return {
        name: np.round(student_interval(np.array(rows)), 4).tolist()
        for name, rows in shares.items()
    }


# -- the study ------------------------------------------------------------------------------------


def spot_check(content: Mapping[str, Any], on_progress: Listener = None) -> list[str]:
    """Differences of a stored content from what seconds can repeat; the language model's texts are
    measured again, not drawn again."""
    stored = content["result"]
    texts, natural = ([s[key] for s in stored["samples"]] for key in ("text", "naturalness"))
    found = differences(stored["samples"], measured_samples(texts, natural), TOLERANCE, "samples.")
    for name, fresh in (
        ("model", model_measures(stored["samples"])),
        ("slides", slide_sentiments()),
        ("typical", typical_texts()),
        ("search", search_results()),
        ("first reader", proxy_readers.agreement(0)),
    ):
        found += differences(stored[name], fresh, TOLERANCE, f"{name}.")
    return found


STUDY = ModuleStudy(
    name="proxy-hacking",
    title="Proxy metrics, optimised and hacked",
    modules=(__name__,),
    compute_spec=spec,
    compute=lambda on_progress: {"result": run(on_progress)},
    check=spot_check,
)
