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
    assert scores.argmax() in np.flatnonzero(
        text_types.attributes_of(TEXTS)[:, list(text_types.WISHED)].all(axis=1)
    )


def test_training_reads_the_best_and_the_worst_texts():
    texts = [*TEXTS, TEXTS[2] + " Really.", TEXTS[1] + " Really."]
    shares = {"pooled": [t.pairs for t in text_types.TYPES]}
    for votes in ("pooled", "social"):
        read, table = text_policy.votes_of(texts, votes)
        assert len(set(read)) == 4
        if votes == "pooled":
            every = text_types.preference(text_types.utilities_of(texts), shares[votes])
            score = every.mean(1)
            assert table + table.T == pytest.approx(np.ones((4, 4)))
            assert table == pytest.approx(every[np.ix_(read, read)])
        else:
            score = text_types.borda_scores(text_types.utilities_of(texts))
            assert table[0, 3] == pytest.approx(score[read[0]] - score[read[3]])
            assert not table[3].any()  # nothing is below the worst
        rest = [i for i in range(6) if i not in read]
        assert min(score[read[:2]]) >= max(score[rest])
        assert max(score[read[2:]]) <= min(score[rest])
    long = [text for text in texts if text != "Ask your doctor."]
    best = [text_policy.votes_of(long, votes)[0][0] for votes in ("pooled", "social")]
    assert text_types.attributes_of([long[i] for i in best]).tolist() == [[1, 0, 0], [0, 1, 1]]


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
    base = styles["reference"]
    for name in ("social", "again"):
        found, policy = styles[name], policies[name]
        for i in (0, 1):  # prompts of the training, and new ones
            assert found["wished"][i] >= 2.5 * base["wished"][i]
            error = np.hypot(found["wished_sd"][i], base["wished_sd"][i]) / np.sqrt(10)
            assert found["wished"][i] - 3 * error > base["wished"][i]
        for prefix in ("", "new_"):
            assert policy[f"{prefix}kl"] + policy[f"{prefix}kl_error"] < 10
        for key in ("share", "new"):
            assert found[key][1] > 1.5 * base[key][1] > styles["pooled"][key][1]
            assert styles["pooled"][key][0] > 2 * base[key][0]
        assert found["utility"][1] > base["utility"][1] > styles["pooled"]["utility"][1]
        assert styles["pooled"]["utility"][0] > max(base["utility"][0], found["utility"][0])
