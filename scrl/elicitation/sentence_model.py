"""Learning how a sentence's sentiment follows from utility, on simulated sentences.

A simulated person speaks of the completion that they like best, of the worst, or of any other, more
or less strongly by its utility. The sentences by which the model is judged (``TESTING``) have other
words than those that it learns from (``LEARNING``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtri
from scipy.stats import norm

from scrl import text
from scrl.elicitation.beliefs import Belief, draw_people
from scrl.elicitation.evidence import MISREAD_SD
from scrl.elicitation.sentences import (
    SentenceModel,
    Topic,
    contrast_sd,
    read_sentence,
)

#: Sentences from strong blame to strong praise.
LEARNING = (
    ("I hate {}.", "{} is the worst of all.", "I can't bear {}.", "Do spare me {}."),
    ("I would not choose {}.", "I don't like {} much.", "{} is not for me.", "I am no fan of {}."),
    ("{} is fine.", "I would take {}.", "{} is quite good.", "Why not {}?"),
    ("I love {}!", "{} is the best.", "I want {}.", "Give me {} any day!"),
)
TESTING = (
    ("{} is awful.", "Anything but {}, it is horrible.", "I can't stand {}.", "{} annoys me."),
    ("I'd rather avoid {}.", "{} is not so good.", "I am no friend of {}.", "{} is rather poor."),
    ("{} seems okay.", "I can live with {}, it is nice.", "{} is alright.", "I could enjoy {}."),
    ("{} is excellent!", "I am very happy with {}.", "{} is my favourite.", "{} is simply superb!"),
)  # fmt: skip
#: Chances of speaking of the best, of the worst, and of any completion.
SPEAKS_OF = (0.5, 0.3, 0.2)
#: Standard deviation of how strongly people speak of equal utilities, in those of normal scores.
TEMPER_SD = 0.5
#: Least variance of a clause's sentiment, and least share of clauses that are misread: people say
#: more than simulated ones do.
MIN_VARIANCE, MIN_MISREAD = 0.02, 0.1
#: Simulated sentences from which the model is learnt.
SENTENCES = 200
#: Sentiments by which a sentence's information is computed.
SENTIMENTS = np.linspace(-0.9, 0.9, 7)


def write_sentences(
    utility: np.ndarray,
    names: Sequence[str],
    rng: np.random.Generator,
    phrasings: Sequence[Sequence[str]] = LEARNING,
) -> list[tuple[int, str]]:
    """A sentence of each person ``[people, m]`` and the completion that it is about.

    How strongly somebody speaks follows the completion's place in their order, as a normal score.
    """
    m, found = utility.shape[1], []
    score = ndtri((np.arange(m) + 0.5) / m)[np.argsort(np.argsort(utility, axis=1), axis=1)]
    for own in score:
        choice = rng.choice(3, p=SPEAKS_OF)
        about = int((own.argmax(), own.argmin(), rng.integers(m))[choice])
        level = int(np.searchsorted((-0.8, 0.0, 0.8), own[about] + TEMPER_SD * rng.normal()))
        template = phrasings[level][int(rng.integers(len(phrasings[level])))]
        found.append((about, template.format(names[about])))
    return found


def learn_sentence_model(
    prior: Belief,
    names: Sequence[str],
    topics: Sequence[Topic],
    encoder: text.Encoder | None = None,
    rng: np.random.Generator | None = None,
) -> SentenceModel:
    """The regression of sentiment on utility over simulated people of a belief."""
    rng = np.random.default_rng(0) if rng is None else rng
    utility = draw_people(prior, SENTENCES, rng)
    rows = []
    for own, (_, sentence) in zip(utility, write_sentences(utility, names, rng), strict=True):
        for clause in read_sentence(sentence, topics, encoder):
            contrast = clause.contrast(topics)
            rows.append((own @ contrast / contrast_sd(prior, contrast), clause.sentiment))
    if len(rows) < 10:  # names that no reader finds again tell nothing
        return SentenceModel(0.0, 0.0, 1.0, 1.0)
    return _robust_regression(*np.array(rows).T)


def _robust_regression(x: np.ndarray, sentiment: np.ndarray) -> SentenceModel:
    """Regression with a share of misread clauses, by expectation-maximisation."""
    read = np.ones(len(x))
    misread, slope, intercept, variance = 0.1, 0.0, 0.0, 0.25
    for _ in range(30):
        slope, intercept = np.polyfit(x, sentiment, 1, w=np.sqrt(read))
        error = (sentiment - intercept - slope * x) ** 2
        variance = max(float(read @ error / read.sum()), MIN_VARIANCE)
        likely = (1 - misread) * norm.pdf(np.sqrt(error), scale=np.sqrt(variance))
        noise = misread * norm.pdf(sentiment - intercept, scale=MISREAD_SD)
        read = likely / (likely + noise)
        misread = float(np.clip(1 - read.mean(), MIN_MISREAD, 0.5))
    return SentenceModel(float(intercept), float(max(slope, 0.0)), variance, misread)


def sentence_chances(
    model: SentenceModel, prior: Belief, utility: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """P(what a sentence says | utilities) ``[draws, sayings]``: a completion and a sentiment.

    The completion tells nothing by itself: its chances are those of all draws together.

    Args:
        utility: ``[draws, m]``; weight: of the draws ``[draws]``.
    """
    m = utility.shape[1]
    best = np.bincount(utility.argmax(1), weight, m)
    worst = np.bincount(utility.argmin(1), weight, m)
    about = SPEAKS_OF[0] * best + SPEAKS_OF[1] * worst + SPEAKS_OF[2] / m
    contrast = np.eye(m) - 1 / m
    sd = np.array([contrast_sd(prior, row) for row in contrast])
    expected = model.intercept + model.slope * (utility @ contrast) / sd
    error = SENTIMENTS - expected[..., None]
    said = (1 - model.misread) * norm.pdf(error, scale=np.sqrt(model.variance))
    said += model.misread * norm.pdf(SENTIMENTS - model.intercept, scale=MISREAD_SD)
    said /= said.sum(axis=-1, keepdims=True)
    return (about[:, None] * said).reshape(len(utility), -1)
