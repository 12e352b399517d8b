"""Files of dated answers, predicted one step ahead."""

import numpy as np
import pytest

from scrl.data import parse_ratings
from scrl.drift import (
    MAX_ITEMS,
    TimedPairs,
    example_csv,
    fit_model,
    pairs_of_ratings,
    predict_answers,
)
from scrl.types import InputError


def rated(text):
    return parse_ratings(text.encode(), "x.csv")


def test_answers_are_in_the_order_of_time_and_the_clock_counts_answers():
    rows = [f"r,p,{c},{d},{t}" for t, c, d in [(30, "a", "b"), (10, "b", "a"), (20, "a", "b")] * 8]
    text = "rater,prompt,chosen,rejected,time\n" + "\n".join(f"{r}{i}" for i, r in enumerate(rows))
    ratings = rated(text)
    pairs, kind = pairs_of_ratings(ratings, 0)
    assert pairs.answers == 24
    assert (np.diff(pairs.time) >= 0).all()
    assert pairs.time[-1] == pytest.approx(23)
    assert (kind == -1).all()
    names = np.array(ratings.catalogue.names(0))
    in_order = [
        r.split(",")[2] for r in sorted(text.splitlines()[1:], key=lambda r: int(r.split(",")[4]))
    ]
    assert names[np.where(pairs.won[0] == 1, pairs.first[0], pairs.second[0])].tolist() == in_order


def test_neighbours_on_a_ranking_are_pairs_and_ties_are_halves():
    text = "rater,prompt,completion,rank,time\n"
    for t in range(12):
        text += "".join(
            f"r{t},p,{name},{rank},{t}\n" for name, rank in zip("abc", (1, 1, 2), strict=True)
        )
    pairs, _ = pairs_of_ratings(rated(text), 0)
    assert pairs.won[0].tolist() == [0.5, 1.0] * 12


def test_the_example_has_drift_and_groups_that_differ():
    ratings = rated(example_csv())
    assert not ratings.notes
    pairs, kind = pairs_of_ratings(ratings, 0)
    found = predict_answers(pairs, kind, 2, ("stationary", "discount"))
    assert found.versus["discount"][2] < 0, "discounting predicts surely better"
    own, pooled = found.group_wrong["discount"].T
    assert (own < pooled).all()
    assert found.setting["discount"] < 1e9
    assert found.rewards["discount"].shape == (6,)


def test_shares_wrong_are_those_of_the_rewards_at_the_block_begin():
    rng = np.random.default_rng(0)
    first = rng.integers(3, size=(1, 100))
    pairs = TimedPairs(
        np.arange(100.0), first, (first + 1) % 3, rng.choice([0.0, 0.5, 1.0], (1, 100)),
        np.ones((1, 100)), 3,
    )  # fmt: skip
    found = predict_answers(pairs, np.zeros((1, 100), int), 0, ("elo",))
    best = fit_model("elo", pairs, found.answers).best()[0]
    for b, (start, stop) in enumerate(zip(found.answers[:-1], found.answers[1:], strict=True)):
        reward, wrong = best[b], []
        for t in range(start, stop):
            gap = reward[pairs.first[0, t]] - reward[pairs.second[0, t]]
            if pairs.won[0, t] != 0.5:
                wrong.append(0.5 if gap == 0 else float((gap > 0) != (pairs.won[0, t] == 1)))
        assert found.wrong["elo"][b] == pytest.approx(np.mean(wrong))


def test_what_cannot_be_predicted_is_one_sentence():
    pair = "rater,prompt,chosen,rejected\nr,p,a,b\n"
    with pytest.raises(InputError, match="No ballot has a time"):
        pairs_of_ratings(rated(pair), 0)
    with pytest.raises(InputError, match="Only 1 answers on this prompt"):
        pairs_of_ratings(rated("rater,prompt,chosen,rejected,time\nr,p,a,b,1\n"), 0)
    many = np.arange(30)[None]
    pairs = TimedPairs(np.arange(30.0), many, many + 1, 0.0 * many, 1.0 + many, MAX_ITEMS + 1)
    with pytest.raises(InputError, match="40 at most"):
        predict_answers(pairs, many)


def test_files_of_ties_and_of_extreme_times_are_refused_in_a_sentence():
    ties = "rater,prompt,completion,score,time\n"
    ties += "".join(f"r{t},p,{name},3,{t}\n" for t in range(40) for name in "ab")
    with pytest.raises(InputError, match="none prefers one completion"):
        predict_answers(*pairs_of_ratings(rated(ties), 0))
    extreme = "rater,prompt,chosen,rejected,time\n"
    extreme += "".join(f"r{t},p,a,b,{(-1) ** t * 1.7e308}\n" for t in range(40))
    with np.errstate(over="ignore", invalid="ignore"):
        pairs = pairs_of_ratings(rated(extreme), 0)
    with pytest.raises(InputError, match="too far apart"):
        predict_answers(*pairs)
