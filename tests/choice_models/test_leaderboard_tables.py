"""Tables of leaderboards: every accepted form, and one sentence for the others."""

from __future__ import annotations

import numpy as np
import pandas
import polars
import pyarrow
import pytest

import scrl
from scrl.types import InputError

PAIRS = [("ann", "ben"), ("ben", "cat"), ("cat", "ann"), ("ann", "cat"), ("ann", "ben")]
BATTLES = {
    "model_a": ["ann", "ann", "cat", "ben", "cat", "ann"],
    "model_b": ["ben", "cat", "ben", "ann", "ann", "cat"],
    "winner": ["model_a", "tie", "model_b", "model_a", "tie (bothbad)", "model_a"],
}


def same(a: scrl.Leaderboard, b: scrl.Leaderboard) -> bool:
    return (
        a.names == b.names
        and np.allclose(a.score, b.score, atol=1e-10)
        and np.allclose(a.covariance, b.covariance, atol=1e-10)
    )


def test_every_form_of_the_same_pairs_is_the_same_fit():
    wanted = scrl.fit_bradley_terry(PAIRS)
    columns = {"winner": [a for a, _ in PAIRS], "loser": [b for _, b in PAIRS]}
    counts = {("ann", "ben"): 2, ("ben", "cat"): 1, ("cat", "ann"): 1, ("ann", "cat"): 1}
    forms = [
        tuple(PAIRS), iter(PAIRS), columns, counts, pandas.DataFrame(columns),
        polars.DataFrame(columns), polars.LazyFrame(columns), pyarrow.table(columns),
        {key: np.array(values) for key, values in columns.items()},
        [{"winner": a, "loser": b} for a, b in PAIRS], [(b, a, 0) for a, b in PAIRS],
        [(a, b, a) for a, b in PAIRS],
    ]  # fmt: skip
    for form in forms:
        assert same(scrl.fit_bradley_terry(form), wanted), type(form)
    other = pandas.DataFrame({"better": columns["winner"], "worse": columns["loser"]})
    assert same(scrl.fit_bradley_terry(other, winner="better", loser="worse"), wanted)
    counted = pandas.DataFrame({"winner": list("aab"), "loser": list("bcc"), "n": [3, 0, 0]})
    assert scrl.fit_bradley_terry(counted, weight="n", prior_sd=1.0).names == ("a", "b")
    number = {"ann": 0, "ben": 1, "cat": 2}
    array = np.array([[number[a], number[b]] for a, b in PAIRS])
    assert scrl.fit_bradley_terry(array).score == pytest.approx(wanted.score)
    assert scrl.fit_bradley_terry(array).names == tuple(number[name] for name in wanted.names)


def test_every_word_for_a_result_is_understood():
    wanted = scrl.fit_bradley_terry(BATTLES)
    assert sum(wanted.counts["ties"]) == 4
    words = {"model_a": 0, "model_b": 1, "tie": 2, "tie (bothbad)": 2}
    told = [words[word] for word in BATTLES["winner"]]
    for first, second, tie in (
        (1, 0, 0.5), ("A", "B", "TIE"), ("left", " right ", "draw"), ("a", "b", "both_bad"),
        (True, False, 0.5), ("first", "second", "neither"),
    ):  # fmt: skip
        rows = {**BATTLES, "winner": [(first, second, tie)[k] for k in told]}
        assert same(scrl.fit_bradley_terry(rows), wanted)
    both = zip(BATTLES["model_a"], BATTLES["model_b"], told, strict=True)
    named = [(a, b, "tie")[k] for a, b, k in both]
    assert same(scrl.fit_bradley_terry({**BATTLES, "winner": named}), wanted)
    frame = pandas.DataFrame(BATTLES).rename(columns={"model_a": "x", "model_b": "y"})
    assert same(scrl.fit_bradley_terry(frame, model_a="x", model_b="y"), wanted)


def test_items_called_as_sides_are_read_where_all_rows_agree():
    """Items a, b and c: names if a row says c; sides if a row cannot be a name."""
    names = [("a", "b", "b"), ("b", "a", "a"), ("c", "a", "c"), ("b", "c", "tie"), ("a", "c", "a")]
    clear = [tuple({"a": "x", "b": "y", "c": "z"}.get(word, word) for word in row) for row in names]
    board, wanted = scrl.fit_bradley_terry(names), scrl.fit_bradley_terry(clear)
    assert board.score == pytest.approx(wanted.score)
    assert [{"a": "x", "b": "y", "c": "z"}[name] for name in board.names] == list(wanted.names)
    sides = [("a", "b", "b"), ("b", "a", "a"), ("c", "b", "a"), ("b", "c", "a"), ("a", "c", "b")]
    board = scrl.fit_bradley_terry([*sides, ("a", "b", "a")])
    assert board.counts["wins"][board.names.index("b")] == 3
    with pytest.raises(InputError, match="also a word for a side"):
        scrl.fit_bradley_terry([("a", "b", "a"), ("b", "a", "a"), ("a", "b", "b")])


def test_swapping_sides_changes_the_side_only():
    swapped = {
        "model_a": BATTLES["model_b"], "model_b": BATTLES["model_a"],
        "winner": [{"model_a": "b", "model_b": "a"}.get(w, "tie") for w in BATTLES["winner"]],
        "longer": [-1.0, 2.0, -0.5, 1.0, 0.3, -2.0],
    }  # fmt: skip
    plain = {**BATTLES, "longer": [-x for x in swapped["longer"]]}
    assert same(scrl.fit_bradley_terry(swapped), scrl.fit_bradley_terry(BATTLES))
    options = {"prior_sd": 1.0, "side": True, "features": ["longer"], "ties": "davidson"}
    a, b = scrl.fit_bradley_terry(plain, **options), scrl.fit_bradley_terry(swapped, **options)
    assert a.score == pytest.approx(b.score)
    side, longer = "shown first", "longer"
    assert a.coefficients[side].estimate == pytest.approx(-b.coefficients[side].estimate)
    assert a.coefficients[longer].estimate == pytest.approx(b.coefficients[longer].estimate)
    # Lengths of both answers stand for their difference.
    lengths = {**plain, "len_a": [5 + x for x in plain["longer"]], "len_b": [5.0] * 6}
    options["features"] = [("len_a", "len_b")]
    c = scrl.fit_bradley_terry(lengths, **options)
    assert c.coefficients["len_a - len_b"] == pytest.approx(a.coefficients[longer])


@pytest.mark.parametrize(
    ("rows", "options", "said"),
    [
        ([], {}, "no comparison to fit"),
        ([("a", "b", "c")], {}, "the result 'c'"),
        ([("a", "b"), ("a", "a")], {}, "Row 2 compares 'a' with itself"),
        ([("a", "b"), ("a", None)], {}, "Row 2 has no name"),
        ([("a", "b"), ("a", float("nan"))], {}, "Row 2 has no name"),
        ([("a", "b"), ("a",)], {}, "Row 2 is not a comparison"),
        ([("a", "b", None)], {}, "Row 1 has no result"),
        ([("a", "b", float("nan"))], {}, "Row 1 has no result"),
        ([("a", "b", 2)], {}, "the result '2'"),
        ([("b", "a", "a")], {}, "also a word for a side"),
        ([(["x"], "b")], {}, "A name is a text or a number"),
        (np.ones((3, 3)), {}, "matrix of wins"),
        ({("a", "b"): float("nan")}, {}, "give a number"),
        ({("a", "b"): -1}, {}, "the weight -1"),
        ({("a", "b"): 0}, {}, "no comparison to fit"),
        ({("a", "b", "c"): 1}, {}, "pairs as keys"),
        ({"winner": ["a"], "loser": ["b", "c"]}, {}, "unequal length"),
        ({"x": ["a"], "y": ["b"]}, {}, "There are: 'x', 'y'"),
        ({"winner": "ab", "loser": "ba"}, {}, "no list or array"),
        (BATTLES, {"rater": "who"}, "no column 'who'"),
        ({**BATTLES, "who": [1, 2, None, 1, 2, 3]}, {"rater": "who"}, "Row 3 has nothing"),
        (pandas.DataFrame({**BATTLES, "winner": ["a", pandas.NA, *"aabb"]}), {}, "Row 2 has no re"),
        (BATTLES, {"model_a": "model_a"}, "Name both columns"),
        (BATTLES, {"features": ["winner"]}, "Row 1 has 'model_a' in the column 'winner'"),
        (PAIRS, {"side": True}, "needs the columns model_a and model_b"),
        (PAIRS, {"prior_sd": 0}, "prior_sd is 0"),
        (PAIRS, {"prior_sd": float("nan")}, "prior_sd is nan"),
        (PAIRS, {"ties": "maybe"}, "half, davidson, rao-kupper, omit"),
        (PAIRS, {"errors": "none"}, "information or robust"),
        (PAIRS, {"weights_are": "big"}, "counts or importance"),
        (PAIRS, {"anchor": {"dan": 0}}, "'dan' is no item"),
        (PAIRS, {"anchor": {"ann": 0, "ben": 1}}, "one item and its score"),
        (PAIRS, {"anchor": {"ann": float("inf")}}, "not a finite number"),
        (PAIRS, {"scale": "points"}, "log-odds, elo or a number"),
        (PAIRS, {"scale": -1}, "a number above 0"),
        (7, {}, "A int is no data frame"),
    ],
)  # fmt: skip
def test_bad_comparisons_get_one_sentence(rows, options, said):
    with pytest.raises(InputError, match=said) as caught:
        scrl.fit_bradley_terry(rows, **options)
    assert "\n" not in str(caught.value)


def test_features_that_separate_or_repeat_are_named():
    separated = {**BATTLES, "winner": ["model_a"] * 3 + ["model_b"] * 3, "x": [1, 1, 1, -1, -1, -1]}
    with pytest.raises(InputError, match="Features separate"):
        scrl.fit_bradley_terry(separated, features=["x"], prior_sd=1.0)
    longer = [-1.0, 2.0, -0.5, 1.0, 0.3, -2.0]
    twice = {**BATTLES, "x": longer, "y": [2 * x for x in longer]}
    with pytest.raises(InputError, match="depend on each other"):
        scrl.fit_bradley_terry(twice, features=["x", "y"], prior_sd=1.0)


def test_every_form_of_the_same_rankings_is_the_same_fit():
    listed = [["a", "b", "c"], ["b", "c", "a"], ["c", "a"], ["a", ["b", "c"]], ["a", "b", "c"]]
    wanted = scrl.fit_plackett_luce(listed, rater=["u", "u", "v", "w", "x"])
    long = [
        {"ranking": f"r{i}", "item": item, "rank": place + 1, "who": who, "n": 1}
        for i, (ranking, who) in enumerate(zip(listed, "uuvwx", strict=True))
        for place, group in enumerate(ranking)
        for item in (group if isinstance(group, list) else [group])
    ]
    shuffled = [long[i] for i in np.random.default_rng(0).permutation(len(long))]
    for form in (long, shuffled, pandas.DataFrame(shuffled), polars.DataFrame(long)):
        assert same(scrl.fit_plackett_luce(form, rater="who", weight="n"), wanted)
    counts = {("a", "b", "c"): 2, ("b", "c", "a"): 1, ("c", "a"): 1, ("a", ("b", "c")): 1}
    plain = scrl.fit_plackett_luce(listed)
    assert same(scrl.fit_plackett_luce(counts), plain)
    array = np.array([[0, 1, 2], [1, 2, 0], [2, 0, -1], [0, 1, 2]])
    names = scrl.fit_plackett_luce([*listed[:3], listed[4]])
    assert scrl.fit_plackett_luce(array).score == pytest.approx(names.score)
    # A ranking of one item says nothing, and one without weight is none.
    assert same(scrl.fit_plackett_luce([*listed, ["d"]]), plain)
    weights = [1, 1, 1, 1, 1, 0]
    assert same(scrl.fit_plackett_luce([*listed, ["d", "a"]], weight=weights), plain)


@pytest.mark.parametrize(
    ("rankings", "options", "said"),
    [
        ([], {}, "no ranking to fit"),
        ([["a"]], {}, "no ranking to fit"),
        (["abc"], {}, "Row 1 is no ranking"),
        ([["a", "b", "a"]], {}, "Row 1 ranks 'a' twice"),
        ([["a", None]], {}, "without a name"),
        ([["a", "b"]], {"weight": [1, 2]}, "2 entries of weight for 1 rankings"),
        ([["a", "b"]], {"weight": "n"}, "a list with one entry for each"),
        ([["a", "b"], ["b", "a"]], {"weight": [1, -1]}, "the weight -1"),
        ([["a", "b"], ["b", "a"]], {"rater": [1, 1]}, "two raters or more"),
        ([["a", "b"], ["b", "a"]], {"rater": [1, None]}, "Row 2 has nothing"),
        ([["a", "b"], ["a", "c"], ["c", "b"]], {}, "'b' never won"),
        ([["a", "b"], ["b", "a"], ["c", "d"], ["d", "c"]], {}, "never compared with each other"),
        ([[list("abcdefghijkl"), "m"]], {}, "12 items of a ranking are tied"),
        ({"item": ["a", "b"], "rank": [1, 2]}, {}, "need a column ranking"),
        ({"ranking": [1, 1], "item": ["a", "b"], "rank": [1, "x"]}, {}, "Row 2 has 'x'"),
        ({"ranking": [1, 1], "item": ["a", "b"], "rank": [1, 2], "w": [1, 2]}, {"weight": "w"},
         "several weights"),
        (np.ones(3), {}, "a row for each ranking"),
    ],
)  # fmt: skip
def test_bad_rankings_get_one_sentence(rankings, options, said):
    with pytest.raises(InputError, match=said):
        scrl.fit_plackett_luce(rankings, **options)


def test_questions_to_a_leaderboard_that_have_no_answer():
    board = scrl.fit_bradley_terry(PAIRS)
    for ask, said in (
        (lambda: board.difference("ann", "dan"), "no item 'dan'"),
        (lambda: board.intervals(95), "between 0 and 1"),
        (lambda: board.intervals(method="percentile"), "call bootstrap"),
        (lambda: board.intervals(method="exact"), "normal, percentile or basic"),
        (lambda: board.ranks(method="exact"), "differences or overlap"),
        (lambda: board.held_out(6), "give 2 to 5"),
        (lambda: board.bootstrap(0), "from 1 to 100,000"),
    ):
        with pytest.raises(InputError, match=said):
            ask()


def test_a_printed_leaderboard_keeps_to_lines():
    rows = [("a\nb" + "x" * 80, "c"), ("c", "a\nb" + "x" * 80), ("c", "a\nb" + "x" * 80)]
    lines = repr(scrl.fit_bradley_terry(rows)).splitlines()
    assert len(lines) == 4
    assert "3 comparisons" in lines[0]
    assert "a?bx" in lines[3]
    assert max(map(len, lines[1:])) < 130


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"prior_sd": 1e9}, "prior_sd"), ({"prior_sd": 1e-300}, "prior_sd"),
        ({"prior_sd": "x"}, "prior_sd"), ({"anchor": "a"}, "The anchor is"),
        ({"anchor": {"a": "x"}}, "anchor's score"),
    ],
)  # fmt: skip
def test_priors_and_anchors_out_of_range_get_a_sentence(asked, message):
    wins = {("a", "b"): 3, ("b", "a"): 2}
    with pytest.raises(InputError, match=message):
        scrl.fit_bradley_terry(wins, **asked)


@pytest.mark.parametrize("resamples", [10**9, 1.5, -3])
def test_a_number_of_resamples_out_of_range_gets_a_sentence(resamples):
    with pytest.raises(InputError, match="from 1 to 100,000"):
        scrl.fit_bradley_terry({("a", "b"): 3, ("b", "a"): 2}).bootstrap(resamples)


def test_where_all_is_tied_errors_are_those_of_as_many_wins_and_losses():
    tied = scrl.fit_bradley_terry([("a", "b", "tie")] * 6)
    decided = scrl.fit_bradley_terry({("a", "b"): 3, ("b", "a"): 3})
    np.testing.assert_allclose(tied.standard_error, decided.standard_error)
