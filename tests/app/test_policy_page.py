"""The page on policies: its choices, its sentences, and what the URL may name."""

import json

import pytest

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
    assert "served best by **MaxMin**: 50%" in words(app)
    assert "leaves Want brevity at 12%" in words(app)
    rows = figure(app, "chart-proposals")["data"]
    assert [trace["name"] for trace in rows] == ["Detailed", "In between", "Concise"]
    totals = [sum(trace["x"][i] for trace in rows) for i in range(len(rows[0]["x"]))]
    assert totals == pytest.approx([1.0] * len(totals))


def test_the_conflict_can_be_played(open_page):
    app = open_page("policy", scenario="detailed-concise", kl="0.5")
    move(app, share1=40, share2=60)
    assert "leaves Want detail at" in words(app), "with the shares swapped the other type loses"


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
        ("Trained", "DPO on the same comparisons"),
        ("Two objectives", "KL"),
        ("Optimised too hard", "turning point"),
        ("Tried, or only read", "pairs that it proposes itself"),
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
    assert "vanilla reward’s true welfare is greatest" in words(few)
    many = open_page("policy", part="Optimised too hard", comparisons="2000")
    assert "vanilla reward’s true welfare rises" in words(many)


@pytest.mark.parametrize("bad", ["inf", "-1", "nan", "x"])
def test_numbers_out_of_range_in_the_url_are_ignored(open_page, bad):
    app = open_page("policy", kl=bad, prompt=bad, rule=bad, reference=bad)
    assert not app.exception


def test_real_raters_have_no_utilities(open_page):
    app = open_page("policy")
    text = b"rater,prompt,completion,rank\nr,p,a,1\nr,p,b,2\ns,p,a,2\ns,p,b,1\n"
    app.get("file_uploader")[0].set_value(("ratings.csv", text, "text/csv")).run()
    assert not app.exception
    assert any("choose a scenario" in note.value for note in app.info)


@pytest.mark.slow
def test_policies_are_trained_on_the_comparisons_of_a_file(open_page):
    rows = [f"r{i},p,{c},{(k + i) % 3}\n" for i in range(4) for k, c in enumerate("abc")]
    text = "rater,prompt,completion,rank\n" + "".join(rows)
    id = uploads.cache().add(text.encode(), "ratings.csv")
    app = open_page("policy", part="Trained", scenario=id)
    assert not app.exception
    assert "DPO on the same comparisons proposes **0." in words(app)
