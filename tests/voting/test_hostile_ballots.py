"""Ballots that nobody should write get one sentence, the same by every way in."""

import time

import numpy as np
import pytest

import scrl
from scrl import InputError, Profile
from scrl.cli import main
from scrl.voting.rules import voter_changes


@pytest.mark.parametrize("orders", [None, 3, "AB", {0: 1}, [0, 1], [[]], [[0], []]])
def test_orders_that_are_none_are_refused(orders):
    with pytest.raises(InputError):
        Profile.from_orders("AB", orders)


@pytest.mark.parametrize("rankings", [None, 3, "A > B", {"A": 1}, [3], [[]]])
def test_rankings_that_are_none_are_refused(rankings):
    with pytest.raises(InputError):
        Profile.from_rankings(rankings)


@pytest.mark.parametrize("sign", list("∼≺≽|"))
def test_foreign_signs_make_no_candidate(sign):
    """The sign of indifference, and those of the inverse order."""
    ballot = f"A > B {sign} C"
    for read in (Profile.from_text, lambda text: Profile.from_counts({text: 1})):
        with pytest.raises(InputError, match="holds"):
            read(ballot)
    named = Profile.from_counts({("A", f"B {sign} C"): 2})
    assert Profile.from_text(named.to_text()) == named


def test_one_sentence_where_a_utility_is_missing():
    profile = Profile.from_utilities("AB", [[1.0, 0.0], [np.nan, 1.0]])
    _, errors = scrl.count_all_rules(profile, ["utilitarian", "nash"])
    for rule, sentence in errors.items():
        with pytest.raises(InputError) as error:
            scrl.aggregate(profile, rule)
        assert str(error.value) == sentence


def test_the_changes_of_all_candidates_share_a_deadline(monkeypatch):
    monkeypatch.setattr(voter_changes, "SEARCH_SECONDS", 0.7)
    rng = np.random.default_rng(3)
    profile = Profile.from_orders(
        [f"c{i}" for i in range(12)], rng.permuted(np.tile(np.arange(12), (3_000, 1)), axis=1)
    )
    start = time.process_time()
    with pytest.raises(InputError, match=r"within 0\.7 seconds"):
        scrl.aggregate(profile, "dodgson")
    assert time.process_time() - start < 7  # twelve deadlines would be 8, and the counts 2 more


def test_two_columns_of_one_choice_are_refused(tmp_path):
    """Read as a table of ratings, where it is no published election."""
    file = tmp_path / "twice.csv"
    file.write_text("choice_1,choice_1\nA,B\n")
    with pytest.raises(InputError, match="'choice_1' stands twice"):
        Profile.from_file(file)


@pytest.mark.parametrize("table", ["choice_1,choice_2\n{},{}\n", "completion,rank\n{},1\n{},2\n"])
def test_names_give_a_terminal_no_orders(tmp_path, capsys, table):
    """Neither colours and titles nor marks that turn the direction; joined emoji stay."""
    file = tmp_path / "terminal.csv"
    family = "\U0001f469\u200d\U0001f467"
    file.write_text(table.format(f"\x1b]0;title\x07\x1b[31m{family}", "\u202eB"), "utf-8")
    assert main(["vote", str(file), "--rule", "borda"]) == 0
    printed = capsys.readouterr().out
    assert family in printed
    assert not {"\x1b", "\x07", "\u202e"} & set(printed)
