"""Leaderboards against published fits, brute-force likelihoods, choix, and simulated coverage."""

from __future__ import annotations

from itertools import combinations, permutations
from pathlib import Path

import choix
import numpy as np
import pytest
from scipy.optimize import approx_fprime, linprog, minimize
from sklearn.linear_model import LogisticRegression

import scrl
from scrl.types import InputError

#: Home and away team, games that each won: the American League East of 1987 (Agresti 2002,
#: Categorical Data Analysis, table 10.10).
BASEBALL = """
Milwaukee Detroit 4 3|Milwaukee Toronto 4 2|Milwaukee NewYork 4 3|Milwaukee Boston 6 1
Milwaukee Cleveland 4 2|Milwaukee Baltimore 6 0|Detroit Milwaukee 3 3|Detroit Toronto 4 2
Detroit NewYork 4 3|Detroit Boston 6 0|Detroit Cleveland 6 1|Detroit Baltimore 4 3
Toronto Milwaukee 2 5|Toronto Detroit 4 3|Toronto NewYork 2 4|Toronto Boston 4 3
Toronto Cleveland 4 2|Toronto Baltimore 6 0|NewYork Milwaukee 3 3|NewYork Detroit 5 1
NewYork Toronto 2 5|NewYork Boston 4 3|NewYork Cleveland 4 2|NewYork Baltimore 6 1
Boston Milwaukee 5 1|Boston Detroit 2 5|Boston Toronto 3 3|Boston NewYork 4 2
Boston Cleveland 5 2|Boston Baltimore 6 0|Cleveland Milwaukee 2 5|Cleveland Detroit 3 3
Cleveland Toronto 3 4|Cleveland NewYork 4 3|Cleveland Boston 4 2|Cleveland Baltimore 2 4
Baltimore Milwaukee 2 5|Baltimore Detroit 1 5|Baltimore Toronto 1 6|Baltimore NewYork 2 4
Baltimore Boston 1 6|Baltimore Cleveland 3 4
"""
NASCAR = Path(__file__).with_name("nascar_2002.txt")
REWARD = np.array([0.9, 0.3, -0.2, -1.0])


def baseball() -> list[dict]:
    rows = []
    for line in BASEBALL.replace("\n", "|").strip("|").split("|"):
        home, away, won, lost = line.split()
        rows += [
            {"home": home, "away": away, "won": home, "games": int(won)},
            {"home": home, "away": away, "won": away, "games": int(lost)},
        ]
    return rows


def battles(seed: int, rows: int, tie: float = 0.6, reward=REWARD, side: float = 0.0) -> dict:
    """Comparisons of random pairs drawn from Davidson's model, a rater each fourth row."""
    rng = np.random.default_rng(seed)
    m = len(reward)
    a = rng.integers(m, size=rows)
    b = (a + rng.integers(1, m, rows)) % m
    half = (reward[a] - reward[b] + side) / 2
    odds = np.stack([np.exp(half), np.exp(-half), np.full(rows, tie)], axis=1)
    chance = (odds / odds.sum(1, keepdims=True)).cumsum(1)
    drawn = (rng.random(rows)[:, None] > chance[:, :2]).sum(1)
    return {
        "model_a": [f"m{i}" for i in a],
        "model_b": [f"m{i}" for i in b],
        "winner": [("model_a", "model_b", "tie")[k] for k in drawn],
        "rater": (np.arange(rows) // 4).tolist(),
        "weight": rng.exponential(size=rows).tolist(),
        "longer": rng.normal(size=rows).tolist(),
    }


def by_name(board: scrl.Leaderboard, values: np.ndarray) -> dict:
    return dict(zip(board.names, values, strict=True))


# -- published figures ----------------------------------------------------------------------------


def test_agrestis_baseball():
    """Estimates and errors of BradleyTerry2's vignette (Turner & Firth 2012), Baltimore at 0."""
    plain = {
        "Boston": (1.1077, 0.3339), "Cleveland": (0.6839, 0.3319), "Detroit": (1.4364, 0.3396),
        "Milwaukee": (1.5814, 0.3433), "NewYork": (1.2476, 0.3359), "Toronto": (1.2945, 0.3367),
    }  # fmt: skip
    columns = {"model_a": "home", "model_b": "away", "winner": "won", "weight": "games"}
    board = scrl.fit_bradley_terry(baseball(), **columns, anchor={"Baltimore": 0})
    assert board.errors == "errors from observed information"
    scores, errors = by_name(board, board.score), by_name(board, board.standard_error)
    for team, (score, error) in plain.items():
        assert scores[team] == pytest.approx(score, abs=6e-5)
        assert errors[team] == pytest.approx(error, abs=6e-5)
    assert errors["Baltimore"] == 0
    home = scrl.fit_bradley_terry(baseball(), **columns, anchor={"Baltimore": 0}, side=True)
    assert home.coefficients["shown first"].estimate == pytest.approx(0.3023, abs=6e-5)
    assert home.coefficients["shown first"].standard_error == pytest.approx(0.1309, abs=6e-5)
    assert by_name(home, home.score)["Milwaukee"] == pytest.approx(1.6196, abs=6e-5)
    assert by_name(home, home.standard_error)["Milwaukee"] == pytest.approx(0.3474, abs=6e-5)


def test_hunters_races():
    """Table 2 of Hunter (2004): shares of P. J. Jones, Pruett and Martin, and their logs."""
    lines = NASCAR.read_text("utf-8").splitlines()[1:]
    board = scrl.fit_plackett_luce([list(map(int, line.split())) for line in lines], anchor={1: 0})
    assert len(board.names) == 83
    share = by_name(board, np.exp(board.score) / np.exp(board.score).sum())
    logs = by_name(board, board.score)
    for driver, wanted, log in ((58, 0.1864, 4.15), (68, 0.1096, 3.62), (51, 0.0235, 2.08)):
        assert share[driver] == pytest.approx(wanted, abs=6e-5)
        assert logs[driver] == pytest.approx(log, abs=6e-3)
    assert [round(logs[driver], 2) for driver in (15, 17, 40)] == [0.03, -0.31, -0.15]


def test_a_published_fit_of_few_rankings():
    """The example of disconnected networks in PlackettLuce's vignette, without its item D."""
    few = [("A", "B"), ("C", "A"), ("B", "A"), ("B", "C")]
    board = scrl.fit_plackett_luce(few, anchor={"A": 0})
    scores, errors = by_name(board, board.score), by_name(board, board.standard_error)
    assert [scores["B"], scores["C"]] == pytest.approx([0.8392, 0.4196], abs=6e-5)
    assert [errors["B"], errors["C"]] == pytest.approx([1.3596, 1.5973], abs=6e-5)
    assert -2 * board.log_likelihood == pytest.approx(5.1356, abs=6e-5)
    with pytest.raises(InputError, match="'D' never won"):
        scrl.fit_plackett_luce([*few, ("A", "D")])


# -- likelihoods by brute force -------------------------------------------------------------------


def log_probability(ties: str, gap: float, tie: float, result: str) -> float:
    if ties == "half":
        win = 1 / (1 + np.exp(-gap))
        chance = {"model_a": win, "model_b": 1 - win, "tie": np.sqrt(win * (1 - win))}
    elif ties == "davidson":
        total = np.exp(gap) + 1 + tie * np.exp(gap / 2)
        win, tied = np.exp(gap) / total, tie * np.exp(gap / 2) / total
        chance = {"model_a": win, "model_b": 1 - win - tied, "tie": tied}
    else:
        win, loss = np.exp(gap) / (np.exp(gap) + tie), 1 / (1 + tie * np.exp(gap))
        chance = {"model_a": win, "model_b": loss, "tie": 1 - win - loss}
    return float(np.log(chance[result]))


def log_likelihood(data: dict, ties: str, x: np.ndarray, slopes: bool, weights: bool) -> float:
    """Row by row; ``x`` is the rewards, coefficients of side and ``longer``, and the log of ν or
    of κ."""
    total = 0.0
    reward, tie = x[:4], float(np.exp(x[-1]))
    for i, result in enumerate(data["winner"]):
        gap = reward[int(data["model_a"][i][1])] - reward[int(data["model_b"][i][1])]
        if slopes:
            gap += x[4] + x[5] * data["longer"][i]
        weight = data["weight"][i] if weights else 1.0
        total += weight * log_probability(ties, gap, tie, result)
    return total


@pytest.mark.parametrize("ties", ["half", "davidson", "rao-kupper"])
@pytest.mark.parametrize("slopes", [False, True])
def test_a_general_optimiser_and_a_numeric_hessian_find_the_same(ties, slopes):
    data = battles(1, 60, side=0.5)
    options = {"features": ["longer"], "side": True} if slopes else {}
    board = scrl.fit_bradley_terry(
        data, ties=ties, weight="weight", errors="information", **options
    )
    n = 4 + 2 * slopes + (ties != "half")

    def full(x: np.ndarray) -> np.ndarray:
        return x if ties != "half" else np.append(x, 0.0)

    def loss(x: np.ndarray) -> float:
        return -log_likelihood(data, ties, full(x), slopes, True) + 0.5 * x[:4].sum() ** 2

    bounds = [(None, None)] * (n - 1) + [(0.01 if ties == "rao-kupper" else None, None)]
    limits = {"ftol": 1e-15, "gtol": 1e-7}
    best = minimize(loss, np.full(n, 0.1), method="L-BFGS-B", bounds=bounds, options=limits)
    wanted = best.x[:4] - best.x[:4].mean()
    order = [int(name[1]) for name in board.names]
    assert board.score == pytest.approx(wanted[order], abs=1e-4)
    assert board.log_likelihood == pytest.approx(-best.fun, abs=1e-6)
    if ties != "half":
        assert board.tie == pytest.approx(np.exp(best.x[-1]), abs=1e-3)
    gradient = lambda x: approx_fprime(x, loss, 1e-5)  # noqa: E731
    step = 1e-3 * np.eye(n)
    hessian = np.array([(gradient(best.x + h) - gradient(best.x - h)) / 2e-3 for h in step])
    covariance = np.linalg.inv(hessian)
    centre = np.eye(4) - 0.25
    wanted = centre @ covariance[:4, :4] @ centre
    np.testing.assert_allclose(board.covariance, wanted[np.ix_(order, order)], atol=3e-4)
    if slopes:
        assert board.coefficients["longer"].estimate == pytest.approx(best.x[5], abs=1e-4)
        error = np.sqrt(covariance[5, 5])
        assert board.coefficients["longer"].standard_error == pytest.approx(error, abs=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_choix_finds_the_same(seed):
    rng = np.random.default_rng(seed)
    m = 6
    pairs = [tuple(rng.choice(m, 2, replace=False).tolist()) for _ in range(150)]
    board = scrl.fit_bradley_terry(pairs)
    wanted = choix.ilsr_pairwise(m, pairs, tol=1e-12)
    assert board.score == pytest.approx((wanted - wanted.mean())[list(board.names)], abs=1e-8)
    weak = scrl.fit_bradley_terry(pairs[:5], prior_sd=2.0)
    wanted = choix.opt_pairwise(m, pairs[:5], alpha=0.5 / 4, method="BFGS", tol=1e-9)
    assert weak.score == pytest.approx(wanted[list(weak.names)] - wanted[list(weak.names)].mean(),
                                       abs=2e-4)  # fmt: skip
    rankings = [rng.permutation(m)[: rng.integers(2, m + 1)].tolist() for _ in range(60)]
    board = scrl.fit_plackett_luce(rankings)
    wanted = choix.ilsr_rankings(m, rankings, tol=1e-12)
    assert board.score == pytest.approx((wanted - wanted.mean())[list(board.names)], abs=1e-8)


def test_tied_rankings_are_the_mean_of_their_orders():
    """Log-likelihood, its optimum and its information, by writing all orders out."""
    tied = [["a", ["b", "c", "d"]], [["d", "a"], "b"], ["c", "a", ["d", "b"]], ["b", "c", "a"]]
    written, weight = [], []
    for ranking in tied:
        orders = [[]]
        for place in ranking:
            group = place if isinstance(place, list) else [place]
            orders = [o + list(p) for o in orders for p in permutations(group)]
        written += orders
        weight += [1 / len(orders)] * len(orders)
    board = scrl.fit_plackett_luce(tied, errors="information")
    wanted = scrl.fit_plackett_luce(
        written, weight=weight, weights_are="counts", errors="information"
    )
    assert board.names == wanted.names
    assert board.score == pytest.approx(wanted.score, abs=1e-9)
    assert board.covariance == pytest.approx(wanted.covariance, abs=1e-9)
    assert board.log_likelihood == pytest.approx(wanted.log_likelihood, abs=1e-9)
    pairs = scrl.fit_plackett_luce([["a", "b"], ["b", "a"], [["a", "b"]], ["a", "b"]])
    assert np.ptp(pairs.score) == pytest.approx(np.log(2.5 / 1.5), abs=1e-9)


TIED = [["a", "b", ["c", "d"]], [["a", "b", "c"], "d"], ["d", "c"], ["c", ["a", "d"], "b"],
        ["b", "a"], ["d", "a", "b"], ["c", "d"]] * 3  # fmt: skip


def davidson_luce(x: np.ndarray) -> float:
    """The log-likelihood of ``TIED``: rewards of a to d, log δ₂ and log δ₃."""
    total = 0.0
    for ranking in TIED:
        places = [place if isinstance(place, list) else [place] for place in ranking]
        for k, place in enumerate(places):
            left = ["abcd".index(name) for later in places[k:] for name in later]
            if len(left) < 2:
                continue
            value = {
                group: np.mean(x[list(group)]) + (0, x[4], x[5])[size - 1]
                for size in (1, 2, 3)
                for group in combinations(sorted(left), size)
            }
            picked = tuple(sorted("abcd".index(name) for name in place))
            total += value[picked] - np.log(np.exp(list(value.values())).sum())
    return total


def test_davidson_luce_is_what_a_general_optimiser_finds():
    board = scrl.fit_plackett_luce(TIED, ties="davidson")

    def loss(x: np.ndarray) -> float:
        return -davidson_luce(x) + 0.5 * x[:4].sum() ** 2

    best = minimize(loss, np.zeros(6), method="BFGS", options={"gtol": 1e-7})
    order = ["abcd".index(name) for name in board.names]
    assert board.score == pytest.approx((best.x[:4] - best.x[:4].mean())[order], abs=1e-4)
    assert board.tie == pytest.approx(np.exp(best.x[4]), abs=1e-4)
    assert board.log_likelihood == pytest.approx(-best.fun, abs=1e-7)
    gradient = lambda x: approx_fprime(x, loss, 1e-6)  # noqa: E731
    hessian = [(gradient(best.x + h) - gradient(best.x - h)) / 2e-3 for h in 1e-3 * np.eye(6)]
    centre = np.eye(4) - 0.25
    wanted = centre @ np.linalg.inv(hessian)[:4, :4] @ centre
    np.testing.assert_allclose(board.covariance, wanted[np.ix_(order, order)], atol=1e-3)
    pairs = [("x", "y", "tie")] * 5 + [("x", "y", "x")] * 3 + [("y", "z", "y")] * 4
    pairs += [("z", "x", "z"), ("y", "x", "y")] * 2
    rankings = [[[a, b]] if who == "tie" else [a, b] if who == a else [b, a] for a, b, who in pairs]
    a = scrl.fit_bradley_terry(pairs, ties="davidson").bootstrap(20)
    b = scrl.fit_plackett_luce(rankings, ties="davidson")
    assert a.score == pytest.approx(b.score, abs=1e-9)
    assert a.covariance == pytest.approx(b.covariance, abs=1e-9)
    assert a.predict("x", "z") == pytest.approx(b.predict("x", "z"))
    assert a.held_out(3).log_likelihood == pytest.approx(b.held_out(3).log_likelihood, abs=0.3)
    drawn = scrl.fit_plackett_luce(TIED * 5, ties="davidson", errors="robust").bootstrap(100)
    assert drawn.resamples.std(0) == pytest.approx(drawn.standard_error, rel=0.3)


def test_rankings_of_two_are_comparisons():
    data = battles(2, 80, tie=1e-9)
    board = scrl.fit_bradley_terry(data, rater="rater")
    ahead = [w == "model_a" for w in data["winner"]]
    pairs = zip(data["model_a"], data["model_b"], ahead, strict=True)
    rankings = [(a, b) if a_won else (b, a) for a, b, a_won in pairs]
    same = scrl.fit_plackett_luce(rankings, rater=data["rater"])
    assert same.names == board.names
    assert same.score == pytest.approx(board.score, abs=1e-9)
    assert same.covariance == pytest.approx(board.covariance, abs=1e-9)


def test_public_leaderboards_compute_the_same():
    """Arena's notebooks fit a logistic regression to each battle twice, a tie once a side."""
    data = battles(11, 500)
    m = len(REWARD)
    rows, won, weight = [], [], []
    for a, b, result, w in zip(
        data["model_a"], data["model_b"], data["winner"], data["weight"], strict=True
    ):
        row = np.log(10) * (np.eye(m)[int(a[1])] - np.eye(m)[int(b[1])])
        for side in (1, 0):
            rows.append(row)
            won.append(side)
            weight.append(w * (1 if result == "tie" else 2 * ((result == "model_a") == side)))
    model = LogisticRegression(fit_intercept=False, C=np.inf, tol=1e-10, max_iter=1000)
    elo = 400 * model.fit(rows, won, weight).coef_[0] + 1000
    board = scrl.fit_bradley_terry(data, weight="weight", scale="elo", anchor=1000)
    wanted = elo - elo.mean() + 1000
    assert board.score == pytest.approx(wanted[[int(name[1]) for name in board.names]], abs=0.02)
    # Their errors: the sandwich of the information and of the squared scores of battles.
    chance = 1 / (1 + np.exp(-np.array(rows[::2]) @ (wanted / 400)))
    score = {"model_a": 1.0, "tie": 0.5, "model_b": 0.0}
    slope = np.array(data["weight"]) * (np.array([score[r] for r in data["winner"]]) - chance)
    design = np.array(rows[::2]) / np.log(10)
    bread = np.linalg.pinv(
        design.T @ (design * (np.array(data["weight"]) * chance * (1 - chance))[:, None])
    )
    covariance = bread @ (design.T @ (design * slope[:, None] ** 2)) @ bread
    errors = 400 / np.log(10) * np.sqrt(np.diagonal(covariance))
    assert board.standard_error == pytest.approx(
        errors[[int(name[1]) for name in board.names]], rel=1e-4
    )


# -- errors ---------------------------------------------------------------------------------------


def test_robust_errors_by_the_jackknife():
    """The infinitesimal jackknife of rows with weights, and of raters: refits, each left out."""
    data = battles(3, 160)
    for options in ({"weight": "weight"}, {"rater": "rater"}):
        board = scrl.fit_bradley_terry(data, **options)
        group = np.array(data["rater"]) if "rater" in options else np.arange(160)
        refits = []
        for g in range(group.max() + 1):
            left = {key: [v[i] for i in np.flatnonzero(group != g)] for key, v in data.items()}
            refit = scrl.fit_bradley_terry(left, **options)
            refits.append([by_name(refit, refit.score)[name] for name in board.names])
        spread = (np.array(refits) - np.mean(refits, axis=0)) ** 2
        wanted = np.sqrt((len(refits) - 1) / len(refits) * spread.sum(0))
        assert board.standard_error == pytest.approx(wanted, rel=0.1)


def test_counts_stand_for_rows_and_importance_does_not():
    data = battles(4, 120)
    twice = {key: values * 2 for key, values in data.items()}
    counted = {**data, "n": [2] * 120}
    for ties in ("davidson", "half"):
        doubled = scrl.fit_bradley_terry(twice, ties=ties)
        counts = scrl.fit_bradley_terry(counted, ties=ties, weight="n")
        assert counts.score == pytest.approx(doubled.score, abs=1e-9)
        assert counts.covariance == pytest.approx(doubled.covariance, abs=1e-9)
        once = scrl.fit_bradley_terry(data, ties=ties, errors="robust")
        heavy = scrl.fit_bradley_terry(counted, ties=ties, weight="n", weights_are="importance")
        assert heavy.covariance == pytest.approx(once.covariance, abs=1e-9)
        # Each row given twice by one rater says no more than once, but for the factor G / (G - 1).
        raters = {**twice, "who": [*range(120), *range(120)]}
        paired = scrl.fit_bradley_terry(raters, ties=ties, rater="who")
        assert paired.covariance == pytest.approx(once.covariance * 120 / 119, abs=1e-9)


def test_bootstrap_and_information_agree_on_many_rows():
    data = battles(5, 3000)
    for options in (
        {"ties": "davidson"},
        {"ties": "half"},
        {"weight": "weight"},
        {"rater": "rater"},
    ):
        board = scrl.fit_bradley_terry(data, **options).bootstrap(600, seed=1)
        assert board.resamples_with_prior == 0
        assert board.resamples.std(0) == pytest.approx(board.standard_error, rel=0.12)
        normal = board.intervals()
        for method in ("percentile", "basic"):
            assert board.intervals(method=method) == pytest.approx(normal, abs=0.04)
        gap = board.difference("m0", "m3", method="percentile")
        assert gap.low < REWARD[0] - REWARD[3] - (0.25 * ("ties" not in options)) < gap.high + 1.0
    again = scrl.fit_bradley_terry(data, **options).bootstrap(600, seed=1)
    assert (again.resamples == board.resamples).all()


def test_intervals_cover():
    """About 95 % of intervals contain the truth; benchmarks/fits.py asks thousands of data sets."""
    for ties, weight in (("davidson", None), ("half", None), ("davidson", "weight")):
        if ties == "half":  # what half wins estimate: the fit to the expected results
            big = scrl.fit_bradley_terry(battles(99, 60_000), ties="half")
            truth = np.array([by_name(big, big.score)[f"m{i}"] for i in range(4)])
        else:
            truth = REWARD - REWARD.mean()
        inside = []
        for seed in range(60):
            board = scrl.fit_bradley_terry(battles(seed, 120), ties=ties, weight=weight)
            gap = board.difference("m0", "m2")
            inside.append(gap.low < truth[0] - truth[2] < gap.high)
        assert 0.85 <= np.mean(inside) <= 1.0


def test_rank_intervals_by_hand():
    board = scrl.fit_bradley_terry(battles(6, 2000), ties="davidson")
    low, high = board.intervals().T
    for i, (best, worst) in enumerate(board.ranks(method="overlap")):
        assert best == 1 + sum(low[j] > high[i] for j in range(4))
        assert worst == 4 - sum(high[j] < low[i] for j in range(4))
    level = 1 - 0.05 / 3  # three differences an item
    for i, (best, worst) in enumerate(board.ranks()):
        gaps = [board.difference(board.names[j], board.names[i], level) for j in range(4) if j != i]
        assert best == 1 + sum(gap.low > 0 for gap in gaps)
        assert worst == 4 - sum(gap.high < 0 for gap in gaps)
    assert board.ranks().tolist() == [[1, 1], [2, 2], [3, 3], [4, 4]]
    few = scrl.fit_bradley_terry(battles(6, 30), prior_sd=1.0)
    assert few.ranks().tolist() == [[1, 4]] * 4


# -- views ----------------------------------------------------------------------------------------


def test_gauges_and_scales_change_no_difference():
    data = battles(7, 300)
    plain = scrl.fit_bradley_terry(data, ties="davidson")
    elo = scrl.fit_bradley_terry(data, ties="davidson", anchor={"m1": 1000}, scale="elo")
    points = 400 / np.log(10)
    assert by_name(elo, elo.score)["m1"] == 1000
    assert by_name(elo, elo.standard_error)["m1"] == 0
    for a, b in (("m0", "m3"), ("m2", "m1")):
        wanted, found = plain.difference(a, b), elo.difference(a, b)
        assert np.array(found) == pytest.approx(points * np.array(wanted), abs=1e-9)
        assert elo.predict(a, b) == pytest.approx(plain.predict(a, b))
        assert sum(plain.predict(a, b)) == pytest.approx(1)
    mean = plain.anchored(1000, "elo")
    assert mean.score.mean() == pytest.approx(1000)
    assert "mean score 1000" in repr(mean)
    assert "score of m1 is 1000" in repr(elo)
    drawn = elo.bootstrap(50).resamples
    assert drawn[:, elo.names.index("m1")] == pytest.approx(np.full(50, 1000.0))
    rows = elo.rows()
    assert [row["rank"] for row in rows] == [1, 2, 3, 4]
    assert {"name", "score", "low", "high", "wins", "losses", "ties"} <= rows[0].keys()
    assert all(isinstance(v, float | int | str) for row in rows for v in row.values())
    assert sum(row["wins"] + row["losses"] + row["ties"] for row in rows) == 600


def test_held_out_likelihood_by_refitting():
    """Two folds of raters, fitted and read by hand; and a model of noise gains nothing."""
    data = battles(8, 400)
    board = scrl.fit_bradley_terry(data, ties="davidson", rater="rater")
    found = board.held_out(2, seed=3)
    fold = (np.random.default_rng(3).permutation(100) % 2)[np.array(data["rater"])]
    total = 0.0
    for f in range(2):
        train = {key: [v[i] for i in np.flatnonzero(fold != f)] for key, v in data.items()}
        fit = scrl.fit_bradley_terry(train, ties="davidson")
        for i in np.flatnonzero(fold == f):
            chance = fit.predict(data["model_a"][i], data["model_b"][i])
            total += np.log(dict(zip(("model_a", "tie", "model_b"), chance, strict=True))[
                data["winner"][i]])  # fmt: skip
    assert found.log_likelihood == pytest.approx(total / 400, abs=1e-6)
    assert found.gain == pytest.approx(found.log_likelihood - found.baseline)
    assert found.gain > 2 * found.standard_error > 0
    noise = scrl.fit_bradley_terry(battles(9, 400, reward=np.zeros(4)), ties="davidson")
    assert noise.held_out().gain < noise.held_out().standard_error
    assert scrl.fit_plackett_luce([["a", "b", "c"], ["b", "c", "a"], ["c", "a", "b"]] * 5).held_out(
        3
    ).baseline == pytest.approx(-np.log(6))


# -- data without a finite maximum ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "ties", "said"),
    [
        (
            [("a", "b"), ("b", "a"), ("c", "d"), ("d", "c")],
            "half",
            "'a', 'b' and 'c', 'd' are never",
        ),
        ([("a", "b"), ("b", "a"), ("c", "a")], "half", "'c' never lost or tied"),
        ([("a", "b"), ("b", "a"), ("a", "c")], "half", "'c' never won or tied"),
        ([("a", "b", "a"), ("a", "b", "tie")], "davidson", "gaps and ties may grow"),
        ([("a", "b", "a"), ("a", "b", "tie")], "rao-kupper", "gaps and ties may grow"),
        ([("a", "b", "tie"), ("b", "c", "tie")], "davidson", "All comparisons are ties"),
        ([("a", "b", "tie")], "omit", "Every comparison is a tie"),
    ],
)
def test_one_sentence_says_what_is_missing_and_a_prior_repairs_it(rows, ties, said):
    with pytest.raises(InputError, match=said):
        scrl.fit_bradley_terry(rows, ties=ties)
    if ties != "omit":
        board = scrl.fit_bradley_terry(rows, ties=ties, prior_sd=2.0)
        assert np.isfinite(board.score).all()
        assert np.isfinite(board.standard_error).all()


def test_the_maximum_is_finite_unless_a_linear_programme_finds_a_direction_of_no_fall():
    """Small data at random. Along a direction (rewards d, log ν or 2 log κ) that falls nowhere,
    each win has d_i - d_j ≥ 0 and ≥ 2δ, and each tie |d_i - d_j| ≤ 2δ."""
    rng = np.random.default_rng(0)
    refused = fitted = 0
    for _ in range(120):
        rows = []
        for _ in range(rng.integers(3, 9)):
            a, b = rng.choice(3, 2, replace=False)
            rows.append((int(a), int(b), ("model_a", "tie")[rng.integers(2)]))
        if {r for *_, r in rows} == {"model_a"} or len({i for *ab, _ in rows for i in ab}) < 3:
            continue
        falls = []
        for a, b, result in rows:
            gap = np.eye(4)[a] - np.eye(4)[b]
            delta = 2 * np.eye(4)[3]
            falls += [-gap, delta - gap] if result == "model_a" else [gap - delta, -gap - delta]
        bounds = [(0, 0), (-1, 1), (-1, 1), (-1, 1)]
        free = any(
            linprog(sign * np.eye(4)[k], falls, np.zeros(len(falls)), bounds=bounds).fun < -1e-9
            for k in (1, 2, 3) for sign in (1, -1)
        )  # fmt: skip
        refused, fitted = refused + free, fitted + (not free)
        for ties in ("davidson", "rao-kupper"):
            if free:
                with pytest.raises(InputError):
                    scrl.fit_bradley_terry(rows, ties=ties)
            else:
                assert np.abs(scrl.fit_bradley_terry(rows, ties=ties).score).max() < 10
    assert min(refused, fitted) > 20


def test_resamples_without_a_maximum_are_counted():
    board = scrl.fit_bradley_terry([("a", "b")] * 6 + [("b", "a")]).bootstrap(200)
    assert 0.2 < board.resamples_with_prior / 200 < 0.5  # (6/7)⁷ = .34
    assert np.isfinite(board.resamples).all()
