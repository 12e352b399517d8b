"""Bad inputs of every parser are read, or refused in a sentence; so are those of old faults.

The suite tries 100 of each parser, ``.ci/run`` 2,000 (``SCRL_FUZZ_INPUTS=2000``), and
``python -m tests.fuzz --inputs 100000`` more, in processes of limited memory.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz import campaign, harness
from tests.fuzz.corpus import FOLDER
from tests.fuzz.parsers import PARSERS
from tests.fuzz.strategies import STRATEGIES

#: Inputs of a parser; slow ones get a share of them (``Parser.share``).
INPUTS = int(os.environ.get("SCRL_FUZZ_INPUTS", "100"))
REGRESSIONS = FOLDER.parent / "regressions"


def test_there_are_parsers_of_every_kind_of_file():
    assert len(PARSERS) > 35
    for kind in ("ratings", "election", "scenario", "saved", "stored", "score", "archive", "class"):
        assert any(name.startswith(kind) for name in PARSERS), kind


@pytest.mark.parametrize("name", PARSERS)
def test_bad_inputs_are_read_or_refused_in_a_sentence(name):
    parser = PARSERS[name]
    for data in harness.seeds_of(name):
        valid = harness.try_input(parser, data, 60)
        assert valid.kind == "accepted", valid.detail
    kinds = Counter()
    for number in range(max(20, int(INPUTS * parser.share))):
        found = harness.try_input(parser, harness.make_input(name, number))
        assert not found.is_fault, f"input {number}: {found.kind}: {found.detail}"
        kinds[found.kind] += 1
    assert kinds["refused"] > 0.1 * kinds.total(), "the mutations do no harm"


@pytest.mark.parametrize("name", PARSERS)
def test_inputs_of_old_faults(name):
    for path in sorted(REGRESSIONS.glob(f"{name}/*")):
        found = harness.try_input(PARSERS[name], path.read_bytes())
        assert not found.is_fault, f"{path.name}: {found.kind}: {found.detail}"


@pytest.mark.parametrize("name", PARSERS)
def test_values_that_are_drawn_by_the_shape_of_a_format(name):
    @given(STRATEGIES[PARSERS[name].kind])
    @settings(max_examples=20, deadline=None, derandomize=True, database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    def drawn(data: bytes) -> None:
        found = harness.try_input(PARSERS[name], data)
        assert not found.is_fault, f"{found.kind}: {found.detail}"

    drawn()


@given(st.text(max_size=900))
@settings(max_examples=50, deadline=None, derandomize=True, database=None)
def test_what_counts_as_a_sentence(text):
    fault = harness.fault_of_message(text)
    assert (fault == "") <= (
        text.replace("\t", " ").isprintable() and 0 < len(text) <= harness.MAX_MESSAGE
    )


def test_a_parser_that_fails_is_found():
    def fails(data: bytes) -> None:
        raise {b"k": KeyError, b"m": MemoryError}.get(data, ValueError)(data)

    parser = harness.Parser("x", "lines", lambda: [b""], fails)
    kinds = [harness.try_input(parser, data).kind for data in (b"k", b"m", b"")]
    assert kinds == ["traceback", "big", "traceback"]

    def endless(data: bytes) -> None:
        while True:
            pass

    slow = harness.Parser("x", "lines", lambda: [b""], endless)
    assert harness.try_input(slow, b"", 0.05).kind == "slow"


def test_a_campaign_tells_of_every_input(tmp_path, capsys):
    faults = campaign.run(["class-ballot", "quiz-answers"], 40, 2, tmp_path)
    table = capsys.readouterr().out
    assert faults == 0
    assert "class-ballot" in table
    assert "40 inputs" in table
