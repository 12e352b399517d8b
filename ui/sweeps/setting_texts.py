"""Settings of a sweep and their values in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

MAX_LETTERS = 60


def value_text(value: Any) -> str:
    """A value of a setting, on one line."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "none"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:g}"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split())
    return text if len(text) <= MAX_LETTERS else text[: MAX_LETTERS - 1] + "…"


def setting_text(name: str) -> str:
    """The name of a setting in words.

    ``scenario.noise`` is "noise", and ``scenario.types.Memphis.share`` is "Memphis: share".
    """
    text = name.removeprefix("scenario.")
    if text.startswith("types."):
        type, _, rest = text.removeprefix("types.").partition(".")
        return f"{type}: {rest.replace('.', ' ').replace('_', ' ')}" if rest else type
    return text.replace("_", " ").replace(".", " ").strip() or name


def settings_text(settings: Mapping[str, Any]) -> str:
    """All settings of a run on one line."""
    return ", ".join(
        f"{setting_text(name)} {value_text(value)}" for name, value in settings.items()
    )
