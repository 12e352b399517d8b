"""The page on policies: its choices, its sentences, and what the URL may name."""

import json

import pytest

from tests import lanes
from tests.app.test_pages import move
from ui.shared import uploads


def words(app) -> str:
    return " ".join(m.value for m in app.markdown)


def figure(app, key: str) -> dict:
    charts = {c.proto.id.rpartition("-")[2]: c for c in app.get("plotly_chart")}
    found = [c for c in app.get("plotly_chart") if key in c.proto.id]
    assert found, list(charts)
    return json.loads(found[0].proto.spec)


def test_one_prompt_says_who_is_served_by_what(open_page):
    app = open_page("policy", scenario="detailed-concise", kl="0.5")
    assert not app.exception
    assert "**MaxMin** serves the least satisfied group best: the group gets 50%" in words(app)
    assert "leaves ‘Want brevity’ at 12%" in words(app)
    rows = figure(app, "chart-proposals")["data"]
    assert [trace["name"] for trace in rows] == ["Detailed", "In between", "Concise"]
    totals = [sum(trace["x"][i] for trace in rows) for i in range(len(rows[0]["x"]))]
    assert totals == pytest.approx([1.0] * len(totals))


def test_the_conflict_can_be_played(open_page):
    app = open_page("policy", scenario="detailed-concise", kl="0.5")
    move(app, share1=40, share2=60)
    assert "leaves ‘Want detail’ at" in words(app), "with the shares swapped the other type loses"


def test_a_guess_comes_first_where_that_is_wanted(open_page):
    app = open_page("policy", scenario="detailed-concise", predict="true")
    assert not app.get("plotly_chart")
    next(b for b in app.button_group if b.key == "guess_policy").set_value("Nash").run()
    assert words(app).count("Not quite.") == 1
    assert app.get("plotly_chart")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("part", "word"),
    [
        ("Trained learners", "DPO, trained on the same comparisons"),
        ("Two groups", "assistant"),
        ("Optimised too hard", "turning point"),
        ("Data that miss the best", "pairs of its own answers"),
    ],
)
def test_every_part_says_what_it_found(open_page, part, word):
    app = open_page("policy", part=part)
    assert not app.exception
    assert word in words(app)
    assert app.get("plotly_chart")
    assert app.get("download_button")


def test_with_many_comparisons_the_reward_is_not_hacked(open_page):
    few = open_page("policy", part="Optimised too hard", comparisons="100")
    assert "With Bradley–Terry, people get the most at" in words(few)
    many = open_page("policy", part="Optimised too hard", comparisons="2000")
    assert "With Bradley–Terry, what people get rises" in words(many)


@pytest.mark.parametrize("bad", ["inf", "-1", "nan", "x"])
def test_numbers_out_of_range_in_the_url_are_ignored(open_page, bad):
    app = open_page("policy", kl=bad, prompt=bad, rule=bad, reference=bad)
    assert not app.exception


def upload(text: str, name: str = "ratings.csv") -> str:
    return uploads.cache().add(f"rater,prompt,completion,rank\n{text}".encode(), name)


PARTS_OF_A_PROMPT = ("Who is served?", "Trained learners", "Two groups")


@pytest.mark.parametrize("part", PARTS_OF_A_PROMPT)
def test_a_file_of_real_raters_has_every_part(open_page, part):
    orders = ["abcd", "abdc", "bacd", "dcba", "cdab", "bdca"]
    rows = [f"r{i},p,{c},{k}\n" for i, order in enumerate(orders) for k, c in enumerate(order)]
    app = open_page("policy", part=part, scenario=upload("".join(rows)))
    assert not app.exception
    assert not app.error
    assert app.get("plotly_chart")
    assert "Nobody knows how much these raters care" in " ".join(c.value for c in app.caption)


@pytest.mark.parametrize("part", PARTS_OF_A_PROMPT[: lanes.deep(1, None)])
def test_pairs_long_names_fifteen_answers_and_lone_ballots_are_no_dead_end(open_page, part):
    pairs = "".join(f"r{i},p,{a},1\nr{i},p,{b},2\n" for i, (a, b) in enumerate(["ab", "bc", "ca"]))
    long = [f"An answer that goes on and on and then ends with number {n}" for n in range(15)]
    many = "".join(f"r{i},p,{long[(i + k) % 15]},{k}\n" for i in range(6) for k in range(15))
    wide = "".join(f"r,p,a{k},{k}\n" for k in range(20))
    lone = "r,p,a,1\ns,p,b,1\nr,q,a,1\nr,q,b,2\n"
    for text, shown in ((pairs, True), (many, True), (wide, False), (lone, False)):
        app = open_page("policy", part=part, scenario=upload(text))
        assert not app.exception
        assert not app.error
        assert bool(app.get("plotly_chart")) == shown
        assert shown or any("Choose" in note.value for note in app.info)


@pytest.mark.slow
def test_policies_are_trained_on_the_comparisons_of_a_file(open_page):
    rows = [f"r{i},p,{c},{(k + i) % 3}\n" for i in range(4) for k, c in enumerate("abc")]
    text = "rater,prompt,completion,rank\n" + "".join(rows)
    id = uploads.cache().add(text.encode(), "ratings.csv")
    app = open_page("policy", part="Trained learners", scenario=id)
    assert not app.exception
    assert "gives another answer **0." in words(app)
