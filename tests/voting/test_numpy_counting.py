"""Small contests counted by NumPy: the outcomes are those of the compiled program, and nothing is
compiled, nor is JAX loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from scrl.types import Ballots, InputError, Outcome
from scrl.voting import (
    RULES,
    aggregate_all,
    aggregate_with_pairwise,
    ballot_arrays,
    counting,
)  # fmt: skip
from scrl.voting.compiled_counting import TRACES
from scrl.voting.namespace import map_rows, namespace_of, repeat, while_loop
from scrl.voting.truncated_ballots import COUNTS, LAST, SHARES, UNSEEN
from tests import lanes

#: Host rules that read ballots get the same arrays either way, and are slow.
ORDINAL = [n for n in RULES.ordinal if not (RULES[n].on_host and RULES[n].reads == "profile")]
READ_UTILITIES = [name for name in RULES if RULES[name].reads == "utility"]
#: Rules whose scores are the end of an iteration, or of a solver that magnifies rounding.
ITERATIVE = {"bradley-terry", "plackett-luce", "maximal-lottery", "c1-maximal-lottery"}
CONTESTS, VOTERS, CANDIDATES = 16, 9, 6


def drawn(seed: int) -> Ballots:
    """Contests with ties, truncated ballots, weights of fractions and zero, and padding; one has
    one voter, one has one candidate, and in one all ballots tie."""
    rng = np.random.default_rng(seed)
    shape = (CONTESTS, VOTERS, CANDIDATES)
    utility = rng.integers(0, rng.choice([3, 6, 100], (CONTESTS, 1, 1)), shape).astype(float)
    ranked = rng.random(shape) < rng.choice([0.5, 0.8, 1.0], (CONTESTS, 1, 1))
    weight = rng.choice([0, 1, 2, 3, 1 / 2, 1 / 3, 1e-6], shape[:2])
    stands = rng.random((CONTESTS, CANDIDATES)) < 0.8
    utility[:, 1] = utility[:, 2]
    weight[0, 1:], utility[2] = 0, 1
    stands[1, 1:] = False
    weight[:, 0], stands[:, 0], ranked[:, 0, 0] = 1, True, True
    return Ballots(utility, ranked, weight, stands)


@cache
def counted_twice(
    rules: tuple[str, ...], left_out: str, widths: str = SHARES
) -> list[tuple[dict[str, Outcome], dict[str, Outcome]]]:
    """The outcomes by NumPy and by a compiled program, for several seeds."""
    found = []
    for seed in range(lanes.deep(2, 4)):
        before = TRACES.total()
        by_numpy = aggregate_all(drawn(seed), rules, left_out, widths)
        assert TRACES.total() == before
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(counting, "MAX_HOST_CONTESTS", 0)
            found.append((by_numpy, aggregate_all(drawn(seed), rules, left_out, widths)))
    return found


def assert_same(rule: str, found: list[tuple[dict[str, Outcome], dict[str, Outcome]]]) -> None:
    tolerance = 1e-8 if rule in ITERATIVE else 1e-12
    for by_numpy, compiled in found:
        np.testing.assert_array_equal(by_numpy[rule].place, compiled[rule].place)
        np.testing.assert_allclose(
            by_numpy[rule].scores, compiled[rule].scores, tolerance, tolerance
        )


@pytest.mark.parametrize("left_out", [LAST, UNSEEN])
@pytest.mark.parametrize("rule", ORDINAL)
def test_numpy_and_the_compiled_program_give_the_same_outcome(rule, left_out):
    assert_same(rule, counted_twice(tuple(ORDINAL), left_out))


@pytest.mark.parametrize("rule", READ_UTILITIES)
def test_numpy_and_the_compiled_program_give_the_same_welfare(rule):
    assert_same(rule, counted_twice(tuple(READ_UTILITIES), UNSEEN))


@pytest.mark.parametrize("rule", ["minimax", "ranked-pairs"])
def test_numpy_and_the_compiled_program_give_the_same_outcome_of_counts(rule):
    assert_same(rule, counted_twice(("minimax", "ranked-pairs"), UNSEEN, COUNTS))


def test_pairwise_shares_are_those_of_the_compiled_program(monkeypatch):
    by_numpy = aggregate_with_pairwise(drawn(0), ["borda"], UNSEEN)[1]
    monkeypatch.setattr(counting, "MAX_HOST_CONTESTS", 0)
    compiled = aggregate_with_pairwise(drawn(0), ["borda"], UNSEEN)[1]
    np.testing.assert_allclose(by_numpy, compiled, atol=1e-15)


def test_many_contests_and_many_ballots_are_compiled():
    rng = np.random.default_rng(0)
    for shape in ((counting.MAX_HOST_CONTESTS + 1, 3, 3), (40_001, 5)):
        before = TRACES.total()
        aggregate_all(Ballots(rng.random(shape)), ["plurality"])
        assert TRACES.total() == before + 1


def test_many_ranks_of_which_one_is_left_out_are_counted_as_fewer(monkeypatch):
    """Many ranks are assumed to be strict orders, until one is found that is not."""
    rank = np.random.default_rng(0).permuted(
        np.tile(np.arange(5, dtype=np.int8), (7, 40, 1)), axis=-1
    )
    rank[3, 7] = [0, -1, 1, -1, 2]
    few = {x: aggregate_all(Ballots(rank=rank), ["borda", "coombs"], x) for x in (LAST, UNSEEN)}
    monkeypatch.setattr(ballot_arrays, "MIN_UNCOPIED_CELLS", 1)
    for left_out, wanted in few.items():
        many = aggregate_all(Ballots(rank=rank), ["borda", "coombs"], left_out)
        for rule, found in many.items():
            np.testing.assert_array_equal(found.place, wanted[rule].place)
            np.testing.assert_allclose(found.scores, wanted[rule].scores, atol=1e-12)
    rank[0, 0, 0] = -2
    with pytest.raises(InputError, match="below -1"):
        aggregate_all(Ballots(rank=rank), ["borda"])


def test_lotteries_read_many_ranks_the_right_way_round(monkeypatch):
    rank = np.array([[0, 1, 2, 3], [0, 2, 1, 3], [1, 0, 2, 3]], np.int8)
    few = aggregate_all(Ballots(rank=rank), ["stable-lottery"])["stable-lottery"]
    monkeypatch.setattr(ballot_arrays, "MIN_UNCOPIED_CELLS", 1)
    many = aggregate_all(Ballots(rank=rank), ["stable-lottery"])["stable-lottery"]
    assert few.place[0] == 0
    np.testing.assert_allclose(many.scores, few.scores, atol=1e-9)


def test_ballots_of_weight_zero_do_not_make_a_contest_large():
    before, weight = TRACES.total(), np.zeros(60_000)
    weight[:3] = 1
    aggregate_all(Ballots(np.ones((60_000, 6)), weight=weight), ["borda"])
    assert TRACES.total() == before


WITHOUT_JAX = """
import sys
from scrl.runtime import start
from scrl.voting import Profile, count_all_rules
start()
found, errors = count_all_rules(Profile.from_text("4: A > B > C; 3: B > C = A; 2: C"))
print(len(found), len(errors), "jax" in sys.modules)
import jax
print(jax.config.jax_compilation_cache_dir, jax.config.jax_persistent_cache_min_compile_time_secs)
"""


def test_all_rules_are_counted_without_jax_which_then_knows_its_cache(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_JAX], cwd=Path(__file__).resolve().parents[2],
        env=os.environ | {"SCRL_CACHE": str(tmp_path)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    shipped = [name for name in RULES.ordinal if RULES[name].of_profile is None]
    assert done.stdout.split() == [str(len(shipped)), "0", "False", str(tmp_path), "0.0"]


def test_loops_are_the_same_in_both_namespaces():
    import jax.numpy as jnp

    for xp in (np, jnp):
        rows = xp.arange(6.0).reshape(3, 2)
        assert namespace_of(rows) is xp
        assert int(while_loop(xp, lambda x: x < 100, lambda x: 2 * x, xp.array(3))) == 192
        assert int(repeat(xp, 4, lambda i, x: x + i, xp.array(1))) == 7
        assert map_rows(xp, lambda a, b: a @ b, rows, rows).tolist() == [1, 13, 41]
