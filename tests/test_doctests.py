"""The examples in docstrings run and print what they say."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

from tests import house_metrics as house

ROOT = Path(__file__).resolve().parents[1]
#: Functions and classes that a newcomer meets first: each has an example.
SHOWN = (
    "scrl.load_scenario", "scrl.load_ratings", "scrl.gallery", "scrl.run", "scrl.to_dict",
    "scrl.aggregate", "scrl.fit_bradley_terry", "scrl.fit_plackett_luce",
)  # fmt: skip
MODULES = [
    name
    for name, path in house.modules(ROOT).items()
    if ">>> " in path.read_text("utf-8") and not name.endswith("__main__")
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    module = importlib.import_module(name)
    failed, tried = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert failed == 0
    assert tried > 0 or "+SKIP" in Path(module.__file__).read_text("utf-8")


@pytest.mark.parametrize("name", SHOWN)
def test_what_a_newcomer_meets_first_has_an_example(name):
    import scrl

    assert ">>> " in getattr(scrl, name.removeprefix("scrl.")).__doc__
