"""Revealed ballots as a profile, as ratings and on a map."""

import csv
import io
import random
from itertools import combinations

import numpy as np
import pytest

from scrl.classroom import (
    CastBallot,
    Question,
    Round,
    class_map,
    phone_summary,
    profile_of,
    ratings_of,
    silence_of,
)
from scrl.data import parse_ratings, to_csv
from scrl.types import Outcome
from scrl.voting import count_all_rules, count_ratings

FORMULAS = ("=1+1", "+2+3", "-3-A1", "@sum", "plain", "<b>bold</b>")


def question(answers=("Red", "Green", "Blue", "Grey"), absent="unseen", id=1, prompt="Which?"):
    answers = tuple(answers)
    return Question(id, prompt, answers, answers, absent, (Round(1, "revealed", 0),))


def random_ballots(rng: random.Random, answers: int, count: int) -> list[CastBallot]:
    found = []
    for i in range(count):
        left = rng.sample(range(answers), rng.randint(1, answers))
        order = []
        while left:
            tied = rng.randint(1, len(left))
            order.append(tuple(sorted(left[:tied])))
            left = left[tied:]
        found.append(CastBallot(f"{i:032x}", tuple(order)))
    return found


def rank_in(ballot: CastBallot, answer: int) -> int | None:
    return next((i for i, tied in enumerate(ballot.order) if answer in tied), None)


def preferred(ballot: CastBallot, a: int, b: int, absent: str) -> float | None:
    """1, ½ or 0: whether a stands above b on the ballot; None where it says nothing."""
    x, y = rank_in(ballot, a), rank_in(ballot, b)
    if absent == "unseen" and (x is None or y is None):
        return None
    x, y = (len(ballot.order) if v is None else v for v in (x, y))
    return 1.0 if x < y else 0.5 if x == y else 0.0


@pytest.mark.parametrize("absent", ["unseen", "last"])
@pytest.mark.parametrize("seed", range(4))
def test_profile_and_ratings_say_of_every_pair_what_the_ballots_say(absent, seed):
    asked, rng = question(absent=absent), random.Random(seed)
    ballots = random_ballots(rng, 4, 30)
    profile = profile_of(asked, ballots)
    assert profile.weight.sum() == 30
    assert (np.diff(profile.weight) <= 0).all()
    ratings = ratings_of([(asked, 1, ballots)])
    read = parse_ratings(to_csv(ratings).encode(), "class.csv")
    for a, b in combinations(range(4), 2):
        said = [preferred(ballot, a, b, absent) for ballot in ballots]
        expected = [sum(v for v in said if v is not None), sum(v is not None for v in said)]
        assert profile_pair(profile, a, b) == expected
        for data in (ratings, read):
            assert ratings_pair(data, asked.answers[a], asked.answers[b]) == expected


def profile_pair(profile, a: int, b: int) -> list[float]:
    above = total = 0.0
    for row, weight in zip(profile.place, profile.weight, strict=True):
        if row[a] >= 0 and row[b] >= 0:
            total += weight
            above += weight * (1.0 if row[a] < row[b] else 0.5 if row[a] == row[b] else 0.0)
    return [above, total]


def ratings_pair(ratings, a: str, b: str) -> list[float]:
    above = total = 0.0
    for start, stop in zip(ratings.offsets[:-1], ratings.offsets[1:], strict=True):
        names = [ratings.catalogue.completions[c] for c in ratings.completion[start:stop]]
        rank = dict(zip(names, ratings.rank[start:stop], strict=True))
        if a in rank and b in rank:
            total += 1
            above += 1.0 if rank[a] < rank[b] else 0.5 if rank[a] == rank[b] else 0.0
    return [above, total]


@pytest.mark.parametrize("absent", ["unseen", "last"])
def test_counting_the_profile_and_the_file_gives_the_same_orders(absent):
    asked = question(absent=absent)
    ballots = random_ballots(random.Random(7), 4, 25)
    rules = ["borda", "copeland", "bradley-terry"]
    by_profile, _ = count_all_rules(profile_of(asked, ballots), rules, left_out=absent)
    ratings = ratings_of([(asked, 1, ballots)])
    by_ratings = count_ratings(ratings, rules, absent)["Which?"]
    names = ratings.catalogue.names(0)
    for rule in rules:
        places = dict(zip(names, by_ratings[rule].place, strict=True))
        assert [places[a] for a in asked.answers] == list(by_profile[rule].place), rule


def test_a_phone_is_one_rater_on_all_questions_and_rounds():
    first, second = question(), question(("Yes", "No", "Red"), id=2, prompt="Agreed?")
    again = question(id=3)
    a, b = "a" * 32, "b" * 32
    rounds = [
        (first, 1, [CastBallot(a, ((0,), (1,))), CastBallot(b, ((1,), (0,)))]),
        (first, 2, [CastBallot(b, ((0,), (1,)))]),
        (second, 1, [CastBallot(a, ((2,), (0,)))]),
        (again, 1, [CastBallot(b, ((3,), (0,)))]),
    ]
    ratings = ratings_of(rounds)
    assert ratings.catalogue.prompts == ("Which?", "Which? (round 2)", "Agreed?", "Which? [2]")
    assert ratings.raters == ("phone 1", "phone 2")
    assert ratings.ballot_rater.tolist() == [0, 0, 1, 1, 1]
    assert ratings.ballot_prompt.tolist() == [0, 2, 0, 1, 3]
    assert ratings.catalogue.names(2) == ["Yes", "No", "Red"]
    read = parse_ratings(to_csv(ratings).encode(), "class.csv")
    assert sorted(read.raters) == ["phone 1", "phone 2"]
    assert read.ballots == 5


def test_a_short_name_with_another_text_is_another_completion():
    ballots = [CastBallot("a" * 32, ((0,), (1,)))]
    rounds = [
        (Question(i, "x" * 100, texts, ("Short", "Long"), "last", (Round(1, "revealed", 1),)), 1,
         ballots)
        for i, texts in enumerate((("Yes.", "Yes, because"), ("No.", "Yes, because")))
    ]  # fmt: skip
    catalogue = ratings_of(rounds).catalogue
    assert catalogue.completions == ("Short", "Long", "Short")
    assert catalogue.completion_texts == ("Yes.", "Yes, because", "No.")
    assert catalogue.names(1) == ["Short", "Long"]
    assert [len(name) for name in catalogue.prompts] == [60, 64]
    assert catalogue.prompt_texts == ("x" * 100,) * 2
    read = parse_ratings(to_csv(ratings_of(rounds)).encode(), "class.csv")
    assert sorted(read.catalogue.completion_texts) == ["No.", "Yes, because", "Yes."]


def test_no_cell_of_the_file_is_a_formula():
    asked = question(FORMULAS, prompt="=HYPERLINK(1)")
    ballots = [CastBallot("0" * 32, tuple((i,) for i in range(6)))]
    rows = list(csv.reader(io.StringIO(to_csv(ratings_of([(asked, 1, ballots)])))))
    assert len(rows) == 7
    for row in rows:
        for cell in row:
            assert cell[:1] not in "=+-@\t\r", row
    assert {row[2].lstrip("'") for row in rows[1:]} == set(FORMULAS)


def test_the_silent_are_counted():
    asked = question()
    ballots = [CastBallot("0" * 32, ((0, 1), (2,))), CastBallot("1" * 32, ((2,),))]
    silent = silence_of(asked, ballots, 5)
    assert silent.left_out.tolist() == [1, 1, 0, 2]
    assert (silent.ballots, silent.phones) == (2, 5)
    assert silence_of(asked, ballots, 0).phones == 2  # a result without the number of phones


# -- the map --------------------------------------------------------------------------------------


def test_opposite_camps_stand_on_opposite_sides():
    order, reverse = ((0,), (1,), (2,), (3,)), ((3,), (2,), (1,), (0,))
    ballots = [CastBallot(f"{i:032x}", order if i % 3 else reverse) for i in range(9)]
    found = class_map(question(), ballots)
    assert sorted(found.count) == [3, 6]
    assert found.explained[0] == pytest.approx(1)
    left, right = found.points[:, 0]
    assert left * right < 0
    for i, ballot in enumerate(ballots):
        assert found.ballot[found.own[i]].order == ballot.order


def test_like_ballots_share_a_point_and_distances_are_those_of_the_ballots():
    rng = random.Random(1)
    asked = question(("a", "b", "c"))
    orders = [tuple((i,) for i in rng.sample(range(3), 3)) for _ in range(20)]
    ballots = [CastBallot(f"{i:032x}", order) for i, order in enumerate(orders)]
    found = class_map(asked, ballots)
    assert len(found.points) == len(set(orders)) == len(found.count)
    assert found.count.sum() == 20
    assert np.abs(found.points).max() == pytest.approx(1)
    # Complete orders of three answers lie in a plane: the map keeps all distances.
    borda = np.array([[-rank_in(b, a) for a in range(3)] for b in found.ballot], float)
    true = np.linalg.norm(borda[:, None] - borda[None], axis=2)
    drawn = np.linalg.norm(found.points[:, None] - found.points[None], axis=2)
    ratio = drawn[true > 0] / true[true > 0]
    assert ratio == pytest.approx(ratio.mean())


def test_a_map_needs_three_ballots_and_survives_those_that_say_nothing():
    one = [CastBallot(f"{i:032x}", ((0,),)) for i in range(3)]
    assert class_map(question(), one[:2]) is None
    found = class_map(question(), one)
    assert np.isfinite(found.points).all()
    assert found.count.tolist() == [3]


def test_phones_are_told_their_point_and_how_far_the_class_agrees():
    asked = question(("a", "b", "c"))
    ballots = [
        CastBallot("a" * 32, ((0,), (1,), (2,))),
        CastBallot("b" * 32, ((2,), (1,), (0,))),
        CastBallot("c" * 32, ((0,), (2,))),
        CastBallot("d" * 32, ((1,),)),
    ]
    outcome = Outcome("borda", np.array([0, 1, 1]), np.zeros(3))
    summary = phone_summary(asked, ballots, {"Borda": outcome})
    assert summary["ballots"] == 4
    assert summary["orders"] == [["Borda", [[0], [1, 2]]]]
    assert [n for _, _, n in summary["points"]] == [1] * len(summary["points"])
    pairs = {phone[0]: own["pairs"] for phone, own in summary["phones"].items()}
    # b ranks b, c before a; the class has a first and ties the others.
    assert pairs == {"a": [2, 1, 3], "b": [0, 1, 3], "c": [1, 0, 1], "d": [0, 0, 0]}
    assert sorted(own["point"] for own in summary["phones"].values()) == [0, 1, 2, 3]
