"""The page on policies that write text."""

import pytest


def words(app) -> str:
    return " ".join(m.value for m in app.markdown)


def test_it_opens_on_whom_the_policies_serve(open_page):
    app = open_page("text_policies")
    assert not app.exception
    assert "answers with a warning from **" in words(app)
    assert "What it costs." in words(app)
    app.segmented_control(key="text_prompts").set_value("New prompts").run()
    assert not app.exception


def test_texts_stand_side_by_side_as_text(open_page):
    app = open_page("text_policies", part="Before and after")
    assert not app.exception
    assert "**One person, one vote**" in words(app)


@pytest.mark.parametrize("part", ["Without training", "Write now"])
def test_other_parts_open(open_page, part):
    app = open_page("text_policies", part=part)
    assert not app.exception
