"""Profiles: made in many ways, asked about by everyday methods, edited and sampled."""

import itertools

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import scrl
from scrl import InputError, Profile
from scrl.types import places_to_order


def random_profile(rng: np.random.Generator, complete: bool = False) -> Profile:
    """Ties, truncation, fractions of weights, equal ballots, at times one voter or candidate."""
    m, n = int(rng.integers(1, 6)), int(rng.integers(1, 9))
    ranks = rng.integers(0, m, (n, m)).astype(float)
    if not complete:
        ranks[rng.random((n, m)) < 0.3] = np.nan
        ranks[np.isnan(ranks).all(1), int(rng.integers(m))] = 0
    ranks[rng.integers(n)] = ranks[0]
    weight = rng.choice([1, 2, 0.5, 3], n)
    return Profile.from_ranks([f"c {i}" for i in range(m)], ranks, weight, best=0)


PROFILES = [random_profile(np.random.default_rng(seed)) for seed in range(60)]


def raw_ranks(profile: Profile) -> list[list[float | None]]:
    return [[p + 1 if p >= 0 else None for p in row] for row in profile.place.tolist()]


# -- ways in --------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES[:20])
def test_every_constructor_makes_the_same_profile(profile):
    names, weight, orders = profile.names, profile.weight.tolist(), profile.orders()
    ranks = raw_ranks(profile)
    dicts = [dict(zip(names, row, strict=True)) for row in ranks]
    index = {name: i for i, name in enumerate(names)}
    made = [
        Profile.from_rankings(orders, weight, candidates=names),
        Profile.from_rankings(dicts, weight, candidates=names),
        Profile.from_rankings(
            [" > ".join("=".join(tied) for tied in order) for order in orders], weight,
            candidates=names,
        ),
        Profile.from_orders(names, [[[index[x] for x in t] for t in o] for o in orders], weight),
        Profile.from_ranks(names, ranks, weight),
        Profile.from_counts(profile.counts(), candidates=names),
        Profile.from_text(profile.to_text()),
    ]  # fmt: skip
    for other in made:
        assert other == profile
        assert other.names == names


@pytest.mark.parametrize("library", ["pandas", "polars", "arrow"])
@pytest.mark.parametrize("profile", PROFILES[:8])
def test_every_shape_of_frame_makes_the_same_profile(profile, library):
    make = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.table}[library]
    wide = dict(zip(profile.names, zip(*raw_ranks(profile), strict=True), strict=True))
    wide = {name: list(column) for name, column in wide.items()}
    wide["times"] = profile.weight.tolist()
    assert Profile.from_frame(make(wide), ranks=profile.names, weight="times") == profile
    rows = [
        (voter, name, place + 1, weight)
        for voter, (places, weight) in enumerate(zip(profile.place, profile.weight, strict=True))
        for name, place in zip(profile.names, places.tolist(), strict=True)
        if place >= 0
    ]
    long = {
        key: [row[i] for row in rows]
        for i, key in enumerate(("voter", "candidate", "rank", "weight"))
    }
    assert Profile.from_frame(make(long), candidates=profile.names) == profile


@pytest.mark.parametrize("library", ["pandas", "polars", "arrow"])
def test_choices_in_columns_skip_empty_cells(library):
    make = {"pandas": pd.DataFrame, "polars": pl.DataFrame, "arrow": pa.table}[library]
    frame = make({
        "choice_2": ["b", None, None, None], "choice_1": ["a", None, "b", None],
        "choice_10": ["c", "a", "", None], "precinct": [1, 2, 3, 4],
    })  # fmt: skip
    read = Profile.from_frame(frame, candidates=["c", "a", "b"], label="precinct")
    assert read.to_text().splitlines() == ["candidates: c, a, b", "1: a > b > c", "1: a", "1: b"]
    assert read.labels == ("1", "2", "3")


def test_scores_are_kept_as_utilities():
    frame = pd.DataFrame({"a": [1.0, 0.2], "b": [0.5, None]})
    profile = Profile.from_frame(frame, scores=["a", "b"])
    np.testing.assert_array_equal(profile.utility, [[1, 0.5], [0.2, np.nan]])
    assert profile.to_text() == "1: a > b\n1: a"
    long = pd.DataFrame(
        {"voter": ["x", "y", "x"], "candidate": ["a", "a", "b"], "score": [1, 0.2, 0.5]}
    )
    assert Profile.from_frame(long) == profile


def test_numbers_that_shared_a_column_with_a_blank_stay_names():
    frame = pd.DataFrame({"choice_1": [1, 2], "choice_2": [2, None]})
    assert Profile.from_frame(frame).names == ("1", "2")


@pytest.mark.parametrize("stem", ["tennessee-four", "truncated", "ties"])
def test_a_file_holds_the_ballots_as_they_were_cast(stem):
    path = f"tests/golden/{stem}.csv"
    profile = Profile.from_file(path)
    ratings = scrl.load_ratings(path)
    assert profile.voters == ratings.ballot_weight.sum()
    assert (profile.place >= 0).sum(1) @ profile.weight == ratings.sizes @ ratings.ballot_weight
    assert len(profile.counts()) == len(profile.weight)


def test_one_election_of_several_is_named(tmp_path):
    path = tmp_path / "two.csv"
    path.write_text("rater,prompt,completion,rank\na,p,x,1\na,p,y,2\na,q,x,2\na,q,y,1\n")
    with pytest.raises(InputError, match=r"2 elections; name one by contest=.*'p', 'q'"):
        Profile.from_file(path)
    assert Profile.from_file(path, contest="q").counts() == {"y > x": 1}
    with pytest.raises(InputError, match="no election 'r'"):
        Profile.from_file(path, contest="r")


def test_a_published_election_is_read_by_its_settings(tmp_path):
    path = tmp_path / "cvr.csv"
    path.write_text("choice_1,choice_2,choice_3\na,,b\nb,a,\n")
    assert Profile.from_file(path).voters == 2
    with pytest.raises(InputError, match="nonsense"):
        Profile.from_file(path, overvotes="nonsense")


def test_names_alike_but_for_spaces_or_unicode_form_are_one():
    profile = Profile.from_rankings([["José ", "Ann  Lee"], ["Ann Lee", "José"]])
    assert profile.names == ("José", "Ann Lee")


def test_names_that_hold_separators_are_quoted_in_text():
    names = ["A > B", "3: x", 'say "x" = y', "C"]
    profile = Profile.from_orders(names, [[0, 1, (2, 3)], [2]], [2, 1])
    assert list(profile.counts()) == ['"A > B" > "3: x" > "say ""x"" = y" = C', '"say ""x"" = y"']
    assert Profile.from_counts(profile.counts()) == profile
    assert Profile.from_text(profile.to_text()) == profile
    assert Profile.from_counts({"A: b > c": 1}, candidates=["c", "A: b"]).names == ("c", "A: b")


FRAME = pd.DataFrame({"x": ["a", "b"], "y": ["a", "a"], "n": [1, -1]})


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Profile.from_counts([("A", 1)]), "dictionary of counts"),
        (lambda: Profile.from_counts({"A > B": -1}), "weight of ballot 1 is -1"),
        (lambda: Profile.from_counts({"A > B": "x"}), "not a number"),
        (lambda: Profile.from_counts({("A", "B", "A"): 1}), "Ranking 1: 'A' is ranked twice"),
        (lambda: Profile.from_counts({"A > > B": 1}), "no name"),
        (lambda: Profile.from_counts({"3: A > B": 1}), "'3: A' holds ':'"),
        (lambda: Profile.from_counts({"A, B": 1}), "holds ','"),
        (lambda: Profile.from_rankings([]), "There is no ranking"),
        (lambda: Profile.from_rankings("AB"), "list of rankings"),
        (lambda: Profile.from_rankings([["A"], []]), "Ranking 2: it ranks nobody"),
        (lambda: Profile.from_rankings([["A", None]]), "no name"),
        (lambda: Profile.from_rankings([{"A": 0}]), "rank of 'A' is '0'; ranks are numbers"),
        (lambda: Profile.from_rankings([{"A": -1, "B": 1}]), "ranks are numbers from 1"),
        (lambda: Profile.from_rankings([["A"]], candidates=["B"]), "'A' is not among"),
        (lambda: Profile.from_rankings([["A"]], candidates=["B", "B "]), "name 'B' twice"),
        (lambda: Profile.from_rankings([["A"]], [1, 2]), "2 weights for 1 ballots"),
        (lambda: Profile.from_rankings([["A"]], labels=["x", "y"]), "2 labels for 1 ballots"),
        (lambda: Profile.from_orders("ab", [[0, -1]]), "Order 1 holds '-1'"),
        (lambda: Profile.from_orders("ab", [[0, 1], [0, 2]]), "Order 2 holds '2'"),
        (lambda: Profile.from_orders("ab", [[0, 0]]), "twice"),
        (lambda: Profile.from_orders("ab", [["a", "b"]]), "names to Profile.from_rankings"),
        (lambda: Profile.from_ranks("ab", [[0, 1]]), "ranks 'a' 0, and the best rank is 1"),
        (lambda: Profile.from_ranks("ab", [[-1, 0]], best=0), "ranks 'a' -1"),
        (lambda: Profile.from_ranks("ab", [[1, 2, 3]]), r"shape \[1, 3\]"),
        (lambda: Profile.from_utilities("ab", [[1, np.inf]]), "infinite"),
        (lambda: Profile.from_utilities("ab", "xy"), "no array of numbers"),
        (lambda: Profile(("a", "a"), [[0, 1]], [1]), "called 'a'"),
        (lambda: Profile(("a", "b"), [[0, 1]], [float("nan")]), "weight of ballot 1"),
        (lambda: Profile.from_frame([1]), "no data frame"),
        (lambda: Profile.from_frame(FRAME), "Say what the columns are"),
        (lambda: Profile.from_frame(FRAME, choices=["x", "z"]), "no column 'z'"),
        (lambda: Profile.from_frame(FRAME, choices="x"), "list of names"),
        (lambda: Profile.from_frame(FRAME, choices=["x", "y"]), "Row 1 names 'a' twice"),
        (lambda: Profile.from_frame(FRAME, choices=["x"], weight="n"), "Row 2: 'n' is -1"),
        (lambda: Profile.from_frame(FRAME, ranks=["x"]), "Row 1: 'x' is 'a', which is no number"),
        (lambda: Profile.from_frame(FRAME, choices=["x"], ranks=["n"]), "different shapes"),
        (lambda: Profile.from_frame(FRAME, ranks=["n"]), "Ballot 2 has the rank -1"),
        (lambda: Profile.from_frame(FRAME, candidate="x", voter="y"), "Give rank="),
        (lambda: Profile.from_frame(FRAME, candidate="x", rank="n"), "Give voter="),
        (lambda: Profile.from_frame(FRAME, candidate="y", voter="y", rank="n"), "a second time"),
        (lambda: PROFILES[0].restrict(["nobody"]), "not among the candidates"),
        (lambda: PROFILES[0].pairwise("first"), "'last', 'unseen'"),
        (lambda: Profile.from_text("1: A > B").winners("bordo"), "did you mean 'borda'"),
        (lambda: Profile.from_text("1: A > B").winners("IRV"), "did you mean 'instant-runoff'"),
        (lambda: Profile.from_text("1: A > B").winners("stv"), "use scrl.elect_committee"),
        (lambda: Profile.from_text("1: A > B") + Profile.from_text("1: A"), "different candidates"),
        (lambda: Profile.from_text("1: A; 2: B").sample(4, replace=False), "4 of 3 voters"),
        (lambda: Profile.from_text("0.5: A; 2: B").sample(1, replace=False), "fraction"),
        (lambda: Profile.from_text("0.4: A; 0.6: B").bootstrap("borda"), "weights are shares"),
        (lambda: Profile.from_text("1: A").sample(0), "from 1"),
        (lambda: scrl.count_all_rules(Profile.from_text("1: A"), ["bordo"]), "mean 'borda'"),
    ],
)  # fmt: skip
def test_faults_get_a_sentence(make, sentence):
    with pytest.raises(InputError, match=sentence):
        make()


# -- questions ------------------------------------------------------------------------------------


def brute_margins(profile: Profile, left_out: str) -> np.ndarray:
    """Ballot by ballot and pair by pair."""
    m = len(profile.names)
    margin = np.zeros((m, m))
    for row, weight in zip(profile.place.tolist(), profile.weight, strict=True):
        for a, b in itertools.permutations(range(m), 2):
            both = row[a] >= 0 and row[b] >= 0
            if (both and row[a] < row[b]) or (left_out == "last" and row[a] >= 0 > row[b]):
                margin[a, b] += weight
                margin[b, a] -= weight
    return margin


@pytest.mark.parametrize("left_out", ["last", "unseen"])
@pytest.mark.parametrize("profile", PROFILES)
def test_head_to_head_answers_are_those_of_counting_by_hand(profile, left_out):
    margin = brute_margins(profile, left_out)
    names, m = profile.names, len(profile.names)
    np.testing.assert_allclose(profile.margins(left_out), margin, atol=1e-12)
    beats = margin > 0
    winner = [names[a] for a in range(m) if beats[a].sum() == m - 1]
    loser = [names[a] for a in range(m) if beats[:, a].sum() == m - 1 and m > 1]
    assert profile.condorcet_winner(left_out) == (winner[0] if winner else None)
    assert profile.condorcet_loser(left_out) == (loser[0] if loser else None)
    unbeaten = [names[a] for a in range(m) if not beats[:, a].any()]
    assert profile.weak_condorcet_winners(left_out) == unbeaten
    smith = next(
        group
        for size in range(1, m + 1)
        for group in itertools.combinations(range(m), size)
        if all(beats[a, b] for a in group for b in set(range(m)) - set(group))
    )
    assert profile.smith_set(left_out) == [names[a] for a in smith]


@pytest.mark.parametrize("profile", PROFILES[:10])
def test_methods_say_what_aggregate_says(profile):
    for rule in ("plurality", "minimax", "random-ballot"):
        outcome = scrl.aggregate(profile, rule)
        assert profile.winners(rule) == places_to_order(outcome.place, list(profile.names))[0]
        assert sorted(itertools.chain(*profile.order(rule))) == sorted(profile.names)
        assert list(profile.scores(rule).values()) == outcome.scores.tolist()
    together, faults = profile.count_all_rules(["borda", "copeland"])
    assert not faults
    assert together["borda"].order(list(profile.names)) == profile.order("borda")


def test_first_places_and_mentions():
    profile = Profile.from_text("3: A = B > C; 2: B; 1: C > A")
    assert profile.first_places() == {"A": 1.5, "B": 3.5, "C": 1}
    assert profile.mentions() == {"A": 4, "B": 5, "C": 4}


def test_the_reading_of_what_a_ballot_leaves_out_is_an_argument():
    profile = Profile.from_text("3: A; 2: B > A")
    assert profile.winners("borda") == ["A"]
    assert profile.winners("borda", left_out="unseen") == ["B"]
    assert profile.condorcet_winner("unseen") == "B"
    assert profile.margin("A", "B") == 1


def test_the_margin_graph_has_an_arrow_for_each_victory():
    figure = Profile.from_text("4: Ann > B > C; 3: B > C > Ann; 2: C > B > Ann").plot_margins()
    arrows = [a for a in figure.layout.annotations if a.showarrow]
    assert len(arrows) == 3
    texts = " ".join(str(a.text) for a in figure.layout.annotations)
    assert "Ann" in texts
    assert "56%" in texts  # B beats C by 7 to 2 of 9


# -- profiles of profiles -------------------------------------------------------------------------


@pytest.mark.parametrize("profile", PROFILES)
def test_equal_profiles_are_equal_however_they_are_written(profile):
    rng = np.random.default_rng(0)
    rows = rng.permutation(len(profile.weight))
    columns = rng.permutation(len(profile.names))
    names = tuple(profile.names[i] for i in columns)
    halves = Profile(names, profile.place[rows][:, columns], profile.weight[rows] / 2)
    assert halves + halves == profile
    assert hash(halves + halves) == hash(profile)
    assert halves != profile
    assert profile.merged() == profile
    assert profile != profile.renamed([f"x{name}" for name in profile.names])
    assert profile.voters == pytest.approx(profile.merged().voters)
    assert len(set(map(tuple, profile.merged().place.tolist()))) == len(profile.merged().weight)


def test_labels_and_utilities_keep_ballots_apart():
    profile = Profile.from_utilities("ab", [[1, 0], [2, 0], [1, 0]], labels=["x", "x", "x"])
    assert profile.merged().weight.tolist() == [2, 1]
    assert profile != Profile.from_utilities("ab", [[1, 0], [1, 0], [1, 0]], labels=["x"] * 3)
    assert profile != Profile.from_utilities("ab", profile.utility, labels=["x", "x", "y"])
    assert profile != Profile(profile.names, profile.place, profile.weight)


@pytest.mark.parametrize("profile", [p for p in PROFILES if len(p.names) > 2][:15])
def test_restriction_keeps_every_order_of_the_rest(profile):
    kept = [profile.names[2], profile.names[0]]
    if not (profile.place[:, [2, 0]] >= 0).any():
        return
    small = profile.restrict(kept)
    columns = [2, 0]
    np.testing.assert_allclose(
        small.margins("unseen"), profile.margins("unseen")[np.ix_(columns, columns)]
    )
    np.testing.assert_allclose(small.margins(), profile.margins()[np.ix_(columns, columns)])
    assert (small.place.max(1) < 2).all()
    assert profile.without(profile.names[1:2]).names == tuple(
        n for n in profile.names if n != profile.names[1]
    )


def test_rename_by_name_or_in_order():
    profile = Profile.from_text("3: A > B; 1: B")
    assert profile.renamed({"A": "Ann"}).counts() == {"Ann > B": 3, "B": 1}
    assert profile.renamed(["x", "y"]).names == ("x", "y")
    with pytest.raises(InputError, match="2 names"):
        profile.renamed("x")


def test_samples_have_the_law_of_their_kind():
    profile = Profile.from_text("30: A > B; 10: B > A; 20: B")
    assert profile.sample(replace=False) == profile
    rng = np.random.default_rng(1)
    drawn = [profile.sample(12, rng) for _ in range(800)]
    without = [profile.sample(12, rng, replace=False) for _ in range(800)]
    for samples, correction in ((drawn, 1.0), (without, 48 / 59)):
        first = np.array([p.counts().get("A > B", 0.0) for p in samples])
        assert {p.voters for p in samples} == {12}
        assert first.mean() == pytest.approx(6, abs=4 * np.sqrt(3 / 800))
        assert first.var() == pytest.approx(3 * correction, rel=0.2)


def test_a_bootstrap_wins_as_often_as_the_binomial_says():
    from scipy.stats import binom

    profile = Profile.from_text("55: A > B; 45: B > A")
    exact = binom.sf(50, 100, 0.55) + 0.5 * binom.pmf(50, 100, 0.55)
    assert profile.bootstrap("borda")["A"] == pytest.approx(exact, abs=0.05)
    assert sum(profile.bootstrap("copeland", 16).values()) == pytest.approx(1)


def test_text_shows_the_heaviest_ballots():
    profile = scrl.simulators.impartial(5, 500, seed=1)
    lines = repr(profile).splitlines()
    assert (
        lines[0] == f"Profile of 500 voters, {len(profile.weight)} different ballots, 5 candidates"
    )
    assert len(lines) == 12 + lines[1].startswith("candidates")
    assert lines[-1] == f"… and {len(profile.weight) - 10} more ballots"
    assert (
        str(Profile.from_text("1: A"))
        == "Profile of 1 voter, 1 different ballot, 1 candidate\n1: A"
    )


def test_a_profile_cannot_be_changed():
    profile = Profile.from_text("3: A > B")
    with pytest.raises(AttributeError):
        profile.names = ("x", "y")
    with pytest.raises(ValueError, match="read-only"):
        profile.weight[0] = 5
