"""Small scenarios, and other small texts, whole inside a link.

A link holds the text compressed (zlib) in base64 for URLs, after ``z-``. What comes in is not
trusted: its length is bounded before it is read, and the text's while it is unfolded.
"""

from __future__ import annotations

import base64
import binascii
import zlib

from scrl.scenarios.parsing import parse_scenario
from scrl.scenarios.scenario import Scenario
from scrl.types import InputError

PREFIX = "z-"
#: Letters of a scenario's id, so that a whole URL stays under about 2,000.
MAX_ID_LENGTH = 1_800
#: Letters that are read at all, and bytes that they may unfold to.
MAX_READ_LENGTH, MAX_TEXT_BYTES = 8_000, 64_000
#: A link opens pages by itself, so what it holds stays small: completions offered, summed over
#: prompts, and types of rater.
MAX_LINK_ITEMS, MAX_LINK_TYPES = 400, 100


def pack_text(text: str) -> str:
    """The text as letters, digits, ``-`` and ``_``."""
    data = zlib.compress(text.encode(), 9, wbits=-15)
    return PREFIX + base64.urlsafe_b64encode(data).decode().rstrip("=")


def unpack_text(id: str) -> str:
    """The text that ``pack`` folded.

    Raises:
        InputError: where the id is none, is too long, or unfolds to more than ``MOST_BYTES``.
    """
    if len(id) > MAX_READ_LENGTH:
        raise InputError(
            f"The link is longer than {MAX_READ_LENGTH:,} letters; open the scenario from its file."
        )
    try:
        body = id.removeprefix(PREFIX).encode("ascii")
        data = base64.b64decode(body + b"=" * (-len(body) % 4), b"-_", validate=True)
        unfold = zlib.decompressobj(wbits=-15)
        text = unfold.decompress(data, MAX_TEXT_BYTES + 1)
        if len(text) > MAX_TEXT_BYTES:
            raise InputError(
                f"The link unfolds to more than {MAX_TEXT_BYTES // 1000} kB; open the scenario "
                "from its file."
            )
        if not unfold.eof:
            raise ValueError("cut short")
        return text.decode()
    except (ValueError, binascii.Error, zlib.error) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            "The link is damaged, and no scenario can be read from it; copy it again, whole."
        ) from None


def is_link(id: str) -> bool:
    return id.startswith(PREFIX)


def scenario_to_link(scenario: Scenario) -> str | None:
    """The scenario as an id that holds all of it; None where it is too large for a link."""
    if len(scenario.types) > MAX_LINK_TYPES or _items(scenario) > MAX_LINK_ITEMS:
        return None
    text = scenario.to_yaml()
    id = pack_text(text)
    return id if len(id) <= MAX_ID_LENGTH and len(text.encode()) <= MAX_TEXT_BYTES else None


def scenario_from_link(id: str) -> Scenario:
    """The scenario in an id.

    Raises:
        InputError: one sentence.
    """
    scenario = parse_scenario(unpack_text(id), "the link")
    if len(scenario.types) > MAX_LINK_TYPES or _items(scenario) > MAX_LINK_ITEMS:
        raise InputError(
            f"The link holds more than {MAX_LINK_TYPES} types of rater or {MAX_LINK_ITEMS} "
            "completions; open the scenario from its file."
        )
    return scenario


def _items(scenario: Scenario) -> int:
    return sum(len(scenario.offered(p)) for p in scenario.prompts)
