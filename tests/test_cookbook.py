"""The recipes of docs/cookbook.md and the example of docs/agreement.md give what they say."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from scrl.voting import RULES

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs/cookbook.md").read_text("utf-8")
#: Title -> code of each recipe.
RECIPES = dict(re.findall(r"^## (\d+\. .*?)\n.*?^```python\n(.*?)^```", TEXT, re.M | re.S))
#: Before the result that a line states, at its end or on a line of its own.
MARK = "# → "


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch):
    """Paths are those of a checkout, and the table of rules is left as it was."""
    monkeypatch.chdir(ROOT)
    before = dict(RULES)
    yield
    RULES.clear()
    RULES.update(before)


def test_there_are_sixteen_recipes():
    assert [int(title.split(".")[0]) for title in RECIPES] == list(range(1, 17))
    assert TEXT.count("```python") == 17  # and the line that all begin with


@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_is_short(title):
    lines = [line for line in RECIPES[title].splitlines() if line and not line.startswith("#")]
    assert len(lines) < 5


@pytest.mark.parametrize("title", RECIPES)
def test_a_recipe_gives_what_it_says(title):
    code = RECIPES[title]
    lines = code.splitlines()
    names: dict = {}
    exec("import scrl", names)
    stated = 0
    for node in ast.parse(code).body:
        source = ast.get_source_segment(code, node)
        last, following = (*lines[node.end_lineno - 1 :], "")[:2]
        result = last if MARK in last else following if following.startswith(MARK) else ""
        if result:
            stated += 1
            assert repr(eval(source, names)) == result.split(MARK)[1]
        else:
            start = min([d.lineno for d in getattr(node, "decorator_list", [])] + [node.lineno])
            exec("\n".join(lines[start - 1 : node.end_lineno]), names)
    assert stated == code.count(MARK) > 0


def test_the_rule_of_votekit_gives_no_points_to_those_left_out():
    """The example of docs/agreement.md: 3 × 3 points for A, 2 × 3 for B, 2 × 2 for C."""
    text = (ROOT / "docs/agreement.md").read_text("utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)
    names: dict = {}
    exec(code, names)
    assert names["winners"] == ["A"]
    assert names["profile"].scores("borda of votekit", left_out=None) == {"A": 9, "B": 6, "C": 4}
