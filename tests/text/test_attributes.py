"""Measured attributes, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.text import ATTRIBUTES, attribute_values, attributes, sentiment
from scrl.types import InputError

TEXT = (
    "Perhaps you should not. It may be risky! Never do that; it's 3 times worse, because it burns."
)


def test_attributes_count_what_they_say():
    values = dict(zip(ATTRIBUTES, attribute_values([TEXT])[0], strict=True))
    counts = {"length": 17, "sentences": 3, "exclamations": 1, "questions": 0}
    counts |= {"hedging": 2, "warnings": 2, "warmth": 1, "detail": 2}
    for name, count in counts.items():
        assert values[name] == pytest.approx(np.log1p(count)), name
    assert values["formality"] == pytest.approx(-np.log(2))
    assert values["second person"] == pytest.approx(10 / 17)
    assert values["repetition"] == pytest.approx(1 / 17)


@pytest.mark.parametrize("text", ["", "…", "\x00", "日本語", "a" * 1_000_000, "<script>?</script>"])
def test_any_text_has_finite_attributes(text):
    assert np.isfinite(attribute_values([text])).all()


def test_phrases_are_counted_as_their_patterns_find_them():
    """The short cut by words, on texts with words of phrases, odd letters, spaces and marks."""
    rng = np.random.default_rng(0)
    lists = [p for p in vars(attributes).values() if isinstance(p, attributes._Phrases)]
    words = [w for p in lists for w in (*p.single, *p.telling)]
    words += ["depends", "on", "do", "not", "don't", "Don’t", "I'm", "of", "kınd", "riſk", "İn"]
    words += ["OK", "may_", "_may", "may2", "é", "it depends on", "do not"]
    words += ["in\nsome cases", "as far as i know", "kind\nof", "a  bit", "\u212aind of", "so that"]
    for _ in range(400):
        chosen = [str(w) if rng.random() < 0.7 else str(w).upper() for w in rng.choice(words, 8)]
        text = "".join(w + rng.choice([" ", "  ", "-", ", "]) for w in chosen)
        reading = attributes.Reading(text)
        for phrases in lists:
            assert reading.count(phrases) == len(phrases.pattern.findall(text)), text


def test_an_unknown_attribute_is_refused():
    with pytest.raises(InputError, match="'cleverness' is no measured attribute"):
        attribute_values(["a"], ["cleverness"])


def test_sentiment_is_vaders():
    """Values of VADER 3.3.2 for the hacked review of the slides."""
    assert sentiment("Amaze brilliant great yay 10/10 -IGN") == pytest.approx(0.94, abs=0.01)
    assert sentiment("great great great great great") == pytest.approx(0.97, abs=0.01)
