"""Simulated interviews: people answer questions by their own order, in one format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scrl.elicitation.beliefs import Belief, pair_indices
from scrl.elicitation.effort import Effort
from scrl.elicitation.evidence import Draws, Evidence
from scrl.elicitation.formats import Format
from scrl.elicitation.next_question import Question, QuestionFinder
from scrl.elicitation.sentence_model import TESTING, learn_sentence_model, write_sentences
from scrl.elicitation.sentences import read_sentence, topics_of

#: Draws of each person's posterior, and people interviewed at once.
DRAWS, TOGETHER = 512, 20


@dataclass(frozen=True, eq=False)
class Interviews:
    """Interviews of several people.

    Attributes:
        right: share of all pairs predicted in the person's order after each number of answers, from
            none on ``[people, answers + 1]``.
        expected: the share that the model expects ``[people, answers + 1]``.
        seconds: of effort so far ``[people, answers + 1]``.
        gain: expected fall of the chance of a wrong guess by each question ``[people, answers]``.
    """

    right: np.ndarray
    expected: np.ndarray
    seconds: np.ndarray
    gain: np.ndarray


def interview(
    prior: Belief,
    utility: np.ndarray,
    forms: Sequence[Format],
    answers: int,
    effort: Effort,
    rng: np.random.Generator | None = None,
    by_information: bool = False,
) -> Interviews:
    """Question people who answer by their own order, without slips.

    Args:
        prior: the belief about anybody; utility: of the people ``[people, m]``, without ties.
        forms: formats, of which each question has the one that gives most gain a second.
        answers: questions put to each.
        rng: asks about random sets of the first format; None asks the best question.
        by_information: choose pairs by information in place of gain.
    """
    parts = [
        _interview(prior, utility[i : i + TOGETHER], forms, answers, effort, rng, by_information)
        for i in range(0, len(utility), TOGETHER)
    ]
    fields = ("right", "expected", "seconds", "gain")
    return Interviews(*(np.concatenate([getattr(part, f) for part in parts]) for f in fields))


def _interview(
    prior: Belief,
    utility: np.ndarray,
    forms: Sequence[Format],
    answers: int,
    effort: Effort,
    rng: np.random.Generator | None,
    by_information: bool,
) -> Interviews:
    """The interviews of a few people, who are questioned at once."""
    people, m = utility.shape
    truth = _truth(utility)
    evidence = Evidence.none(prior, people)
    right, expected = np.zeros((2, people, answers + 1))
    seconds, gain = np.zeros((people, answers + 1)), np.zeros((people, answers))
    for i in range(answers + 1):
        draws = Draws.of(evidence, DRAWS)
        chance = draws.chance
        right[:, i] = ((chance > 0.5) == truth).mean(axis=1)
        expected[:, i] = np.maximum(chance, 1 - chance).mean(axis=1)
        if i == answers:
            break
        if rng is None:
            asked = list(
                QuestionFinder(draws, by_information=by_information).questions(forms).values()
            )
        else:
            shown = np.stack([np.sort(rng.permutation(m)[: forms[0].size]) for _ in range(people)])
            asked = [Question(forms[0], shown, np.zeros(people))]
        evidence, cost, told = _answered(evidence, utility, asked, effort)
        seconds[:, i + 1], gain[:, i] = seconds[:, i] + cost, told
    return Interviews(right, expected, seconds, gain)


def _answered(
    evidence: Evidence, utility: np.ndarray, asked: Sequence[Question], effort: Effort
) -> tuple[Evidence, np.ndarray, np.ndarray]:
    """The evidence after the question of each person that gives most gain a second.

    Returns:
        It, and the seconds and the gain of each person's question ``[people]``.
    """
    rate = np.stack([q.gain / effort.seconds(q.form) for q in asked])
    choice = rate.argmax(axis=0)
    cost = np.array([effort.seconds(q.form) for q in asked])[choice]
    told = np.stack([q.gain for q in asked])[choice, np.arange(len(choice))]
    sides = []
    for question in asked:
        own = np.take_along_axis(utility, question.shown, 1)
        order = np.take_along_axis(question.shown, np.argsort(-own, axis=1), 1)
        sides.append(np.stack(question.form.comparisons(order)))
    width = max(side.shape[-1] for side in sides)
    if len(asked) == 1:
        return evidence.compared(*sides[0]), cost, told
    # Formats with fewer comparisons repeat one of the first; its slip rate counts twice.
    full = [np.take(side, np.arange(width) % side.shape[-1], axis=-1) for side in sides]
    both = np.stack(full)[choice, :, np.arange(len(choice))]
    return evidence.compared(both[:, 0], both[:, 1]), cost, told


def sentence_interview(
    prior: Belief,
    utility: np.ndarray,
    names: Sequence[str],
    sentences: int,
    effort: Effort,
    rng: np.random.Generator,
) -> Interviews:
    """Let people write sentences of their own choice, in words that the model has not learnt from.

    Args:
        prior, utility, effort: as of ``interview``. names: of the completions.
        sentences: of each person; rng: of what they write.
    """
    topics = topics_of(names)
    model = learn_sentence_model(prior, names, topics)
    truth = _truth(utility)
    people = len(utility)
    right, expected = np.zeros((2, people, sentences + 1))
    evidence = [Evidence.none(prior) for _ in range(people)]
    for i in range(sentences + 1):
        chance = np.stack([Draws.of(own, DRAWS).chance for own in evidence])
        right[:, i] = ((chance > 0.5) == truth).mean(axis=1)
        expected[:, i] = np.maximum(chance, 1 - chance).mean(axis=1)
        for p, (_, sentence) in enumerate(write_sentences(utility, names, rng, TESTING)):
            for clause in read_sentence(sentence, topics):
                evidence[p] = evidence[p].observe(model.observation(clause, topics, prior))
    seconds = np.tile(np.arange(sentences + 1) * effort.sentence, (people, 1))
    return Interviews(right, expected, seconds, np.zeros((people, sentences)))


def _truth(utility: np.ndarray) -> np.ndarray:
    """Whether the first of each pair stands higher in people's own orders ``[people, pairs]``."""
    first, second = pair_indices(utility.shape[1]).T
    return utility[:, first] > utility[:, second]
