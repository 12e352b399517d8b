"""The page on proxy rewards."""

import json

import pytest

from scrl.studies import load_baked


def words(app) -> str:
    return "\n".join(e.value for kind in (app.markdown, app.caption) for e in kind)


def test_the_page_opens_on_the_hacked_review(open_page):
    app = open_page("proxies")
    assert not app.exception
    assert not app.warning
    assert "Amaze brilliant great yay" in words(app)
    assert "the reward is **hacked**" in words(app)
    app.button_group(key="writer").set_value("model").run()
    assert not app.exception
    assert "nothing is clearly lost" in words(app)


@pytest.mark.parametrize("reward", ["Length", "BLEU", "Word matching"])
def test_every_proxy_can_be_the_reward(open_page, reward):
    app = open_page("proxies", reward=reward)
    assert not app.exception
    assert len(app.get("plotly_chart")) == 2
    assert "Searched harder" in words(app)


def test_one_text_is_not_yet_hacked(open_page):
    app = open_page("proxies", n="1")
    assert "The text of median reward among those that best of 1 keeps." in words(app)
    app = open_page("proxies", predict="true")
    assert not app.get("plotly_chart")


def test_the_example_of_the_slides_and_a_typed_text(open_page):
    app = open_page("proxies", part="Score a text")
    assert not app.exception
    assert "7/7" in words(app)
    assert "2/7" in words(app)
    app.text_area[0].set_value("<b>**bold**</b> :material/star: {0}").run()
    assert not app.exception


def test_without_the_extra_a_sentence_stands_for_each_score(open_page, monkeypatch):
    monkeypatch.setattr("scrl.proxies.metrics.find_spec", lambda name: None)
    app = open_page("proxies", part="Score a text", example="Military, candidate 1")
    assert not app.exception
    shown = json.dumps(app.dataframe[0].value.to_dict())
    assert "pip install 'scrl[text]'" in shown


@pytest.mark.parametrize("part", ["A reward without error", "Do people agree?"])
def test_the_other_parts_are_there_at_once(open_page, part):
    app = open_page("proxies", part=part)
    assert not app.exception
    assert app.get("plotly_chart")


def test_the_stored_results_say_what_the_page_says():
    result = load_baked("proxy-hacking")["result"]
    taste = result["templates"]["sentiment"]["taste"]
    assert taste[2][-1] < taste[1][0], "hacked: the intervals lie apart"
    for writer in ("templates", "model"):
        for table in result[writer].values():
            pairs = zip(table["kl"][0], result["bounds"], strict=True)
            assert all(k <= b + 1e-3 for k, b in pairs)
    strict = result["verifiable"]["the last number is right"]
    assert strict[0][-1] == 1
    assert result["verifiable"]["sentiment"][2][-1] < strict[1][0]
