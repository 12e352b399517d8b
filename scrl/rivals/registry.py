"""The table of rivals, by name."""

from __future__ import annotations

from scrl.rivals.pooled import Pooled
from scrl.rivals.protocol import Rival
from scrl.rivals.type_mixture import TypeMixture

_ALL: tuple[Rival, ...] = (Pooled(), TypeMixture())
#: Every rival by name.
RIVALS: dict[str, Rival] = {rival.name: rival for rival in _ALL}
