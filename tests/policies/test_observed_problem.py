"""The policy problem of a ratings file: groups, what is worth how much to them, and rewards."""

import numpy as np
import pytest

from scrl.data import parse_ratings
from scrl.policies import observed_prompt_problem
from scrl.types import InputError


def ratings(text: str, head: str = "rater,prompt,completion,rank"):
    return parse_ratings(f"{head}\n{text}".encode(), "file.csv")


def ballot(rater: str, order: str, prompt: str = "p", group: str = "") -> str:
    end = f",{group}" if group else ""
    return "".join(f"{rater},{prompt},{name},{i}{end}\n" for i, name in enumerate(order))


def test_stated_groups_like_what_wins_their_comparisons():
    text = ballot("1", "abc", group="x") + ballot("2", "acb", group="x")
    text += ballot("3", "cba", group="y")
    head = "rater,prompt,completion,rank,rater_group"
    problem = observed_prompt_problem(ratings(text, head), "p", "borda")
    assert problem.types == ("x", "y")
    np.testing.assert_allclose(problem.share, [2 / 3, 1 / 3])
    np.testing.assert_allclose(problem.utility, [[1, 0.25, 0.25], [0, 0.5, 1]])
    np.testing.assert_allclose(problem.above[0], [0.5, 2 / 3, 2 / 3])
    assert problem.names[int(problem.social.argmax())] == "a"


def test_without_groups_raters_are_grouped_by_their_first_choice():
    orders = ["abcdefgh", "abdcefgh", "bacdefgh", "cabdefgh", "dabcefgh", "eabcdfgh", "fabcdegh",
              "gabcdefh"]  # fmt: skip
    text = "".join(ballot(str(i), order) for i, order in enumerate(orders))
    problem = observed_prompt_problem(ratings(text), "p", "plurality")
    assert problem.types == ("a first", "b first", "c first", "d first", "e first",
                             "Other first choices")  # fmt: skip
    np.testing.assert_allclose(problem.share, np.array([2, 1, 1, 1, 1, 2]) / 8)
    for title, worth in zip(problem.types[:5], problem.utility, strict=False):
        assert problem.names[int(worth.argmax())] == title[0]
    assert problem.names[int(problem.social.argmax())] == "a"
    assert problem.utility.min() >= 0
    assert problem.utility.max() <= 1


def test_a_file_of_pairs_has_a_problem_on_any_of_its_prompts():
    rng = np.random.default_rng(0)
    text = ""
    for i in range(40):
        a, b = rng.choice(list("abcde"), 2, replace=False)
        text += ballot(f"r{i}", a + b, prompt="pq"[i % 2])
    for prompt in "pq":
        problem = observed_prompt_problem(ratings(text), prompt, "borda")
        reference = problem.reference("even")
        for family in problem.families(reference):
            policy = family.at_kl(0.1)
            assert np.isfinite(policy).all()
            np.testing.assert_allclose(policy.sum(axis=-1), 1)


def test_where_nobody_compares_anything_that_is_said():
    text = ballot("1", "a") + ballot("2", "b") + ballot("1", "ab", prompt="q")
    with pytest.raises(InputError, match="Nobody compares"):
        observed_prompt_problem(ratings(text), "p", "borda")
