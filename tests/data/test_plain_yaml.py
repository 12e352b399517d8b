"""YAML from strangers: plain values, or one sentence that names the line."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from scrl.data.plain_yaml import read_yaml, write_yaml
from scrl.scenarios import gallery, parse_scenario, scenario_from_link
from scrl.scenarios.links import pack_text
from scrl.types import InputError

TAGGED = (
    "!!bool x", "!!timestamp x", '!!int ""', '!!float ""', "!!null x", "!!binary '%'", "!!set {a}",
    "!!omap [a]", "!!pairs [a]", "!!merge x", "!!value x", "!!str 1", "!own 1", "! 1",
    "!!python/object/apply:os.getcwd []", "!!map {a: 1}", "!!seq [1]",
)  # fmt: skip
REFUSED = {
    "a: &x 1": "anchors", "a: *x": "anchors", "a: &x [*x]": "anchors", "a: 1\nb: 2\na: 3": "twice",
    "{1: a, 1.0: b}": "twice", "? [1]\n: 2": "key", "{[1]: 2}": "key", "--- 1\n--- 2": "second",
    "[" * 13 + "]" * 13: "12 levels", "- " * 5000 + "a": "12 levels", "{a: " * 5000: "12 levels",
    "a: " + "9" * 5000: "400 digits", "a: \x1b": "character", "a: b: c": "YAML", "[1": "YAML",
    "%YAML 9.9\n--- a": "YAML",
}  # fmt: skip


@pytest.mark.parametrize("text", TAGGED)
@pytest.mark.parametrize("form", ["{}", "a:\n  b: {}", "[1, {}]", "{{{}: 1}}"])
def test_no_tag_is_read(text, form):
    with pytest.raises(InputError, match=r"^f.yaml: line [12]: .*\.$"):
        read_yaml(form.format(text), "f.yaml")


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_more_than_plain_values_is_refused_with_its_line(text):
    with pytest.raises(InputError, match=rf"^f.yaml: line \d+: .*{REFUSED[text]}.*\.$"):
        read_yaml(text, "f.yaml")


def test_what_looks_like_a_time_or_a_number_of_another_base_is_text():
    for text in ("2025-01-31", "2025-99-99", "12:30", "0x1F", "0b_", "0x_", "017", "=", "<<"):
        assert read_yaml(f"a: {text}", "f.yaml") == {"a": text}


def test_a_merge_key_merges_nothing():
    assert read_yaml("<<: {a: 1}\nb: 2", "f.yaml") == {"<<": {"a": 1}, "b": 2}


@pytest.mark.parametrize(
    "text",
    ["1", "-7", "1_000", "1.5", ".5", "-1.5e+3", "1.", "~", "null", "yes", "Off", "true", "a b",
     "'1'", '"yes"', "[a, 1]", "{a: }", "", "# nothing", "|\n a\n b\n", ">\n a\n b\n", ".inf"],
)  # fmt: skip
def test_plain_values_are_those_of_the_usual_reader(text):
    assert read_yaml(text, "f.yaml") == yaml.safe_load(text)


plain_texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
leaves = (
    st.none() | st.booleans() | st.integers() | plain_texts
    | st.floats(allow_nan=False)
    | st.from_regex(r"[-+0-9._:exob]{1,8}|(yes|no|on|null|~|=|<<)", fullmatch=True)
)  # fmt: skip
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(plain_texts, inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_what_is_written_is_read_to_the_same_values(value):
    assert read_yaml(write_yaml(value), "f.yaml") == value


@pytest.mark.parametrize("text", TAGGED)
def test_a_scenario_with_a_tag_is_refused_as_a_file_and_as_a_link(text):
    plain = gallery()["tennessee-four"].read_text()
    number = plain.count("\n") + 1
    with pytest.raises(InputError, match=f"line {number}"):
        parse_scenario(f"{plain}noise: {text}\n", "t.yaml")
    with pytest.raises(InputError, match=r"^the link: line 2"):
        scenario_from_link(pack_text(f"name: a\nraters: {text}\n"))


def test_a_small_file_does_not_unfold_to_a_large_scenario():
    many = "".join(f"  p{i}: {{slots: {{s: {'x' * 100}}}}}\n" for i in range(50))
    for templates in ("{s}" * 6000, "{s}" * 300 + "a" * 19_999, "a" * 30_000):
        text = f"name: n\ntemplates: {{a: '{templates}', b: '{templates}b'}}\nprompts:\n{many}"
        with pytest.raises(InputError, match=r"^t.yaml: (templates|prompts)[.:]"):
            parse_scenario(text + "types: {}\n", "t.yaml")
    names = ", ".join(f"c{i}" for i in range(2000))
    types = "".join(f"  t{i}: {{share: 0, likes: {{length: 1}}}}\n" for i in range(100))
    with pytest.raises(InputError, match="100,000"):
        parse_scenario(
            f"name: n\ncompletions: [{names}]\nprompts: {{p: {{}}}}\ntypes:\n{types}", "t.yaml"
        )
