"""The page Generate: stored answers, who rates, the visitor's thumbs, and hostile texts."""

from __future__ import annotations

import pytest

from scrl.studies import load_baked
from ui.text import generate, generate_writing


@pytest.fixture
def stored():
    return load_baked("generated-answers")["result"]


def words(app):
    return "\n".join(part.value for part in (*app.markdown, *app.caption))


def test_it_opens_on_stored_answers_and_vanilla_and_social_choose_differently(open_page, stored):
    app = open_page("generate")
    assert not app.exception
    text = words(app)
    assert "Vanilla chooses **" in text
    assert "never rate such questions" in text
    assert all(f"**{letter}**" in text for letter in "ABCDEFGH")
    # Everybody rates: vanilla hears the group, too.
    for toggle in app.toggle:
        if "rate such" in toggle.label and not toggle.value:
            toggle.set_value(True)
    assert "never rate such questions" not in words(app.run())


def test_the_second_part_tells_who_wins(open_page):
    app = open_page("generate", part="Does it work?")
    assert not app.exception
    assert "Best after the oracle" in words(app)


def test_without_the_model_one_sentence_says_what_to_install(open_page, monkeypatch):
    monkeypatch.setattr(generate_writing, "is_installed", lambda: False)
    app = open_page("generate", question=generate_writing.OWN)
    assert not app.exception
    assert "llm" in app.info[0].value


def test_an_answer_is_shown_and_never_executed(open_page, stored, monkeypatch):
    evil = "<script>alert(1)</script> **bold** [x](http://x.y) :red[z] \x00"
    entry = {**stored["answers"][0], "texts": [evil] * 8}
    monkeypatch.setattr(generate, "_baked", lambda: {**stored, "answers": [entry]})
    app = open_page("generate")
    assert not app.exception
    assert r"\<script\>" in words(app)
    assert r"\*\*bold" in words(app)
