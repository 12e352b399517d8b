"""Features of items made of their texts: what a completion says, how it says it, and to what.

The features of a completion under a prompt stand in four groups. *Vector*: the completion's vector
on the principal directions in which completions of one prompt differ. *Attributes*: the measured
attributes. *Interaction*: the similarity of prompt and completion, and each attribute times the
prompt's coordinates, so that what is wanted may depend on the prompt. *Further*
directions of the vector are features of rewards. All are standardised on the texts from which they
are made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar, cast

import numpy as np

from scrl.text.attributes import ATTRIBUTES, attribute_values
from scrl.text.encoder import Encoder, SentenceEncoder, Vectors, is_available, vectors_of
from scrl.types import Catalogue, Ratings

#: Directions of completions' vectors and of prompts' vectors, at most; and those of a reward, which
#: learns how much the further ones count. Tastes for what is said may lie in any direction.
MAX_DIRECTIONS, MAX_PROMPT_DIRECTIONS, REWARD_DIRECTIONS = 16, 2, 256
#: Directions with less than this share of the largest variance are dropped.
MIN_VARIANCE = 1e-3
#: Standardised features are cut off here, so that no odd text is beyond all measure.
MAX_DEVIATION = 5.0
#: Texts of which the model of raters reads functions of features that are not linear, at most. The
#: time that these take grows with texts times the square of functions, of which most are theirs.
MAX_CURVED = 4_000
#: Items whose vectors are held in memory in double precision at once.
BLOCK = 10_000
VECTOR, ATTRIBUTE, INTERACTION, FURTHER = range(4)
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
        return measured_features(prompts, completions, encoder, attributes)[0]

    @property
    def group(self) -> np.ndarray:
        """The group of each feature ``[features]``: VECTOR, FURTHER, ATTRIBUTE or INTERACTION."""
        all_directions, attribute = self.directions.shape[1], len(self.attributes)
        vector = min(all_directions, MAX_DIRECTIONS)
        further, rest = all_directions - vector, len(self.mean) - all_directions - attribute
        return np.repeat(
            [VECTOR, FURTHER, ATTRIBUTE, INTERACTION], [vector, further, attribute, rest]
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
        return self._standardised(self._measure(_Texts.of(prompts, completions, self)))

    def _standardised(self, raw: np.ndarray) -> np.ndarray:
        """Features in place of those that are not standardised ``[items, features]``."""
        raw -= self.mean
        raw /= self.scale
        return np.clip(raw, -MAX_DEVIATION, MAX_DEVIATION, out=raw)

    def _measure(self, texts: _Texts) -> np.ndarray:
        """Features that are not standardised ``[items, features]``."""
        measured = texts.attributes
        if texts.completion is None or texts.prompt is None:
            return measured.copy()
        vector, attribute = self.directions.shape[1], measured.shape[1]
        places = self.prompt_directions.shape[1]
        found = np.empty((len(measured), vector + attribute + 1 + places * attribute))
        for start in range(0, len(measured), BLOCK):
            part = slice(start, start + BLOCK)
            vectors, own = texts.completion[part].astype(float), texts.prompt[part].astype(float)
            size = np.linalg.norm(vectors, axis=1) * np.linalg.norm(own, axis=1)
            similarity = (vectors * own).sum(axis=1) / np.maximum(size, 1e-12)
            place = (own - self.prompt_mean) @ self.prompt_directions
            products = (place[:, :, None] * measured[part, None, :]).reshape(len(vectors), -1)
            found[part] = np.concatenate(
                [vectors @ self.directions, measured[part], similarity[:, None], products], axis=1
            )
        return found


@dataclass(frozen=True, eq=False)
class _Texts:
    """What is read of items' texts.

    Attributes:
        attributes: measured attributes of completions ``[items, attributes]``.
        completion, prompt: vectors of the items' texts; None without an encoder.
    """

    attributes: np.ndarray
    completion: Vectors | None
    prompt: Vectors | None

    @classmethod
    def of(
        cls, prompts: Sequence[str], completions: Sequence[str], features: TextFeatures
    ) -> _Texts:
        measured, encoder = attribute_values(completions, features.attributes), features.encoder
        if encoder is None:
            return cls(measured, None, None)
        return cls(measured, vectors_of(completions, encoder), vectors_of(prompts, encoder))


def measured_features(
    prompts: Sequence[str],
    completions: Sequence[str],
    encoder: Encoder | None,
    attributes: Sequence[str] | None = None,
    most: int = MAX_DIRECTIONS,
) -> tuple[TextFeatures, np.ndarray]:
    """Features made of the texts of items, and those of these items ``[items, features]``.

    For the other arguments and errors see ``TextFeatures.of``.

    Args:
        most: directions of completions' vectors.
    """
    names = tuple(ATTRIBUTES) if attributes is None else tuple(attributes)
    empty = np.zeros((0, 0))
    blank = TextFeatures(encoder, names, empty, np.zeros(0), empty, np.zeros(0), np.ones(0))
    read = _Texts.of(prompts, completions, blank)
    if read.completion is not None and read.prompt is not None:
        texts, first, prompt = np.unique(
            np.asarray(prompts, object), return_index=True, return_inverse=True
        )
        own = Vectors(read.prompt.table, read.prompt.row[first])
        mean = _mean(own)
        across, sd = _directions(own, np.zeros(len(texts), int), MAX_PROMPT_DIRECTIONS)
        directions, _ = _directions(read.completion, prompt, most)
        blank = replace(
            blank, directions=directions, prompt_mean=mean, prompt_directions=across / sd
        )
    raw = blank._measure(read)
    mean, sd = raw.mean(axis=0), raw.std(axis=0)
    constant = sd <= 1e-6 * np.maximum(np.abs(raw).max(axis=0, initial=0.0), 1e-12)
    features = replace(blank, mean=mean, scale=np.where(constant, np.inf, sd))
    return features, features._standardised(raw)


def text_features(catalogue: Catalogue, encoder: Encoder | None) -> TextFeatures:
    """Features of a reward, made of the texts of a catalogue's items."""
    return measured_features(*item_texts(catalogue), encoder, most=REWARD_DIRECTIONS)[0]


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
    features, values = measured_features(*item_texts(old), reader)
    new = replace(
        old,
        completions=tuple(old.completions[c] for c in old.members),
        completion_texts=tuple(old.completion_texts[c] for c in old.members),
        members=np.arange(old.items),
        completion_features=values,
        prompt_features=None,
        read_by=features.reader,
    )
    if not isinstance(data, Ratings):
        return cast(Data, new)
    note = f"Texts are read by {features.reader}."
    if reader is None:
        note += " For a sentence encoder besides, run pip install 'scrl[text]'."
    if new.items > MAX_CURVED:
        note += (
            f" They are {new.items:,}; of more than {MAX_CURVED:,} the model of raters reads only "
            "what is linear in their features."
        )
    return replace(data, catalogue=new, completion=data.item, notes=(*data.notes, note))


def _mean(vectors: Vectors) -> np.ndarray:
    """The mean of vectors ``[dimensions]``."""
    total = np.zeros(vectors.table.shape[1])
    for start in range(0, len(vectors), BLOCK):
        total += vectors[start : start + BLOCK].astype(float).sum(axis=0)
    return total / len(vectors)


def _directions(vectors: Vectors, group: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Principal directions ``[dimensions, directions]`` in which vectors of one group differ, and
    the vectors' standard deviations along them ``[directions]``.

    The sign of a direction is that of its largest component.

    Args:
        group: of each vector, 0, 1, 2 … ``[vectors]``.
    """
    count, dimensions = len(vectors), vectors.table.shape[1]
    few = count < dimensions
    if few:
        points = vectors[slice(None)].astype(float)
        centre = np.zeros((int(group.max(initial=0)) + 1, dimensions))
        np.add.at(centre, group, points)
        points -= (centre / np.bincount(group)[:, None])[group]
        scatter = points @ points.T
    else:
        scatter = _scatter(vectors, group)
    values, found = np.linalg.eigh(scatter / count)
    kept = np.flatnonzero(values > MIN_VARIANCE * max(values[-1], 1e-9))[::-1][:most]
    directions = found[:, kept]
    if few:
        # The smaller of the two matrices with these eigenvalues was used.
        directions = points.T @ directions / np.sqrt(count * values[kept])
    if len(kept):
        largest = directions[np.abs(directions).argmax(axis=0), np.arange(len(kept))]
        directions = directions * np.sign(largest)
    return directions, np.sqrt(values[kept])


def _scatter(vectors: Vectors, group: np.ndarray) -> np.ndarray:
    """The sum of squares and products of vectors, less their groups' means ``[dimensions,
    dimensions]``, a block of groups at a time."""
    order = np.argsort(group, kind="stable")
    size = np.bincount(group)
    size = size[size > 0]
    end = np.cumsum(size)
    found, first = np.zeros((vectors.table.shape[1],) * 2), 0
    while first < len(size):
        start = end[first] - size[first]
        last = max(first + 1, int(np.searchsorted(end, start + BLOCK, side="right")))
        own, centre = size[first:last], np.zeros(())
        parts = range(start, end[last - 1], BLOCK)
        if len(parts) > 1:  # one group, which is read twice
            centre = _mean(Vectors(vectors.table, vectors.row[order[start : end[last - 1]]]))
        for at in parts:
            points = vectors[order[at : min(at + BLOCK, end[last - 1])]].astype(float)
            if len(parts) == 1:
                begin = np.cumsum(own) - own
                centre = np.repeat(np.add.reduceat(points, begin) / own[:, None], own, axis=0)
            points -= centre
            found += points.T @ points
        first = last
    return found
