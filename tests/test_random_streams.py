"""The registry of random streams: unique keys, and no seed written down anywhere else."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import jax
import numpy as np
import pytest

from scrl.random_streams import HostStream, KeyStream, host_rng, host_seed, jax_key, key_shape

ROOT = Path(__file__).resolve().parents[1]
#: A file without these makes neither seeds nor keys, and is not parsed.
MAKERS = re.compile(r"spawn_key|SeedSequence|PRNGKey|\.\s*key\b")


@pytest.mark.parametrize("table", [HostStream, KeyStream])
def test_every_stream_has_a_key_of_its_own(table):
    """An alias in the enum would be two streams with one key."""
    assert len(table.__members__) == len(list(table))
    keys = [(s.value.procedure, s.value.number, len(s.value.indices)) for s in table]
    assert len(set(keys)) == len(keys)


def test_a_number_of_a_study_belongs_to_one_stream():
    numbers = [s.value.number for s in HostStream if s.value.procedure == "study"]
    assert len(set(numbers)) == len(numbers)


def test_only_the_registry_makes_seeds_and_keys():
    """Elsewhere streams are named; keys that a function was given may be split and folded."""
    for path in sorted((ROOT / "scrl").rglob("*.py")):
        text = path.read_text("utf-8")
        if path.name == "random_streams.py" or not MAKERS.search(text):
            continue
        for node in ast.walk(ast.parse(text)):
            where = f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.keyword):
                assert node.arg != "spawn_key", where
            if isinstance(node, ast.Attribute):
                assert node.attr not in {"SeedSequence", "PRNGKey"}, where
                assert node.attr != "key" or ast.unparse(node) != "jax.random.key", where


def test_streams_are_those_that_results_were_made_with():
    """The derivations that kept and baked results depend on."""
    children = np.random.SeedSequence(5).spawn(3)
    wanted = np.random.default_rng(children[2]).random(4)
    assert host_rng(5, HostStream.VOTERS).random(4).tolist() == wanted.tolist()
    assert host_seed(5, HostStream.SCENARIO_PAIRS, 2).spawn_key == (21, 2)
    assert host_seed(5, HostStream.TRUTH_NOISE, 1).spawn_key == (4, 1)
    for key, stream in zip(
        jax.random.split(jax.random.key(5), 3)[1:],
        (KeyStream.VANILLA, KeyStream.SOCIAL),
        strict=True,
    ):
        assert key == jax_key(5, stream)
    assert jax_key(5, KeyStream.MAZE) == jax.random.key(5)
    assert jax_key(5, KeyStream.SCOREBOARD, 3) == jax.random.fold_in(jax.random.key(5), 3)


def test_indices_are_counted():
    with pytest.raises(ValueError, match="takes 1 indices, not 0"):
        host_rng(0, HostStream.SAMPLED_NOISE)
    with pytest.raises(ValueError, match="takes 0 indices, not 1"):
        jax_key(0, KeyStream.SOCIAL, 1)


def test_the_shape_of_a_key():
    assert key_shape().shape == jax.random.key(0).shape
    assert key_shape().dtype == jax.random.key(0).dtype
