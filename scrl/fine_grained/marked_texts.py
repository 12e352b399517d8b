"""Texts whose segments raters have marked, and the reward of each segment.

The categories and the two examples are those of fine-grained RLHF (Wu et al. 2023, 2306.01693).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

#: Names of the categories of error, in the order of all arrays.
CATEGORIES = ("irrelevant", "unverifiable", "incomplete")
#: Weights of relevance, factuality and completeness in the published implementation.
PUBLISHED_WEIGHTS = (0.3, 0.5, 0.3)


@dataclass(frozen=True)
class MarkedText:
    """A completion in segments, each with the errors that raters marked in it.

    Attributes:
        name: a short name of the text.
        prompt: what was asked.
        segments: the parts of the completion in order.
        marks: for each segment the categories of ``CATEGORIES`` that are marked in it.
        missing: for each segment what is missing there; "" for nothing.
    """

    name: str
    prompt: str
    segments: tuple[str, ...]
    marks: tuple[tuple[str, ...], ...]
    missing: tuple[str, ...] = ()

    @property
    def errors(self) -> np.ndarray:
        """Whether a segment has an error of a category ``[segments, categories]``, 0 or 1."""
        return np.array([[float(c in marked) for c in CATEGORIES] for marked in self.marks])

    @property
    def text(self) -> str:
        """The completion as one text."""
        return " ".join(self.segments)

    @property
    def error_counts(self) -> np.ndarray:
        """Number of segments marked with each category ``[categories]``."""
        return self.errors.sum(0)

    def segment_rewards(self, weights: ArrayLike) -> np.ndarray:
        """The reward of each segment and category ``[segments, categories]``.

        ``r_t = Σ_k Σ_j 1(t = T_j^k) w_k R_k(x, y, j)``. T_j^k is the end of segment j. R_k is 1
        where the segment has no error of category k and −1 where it has one. Whether a text is
        complete is judged once, at its end. The sum over categories is the reward r_t that a policy
        is paid at the end of each segment.

        Args:
            weights: of the categories ``[categories]``.
        """
        signs = 1 - 2 * self.errors
        whole = CATEGORIES.index("incomplete")
        signs[:, whole] = np.r_[np.zeros(len(signs) - 1), signs[:, whole].min()]
        return np.asarray(weights, float) * signs


_GASES = "What are the 3 most common gasses in earth's atmosphere?"
#: Four answers to the question of the slides; the first is theirs, with their marks.
ATMOSPHERE = (
    MarkedText(
        "Answer of the slides", _GASES,
        ("The atmosphere of Earth is a layer of gases retained by Earth's gravity.",
         "The most common gas, by dry air volume, is nitrogen.",
         "The second most is oxygen.",
         "The third most is carbon dioxide."),
        (("irrelevant",), (), (), ("unverifiable", "incomplete")),
        ("", "", "", "The third most is Argon."),
    ),
    MarkedText(
        "Short, one gas missing", _GASES,
        ("The most common gas is nitrogen.", "The second most is oxygen."),
        ((), ("incomplete",)),
        ("", "The third most is Argon."),
    ),
    MarkedText(
        "Complete, but it rambles", _GASES,
        ("Air has fascinated people since antiquity.",
         "Nitrogen makes up 78 % of dry air, oxygen 21 % and argon 0.9 %.",
         "The sky looks blue because air scatters light.",
         "Clouds are made of water."),
        (("irrelevant",), (), ("irrelevant",), ("irrelevant",)),
    ),
    MarkedText(
        "Complete, one claim without support", _GASES,
        ("They are nitrogen, oxygen and argon, in this order.",
         "Argon has been rising by a tenth every year."),
        ((), ("unverifiable",)),
    ),
)  # fmt: skip

#: The second example of the slides, whose rewards they print.
BOILING = MarkedText(
    "Boiling water", "Does water boil quicker at high altitudes?",
    ("It takes longer for water to boil at high altitudes.",
     "The reason is that water boils at a lower temperature at higher altitudes."),
    (("unverifiable",), ()),
)  # fmt: skip
