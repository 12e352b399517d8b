"""Short labels keep different names apart."""

import numpy as np

from scrl.figures import short_labels


def test_short_names_stay_and_long_ones_lose_their_end():
    assert short_labels(["A", "Nashville"]) == ["A", "Nashville"]
    assert short_labels(["An answer that goes on and on"], 10) == ["An answer…"]


def test_names_with_a_common_beginning_show_where_they_differ():
    names = [f"The assistant answers with {what}" for what in ("a joke", "a poem", "nothing")]
    short = short_labels(names, 14)
    assert len(set(short)) == 3
    assert [s[-4:] for s in short[:2]] == ["joke", "poem"]


def test_equal_names_share_a_label_and_numbers_are_the_last_resort():
    assert short_labels(["same name", "same name"], 6) == ["same …"] * 2
    middle = [f"{'x' * 30}{i}{'y' * 30}" for i in range(15)]
    short = short_labels(middle, 3)
    assert len(set(short)) == 15
    assert all(len(s) <= 3 for s in short)


def test_different_names_have_different_labels_of_the_length_asked_for():
    rng = np.random.default_rng(0)
    words = ["a", "an", "answer", "long", "longer", "the", "polite", "refusal", "x" * 20]
    for _ in range(400):
        names = list(
            dict.fromkeys(
                " ".join(rng.choice(words, rng.integers(1, 7))) for _ in range(rng.integers(2, 16))
            )
        )
        length = int(rng.integers(4, 23))
        short = short_labels(names, length)
        assert len(set(short)) == len(names), (length, names, short)
        assert all(len(s) <= length for s in short)
        assert all(n == s for n, s in zip(names, short, strict=True) if len(n) <= length)
