"""Prompts and completions as plain text: from cells of any type, and from chat messages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from scrl.data.files import quoted

#: What begins a turn of the assistant in a dialogue written as one text.
_ASSISTANT, _HUMAN = "\n\nAssistant:", "\n\nHuman:"
#: How pandas writes a missing value.
_MISSING = {"<NA>", "NaT"}
_ROLES = {"user": "User", "human": "User", "assistant": "Assistant", "gpt": "Assistant",
          "model": "Assistant", "system": "System"}  # fmt: skip


class BadText(Exception):
    """What is wrong with a value that should be a text, as the end of a sentence."""


def is_messages(value: object) -> bool:
    """Whether a value is a list of chat messages."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(m, Mapping) and m.keys() & {"content", "value"} for m in value)
    )


def lacks_content(value: object) -> bool:
    """Whether a list of chat messages holds one without content, such as a call of a tool."""
    return isinstance(value, list) and any(
        isinstance(m, Mapping)
        and bool(m.keys() & {"role", "from"})
        and m.get("content", m.get("value")) is None
        for m in value
    )


def cell_text(value: Any) -> str:
    """A cell of any type as text; nothing and NaN are the empty text.

    Raises:
        BadText: for what is neither text, number nor chat messages.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else str(value)
    value = plain(value)
    if isinstance(value, list):
        if is_messages(value):
            return text_of_messages(value)
        raise BadText(f"is {quoted(value)}; give text or chat messages.")
    if isinstance(value, Mapping):
        if value.keys() & {"content", "value"}:
            return text_of_messages([value])
        raise BadText(f"is {quoted(value)}; give text or chat messages.")
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise BadText("holds bytes that are no text in UTF-8.") from None
    if value is None or isinstance(value, str | int | float):
        return cell_text(value)
    text = str(value)
    return "" if text in _MISSING else text


def plain(value: Any) -> Any:
    """A NumPy or Arrow value as Python's own."""
    for name in ("tolist", "as_py", "item"):
        if hasattr(value, name):
            return getattr(value, name)()
    return list(value) if isinstance(value, tuple) else value


def message_text(message: Mapping[str, Any]) -> str:
    """The text of one chat message; parts that are no text are left out.

    Raises:
        BadText: where there is none.
    """
    content = plain(message.get("content", message.get("value")))
    if content is None:
        return ""
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, Mapping)]
        return "\n".join(part for part in parts if isinstance(part, str))
    if not isinstance(content, str):
        raise BadText(f"has a message whose content is {quoted(content)}; give text.")
    return content


def text_of_messages(messages: Sequence[Mapping[str, Any]]) -> str:
    """Chat messages as one text: the content of a single one, else each with its role before.

    >>> text_of_messages([{"role": "user", "content": "Hi"}])
    'Hi'
    >>> text_of_messages([{"role": "user", "content": "Hi"}, {"role": "model", "content": "Yes?"}])
    'User: Hi\\n\\nAssistant: Yes?'
    """
    if len(messages) == 1:
        return message_text(messages[0]).strip()
    turns = []
    for message in messages:
        role = str(message.get("role", message.get("from", "")) or "")
        label = _ROLES.get(role.casefold(), role.title())
        turns.append(
            f"{label}: {message_text(message).strip()}" if label else message_text(message)
        )
    return "\n\n".join(turns)


def split_messages(
    chosen: Sequence[Mapping], rejected: Sequence[Mapping]
) -> tuple[list[Mapping], list[Mapping], list[Mapping]]:
    """The messages that two completions share at the beginning, and the rest of each.

    Each keeps at least its last message.
    """
    most = min(len(chosen), len(rejected)) - 1
    shared = 0
    while shared < most and _same(chosen[shared], rejected[shared]):
        shared += 1
    return list(chosen[:shared]), list(chosen[shared:]), list(rejected[shared:])


def _same(one: Mapping, two: Mapping) -> bool:
    return one.get("role") == two.get("role") and message_text(one) == message_text(two)


def split_dialogues(chosen: str, rejected: str) -> tuple[str, str, str] | None:
    """Prompt and both completions of two dialogues written as one text each, as Anthropic's are;
    None where they are none."""
    shared = _shared_length(chosen, rejected)
    at = chosen.rfind(_ASSISTANT, 0, min(shared + len(_ASSISTANT), len(chosen)))
    if at < 0 or not rejected.startswith(chosen[: at + len(_ASSISTANT)]):
        return None
    end = at + len(_ASSISTANT)
    prompt = chosen[:at].strip()
    if prompt.startswith(_HUMAN.strip()) and prompt.count(_HUMAN.strip()) == 1:
        prompt = prompt.removeprefix(_HUMAN.strip()).strip()
    return prompt, chosen[end:].strip(), rejected[end:].strip()


def split_words(chosen: str, rejected: str) -> tuple[str, str, str] | None:
    """Prompt and both completions of two texts that begin alike, cut between words; None where
    they share no word."""
    shared = _shared_length(chosen, rejected)
    at = chosen.rfind(" ", 0, shared + 1)
    if at <= 0 or not chosen[:at].strip():
        return None
    return chosen[:at].strip(), chosen[at:].strip(), rejected[at:].strip()


def _shared_length(one: str, two: str) -> int:
    """How many characters two texts share at the beginning."""
    low, high = 0, min(len(one), len(two))
    while low < high:  # the shared beginning of a text is found by halving
        middle = (low + high + 1) // 2
        if one[:middle] == two[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def plain_list(value: Any) -> Any:
    """A value whose lists of any library are Python's own."""
    if value is None or isinstance(value, str | int | float | Mapping | list):
        return value
    return plain(value)
