"""Small scenarios and other short texts, stored inside a link.

A link is ``z-`` and the text, compressed by zlib, in base64 for URLs. Input is not trusted: the
length of a link is bounded before it is read, and that of the text while it is decompressed.
"""

from __future__ import annotations

import base64
import binascii
import zlib

from scrl.scenarios.parsing import parse_scenario
from scrl.scenarios.scenario import Scenario
from scrl.types import InputError

PREFIX = "z-"
#: Characters of a scenario's id, so that the URL stays under about 2,000.
MAX_ID_LENGTH = 1_800
#: Characters of an id that is read, and bytes of its text.
MAX_READ_LENGTH, MAX_TEXT_BYTES = 8_000, 64_000
#: Items and rater types of a scenario in a link, which a page opens without a click.
MAX_LINK_ITEMS, MAX_LINK_TYPES = 400, 100


def pack_text(text: str) -> str:
    """Compress a text to letters, digits, ``-`` and ``_``."""
    data = zlib.compress(text.encode(), 9, wbits=-15)
    return PREFIX + base64.urlsafe_b64encode(data).decode().rstrip("=")


def unpack_text(id: str) -> str:
    """The text that ``pack_text`` compressed.

    Raises:
        InputError: where the id is invalid, too long, or its text is over ``MAX_TEXT_BYTES``.
    """
    if len(id) > MAX_READ_LENGTH:
        raise InputError(
            f"The link is longer than {MAX_READ_LENGTH:,} letters; open the scenario from its file."
        )
    try:
        body = id.removeprefix(PREFIX).encode("ascii")
        data = base64.b64decode(body + b"=" * (-len(body) % 4), b"-_", validate=True)
        stream = zlib.decompressobj(wbits=-15)
        text = stream.decompress(data, MAX_TEXT_BYTES + 1)
        if len(text) > MAX_TEXT_BYTES:
            raise InputError(
                f"The link unfolds to more than {MAX_TEXT_BYTES // 1000} kB; open the scenario "
                "from its file."
            )
        if not stream.eof:
            raise ValueError("cut short")
        return text.decode()
    except (ValueError, binascii.Error, zlib.error) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            "The link is damaged, and no scenario can be read from it; copy it again, whole."
        ) from None


def is_link(id: str) -> bool:
    """Whether an id is a link rather than a name."""
    return id.startswith(PREFIX)


def scenario_to_link(scenario: Scenario) -> str | None:
    """The scenario as an id that contains it; None where it is too large for a link."""
    if len(scenario.types) > MAX_LINK_TYPES or _items(scenario) > MAX_LINK_ITEMS:
        return None
    text = scenario.to_yaml()
    id = pack_text(text)
    return id if len(id) <= MAX_ID_LENGTH and len(text.encode()) <= MAX_TEXT_BYTES else None


def scenario_from_link(id: str) -> Scenario:
    """The scenario in an id.

    Raises:
        InputError: where it holds none, or too large a one.
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
