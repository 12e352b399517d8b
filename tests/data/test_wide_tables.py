"""Tables with one row a person, and tables whose columns a person names."""

from __future__ import annotations

import csv
import io
import random

import numpy as np
import pytest

from scrl.data import load_ratings, parse_ratings, ratings_from_frame
from scrl.types import InputError, Ratings


def table(*rows) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


def ballots(r: Ratings) -> dict[str, list[list[str]]]:
    """Rater -> places of names, best first."""
    found = {}
    for b in range(r.ballots):
        places: dict[int, list[str]] = {}
        for e in range(r.offsets[b], r.offsets[b + 1]):
            name = r.catalogue.completions[r.completion[e]]
            places.setdefault(int(r.rank[e]), []).append(name)
        found[r.raters[r.ballot_rater[b]]] = [sorted(places[k]) for k in sorted(places)]
    return found


def test_polis(shared_data):
    path = shared_data / "polis" / "vtaiwan-uberx-participants-votes.csv"
    r = load_ratings(path)
    with path.open(newline="") as file:
        people = list(csv.DictReader(file))
    comments = [name for name in people[0] if name.isdecimal()]
    votes = {(p["participant"], c): float(p[c]) for p in people for c in comments if p[c].strip()}
    assert len(r.rank) == len(votes)
    names = r.catalogue.completions
    rater = np.array(r.raters)[r.ballot_rater[r.entry_ballot]]
    given = np.array([votes[who, names[c]] for who, c in zip(rater, r.completion, strict=True)])
    same = r.entry_ballot[1:] == r.entry_ballot[:-1]
    assert (np.sign(np.diff(given))[same] == -np.sign(np.diff(r.rank))[same]).all()
    assert r.individuals
    groups = {p["participant"]: p["group-id"] for p in people}
    for name, kind in zip(r.raters, r.rater_type, strict=True):
        assert (r.types[kind] if kind >= 0 else "") == groups[name]
    assert any("Polis" in note for note in r.notes)


def test_a_wide_table_equals_the_long_one_that_it_came_from():
    """Random scores by column, in any order of rows and columns, with empty cells."""
    rng = random.Random(0)
    for kind, sign in (("score", 1), ("rank", -1), ("penalty", -1)):
        items = [f"item {i}" for i in range(6)]
        scores = {
            f"r{i}": {name: rng.choice([None, 3, 1, 2.5, 7]) for name in items} for i in range(9)
        }
        wide = [["who", "age", *items]]
        wide += [[who, 30, *("" if v is None else v for v in row.values())]
                 for who, row in scores.items()]  # fmt: skip
        r = parse_ratings(table(*wide), "x.csv", columns={
            "rater": "WHO", "items": ",".join(items), "values": kind})  # fmt: skip
        wanted = {}
        for who, row in scores.items():
            given = {name: v for name, v in row.items() if v is not None}
            levels = sorted(set(given.values()), reverse=sign > 0)
            if given:
                wanted[who] = [sorted(n for n, v in given.items() if v == at) for at in levels]
        assert ballots(r) == wanted


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("x.csv", "rater,prompt,completion,rank\na,p,x,0\na,p,y,1\nb,p,y,1\n", "2: the rank is 0"),
        ("x.csv", "rater,prompt,completion,rank\na,p,x,-1\na,p,y,1\n", "line 2: rank is '-1'"),
        ("x.csv", "v,tea,coffee,milk\na,1,2,3\nb,2,0,1\nc,2,1,3\n", "line 3: the rank is 0"),
        ("x.csv", "v,tea,coffee,milk\na,1,2,3\nb,2,-1,1\nc,2,1,3\n", "line 3: the rank is -1"),
        ("x.jsonl", '{"prompt":"p","completions":["a","b"],"ranks":[1,-1]}\n', "the rank is -1"),
    ],
)  # fmt: skip
def test_a_rank_that_may_mean_left_out_is_refused(name, text, words):
    """Read as ranks, 0 and -1 would be the best."""
    items = {"rater": "v", "items": "tea,coffee,milk", "values": "rank"}
    with pytest.raises(InputError, match=words):
        parse_ratings(text.encode(), name, columns=items if text.startswith("v,") else None)
    from_zero = "rater,prompt,completion,rank\na,p,x,0\na,p,y,1\nb,p,y,0\n"
    assert parse_ratings(from_zero.encode(), "x.csv").rank.tolist() == [0, 1, 0]


def test_wide_tables_are_recognised_by_their_cells():
    scores = table(["rater", "tea", "coffee"], ["a", 5, 3], ["b", "", 2], ["c", 1, 1])
    r = parse_ratings(scores, "x.csv")
    assert ballots(r) == {"a": [["tea"], ["coffee"]], "b": [["coffee"]], "c": [["coffee", "tea"]]}
    assert "higher is better" in r.notes[0]
    ranks = table(["Voter", "tea", "coffee", "milk"], ["a", 1, 3, 2], ["b", 2, 1, 3])
    r = parse_ratings(ranks, "x.csv")
    assert ballots(r)["a"] == [["tea"], ["milk"], ["coffee"]]
    assert "1 is best" in r.notes[0]
    # What looks like ranks may be stated to be scores.
    r = parse_ratings(ranks, "x.csv", columns={"values": "score"})
    assert ballots(r)["a"] == [["coffee"], ["milk"], ["tea"]]
    form = table(["Timestamp", "Name", "tea", "milk"], ["2026", "ann", 5, 3], ["2026", "ben", 1, 2])
    r = parse_ratings(form, "x.csv")
    assert ballots(r) == {"ann": [["tea"], ["milk"]], "ben": [["milk"], ["tea"]]}
    assert "Ignored columns: Timestamp." in r.notes
    for long in (  # numbers in columns, but not a row a person
        table(["user_id", "movie_id", "rating"], [1, 5, 4.0], [2, 5, 1.0]),
        table(["userId", "movieId", "stars_given"], [1, 5, 4.0], [1, 6, 1.0]),
        table(["user", "x", "y"], [1, 5, 4.0], [1, 6, 1.0]),
    ):
        with pytest.raises(InputError, match="missing column"):
            parse_ratings(long, "x.csv")
    words = table(["rater", "A", "B"], ["a", "agree", "disagree"], ["b", "pass", "agree"])
    r = parse_ratings(words, "x.csv", columns={"items": "A,B"})
    assert ballots(r) == {"a": [["A"], ["B"]], "b": [["B"], ["A"]]}


@pytest.mark.parametrize(
    "head",
    [["1st choice", "2nd Choice", "3rd choice"], ["rank1", "rank2", "rank3"],
     ["Choice_1", "Choice_2", "Choice_3"], ["First Choice", "Second Choice", "Third Choice"]],
)  # fmt: skip
def test_cast_vote_records(head):
    rows = [["Ann", "Bob", "Cy"], ["Bob", "skipped", "Ann"], ["Cy", "Cy", "overvote"],
            ["undervote", "", ""]]  # fmt: skip
    r = parse_ratings(table(["Precinct", *head], *(["p1", *row] for row in rows)), "x.csv")
    assert ballots(r) == {
        "row 1": [["Ann"], ["Bob"], ["Cy"]], "row 2": [["Bob"], ["Ann"]], "row 3": [["Cy"]],
    }  # fmt: skip
    assert r.individuals
    counted = parse_ratings(table([*head, "Count"], ["A", "B", "", 30], ["B", "", "", 7]), "x.csv")
    assert counted.ballot_weight.tolist() == [30, 7]


def test_any_table_by_naming_its_columns():
    rows = [
        ["User", "Film", "Stars", "When", "Kind"],
        [" ann", "Alien ", 5, 1, "x"],
        ["ann", "Brazil", 3, 2, "x"],
        ["ben", "Alien", 2, 3, "y"],
        ["ben", "Brazil", 4, 4, "y"],
    ]
    stated = {"rater": "user", "completion": "film", "score": "stars", "group": "Kind"}
    r = parse_ratings(table(*rows), "films.csv", columns=stated)
    assert ballots(r) == {"ann": [["Alien"], ["Brazil"]], "ben": [["Brazil"], ["Alien"]]}
    assert r.catalogue.prompts == ("films",)
    assert r.types == ("x", "y")
    penalty = {**stated, "score": "", "penalty": "Stars", "prompt": "kind"}
    r = parse_ratings(table(*rows), "films.csv", columns=penalty)
    assert ballots(r) == {"ann": [["Brazil"], ["Alien"]], "ben": [["Alien"], ["Brazil"]]}
    assert r.catalogue.prompts == ("x", "y")
    pairs = table(["who", "better", "worse"], ["a", "x", "y"])
    r = parse_ratings(pairs, "p.csv", columns={"rater": "who", "chosen": "better",
                                               "rejected": "worse"})  # fmt: skip
    assert ballots(r) == {"a": [["x"], ["y"]]}
    for stated, says in (
        ({"completion": "Movie", "score": "Stars"}, "no column 'Movie'; the columns are User"),
        ({"completion": "Film"}, "missing column"),
        ({"completion": "Film", "score": "Stars", "rank": "When"}, "one column of rank and score"),
        ({"film": "Film"}, "no role 'film'"),
        ({"items": "Film"}, "two columns of completions"),
        ({"rater": "User", "values": "stars"}, "'stars'; say whether"),
    ):
        with pytest.raises(InputError, match=says):
            parse_ratings(table(*rows), "films.csv", columns=stated)


def test_separators_and_decimal_commas():
    r = parse_ratings(b"rater;completion;score\nr;a;1,5\nr;b;1,25\n", "x.csv")
    assert ballots(r) == {"r": [["a"], ["b"]]}
    assert ballots(parse_ratings(b"rater\tcompletion\trank\nr\ta\t2\nr\tb\t1\n", "x.csv")) == {
        "r": [["b"], ["a"]]
    }


def test_spaces_and_case_tell_nothing_apart():
    text = "RATER, Prompt ,completion,Rank\nr, q,a ,1\nr ,q,b,2\n"
    r = parse_ratings(text.encode(), "x.csv")
    assert (r.raters, r.catalogue.prompts, r.catalogue.completions) == (("r",), ("q",), ("a", "b"))
    assert r.ballots == 1


def test_categories_of_preflib_are_rankings_with_ties():
    text = ("# TITLE: Bids\n# NUMBER ALTERNATIVES: 3\n# ALTERNATIVE NAME 1: A\n"
            "# ALTERNATIVE NAME 2: B\n# ALTERNATIVE NAME 3: C\n# CATEGORY NAME 1: yes\n"
            "# CATEGORY NAME 2: maybe\n# CATEGORY NAME 3: no\n"
            "2: {1,2},{},3\n1: {},{},{}\n1: {}, 3, {1}\n")  # fmt: skip
    r = parse_ratings(text.encode(), "x.cat")
    found = ballots(r)
    assert found["voter 1"] == found["voter 2"] == [["A", "B"], ["C"]]
    assert found["voter 3"] == [["C"], ["A"]]
    assert r.absent == "unseen"
    assert any("yes > maybe > no" in note for note in r.notes)


def test_a_weighted_graph_of_preflib_is_a_ranking_where_weights_differ():
    text = "# ALTERNATIVE NAME 1: A\n1,2,0.5\n1,3,2\n2,1,1\n"
    r = parse_ratings(text.encode(), "x.wmd")
    assert ballots(r) == {"A (1)": [["(3)"], ["(2)"]], "(2)": [["A (1)"]]}
    with pytest.raises(InputError, match="ranks nothing"):
        parse_ratings(b"1,2,1\n1,3,1\n", "x.wmd")
    with pytest.raises(InputError, match="line 2: '1;2' is not an edge"):
        parse_ratings(b"# A: b\n1;2\n", "x.wmd")


def test_a_frame_with_a_row_a_person():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"name": ["a", "b"], "x": [1, 2], "y": [2.5, None]})
    r = ratings_from_frame(frame, rater="name", items=["x", "y"], values="rank")
    assert ballots(r) == {"a": [["x"], ["y"]], "b": [["x"]]}
    with pytest.raises(InputError, match="no column 'z'; the columns are name, x, y"):
        ratings_from_frame(frame, rater="z", items=["x", "y"])
    with pytest.raises(InputError, match="A dict is no data frame"):
        ratings_from_frame({"rater": ["a"]})


@pytest.mark.parametrize(
    ("rows", "values"),
    [
        ([[1, 2, 3]] * 50, "rank"),
        ([[1, 2, 3]] * 50 + [[1, 1, 2]], None),
        ([[3, 1, 2]] * 50 + [[1, 2, 4]], None),
        ([[1, 2], [2, 1]], None),
        ([[0, 1, 2], [1, 0, 2]], None),
        ([[5, 3, 4], [1, 2, 3], [4, 4, 5]], "score"),
        ([[1, -1, 0], [1, 1, 1]], "score"),
        ([[1, 2, 2.5]], "score"),
        ([[1, 2, 3]] * 50 + [[0, 1, 2]], None),
        ([[1.5, 1.5, 3]] * 9, None),
        ([[0, 1, 0], [1, 1, 1], [1, 1, 1]], "score"),
        ([[1, "", 3], [3, "", 1], [1, 2, 3]], None),
        ([[1, 2, 1, 2, 1, 2]] * 3, None),
        ([[1, 2, 1, 2, 1, 2, 2, 1], [1, 1, 1, 2, 3, 2, 2, 2]], "score"),
    ],
)
def test_ranks_and_scores_are_told_apart_or_asked_for(rows, values):
    head = ["rater", *(f"drink {i}" for i in range(len(rows[0])))]
    data = table(head, *([f"r{i}", *row] for i, row in enumerate(rows)))
    if values is None:
        with pytest.raises(InputError, match="--values rank or --values score"):
            parse_ratings(data, "x.csv")
        return
    stated = parse_ratings(data, "x.csv", columns={"values": values})
    assert ballots(parse_ratings(data, "x.csv")) == ballots(stated)


def test_random_rankings_are_never_read_as_scores():
    rng, read = random.Random(1), 0
    for _ in range(300):
        items, people = rng.randint(2, 8), rng.randint(1, 30)
        ranks = [rng.sample(range(1, items + 1), items) for _ in range(people)]
        for row in ranks:
            if rng.random() < 0.2:  # a tie, as 1, 1, 3
                row[row.index(2)] = 1
        head = ["rater", *(f"d{i}" for i in range(items))]
        data = table(head, *([f"r{i}", *row] for i, row in enumerate(ranks)))
        try:
            found = parse_ratings(data, "x.csv")
        except InputError:  # it asks
            continue
        assert ballots(found) == ballots(parse_ratings(data, "x.csv", columns={"values": "rank"}))
        read += 1
    assert read > 30


@pytest.mark.parametrize(
    "head", [["id", "userId", "movieId", "rating"], ["worker", "item", "grade"],
             ["name", "film_id", "quality"], ["rater", "movie", "points"]],
)  # fmt: skip
def test_a_table_of_ids_is_not_a_row_a_person(head):
    data = table(head, *([i, *(j + i for j in range(len(head) - 1))] for i in range(4)))
    with pytest.raises(InputError, match=r"--rater|missing column completion"):
        parse_ratings(data, "x.csv")


def test_missing_cells_of_a_wide_table_say_nothing():
    r = parse_ratings(table(["rater", "x", "y"], ["a", 5, "NA"], ["b", 1, 4]), "x.csv")
    assert ballots(r) == {"a": [["x"]], "b": [["y"], ["x"]]}


def test_frames_with_odd_columns_and_cells():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame([["a", "x", 1], ["a", "y", 2]])
    r = ratings_from_frame(frame, rater=0, completion=1, score=2)
    assert ballots(r) == {"a": [["y"], ["x"]]}
    twice = pandas.DataFrame([["a", "x", 1]], columns=["rater", "rater", "score"])
    with pytest.raises(InputError, match="two columns 'rater'; keep one"):
        ratings_from_frame(twice)
    with pytest.raises(InputError, match="items is '5'; give a list"):
        ratings_from_frame(frame, rater=0, items=5)
    with pytest.raises(InputError, match="items is '5'; give a list"):
        parse_ratings(b"a,b\n1,2\n", "x.csv", columns={"items": 5})
    with pytest.raises(InputError, match=r"columns is .*; give role and column"):
        parse_ratings(b"a,b\n1,2\n", "x.csv", columns=["a"])
    pairs = pandas.DataFrame({"rater": ["a", "b"], "chosen": "x", "rejected": "y",
                              "rater_group": [pandas.NA, "g"]})  # fmt: skip
    assert ratings_from_frame(pairs).types == ("g",)
    votes = pandas.DataFrame({"conversation_a": ["x"], "conversation_b": ["y"],
                              "winner": [np.array([1, 2])]})  # fmt: skip
    with pytest.raises(InputError, match="row 1: winner is"):
        ratings_from_frame(votes)
