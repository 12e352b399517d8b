"""Functions of the items' features, in which utilities and loadings are linear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scrl.types import Catalogue, InputError
from scrl.utility_models.feature_basis import FeatureBasis, feature_basis


@dataclass(frozen=True, eq=False)
class ItemFunctions:
    """Functions of features.

    Attributes:
        basis: the functions; None where features tell nothing.
        value: of the items ``[items, functions]``.
    """

    basis: FeatureBasis | None
    value: np.ndarray

    @classmethod
    def of(cls, catalogue: Catalogue) -> ItemFunctions:
        """The functions for a catalogue's items."""
        basis = feature_basis(catalogue)
        if basis is None:
            return cls(None, np.zeros((catalogue.items, 0)))
        return cls(basis, basis.of_items(catalogue))

    @property
    def group(self) -> np.ndarray:
        """The group of each function ``[functions]``."""
        return np.zeros(0, int) if self.basis is None else self.basis.group

    @property
    def groups(self) -> int:
        """The number of groups."""
        return int(self.group.max()) + 1 if len(self.group) else 0

    def of_items(self, catalogue: Catalogue) -> np.ndarray:
        """The functions of other items ``[items, functions]``.

        Raises:
            InputError: where the items have no such features.
        """
        if self.basis is None:
            raise InputError("The model was trained without features, so it knows no other items.")
        features, own = catalogue.completion_features, len(self.basis.mean)
        if features is None or features.shape[1] != own:
            count = 0 if features is None else features.shape[1]
            raise InputError(
                f"The model reads {own} features of completions; these have {count} of them."
            )
        return self.basis.of_items(catalogue)
