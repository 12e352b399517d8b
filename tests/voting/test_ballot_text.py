"""Ballots as text and as PrefLib files: what is written is read again, and what is ambiguous is
refused."""

import random

import numpy as np
import pytest

from scrl.data import parse_ratings
from scrl.types import InputError
from scrl.voting import Profile, aggregate_all, profile_from_ratings, to_preflib
from scrl.voting.profiles.names import Looks, plain_name
from ui.voting.profile_picker import to_link

SIGNS = 'ab >=;:,#*{}×<~|"3x-é≻\u0301\u200b\u3000\u2028'
WEIGHTS = [1, 3, 0.1, 1 / 3, 2 / 7, 0.25, 12345678901.5, 1e12, 150_000]


def odd_profile(rng: random.Random) -> Profile:
    """Few candidates with names of odd signs, ties, short ballots and odd weights."""
    names: list[str] = []
    looks = Looks()
    while len(names) < 1 + rng.randrange(5):
        name = plain_name("".join(rng.choices(SIGNS, k=rng.randint(1, 6))))
        try:
            looks.add(name)
        except InputError:
            continue
        if name and name not in names:
            names.append(name)
    m = len(names)
    place = np.full((rng.randint(1, 5), m), -1)
    for row in place:
        ranked = rng.sample(range(m), rng.choice([m, rng.randint(1, m)]))
        values = [rng.randrange(3) for _ in ranked]
        row[ranked] = np.unique(values, return_inverse=True)[1]
    return Profile(tuple(names), place, rng.choices(WEIGHTS, k=len(place)))


def weight_of(profile: Profile) -> dict[tuple[int, ...], float]:
    found: dict[tuple[int, ...], float] = {}
    for row, weight in zip(profile.place.tolist(), profile.weight.tolist(), strict=True):
        found[tuple(row)] = found.get(tuple(row), 0.0) + weight
    return found


@pytest.mark.parametrize("seed", range(40))
def test_text_and_links_hold_the_same_profile(seed):
    for i in range(5):
        profile = odd_profile(random.Random(f"{seed} {i}"))
        for text in (profile.to_text(), profile.to_text(";"), to_link(profile)):
            back = Profile.from_text(text)
            assert back.names == profile.names
            assert back.place.tolist() == profile.place.tolist()
            assert back.weight.tolist() == profile.weight.tolist()


@pytest.mark.parametrize("seed", range(40))
def test_a_preflib_file_holds_the_same_profile_with_the_same_winners(seed):
    profile = odd_profile(random.Random(seed))
    suffix, text = to_preflib(profile, "A title: of\ntwo lines")
    back = profile_from_ratings(parse_ratings(text.encode(), f"x.{suffix}"), 0, as_cast=True)
    assert back.names == profile.names
    here, there = weight_of(profile), weight_of(back)
    assert here.keys() == there.keys()
    assert here == pytest.approx(there, rel=1e-12, abs=1e-12 * max(here.values()))
    rules = ["plurality", "borda", "minimax", "instant-runoff", "kemeny"]
    for left_out in ("last", "unseen", "pref_voting"):
        try:
            wanted = aggregate_all(profile, rules, left_out)
        except InputError:
            with pytest.raises(InputError, match="one candidate only"):
                aggregate_all(back, rules, left_out)
            assert left_out == "unseen"
            continue
        for rule, outcome in aggregate_all(back, rules, left_out).items():
            assert outcome.place.tolist() == wanted[rule].place.tolist(), (rule, left_out)


@pytest.mark.parametrize(
    ("ballots", "suffix"),
    [("1: A > B", "soc"), ("1: A = B", "toc"), ("1: A > B\n1: B", "soi"),
     ("1: A = B > C\n1: B", "toi")],
)  # fmt: skip
def test_the_suffix_says_what_the_orders_are(ballots, suffix):
    assert to_preflib(Profile.from_text(ballots))[0] == suffix


def test_ballots_of_no_weight_are_not_written():
    profile = Profile(("a", "b"), [[0, 1], [1, 0]], [0.0, 2.0])
    assert "\n2: 2,1\n" in to_preflib(profile)[1]
    assert "1,2" not in to_preflib(profile)[1].splitlines()[-1]
    with pytest.raises(InputError, match="none to write"):
        to_preflib(Profile(("a", "b"), [[0, 1]], [0.0]))
    for scale in ("0", "-3", "x"):
        text = f"# NUMBER ALTERNATIVES: 2\n# VOTERS PER UNIT OF WEIGHT: {scale}\n3: 1,2\n"
        with pytest.raises(InputError, match="whole number above 0"):
            parse_ratings(text.encode(), "x.soc")


UNDERSTOOD = {
    "A>B>C * 3": "3: A > B > C",
    "A > B × 2.5": "2.5: A > B",
    "A > B x 3": "3: A > B",
    "3 * A>B": "3: A > B",
    "3 x A > B": "3: A > B",
    "A -> B ≻ C": "1: A > B > C",
    "3: Ann  Lee > Bob\n Ann\u00a0Lee > Bob": "3: Ann Lee > Bob\n1: Ann Lee > Bob",
    "é > b\ne\u0301 > b": "1: é > b\n1: é > b",
    "\ufeffa\u200b > b\na\u00ad > b": "1: a > b\n1: a > b",
    '"A" > B': "1: A > B",
    'Bob "Bo" Dole': 'candidates: "Bob ""Bo"" Dole"\n1: "Bob ""Bo"" Dole"',
    'candidates: "Lee, Ann", B\n2: "Lee, Ann" > B': 'candidates: "Lee, Ann", B\n2: "Lee, Ann" > B',
    "candidates: 3 Idiots, Up\n3 Idiots > Up": 'candidates: "3 Idiots", Up\n1: "3 Idiots" > Up',
    "1e12: A": "1e+12: A",
}


@pytest.mark.parametrize("text", UNDERSTOOD)
def test_ballots_as_people_write_them_are_understood(text):
    assert Profile.from_text(text).to_text() == UNDERSTOOD[text]


REFUSED = {
    "3 A>B": "begins with a number and no colon; write 3: A>B",
    "3 Idiots > Up": "or 1: before a name that begins with a number",
    "3A>B; 2B>A": "'3A' is a candidate beside 'A'",
    "A,B,C": "'A,B,C' holds ','",
    "3: 1,2,3": "holds ','",
    "A < B": "holds '<'",
    "A ~ B": "holds '~'",
    "A | B": "holds '|'",
    '"A > B"': "'A > B' holds a separator",
    "3: A > B * 2": "weight before and after",
    "New York > B; NewYork > B": "'New York' and 'NewYork' differ only in spaces",
    "A > B; Ａ > B": "in the form of letters",
    "A > B: 3": "the weight 'A > B' is not a number above 0",
    "1e13: A": "is more than 1,000,000,000,000",
    "nan: A": "not a number above 0",
    "A >> B": "empty place",
    "A\u200b > A": "ranks 'A' twice",
}


@pytest.mark.parametrize("text", REFUSED)
def test_ambiguous_ballots_are_refused_with_a_sentence(text):
    with pytest.raises(InputError) as caught:
        Profile.from_text(text)
    assert REFUSED[text] in str(caught.value)
    assert "\n" not in str(caught.value)


def test_rankings_of_python_name_a_candidate_in_one_spelling():
    profile = Profile.from_rankings([["é", "b"], ["e\u0301 ", "b\u200b"]])
    assert profile.names == ("é", "b")
    for rankings, words in (
        ([["New York", "b"], ["NewYork", "b"]], "differ only in spaces"),
        (["A,B,C", "B,A"], "holds ','"),
        (["3: A > B"], "holds ':'"),
        (["A > B * 3"], "holds '\\*'"),
        (["A -> B"], "holds '-'"),
    ):
        with pytest.raises(InputError, match=words):
            Profile.from_rankings(rankings)


def test_long_lines_are_read_in_linear_time():
    line = "3 " + " " * 60_000 + "A" + " " * 60_000 + "> B"
    with pytest.raises(InputError, match="begins with a number"):
        Profile.from_text(line)
    with pytest.raises(InputError):
        Profile.from_text(',"""a' * 30_000)
