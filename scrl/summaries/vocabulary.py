"""The sentences of which summaries are made, and their vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scrl.text import Encoder, encode
from scrl.types import Catalogue, InputError

#: Sentences of somebody who likes an attribute, and of somebody who dislikes it.
LIKES = ("This person likes {}.", "Answers with {} please this person.", "This person wants {}.")
DISLIKES = (
    "This person dislikes {}.", "Answers with {} annoy this person.",
    "This person does not want {}.",
)  # fmt: skip
#: Sentences that tell nothing of a taste.
NEUTRAL = (
    "This person answered the questions.", "This person has read the answers.",
    "This person compared some answers.", "Little is known about this person.",
)  # fmt: skip
#: Sentences that no summariser writes, by which it is tested how a reward reads other words.
OTHER_LIKES = ("They are fond of {}.", "{} make them happy.", "They always ask for more {}.")
OTHER_DISLIKES = ("They cannot stand {}.", "{} make them angry.", "They always ask for fewer {}.")
#: Most attributes that a vocabulary names.
MAX_ATTRIBUTES = 64


@dataclass(frozen=True)
class Sentence:
    """A sentence of a vocabulary.

    Attributes:
        text: what it says.
        attribute: index of the attribute that it is about; None where it tells nothing of a taste.
        sign: 1 where the rater likes the attribute, -1 where the rater dislikes it, else 0.
    """

    text: str
    attribute: int | None
    sign: int


@dataclass(frozen=True)
class Vocabulary:
    """The sentences that a summariser can write.

    Attributes:
        attributes: names of the features that sentences are about. Features after these have no
            name, and no sentence is about them.
        sentences: those of attribute 0 first; the neutral ones last.
    """

    attributes: tuple[str, ...]
    sentences: tuple[Sentence, ...]

    @cached_property
    def signs(self) -> np.ndarray:
        """Sign of each sentence for each attribute ``[sentences, attributes]``."""
        signs = np.zeros((len(self.sentences), len(self.attributes)), np.float32)
        for i, sentence in enumerate(self.sentences):
            if sentence.attribute is not None:
                signs[i, sentence.attribute] = sentence.sign
        return signs

    @cached_property
    def excludes(self) -> np.ndarray:
        """Which sentences a sentence excludes, bool ``[sentences, sentences]``: those about the
        same attribute; for a neutral one, all neutral ones."""
        about = np.array([-1 if s.attribute is None else s.attribute for s in self.sentences])
        return about[:, None] == about

    @cached_property
    def alike(self) -> np.ndarray:
        """Which sentences say the same, bool ``[sentences, sentences]``."""
        sign = np.array([s.sign for s in self.sentences])
        return self.excludes & (sign[:, None] == sign)

    def vectors(self, encoder: Encoder | None = None) -> np.ndarray:
        """Vectors of the sentences ``[sentences, dimensions]``.

        Raises:
            InputError: where no encoder is given and the packaged one is not installed.
        """
        return encode([s.text for s in self.sentences], encoder).astype(np.float64)

    def written(self, chosen: np.ndarray) -> str:
        """The summary of these sentences, bool ``[sentences]``, as one text."""
        return " ".join(self.sentences[i].text for i in np.flatnonzero(chosen))

    def stated(self, chosen: np.ndarray) -> np.ndarray:
        """Taste for each attribute that summaries ``[..., sentences]`` state: 1, 0 or -1."""
        return np.sign(chosen.astype(float) @ self.signs)

    def sentence_about(self, attribute: int, sign: int, form: int = 0) -> int:
        """Index of the sentence about an attribute with this sign (1 or -1) and wording."""
        found = [
            i for i, s in enumerate(self.sentences) if s.attribute == attribute and s.sign == sign
        ]
        return found[form]


def vocabulary_of(attributes: Sequence[str], neutral: bool = True) -> Vocabulary:
    """The sentences about these attributes: six each, and four that say nothing of a taste.

    Args:
        attributes: names in the plural, such as "jokes".
        neutral: whether sentences that tell nothing of a taste are among them.

    Raises:
        InputError: for no attribute, or more than ``MAX_ATTRIBUTES``.
    """
    if not 1 <= len(attributes) <= MAX_ATTRIBUTES:
        raise InputError(
            f"Summaries name 1 to {MAX_ATTRIBUTES} attributes of completions; here are "
            f"{len(attributes)}."
        )
    sentences = [
        Sentence(form.format(name), i, sign)
        for i, name in enumerate(attributes)
        for sign, forms in ((1, LIKES), (-1, DISLIKES))
        for form in forms
    ]
    if neutral:
        sentences += [Sentence(text, None, 0) for text in NEUTRAL]
    return Vocabulary(tuple(attributes), tuple(sentences))


def attribute_names(catalogue: Catalogue | None, features: int) -> tuple[str, ...]:
    """Names of features where none are given: of completions known by name only, else numbers.

    Args:
        catalogue: of the items, if they have names.
        features: their number.
    """
    if catalogue is not None and catalogue.items == features:
        return tuple(catalogue.completions[m] for m in catalogue.members)
    return tuple(f"property {i + 1}" for i in range(features))


def other_sentence(name: str, sign: int, form: int) -> str:
    """A sentence about an attribute in words that no summariser writes."""
    forms = OTHER_LIKES if sign > 0 else OTHER_DISLIKES
    text = forms[form].format(name)
    return text[0].upper() + text[1:]
