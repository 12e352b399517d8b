"""Sentences as answers: how they are read, and whether what they tell is right."""

import numpy as np
import pytest

from scrl.elicitation import (
    Answer,
    Clause,
    Draws,
    Evidence,
    draw_people,
    learn_sentence_model,
    pair_indices,
    read_sentence,
    topics_of,
    with_answer,
    write_sentences,
)
from scrl.elicitation import sentences as reading
from scrl.elicitation.sentence_model import TESTING
from tests.elicitation.test_answer_likelihoods import random_belief

NAMES = ["Short", "Warm", "With humour", "Technical", "As a list", "Plain words"]
TOPICS = topics_of(NAMES)


def read(sentence: str) -> list[tuple[str, int]]:
    """Names and signs of the clauses."""
    return [
        (TOPICS[c.topics[0][0]].name, int(np.sign(c.sentiment)))
        for c in read_sentence(sentence, TOPICS)
    ]


@pytest.mark.parametrize(
    ("sentence", "wanted"),
    [
        ("I like short answers, but nothing technical.", [("Short", 1), ("Technical", -1)]),
        ("I prefer warm ones to technical ones", [("Warm", 1), ("Technical", -1)]),
        ("Anything but humour, it is horrible", [("With humour", -1)]),
        ("I would like less technical ones", [("Technical", -1)]),
        ("Less technical, more humour", [("Technical", -1), ("With humour", 1)]),
        ("I like it without humour", [("With humour", -1)]),
        ("Too many technical words", [("Technical", -1)]),
        ("It is not technical enough", [("Technical", 1)]),
        ("I like neither humour nor lists", [("With humour", -1)]),
        ("Nothing is better than humour", [("With humour", 1)]),
        ("Warm ones are better than technical ones", [("Warm", 1), ("Technical", -1)]),
        ("Warm ones aren't as good as technical ones", [("Warm", -1), ("Technical", 1)]),
        ("The weather is nice", []),
        ("", []),
    ],
)
@pytest.mark.parametrize("package", [True, False])
def test_clauses_are_read_with_their_sign(sentence, wanted, package, monkeypatch):
    """Also where the package that measures sentiment is missing."""
    if not package:
        monkeypatch.setattr(reading, "can_read_sentiment", lambda: False)
    assert read(sentence) == wanted


def test_attributes_of_texts_are_topics_where_texts_differ():
    texts = ["No.", "No, since this would take far too long for everybody who is involved here."]
    topics = {topic.name: topic for topic in topics_of(["A", "B"], texts)}
    assert topics["less length"].contrast[0] > 0 > topics["less length"].contrast[1]
    assert topics["A"].contrast.sum() == pytest.approx(0)


@pytest.mark.parametrize("seed", [0, 1])
def test_what_sentences_in_other_words_tell_is_about_right(seed):
    """Share of pairs right as expected, and higher than before the sentence."""
    belief, rng = random_belief(seed), np.random.default_rng(seed)
    model = learn_sentence_model(belief, NAMES, TOPICS)
    assert 0.1 < model.slope < 1
    people = draw_people(belief, 60, rng)
    first, second = pair_indices(6).T
    right, expected = [], []
    for own, (_, sentence) in zip(
        people, write_sentences(people, NAMES, rng, TESTING), strict=True
    ):
        answer = Answer("words", clauses=tuple(read_sentence(sentence, TOPICS)))
        draws = Draws.of(with_answer(Evidence.none(belief), answer, TOPICS, model), 512)
        right.append(((draws.chance > 0.5) == (own[first] > own[second])).mean())
        expected.append(float(draws.expected_accuracy()))
    before = float(Draws.of(Evidence.none(belief)).expected_accuracy())
    assert np.mean(right) > before + 0.01
    assert np.mean(expected) == pytest.approx(np.mean(right), abs=0.06)


def test_answers_survive_a_link_and_others_do_not():
    rng = np.random.default_rng(0)
    said = [
        Answer("words", clauses=(Clause(0.36, ((1, 1.0), (4, 0.6))), Clause(-0.4, ((0, 0.8),)))),
        Answer("rank", ((3,), (0, 1), (2,))),
        Answer("tie", ((0,), (1,), (3,))),
    ]
    for _ in range(30):
        shown = rng.permutation(6)[: rng.integers(2, 6)]
        kind = ("best", "ends", "rank")[rng.integers(3)] if len(shown) > 2 else "best"
        said.append(Answer(kind, tuple((int(i),) for i in shown)))
    for answer in said:
        assert Answer.decoded(answer.encoded(6), 6, 6) == answer
    bad_ones = (
        "b.6.1 b.1.1 b.1_2.3 r w. w.p3 w.p36.9x100 15.1 1.2 ²³.1 b.0.1.2.3.4.5 x.0.1 w.p101.1x50"
    )
    for bad in bad_ones.split():
        assert Answer.decoded(bad, 6, 6) is None, bad
