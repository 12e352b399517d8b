"""The page of slates."""

from __future__ import annotations

from scrl.committees import count_stv
from scrl.voting import Profile
from tests.app.test_rules_page import figure, parameter, words
from ui.slate import slates, stv_stages
from ui.voting.preset_profiles import PRESETS

SOLID = "candidates:A,B,C,D;60:A>B>C>D;40:D>C>B>A"


def test_the_page_opens_on_slates_and_names_who_is_left_out(open_page):
    app = open_page("slate")
    assert not app.exception
    said = words(app)
    assert "favourite of **40%**" in said
    assert "that of **100%**" in said
    assert "Competitors (35% of the voters) are enough for one answer of 3" in said
    drawn = figure(app, "slates")
    assert {trace["name"] for trace in drawn["data"]} >= {"Walk daily", "Swimming"}
    app.slider(key="seats").set_value(4.0).run()
    assert not app.exception
    assert "shows 4 of 7" in words(app)
    app.selectbox(key="slate_rule_pick").set_value("stv").run()
    assert not app.exception
    assert "**Solid coalitions (PSC)**: holds" in words(app)
    assert parameter(app, "slate_rule") == "stv"


def test_own_ballots_and_settings_stand_in_the_url(open_page):
    app = open_page("slate", profile=SOLID, seats="2", slate_rule="k-borda")
    assert not app.exception
    assert "Top 2 by Borda" in words(app)
    assert "The voters of one ballot (40% of the voters)" in words(app)


def test_one_candidate_and_short_ballots_are_no_fault(open_page):
    app = open_page("slate", profile="2:A")
    assert not app.exception
    assert "two answers or more" in words(app)
    app = open_page("slate", profile="candidates:A,B,C;3:A;2:B>C;1:C=A", seats="3", approve="3")
    assert not app.exception


def test_rows_agree_with_the_library_and_stages_are_told():
    profile = PRESETS["answers"].profile
    found, faults = slates._count.__wrapped__("", 3, 2, profile)
    assert not faults
    assert found["stv"][1] == count_stv(profile, 3).outcome.committee
    assert {rule for rule, _ in found.items()} == {r for rs in slates.GROUPS.values() for r in rs}
    told = stv_stages.sentences(profile, count_stv(profile, 3))
    assert told[0].startswith("Walk daily and Intervals are elected")
    assert "Join a class and Cycling: no votes, out." in told
    short = Profile.from_text("3: A\n2: B\n1: C")
    names, rounds = stv_stages.drawn_rounds(short, count_stv(short, 2).stages)
    assert names == ["A", "B", "C", "exhausted"]
    assert rounds.rounds[-1].label == "elected"
