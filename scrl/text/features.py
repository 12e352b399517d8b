"""Features of items made of their texts: what a completion says, how it says it, and to what.

The features of a completion under a prompt stand in three groups. *Vector*: the completion's vector
on the principal directions in which completions of one prompt differ. *Attributes*: the measured
attributes. *Interaction*: the similarity of prompt and completion, and each attribute times the
prompt's coordinates, so that what is wanted may depend on the prompt. All are standardised on the
texts from which they are made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar, cast

import numpy as np

from scrl.text.attributes import ATTRIBUTES, attribute_values
from scrl.text.encoder import Encoder, SentenceEncoder, encode, is_available
from scrl.types import Catalogue, Ratings

#: Directions of completions' vectors and of prompts' vectors, at most.
MAX_DIRECTIONS, MAX_PROMPT_DIRECTIONS = 16, 2
#: Directions with less than this share of the largest variance are dropped.
MIN_VARIANCE = 1e-3
#: Standardised features are cut off here, so that no odd text is beyond all measure.
MAX_DEVIATION = 5.0
VECTOR, ATTRIBUTE, INTERACTION = range(3)
Data = TypeVar("Data", bound=Catalogue | Ratings)


@dataclass(frozen=True, eq=False)
class TextFeatures:
    """The features of texts under an encoder, as made of some texts.

    Attributes:
        encoder: reads the texts; None where measured attributes are all that is read.
        attributes: names of the measured attributes.
        directions: of completions' vectors ``[dimensions, directions]``.
        prompt_mean, prompt_directions: of prompts' vectors ``[dimensions]`` and ``[dimensions,
            prompt directions]``; coordinates have variance 1.
        mean, scale: of the features, with which they are standardised ``[features]``; the scale of
            a constant feature is infinite.
    """

    encoder: Encoder | None
    attributes: tuple[str, ...]
    directions: np.ndarray
    prompt_mean: np.ndarray
    prompt_directions: np.ndarray
    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def of(
        cls,
        prompts: Sequence[str],
        completions: Sequence[str],
        encoder: Encoder | None,
        attributes: Sequence[str] | None = None,
    ) -> TextFeatures:
        """Features made of the texts of items.

        Args:
            prompts, completions: the two texts of each item ``[items]``.
            encoder: None for measured attributes only.
            attributes: names of measured attributes; all by default.

        Raises:
            InputError: where the packaged encoder is asked for and not installed.
        """
        names = tuple(ATTRIBUTES) if attributes is None else tuple(attributes)
        empty = np.zeros((0, 0))
        blank = cls(encoder, names, empty, np.zeros(0), empty, np.zeros(0), np.ones(0))
        if encoder is not None:
            texts, prompt = np.unique(np.asarray(prompts, object), return_inverse=True)
            vectors = encode(completions, encoder).astype(float)
            count = np.bincount(prompt)
            centre = np.zeros((len(texts), vectors.shape[1]))
            np.add.at(centre, prompt, vectors)
            directions, _ = _principal(vectors - (centre / count[:, None])[prompt], MAX_DIRECTIONS)
            own = encode(texts.tolist(), encoder).astype(float)
            mean = own.mean(axis=0)
            across, sd = _principal(own - mean, MAX_PROMPT_DIRECTIONS)
            blank = replace(
                blank, directions=directions, prompt_mean=mean, prompt_directions=across / sd
            )
        raw = blank._measure(prompts, completions)
        mean, sd = raw.mean(axis=0), raw.std(axis=0)
        constant = sd <= 1e-6 * np.maximum(np.abs(raw).max(axis=0, initial=0.0), 1e-12)
        return replace(blank, mean=mean, scale=np.where(constant, np.inf, sd))

    @property
    def group(self) -> np.ndarray:
        """The group of each feature ``[features]``: VECTOR, ATTRIBUTE or INTERACTION."""
        vector, attribute = self.directions.shape[1], len(self.attributes)
        return np.repeat(
            [VECTOR, ATTRIBUTE, INTERACTION],
            [vector, attribute, len(self.mean) - vector - attribute],
        )

    @property
    def reader(self) -> str:
        """What reads the texts, in words; two readers that differ have different names."""
        own = f"{len(self.attributes)} measured attributes"
        return f"{self.encoder.name} and {own}" if self.encoder else own

    def __call__(self, prompts: Sequence[str], completions: Sequence[str]) -> np.ndarray:
        """Standardised features of items ``[items, features]``.

        Args:
            prompts, completions: the two texts of each item ``[items]``.
        """
        raw = (self._measure(prompts, completions) - self.mean) / self.scale
        return np.clip(raw, -MAX_DEVIATION, MAX_DEVIATION)

    def _measure(self, prompts: Sequence[str], completions: Sequence[str]) -> np.ndarray:
        """Features that are not standardised ``[items, features]``."""
        measured = attribute_values(completions, self.attributes)
        if self.encoder is None:
            return measured
        vectors = encode(completions, self.encoder).astype(float)
        own = encode(prompts, self.encoder).astype(float)
        size = np.linalg.norm(vectors, axis=1) * np.linalg.norm(own, axis=1)
        similarity = (vectors * own).sum(axis=1) / np.maximum(size, 1e-12)
        place = (own - self.prompt_mean) @ self.prompt_directions
        products = (place[:, :, None] * measured[:, None, :]).reshape(len(vectors), -1)
        return np.concatenate(
            [vectors @ self.directions, measured, similarity[:, None], products], axis=1
        )


def text_features(catalogue: Catalogue, encoder: Encoder | None) -> TextFeatures:
    """Features made of the texts of a catalogue's items."""
    return TextFeatures.of(*item_texts(catalogue), encoder)


def item_texts(catalogue: Catalogue) -> tuple[list[str], list[str]]:
    """The texts of the prompt and of the completion of each item ``[items]``."""
    prompts = [catalogue.prompt_texts[p] for p in catalogue.item_prompt]
    return prompts, [catalogue.completion_texts[c] for c in catalogue.members]


def with_text_features(data: Data, encoder: Encoder | None = None) -> Data:
    """A catalogue, or ratings, whose completions have features made of texts.

    Features may depend on the prompt, so that a completion that several prompts offer becomes one
    completion, of the same name, for each of them. Features that were given are replaced. Without
    the packaged encoder the measured attributes are all that is read.

    Args:
        encoder: the packaged one by default.
    """
    reader = encoder or (SentenceEncoder() if is_available() else None)
    old = data.catalogue if isinstance(data, Ratings) else data
    features = text_features(old, reader)
    new = replace(
        old,
        completions=tuple(old.completions[c] for c in old.members),
        completion_texts=tuple(old.completion_texts[c] for c in old.members),
        members=np.arange(old.items),
        completion_features=features(*item_texts(old)),
        prompt_features=None,
        read_by=features.reader,
    )
    if not isinstance(data, Ratings):
        return cast(Data, new)
    note = f"Texts are read by {features.reader}."
    if reader is None:
        note += " For a sentence encoder besides, run pip install 'scrl[text]'."
    return replace(data, catalogue=new, completion=data.item, notes=(*data.notes, note))


def _principal(points: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Principal directions ``[dimensions, directions]`` and the points' standard deviations along
    them ``[directions]``; the sign of a direction is that of its largest component."""
    count, dimensions = points.shape
    # The smaller of the two matrices with these eigenvalues.
    few = count < dimensions
    values, vectors = np.linalg.eigh((points @ points.T if few else points.T @ points) / count)
    kept = np.flatnonzero(values > MIN_VARIANCE * max(values[-1], 1e-9))[::-1][:most]
    directions = vectors[:, kept]
    if few:
        directions = points.T @ directions / np.sqrt(count * values[kept])
    if len(kept):
        largest = directions[np.abs(directions).argmax(axis=0), np.arange(len(kept))]
        directions = directions * np.sign(largest)
    return directions, np.sqrt(values[kept])
