"""Scenarios whole inside a link: back and forth, and what is refused."""

from __future__ import annotations

import base64
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrl.scenarios import (
    MAX_LINK_ITEMS,
    gallery,
    is_link,
    load_scenario,
    scenario_from_link,
    scenario_of,
    scenario_to_link,
)
from scrl.scenarios.links import MAX_ID_LENGTH, MAX_TEXT_BYTES, PREFIX, pack_text, unpack_text
from scrl.types import InputError


@pytest.mark.parametrize("stem", gallery())
def test_every_scenario_of_the_gallery_fits_and_comes_back(stem):
    scenario = load_scenario(gallery()[stem])
    id = scenario_to_link(scenario)
    if scenario.features == "text":  # a hundred texts are too long for a link
        assert id is None
        return
    assert is_link(id)
    assert len(id) <= MAX_ID_LENGTH
    assert set(id) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert scenario_from_link(id) == scenario


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400))
def test_any_text_comes_back(text):
    text = text.encode("utf-8", "ignore").decode()
    assert unpack_text(pack_text(text)) == text


def many(completions: int, types: int = 1):
    names = [f"c{i}" for i in range(completions)]
    return scenario_of({
        "name": "many", "completions": names, "prompts": {"p": {}}, "raters": 10,
        "types": {f"t{i}": {"share": 1 / types, "rankings": {"p": names}} for i in range(types)},
    })  # fmt: skip


def test_what_is_too_large_has_no_link():
    assert scenario_to_link(many(20)) is not None
    assert scenario_to_link(many(MAX_LINK_ITEMS + 1)) is None
    assert scenario_to_link(many(2, 101)) is None


def test_a_link_made_by_hand_is_held_to_the_same_limits():

    with pytest.raises(InputError, match="open the scenario from its file"):
        scenario_from_link(pack_text(many(MAX_LINK_ITEMS + 1).to_yaml()))


def test_a_small_link_that_unfolds_without_end_is_stopped_at_the_limit(monkeypatch):
    id = pack_text(" " * (200 * MAX_TEXT_BYTES))
    asked = []
    real = zlib.decompressobj

    class Watched:
        def __init__(self, **settings):
            self._inner = real(**settings)

        def decompress(self, data, most):
            asked.append(most)
            return self._inner.decompress(data, most)

        @property
        def eof(self):
            return self._inner.eof

    monkeypatch.setattr(zlib, "decompressobj", Watched)
    with pytest.raises(InputError, match="unfolds to more than 64 kB"):
        unpack_text(id[:7_000])
    assert asked == [MAX_TEXT_BYTES + 1]


@pytest.mark.parametrize(
    "id",
    [
        PREFIX, f"{PREFIX}!!", f"{PREFIX}AAAA", f"{PREFIX}é", PREFIX + "A" * 9_000,
        pack_text("name: [")[:-3], PREFIX + base64.urlsafe_b64encode(b"name: x").decode(),
        pack_text("name: x"), pack_text("\0"), pack_text("&a [*a]"), pack_text("- 1"),
    ],
)  # fmt: skip
def test_what_is_no_scenario_gets_one_sentence(id):
    with pytest.raises(InputError, match=r"^[^\n]+\.$"):
        scenario_from_link(id)
