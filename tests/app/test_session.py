"""Settings of one page never reach another, in one session that visits them in any order."""

import random

import pytest

from tests import lanes
from ui.shared.page_index import PAGES


@pytest.mark.slow
def test_pages_in_any_order_work_and_drop_what_the_page_before_set(open_page):

    chooser = random.Random(0)
    order = [*lanes.deep((), PAGES), *chooser.sample(list(PAGES), len(PAGES))]
    app = open_page()
    for before, stem in zip(["start", *order], order, strict=False):
        app.session_state["left_by_a_page"] = before
        app.switch_page(f"pages/{stem}.py").run()
        assert not app.exception, f"{before}, then {stem}"
        if before != stem:
            assert "left_by_a_page" not in app.session_state


@pytest.mark.parametrize("guess_first", [False, True])
def test_the_lab_opens_after_a_page_whose_seeds_are_text(open_page, guess_first):
    app = open_page("training", **({"predict": "true"} if guess_first else {}))
    assert not app.exception
    app.switch_page("pages/lab.py").run()
    assert not app.exception
    assert app.number_input(key="seeds").value == 1
