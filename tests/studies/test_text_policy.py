"""The study of policies on text: types, votes and selection among samples, by brute force."""

from itertools import combinations

import numpy as np
import pytest

from scrl.studies import load_baked, text_policy, text_policy_results, text_types

TEXTS = [
    "Sleep.",
    "You should be careful, because there is a risk that he never pays you back at all, ever.",
    "It depends on many things that nobody knows, such as what the weather will be like then.",
    "Ask your doctor.",
]


def test_styles_are_read_from_words():
    assert text_types.attributes_of(TEXTS).tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 0], [1, 1, 1]]
    assert text_types.attributes_of([]).shape == (0, 3)


def test_types_share_population_and_votes():
    for field in ("share", "pairs"):
        assert sum(getattr(t, field) for t in text_types.TYPES) == pytest.approx(1)


def test_borda_counts_everybody_once_and_pooling_counts_votes():
    utilities = text_types.utilities_of(TEXTS)
    scores = text_types.borda_scores(utilities)
    for a in range(4):
        points = sum(
            t.share * np.mean([(u[a] > u[b]) + 0.5 * (u[a] == u[b]) for b in range(4) if b != a])
            for t, u in zip(text_types.TYPES, utilities, strict=True)
        )
        assert scores[a] == pytest.approx(points)
    pooled, social = (text_policy.votes_of(TEXTS, p) for p in ("pooled", "social"))
    assert pooled + pooled.T == pytest.approx(np.ones((4, 4)))
    assert social + social.T == pytest.approx(np.ones((4, 4)))
    assert pooled[0, 1] > 0.5  # most votes are for the short text
    assert social[1, 0] == 1  # most people want the warning


@pytest.mark.parametrize("reward", ["vanilla", "social"])
def test_best_of_n_is_the_mean_over_all_subsets(reward, monkeypatch):
    monkeypatch.setattr(text_policy_results, "SIZES", (1, 2, 3, 4))
    samples = [TEXTS, [*TEXTS[::-1][:3], TEXTS[0]]]
    found = text_policy_results.best_of_samples(samples, reward)
    rewards = np.round(text_policy_results.sample_rewards(samples, reward), 9)
    for k, n in enumerate((1, 2, 3, 4)):
        means = []
        for texts, row in zip(samples, rewards, strict=True):
            styles = text_types.attributes_of(texts)
            best = []
            for subset in combinations(range(4), n):
                top = [i for i in subset if row[i] == row[list(subset)].max()]
                best.append(styles[top].mean(0))
            means.append(np.mean(best, 0))
        assert found.share[:, k] == pytest.approx(np.mean(means, 0))


def test_the_price_of_kl_moves_from_all_samples_to_the_best():
    found = text_policy_results.reweighted_samples([TEXTS, TEXTS[::-1]], "social")
    assert (np.diff(found.kl) > 0).all()
    assert found.kl[0] == pytest.approx(0, abs=1e-3)
    assert found.kl[-1] <= np.log(4) + 1e-9


def test_repetition_counts_pairs_of_words_seen_before():
    assert text_policy_results.repetition("a b a b a b") == pytest.approx(3 / 5)
    assert text_policy_results.repetition("one") == 0


def test_the_stored_policies_do_what_the_page_says():
    result = load_baked("text-policy")["result"]
    styles, policies = result["styles"], result["policies"]
    base = styles["reference"]["share"]
    assert 0.1 <= base[1] <= 0.35
    assert styles["social"]["share"][1] >= 2 * base[1], "warnings at least doubled"
    assert policies["social"]["kl"] + 2 * policies["social"]["kl_error"] < 10
    assert styles["pooled"]["share"][0] > base[0] > styles["social"]["share"][0]
    utility = {name: styles[name]["utility"] for name in styles}
    assert utility["pooled"][0] > utility["reference"][0] > utility["social"][0]
    assert utility["social"][1] > utility["reference"][1] > utility["pooled"][1]
