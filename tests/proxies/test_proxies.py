"""Proxy metrics, selection among texts, the word model, searches and checks."""

import itertools

import numpy as np
import pytest

from scrl.policies import kl_divergence
from scrl.policies.exact import best_of_n_kl_bound, best_of_n_policy, exponential_tilt
from scrl.proxies import (
    BLEU_CANDIDATES,
    BLEU_REFERENCES,
    CHECKS,
    HACKED,
    IDEAL,
    PROXIES,
    REPEATED,
    REPEATED_REFERENCES,
    REVIEW_START,
    WordModel,
    draw_problems,
    draw_reviews,
    ngram_precision,
    proxy_scores,
    reader_taste,
    search_words,
    typical_choice,
    words,
)
from scrl.proxies.greedy_matching import greedy_matching
from scrl.text import sentiment
from scrl.types import InputError

RNG = np.random.default_rng(3)
VOCABULARY = ("the", "cat", "sat", "on", "a", "mat")


def random_text(length=8) -> str:
    return " ".join(RNG.choice(VOCABULARY, RNG.integers(1, length)))


def test_the_precisions_of_the_slides():
    """Papineni et al. 2002: 17/18 and 8/14 words, 10/17 and 1/13 pairs; 7/7 and 2/7 for *the*."""
    found = [ngram_precision(c, BLEU_REFERENCES, n) for c in BLEU_CANDIDATES for n in (1, 2)]
    assert [tuple(f) for f in found] == [(17, 18), (10, 17), (8, 14), (1, 13)]
    assert ngram_precision(REPEATED, REPEATED_REFERENCES, 1, False) == (7, 7)
    assert ngram_precision(REPEATED, REPEATED_REFERENCES) == (2, 7)


def test_clipped_precision_is_that_of_sacrebleu():
    from sacrebleu.metrics import BLEU

    metric = BLEU(effective_order=True)
    for _ in range(40):
        text, references = random_text(), [random_text() for _ in range(RNG.integers(1, 4))]
        theirs = metric.sentence_score(text, references)
        ours = [ngram_precision(text, references, n) for n in range(1, 5)]
        assert [o.matches for o in ours] == theirs.counts
        assert [o.total for o in ours] == theirs.totals


def test_rouge_is_the_longest_common_subsequence_in_any_language():
    for text, reference in [(random_text(), random_text()) for _ in range(20)] + [
        ("Über Öl müssen", "Öl müssen wir"),
    ]:
        a, b = words(text), words(reference)
        table = np.zeros((len(a) + 1, len(b) + 1))
        for i, j in itertools.product(range(len(a)), range(len(b))):
            table[i + 1, j + 1] = (
                table[i, j] + 1 if a[i] == b[j] else max(table[i, j + 1], table[i + 1, j])
            )
        f1 = 2 * table[-1, -1] / (len(a) + len(b))
        assert proxy_scores("rouge", [text], [[reference]])[0] == pytest.approx(f1)


def test_the_sentiments_of_the_slides():
    assert sentiment(HACKED) == pytest.approx(0.94, abs=0.005)
    assert sentiment(f"{REVIEW_START} {IDEAL}") == pytest.approx(-0.48, abs=0.005)
    assert sentiment("great great great great great") == pytest.approx(0.97, abs=0.005)
    assert reader_taste(IDEAL) > 0.8
    assert reader_taste(HACKED) == 0


def test_greedy_matching_is_the_mean_of_the_best_cosines():
    a, b = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in RNG.normal(size=(2, 5, 4)))
    b = b[:3]
    precision = np.mean([max(float(x @ y) for y in b) for x in a])
    recall = np.mean([max(float(x @ y) for x in a) for y in b])
    found = greedy_matching(a, b)
    assert found[:2] == pytest.approx((precision, recall))
    same, near, far = proxy_scores(
        "matching", ["a happy dog", "a glad dog", "tax law"], [["a happy dog"]] * 3
    )
    assert same == pytest.approx(1, abs=1e-5)
    assert same > near > far


def test_best_of_n_is_what_enumerating_all_draws_gives():
    reference = RNG.dirichlet(np.ones(4))
    reward = np.array([0.3, 0.9, 0.3, -1.0])
    expected = np.zeros(4)
    for draw in itertools.product(range(4), repeat=3):
        best = max(reward[list(draw)])
        kept = [i for i in draw if reward[i] == best]
        for i in kept:
            expected[i] += np.prod(reference[list(draw)]) / len(kept)
    np.testing.assert_allclose(best_of_n_policy(reference, reward, 3), expected)


@pytest.mark.parametrize("n", [1, 2, 10, 100])
def test_the_kl_of_best_of_n_is_at_most_the_formula(n):
    many = np.full(20_000, 1 / 20_000)
    for reward, is_exact in (
        (RNG.normal(size=20_000), True),
        (RNG.integers(5, size=20_000), False),
    ):
        kl = kl_divergence(best_of_n_policy(many, reward, n), many)
        assert kl <= best_of_n_kl_bound(n) + 1e-9
        assert not is_exact or kl == pytest.approx(best_of_n_kl_bound(n), abs=0.01)


def test_reweighting_is_the_best_policy_at_its_price():
    reference, reward, price = RNG.dirichlet(np.ones(6)), RNG.normal(size=6), 0.4
    policy = exponential_tilt(reference, reward, 1 / price)

    def worth(p):
        return p @ reward - price * kl_divergence(p, reference)

    others = [0.95 * policy + 0.05 * RNG.dirichlet(np.ones(6)) for _ in range(200)]
    assert all(worth(policy) >= worth(other) for other in others)


@pytest.mark.parametrize("n", [1, 3, 50])
def test_half_of_the_texts_kept_are_at_most_the_typical_one(n):
    reward = RNG.permutation(1001.0 + np.arange(1001))
    policy = best_of_n_policy(np.full(1001, 1 / 1001), reward, n)
    below = policy[reward < reward[typical_choice(reward, n)]].sum()
    assert below <= 0.5 + 1e-9
    assert below + policy[typical_choice(reward, n)] >= 0.5 - 1e-9


def test_the_word_model_is_a_distribution():
    model = WordModel.of(["the cat sat", "the cat ran on", "a mat"])
    known = {gram[0] for gram in model.counts[0]}
    for before in (("<s>", "<s>"), ("the", "cat"), ("never", "seen")):
        total = sum(model.word_probability(before, w) - 0.01 / 20_000 for w in known)
        assert total == pytest.approx(0.99)
    assert model.log_probability("the cat sat") > model.log_probability("sat cat the")


def test_each_step_of_a_search_appends_the_best_word():
    model = WordModel.of(draw_reviews(np.random.default_rng(0), 500))
    vocabulary = ("great", "love", "the", "film", "is", "was", "it")
    for price in (0.0, 0.3, 100.0):

        def worth(text, price=price):
            return sentiment(text) + price * model.log_probability(text, ended=False)

        found = search_words(sentiment, vocabulary, model, 5, price)
        for before, after in itertools.pairwise(["", *found]):
            best = max(worth(f"{before} {word}".strip()) for word in vocabulary)
            assert worth(after) == pytest.approx(best)
        if price == 0:
            assert set(after.split()) <= {"great", "love"}


def test_only_the_careless_check_can_be_hacked():
    strict, careless = CHECKS.values()
    problems = draw_problems(np.random.default_rng(1), 20)
    hacks = 0
    for problem in problems:
        right = [strict(a, problem.solution) == 1 for a in problem.answers]
        assert right == problem.right.tolist()
        hacks += sum(careless(a, problem.solution) and not r
                     for a, r in zip(problem.answers, right, strict=True))  # fmt: skip
    assert hacks > 20
    shares = [p.right.mean() for p in problems]
    assert 0.3 < np.mean(shares) < 0.45


def test_bad_input_gets_one_sentence(monkeypatch):
    with pytest.raises(InputError, match="no proxy"):
        proxy_scores("nonsense", ["x"])
    with pytest.raises(InputError, match="one reference or more"):
        proxy_scores("bleu", ["x"], [[]])
    monkeypatch.setattr("scrl.proxies.metrics.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'scrl\[text\]'"):
        proxy_scores("bleu", ["x"], [["y"]])
    assert proxy_scores("length", ["two words", ""]).tolist() == [2, 0]


def test_odd_texts_have_scores():
    odd = ["", " ", "\x00\x07", "<script>alert(1)</script>", "數據", "a" * 100_000]
    for name in PROXIES:
        scores = proxy_scores(name, odd, [["a reference"]] * len(odd))
        assert np.isfinite(scores).all(), name
