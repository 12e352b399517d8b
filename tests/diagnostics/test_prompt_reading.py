"""Whether a reward reads prompts: where tastes depend on them, and where they do not."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.data import parse_ratings
from scrl.diagnostics import read_prompts
from scrl.diagnostics.prompt_reading import shuffled_prompts, surviving, without_prompts
from scrl.text.encoder import FunctionEncoder
from scrl.types import InputError

SUBJECTS = ("bread", "rain", "rust", "tides", "chess", "yeast", "glass", "frost")


def vectors(texts: list[str]) -> np.ndarray:
    """A text's kind of prompt, and nothing of completions."""
    side = [("at length" in text) * 1.0 - ("briefly" in text) for text in texts]
    return np.stack([np.ones(len(texts)), side], axis=1)


ENCODER = FunctionEncoder("kind of prompt", vectors)


def ratings(depends: bool):
    """People want long answers, or, where it depends, what the prompt asks for."""
    rows = ["rater,prompt,completion,prompt_text,completion_text,rank"]
    for subject in SUBJECTS:
        for p, kind in enumerate(("briefly", "at length")):
            order = range(3) if depends and kind == "briefly" else range(2, -1, -1)
            for rater in range(6):
                for rank, words in enumerate(order):
                    text = f"{subject} " + "is what it is " * (1 + 3 * words)
                    rows.append(
                        f"r{rater},{subject}{p},c{words},{kind}: {subject}?,{text.strip()},{rank}"
                    )
    return parse_ratings("\n".join(rows).encode(), "texts.csv")


def test_a_reward_reads_prompts_where_tastes_depend_on_them():
    found = read_prompts(ratings(True), ENCODER)
    assert found.read > 0.9
    assert found.shuffled < 0.7
    # Below one half: of a part left out with more prompts of a kind, fewer are learnt from.
    assert found.hidden < 0.6
    assert found.interaction > 0.8
    assert found.prompts == 16
    assert found.pairs == 16 * 6 * 3


def test_shuffling_costs_nothing_where_they_do_not():
    found = read_prompts(ratings(False), ENCODER)
    assert min(found.read, found.shuffled, found.hidden) > 0.95
    assert found.survives == pytest.approx(1.0, abs=0.05)
    assert found.interaction < 0.1


def test_prompts_are_exchanged_in_a_cycle_and_hidden():
    catalogue = ratings(True).catalogue
    among = np.array([1, 4, 6, 9])
    moved = shuffled_prompts(catalogue, np.random.default_rng(0), among)
    same = [a == b for a, b in zip(catalogue.prompt_texts, moved.prompt_texts, strict=True)]
    assert np.flatnonzero(~np.array(same)).tolist() == among.tolist()
    assert sorted(moved.prompt_texts) == sorted(catalogue.prompt_texts)
    assert len(set(without_prompts(catalogue).prompt_texts)) == 1
    assert surviving(0.9, 0.7) == pytest.approx(0.5)
    assert np.isnan(surviving(0.5, 0.5))


def test_too_few_prompts_are_refused():
    few = ratings(True)
    few = few.select(few.ballot_prompt < 4)
    with pytest.raises(InputError, match="4 prompts are too few"):
        read_prompts(few, ENCODER)
