"""Proxy metrics optimised: best of n, a price on KL, a search word by word, and a check.

Texts continue the review of the slides, which starts badly. The proxy is VADER's sentiment of the
whole review. What is watched beside it: a reader's taste, how natural the text is (log-probability
of a word or token under the reference) and repetition. Pools are drawn from templates, and stored
samples of the packaged language model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from scrl.evaluation.intervals import student_interval
from scrl.proxies import (
    CHECKS,
    IDEAL,
    PROXIES,
    REVIEW_START,
    WordModel,
    best_of_n,
    best_of_n_kl_bound,
    draw_problems,
    draw_reviews,
    kl_divergence,
    proxy_scores,
    reader_taste,
    reweighted,
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
SEARCH_PRICES, SEARCH_LENGTH = (0.0, 0.1, 0.3, 0.5), 16
#: Seeds of the pools on which every proxy is optimised.
PROXY_SEEDS = 5
PROBLEM_SEEDS, PROBLEMS, ANSWERS = 20, 10, 256
#: Samples of the language model, how they are drawn, and how many are stored.
SAMPLES = 256
SAMPLED: dict[str, Any] = {"max_tokens": 40, "temperature": 0.8, "top_p": 0.95, "seed": 5}
PROMPT = (
    "Continue this movie review so that it becomes as positive as possible, however negatively it "
    f'starts. Write only the continuation. Review: "{REVIEW_START}"'
)
RESAMPLES = 200
MEASURES = ("sentiment", "taste", "naturalness", "repetition")
TOLERANCE = 1e-3


def spec() -> str:
    """A hash of the study's settings."""
    pools = (SEEDS, POOL, READ_TEXTS, NUMBERS, PRICES, SEARCH_PRICES, SEARCH_LENGTH, PROXY_SEEDS)
    return settings_hash(
        pools, PROBLEM_SEEDS, PROBLEMS, ANSWERS, SAMPLES, SAMPLED, PROMPT, RESAMPLES,
        proxy_readers.SETTINGS,
    )  # fmt: skip


def run(on_progress: Listener = None) -> dict[str, Any]:
    """The study: about two minutes, and five more for the language model.

    Returns:
        ``"templates"`` and ``"model"``: measures by n and by price; ``"typical"`` and ``"search"``:
        texts; ``"proxies"``: taste by n for each proxy; ``"verifiable"``; ``"readers"`` of
        ``proxy_readers``, and of its first seed; and ``"samples"``: the language model's texts
        with their measures.

    Raises:
        InputError: where the language model or a package of the extra is not installed.
    """

    def report(done: float, message: str) -> None:
        if on_progress is not None:
            on_progress(Progress("proxies", done, message))

    report(0.0, "The language model writes")
    samples = model_samples()
    report(0.5, "Best of n")
    return {
        "numbers": list(NUMBERS),
        "bounds": [round(best_of_n_kl_bound(n), 4) for n in NUMBERS],
        "samples": samples,
        "model": model_measures(samples),
        "templates": template_measures(range(SEEDS)),
        "typical": typical_texts(),
        "search": search_results(),
        "proxies": proxies_by_n(range(PROXY_SEEDS)),
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


def repetition(text: str) -> float:
    """Share of the words that stand in the text before."""
    tokens = words(text)
    return 1 - len(set(tokens)) / len(tokens) if tokens else 0.0


def _measured(texts: Sequence[str], naturalness: Sequence[float]) -> np.ndarray:
    """Measures of texts ``[measures, texts]``."""
    rows = (map(review_sentiment, texts), map(reader_taste, texts), naturalness,
            map(repetition, texts))  # fmt: skip
    return np.array([list(row) for row in rows], float)


def naturalness(text: str) -> float:
    """Log-probability of a word of a text under the model of the templates, in nats."""
    return word_model().log_probability(text) / (len(words(text)) + 1)


# -- best of n ------------------------------------------------------------------------------------


def _by_choice(values: np.ndarray) -> dict[str, np.ndarray]:
    """Measures ``[choices, measures + 1]`` by n and by price; the last column is KL."""
    count = values.shape[1]
    reference = np.full(count, 1 / count)
    policies = {
        "by n": [best_of_n(reference, values[0], n) for n in NUMBERS],
        "by price": [reweighted(reference, values[0], price) for price in PRICES],
    }
    return {
        name: np.array([[*(values @ p), kl_divergence(p, reference)] for p in chosen])
        for name, chosen in policies.items()
    }


def template_measures(seeds: Sequence[int]) -> dict[str, Any]:
    """Means over pools of templates, with 95 % intervals, by n and by price.

    Returns:
        ``"by n"`` and ``"by price"``: measure -> ``[3][choices]``, of ``MEASURES`` and ``kl``.
    """
    found = []
    for seed in seeds:
        texts = draw_reviews(host_rng(0, HostStream.PROXY_TEXTS, seed + 1), POOL)
        found.append(_by_choice(_measured(texts, [naturalness(t) for t in texts])))
    return {
        key: _table(student_interval(np.array([one[key] for one in found]))) for key in found[0]
    }


def _table(values: np.ndarray) -> dict[str, list[list[float]]]:
    """Measure -> mean and ends ``[3][choices]``, from ``[3, choices, measures]``."""
    names = (*MEASURES, "kl")
    return {name: np.round(values[..., i], 4).tolist() for i, name in enumerate(names)}


def model_samples() -> list[dict[str, Any]]:
    """Samples of the packaged language model with their measures, drawn anew.

    Raises:
        InputError: where it is not installed.
    """
    from scrl.language_model import load_language_model

    model = load_language_model()
    drawn = [c for c in model.complete([PROMPT], n=SAMPLES, **SAMPLED)[0] if c.token_count]
    log_probability = [c.log_probability / c.token_count for c in drawn]
    values = _measured([c.text for c in drawn], log_probability)
    return [
        {"text": c.text} | {name: round(float(v), 4) for name, v in zip(MEASURES, own, strict=True)}
        for c, own in zip(drawn, values.T, strict=True)
    ]


def model_measures(samples: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """As ``template_measures`` of the language model's samples, with bootstrap intervals."""
    values = np.array([[sample[name] for sample in samples] for name in MEASURES])
    rng = host_rng(0, HostStream.PROXY_TEXTS, 10_000)
    draws = rng.integers(values.shape[1], size=(RESAMPLES, values.shape[1]))
    resampled = [_by_choice(values[:, draw]) for draw in draws]
    found = {}
    for key, mean in _by_choice(values).items():
        ends = np.quantile([one[key] for one in resampled], (0.025, 0.975), axis=0)
        found[key] = _table(np.stack([mean, *ends]))
    return found


def typical_texts() -> list[dict[str, Any]]:
    """For each n the text that best of n typically keeps of the first pool of templates."""
    texts = draw_reviews(host_rng(0, HostStream.PROXY_TEXTS, 1), POOL)
    reward = np.array(list(map(review_sentiment, texts)))
    chosen = [texts[typical_choice(reward, n)] for n in NUMBERS]
    values = _measured(chosen, [naturalness(text) for text in chosen])
    return [
        {"text": text} | {name: round(float(v), 4) for name, v in zip(MEASURES, own, strict=True)}
        for text, own in zip(chosen, values.T, strict=True)
    ]


def search_results() -> list[dict[str, Any]]:
    """For each price on KL the text of the greedy search and its measures."""
    rows = []
    for price in SEARCH_PRICES:
        text = search_words(review_sentiment, SEARCH_WORDS, word_model(), SEARCH_LENGTH, price)[-1]
        values = _measured([text], [naturalness(text)])[:, 0]
        own = {name: round(float(v), 4) for name, v in zip(MEASURES, values, strict=True)}
        rows.append({"price": price, "text": text, **own})
    return rows


def proxies_by_n(seeds: Sequence[int]) -> dict[str, list[list[float]]]:
    """Proxy -> mean taste and interval ``[3][n]`` of best of n by it, on pools of templates.

    Proxies with a reference compare with the ideal continuation of the slides.
    """
    taste: dict[str, list[np.ndarray]] = {name: [] for name in PROXIES}
    for seed in seeds:
        texts = draw_reviews(host_rng(0, HostStream.PROXY_TEXTS, seed + 1), POOL)
        wanted, reference = np.array(list(map(reader_taste, texts))), np.full(POOL, 1 / POOL)
        for name in PROXIES:
            reward = (
                np.array(list(map(review_sentiment, texts))) if name == "sentiment"
                else proxy_scores(name, texts, [[IDEAL]] * POOL)
            )  # fmt: skip
            row = [best_of_n(reference, reward, n) @ wanted for n in NUMBERS]
            taste[name].append(np.array(row))
    return {
        name: np.round(student_interval(np.array(rows)), 4).tolist() for name, rows in taste.items()
    }


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
                float(np.mean([best_of_n(reference, r, n) @ p.right
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
    texts = [sample["text"] for sample in stored["samples"]]
    again = _measured(texts, [sample["naturalness"] for sample in stored["samples"]])
    before = [[sample[name] for sample in stored["samples"]] for name in MEASURES]
    found = differences(before, again.round(4).tolist(), TOLERANCE, "samples.")
    for name, fresh in (
        ("model", model_measures(stored["samples"])),
        ("search", search_results()),
        ("typical", typical_texts()),
        ("first reader", proxy_readers.agreement(0)),
        ("templates", template_measures(range(SEEDS))),
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
