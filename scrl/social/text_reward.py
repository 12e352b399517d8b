"""A reward that reads text: social (step 7) and vanilla on features of texts.

Both are the same Bayesian Bradley–Terry model (``feature_fit``) of functions of text features,
fitted to different comparisons: those of a social order, or those observed. An item that was
compared has a part of its own besides, which a new text has not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from scrl.choice_models.bradley_terry import PairCounts
from scrl.data.messages import BadText, cell_text, is_messages, plain_list
from scrl.social.feature_fit import FeatureFit, blocks, fit_features
from scrl.text.encoder import Encoder, encode, encoder_named
from scrl.text.features import (
    ATTRIBUTE,
    FURTHER,
    REWARD_DIRECTIONS,
    VECTOR,
    TextFeatures,
    item_texts,
    measured_features,
)
from scrl.types import Catalogue, InputError
from scrl.utility_models.feature_basis import FeatureBasis

#: Rated texts kept with a model, to which the distance of a new text is measured.
MAX_REFERENCES = 2_000
#: Items whose functions are of double precision at most, and items of which they are made at once.
MAX_DOUBLE, BLOCK = 20_000, 10_000


@dataclass(frozen=True, eq=False)
class TextFunctions:
    """Functions of text features, in which rewards are linear.

    Linear functions of the vector, of its further directions, of the attributes and of the
    interactions are one group each; two kernels of the vector and the attributes are two more.

    Attributes:
        features: of the texts.
        basis: the kernels' functions.
        mean: of the functions over the items on which they are made ``[functions]``.
        scale: of each group, so that the squares of its functions add up to 1 on the mean
            ``[groups]``.
    """

    features: TextFeatures
    basis: FeatureBasis
    mean: np.ndarray
    scale: np.ndarray

    @classmethod
    def of(cls, features: TextFeatures, x: np.ndarray) -> tuple[TextFunctions, np.ndarray]:
        """The functions made on items, and their values ``[items, functions]``.

        Values are of single precision where items are more than ``MAX_DOUBLE``.

        Args:
            x: features of the items ``[items, features]``.
        """
        basis = FeatureBasis.of(x[:, _curved(features)])
        blank = cls(features, basis, np.zeros(0), np.zeros(0))
        group = blank.group
        kind = np.float64 if len(x) <= MAX_DOUBLE else np.float32
        value, mean = np.empty((len(x), len(group)), kind), np.zeros(len(group))
        for part in blocks(len(x), BLOCK):
            value[part] = raw = blank._raw(x[part])
            mean += raw.sum(axis=0) / len(x)
        squares = np.zeros(len(group))
        for part in blocks(len(x), BLOCK):
            value[part] -= mean
            squares += (value[part].astype(float) ** 2).sum(axis=0) / len(x)
        square = np.bincount(group, squares, minlength=int(group.max()) + 1)
        scale = np.sqrt(np.maximum(square, 1e-12))
        for part in blocks(len(x), BLOCK):
            value[part] /= scale[group]
        return cls(features, basis, mean, scale), value

    @cached_property
    def group(self) -> np.ndarray:
        """The group of each function ``[functions]``; groups without functions are left out."""
        kernels = self.basis.group[self.basis.group > 0] + FURTHER
        return np.unique(np.r_[self.features.group, kernels], return_inverse=True)[1]

    def _raw(self, x: np.ndarray) -> np.ndarray:
        kernels = self.basis(x[:, _curved(self.features)])[:, self.basis.group > 0]
        return np.concatenate([x, kernels], axis=1)

    def __call__(self, prompts: Sequence[str], completions: Sequence[str]) -> np.ndarray:
        """The functions of items ``[items, functions]``, from their two texts."""
        return self._standardised(self.features(prompts, completions))

    def _standardised(self, x: np.ndarray) -> np.ndarray:
        return (self._raw(x) - self.mean) / self.scale[self.group]

    def weighted(
        self, prompts: Sequence[str], completions: Sequence[str], weight: np.ndarray
    ) -> np.ndarray:
        """The functions of items times weights ``[functions]``, which are rewards ``[items]``."""
        x = self.features(prompts, completions)
        found = np.empty(len(x))
        for part in blocks(len(x), BLOCK):
            found[part] = self._standardised(x[part]) @ weight
        return found


@dataclass(frozen=True, eq=False)
class TextReward:
    """A fitted reward that scores any text.

    >>> import scrl
    >>> reward = scrl.load("borda.safetensors")  # doctest: +SKIP
    >>> reward("How do I peel garlic?", "Crush the clove first.")  # doctest: +SKIP
    0.37

    Attributes:
        catalogue: the prompts and completions it was trained on.
        functions: of texts.
        weight: of the functions ``[functions]``; covariance: of their posterior.
        own: parts of the catalogue's items ``[items]``.
        group_sd, own_sd: prior standard deviations that were learnt (see ``FeatureFit``).
        references: vectors of rated completions ``[texts, dimensions]``; empty without an encoder.
    """

    catalogue: Catalogue
    functions: TextFunctions
    weight: np.ndarray
    covariance: np.ndarray
    own: np.ndarray
    group_sd: np.ndarray
    own_sd: float
    references: np.ndarray

    def rewards(self) -> np.ndarray:
        """Rewards of the catalogue's items ``[items]``, log-odds centred within each prompt."""
        c = self.catalogue
        reward = self.functions.weighted(*item_texts(c), self.weight) + self.own
        mean = np.add.reduceat(reward, c.offsets[:-1]) / np.diff(c.offsets)
        return reward - mean[c.item_prompt]

    def __call__(self, prompts: Any, completions: Any, **_: Any) -> Any:
        """Rewards of texts, in log-odds; only differences under one prompt have a meaning.

        Args:
            prompts, completions: two texts or chats (lists of messages with ``content``), for one
                reward; or two lists of them, for a list of rewards. Chats are read as in a file
                of ratings. The names and the further arguments, which are ignored, are those of
                TRL's reward functions.

        Returns:
            A float, or a list of floats.

        Raises:
            InputError: where the arguments are neither, or not of one length.
        """
        one = is_one(prompts, completions)
        texts = as_texts(prompts, completions)
        if not texts[1]:
            return []
        reward = self._reward(*texts)
        return float(reward[0]) if one else [float(r) for r in reward]

    def uncertainty(self, prompts: Any, completions: Any) -> Any:
        """Posterior standard deviations of rewards, in log-odds, by the same arguments as a call.

        Rewards are measured from the mean of the texts on which the model was made. A text that was
        never compared lacks a part of its own, whose spread counts.
        """
        one = is_one(prompts, completions)
        pairs = as_texts(prompts, completions)
        if not pairs[1]:
            return []
        value = self.functions(*pairs)
        new = np.array([pair not in self._known for pair in zip(*pairs, strict=True)])
        variance = ((value @ self.covariance) * value).sum(axis=1) + new * self.own_sd**2
        sd = np.sqrt(np.maximum(variance, 0))
        return float(sd[0]) if one else [float(s) for s in sd]

    def distance(self, prompts: Any, completions: Any) -> Any:
        """How far completions lie from the nearest rated one, by the same arguments as a call: one
        minus the cosine of the encoder's vectors, 0 for a rated text; NaN without an encoder."""
        one = is_one(prompts, completions)
        _, texts = as_texts(prompts, completions)
        if not texts:
            return []
        encoder = self.functions.features.encoder
        if encoder is None or not len(self.references):
            found = np.full(len(texts), np.nan)
        else:
            vectors = _unit(encode(texts, encoder))
            found = np.maximum(1 - (vectors @ self.references.T).max(axis=1), 0.0)
        return float(found[0]) if one else [float(d) for d in found]

    def _reward(self, prompts: list[str], completions: list[str]) -> np.ndarray:
        known = [self._known.get(pair, -1) for pair in zip(prompts, completions, strict=True)]
        own = np.where(np.array(known) >= 0, self.own[known], 0.0) if known else np.zeros(0)
        return self.functions.weighted(prompts, completions, self.weight) + own

    @cached_property
    def _known(self) -> dict[tuple[str, str], int]:
        """The item of each prompt's and completion's texts."""
        return {pair: i for i, pair in enumerate(zip(*item_texts(self.catalogue), strict=True))}

    def score(self, catalogue: Catalogue) -> np.ndarray:
        """Rewards of another catalogue's items ``[items]``, centred within each prompt."""
        reward = self._reward(*item_texts(catalogue))
        mean = np.add.reduceat(reward, catalogue.offsets[:-1]) / np.diff(catalogue.offsets)
        return reward - mean[catalogue.item_prompt]


def fit_text_rewards(
    catalogue: Catalogue,
    comparisons: dict[str, PairCounts],
    encoder: Encoder | None = None,
    features: TextFeatures | None = None,
) -> dict[str, TextReward]:
    """Fit a reward that reads text to each set of comparisons.

    Args:
        catalogue: the prompts and completions.
        comparisons: name -> the compared pairs.
        encoder: that which made the catalogue's features by default, else the packaged one.
        features: of texts; made of the catalogue's texts by default.

    Returns:
        name -> its model.
    """
    texts = item_texts(catalogue)
    if features is None:
        encoder = encoder or encoder_named(catalogue.read_by)
        features, x = measured_features(*texts, encoder, most=REWARD_DIRECTIONS)
    else:
        x = features(*texts)
    functions, value = TextFunctions.of(features, x)
    del x  # as many numbers as are needed later on
    return {
        name: _fitted(functions, value, catalogue, counts) for name, counts in comparisons.items()
    }


def _curved(features: TextFeatures) -> np.ndarray:
    """Whether the kernels read a feature ``[features]``."""
    return np.isin(features.group, [VECTOR, ATTRIBUTE])


def _fitted(
    functions: TextFunctions, value: np.ndarray, catalogue: Catalogue, counts: PairCounts
) -> TextReward:
    fit: FeatureFit = fit_features(value, functions.group, counts, catalogue.offsets)
    encoder, references = functions.features.encoder, np.zeros((0, 0), np.float16)
    if encoder is not None:
        compared = np.unique(np.r_[counts.first, counts.second])
        _, texts = item_texts(catalogue)
        rated = list(dict.fromkeys(texts[i] for i in compared))
        step = max(1, -(-len(rated) // MAX_REFERENCES))
        references = _unit(encode(rated[::step], encoder)).astype(np.float16)
    return TextReward(
        catalogue, functions, fit.weight, fit.covariance, fit.own, fit.group_sd, fit.own_sd,
        references,
    )  # fmt: skip


def as_texts(prompts: Any, completions: Any) -> tuple[list[str], list[str]]:
    """Prompts and completions as two lists of texts, from texts, chats, or lists of either.

    A chat becomes the text that it is in a file of ratings (``data.messages``). A message, and a
    list of messages, is one chat. One prompt stands for all completions.

    Raises:
        InputError: where they are something else, or not of one length.
    """
    if is_one(prompts, completions):
        completions = [completions]
    found = [_text(c, "completion") for c in _several(completions, "completion")]
    if _is_chat(prompts):
        return [_text(prompts, "prompt")] * len(found), found
    own = [_text(p, "prompt") for p in _several(prompts, "prompt")]
    if len(own) != len(found):
        raise InputError(
            f"There are {len(own)} prompts for {len(found)} completions; give each "
            "completion its prompt."
        )
    return own, found


def is_one(prompts: Any, completions: Any) -> bool:
    """Whether the arguments are one prompt and one completion, and not lists of them."""
    # Under a list of prompts, a list of messages is a completion for each of them.
    return isinstance(completions, str | Mapping) or (
        _is_chat(prompts) and is_messages(completions)
    )


def _is_chat(value: Any) -> bool:
    return isinstance(value, str | Mapping) or is_messages(value)


def _several(values: Any, what: str) -> list[Any]:
    try:
        return list(plain_list(values))
    except TypeError:
        raise _no_text(values, what) from None


def _text(value: Any, what: str) -> str:
    """A text as it is, or a chat as files of ratings are read."""
    if isinstance(value, str):
        return str(value)
    value = plain_list(value)
    if not isinstance(value, Mapping | list):
        raise _no_text(value, what)
    try:
        return cell_text(value).strip()
    except BadText as error:
        raise InputError(f"A {what} {error}") from None


def _no_text(value: Any, what: str) -> InputError:
    kind = "None" if value is None else f"a value of type {type(value).__name__}"
    return InputError(
        f"A {what} is a text or a list of messages with 'content', or several such in a list; "
        f"this is {kind}."
    )


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
