"""The page on summaries of raters in words."""

from types import SimpleNamespace

import numpy as np
import pytest

from scrl.studies import load_baked
from scrl.studies.summary_answers import answer_chances, edited_summary, stated_tastes
from ui.shared import page


def words(app) -> str:
    return "\n".join(e.value for kind in (app.markdown, app.caption) for e in kind)


def test_an_edited_sentence_moves_the_answers(open_page):
    app = open_page("summaries", truth="true")
    assert not app.exception
    assert not app.warning
    assert "This person likes" in words(app)
    assert "Most moved by your change" not in words(app)
    first = next(g for g in app.button_group if g.key.startswith("says-"))
    first.set_value(-(first.value or 1)).run()
    assert not app.exception
    assert "Most moved by your change" in words(app)


def test_a_sentence_of_ones_own_is_escaped_and_needs_the_encoder(open_page, monkeypatch):
    def missing(*args):
        from scrl.types import InputError

        raise InputError("No <b>encoder</b>.")

    monkeypatch.setattr("scrl.studies.summary_answers.encode", missing)
    app = open_page("summaries", reader="A model of other people")
    app.text_input[0].set_value("<b>She</b> likes :material/star: jokes.").run()
    assert not app.exception
    assert "encoder" in app.info[0].value


@pytest.mark.parametrize("part", ["How well?", "Edited and carried", "A taste without a name"])
def test_the_other_parts_are_there_at_once(open_page, part):
    app = open_page("summaries", part=part)
    assert not app.exception
    assert not app.warning
    assert app.get("plotly_chart")


def test_turning_a_stated_taste_round_moves_rewards_as_the_words_say():
    example = load_baked("summaries")["result"]["example"]
    moved = []
    for written in example["summaries"]["summary"]:
        stated = stated_tastes(written)
        assert edited_summary(written, stated) == sorted(written)
        turned = edited_summary(written, [-stated[0] or 1, *stated[1:]])
        assert stated_tastes(turned) == [-stated[0] or 1, *stated[1:]]
        stored = example["models"]["summary"]
        rise = answer_chances(stored, turned)[0] - answer_chances(stored, written)[0]
        moved.append(rise * (1 if stated[0] <= 0 else -1) > 0)
    assert all(moved), "the first answer is full of jokes"


def test_the_language_model_is_an_option_only_where_it_is_installed(open_page, monkeypatch):
    monkeypatch.setattr("ui.summaries.language_model_summary.is_installed", lambda: False)
    app = open_page("summaries", by_model="true")
    assert not app.exception
    assert "To install it" in app.info[0].value
    assert not [b for b in app.button if b.key == "write_summary"]


def test_a_summary_by_the_language_model_is_escaped_and_moves_the_answers(open_page, monkeypatch):
    found = {"sentences": ["<b>She</b> likes :material/star: jokes."], "log_sigma": -0.5,
             "without": -0.7, "candidates": 8, "pairs": 16, "shown": 6}  # fmt: skip
    job = SimpleNamespace(state="done", result=found, active=False)
    jobs = SimpleNamespace(find=lambda key: job)
    monkeypatch.setattr("ui.summaries.language_model_summary.is_installed", lambda: True)
    monkeypatch.setattr("ui.summaries.language_model_summary._JOBS", jobs)
    monkeypatch.setattr("scrl.studies.summary_answers.encode", lambda texts: np.zeros((1, 512)))
    app = open_page("summaries", by_model="true")
    assert not app.exception
    assert "Most moved by the new summary" in words(app)
    assert page.escaped(found["sentences"][0]) in words(app)
    assert "<b>She" not in words(app)
