"""The table of rivals, by name."""

from __future__ import annotations

from scrl.rivals.factors import Factors
from scrl.rivals.item_ridge import ItemRidge
from scrl.rivals.neighbours import Neighbours
from scrl.rivals.plackett_luce_types import TypeMixture
from scrl.rivals.pooled import Pooled
from scrl.rivals.protocol import Rival
from scrl.utility_models.gaussian import Gaussian

_ALL: tuple[Rival, ...] = (
    Pooled(), TypeMixture(), Gaussian(), Factors(), Neighbours(), ItemRidge(),
)  # fmt: skip
#: Every rival by name.
RIVALS: dict[str, Rival] = {rival.name: rival for rival in _ALL}
