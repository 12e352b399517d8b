"""Texts to tokens and back, and the chat template. Markers in a text are text.

The byte-level byte-pair encoder is built from the file's tokens and merges. It knows no special
tokens, so ``<|im_end|>`` inside a message is encoded as the ten characters that it is. Only
``chat_tokens`` puts control tokens between messages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from scrl.language_model.gguf_weights import Vocabulary
from scrl.types import InputError

#: A prompt: a user's message, or the messages of a chat as ``{"role", "content"}``.
Prompt = str | Sequence[Mapping[str, str]]
BEGIN, END, END_OF_TEXT = "<|im_start|>", "<|im_end|>", "<|endoftext|>"
ROLES = ("system", "user", "assistant")
#: Longest text that is encoded. A longer one exceeds every context and would take seconds.
MAX_CHARACTERS = 200_000


class Tokenizer:
    """The encoder of one vocabulary.

    Attributes:
        end: id of the token that ends a message.
        stops: ids after which nothing is written.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Build the encoder.

        Raises:
            InputError: where the vocabulary has no chat markers or splits text in an unknown way.
        """
        from tokenizers import Tokenizer as Encoder
        from tokenizers import models, pre_tokenizers

        ids = {token: i for i, token in enumerate(vocabulary.tokens)}
        if BEGIN not in ids or END not in ids:
            raise InputError(
                f"The language model has no tokens {BEGIN} and {END}; it is no chat model."
            )
        if vocabulary.pre_tokenizer != "smollm":
            raise InputError(
                f"The language model splits text as '{vocabulary.pre_tokenizer}', not as 'smollm'."
            )
        merges = [(left, right) for left, right in (m.split(" ") for m in vocabulary.merges)]
        self._encoder = Encoder(models.BPE(vocab=ids, merges=merges))
        self._encoder.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Digits(individual_digits=True),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
            ]
        )
        self._bytes = _token_bytes(vocabulary)
        self._begin = ids[BEGIN]
        self.end = ids[END]
        self.stops = frozenset({self.end} | {ids[t] for t in (END_OF_TEXT,) if t in ids})

    def encode(self, text: str) -> list[int]:
        """The tokens of a text; never a control token.

        Raises:
            InputError: where the text is longer than ``MAX_CHARACTERS``.
        """
        if len(text) > MAX_CHARACTERS:
            raise InputError(
                f"A text has {len(text):,} characters; the language model reads at most "
                f"{MAX_CHARACTERS:,}."
            )
        plain = text.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate is no text
        return list(self._encoder.encode(plain, add_special_tokens=False).ids)

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of tokens, without control tokens; bytes that are no UTF-8 become U+FFFD."""
        return b"".join(self._bytes[token] for token in tokens).decode("utf-8", "replace")

    def chat_tokens(self, prompt: Prompt) -> list[int]:
        """The tokens of a chat, up to where the assistant's answer begins.

        Raises:
            InputError: where a message has no text or an unknown role, or there is none.
        """
        tokens: list[int] = []
        for role, content in _messages(prompt):
            tokens += [self._begin, *self.encode(f"{role}\n{content}"), self.end]
            tokens += self.encode("\n")
        return [*tokens, self._begin, *self.encode("assistant\n")]


def _messages(prompt: Prompt) -> list[tuple[str, str]]:
    if isinstance(prompt, str):
        return [("user", prompt)]
    found = []
    for message in prompt:
        role, content = message.get("role"), message.get("content")
        if role not in ROLES or not isinstance(content, str):
            raise InputError(
                "Each message of a prompt needs a role (system, user or assistant) and a content."
            )
        found.append((role, content))
    if not found:
        raise InputError("A prompt needs at least one message.")
    return found


def _token_bytes(vocabulary: Vocabulary) -> list[bytes]:
    """The bytes of every token; none of a control token."""
    alphabet = _byte_of_character()

    def decoded(token: str) -> bytes:
        return bytes(alphabet[c] for c in token if c in alphabet)

    return [
        b"" if i in vocabulary.control else decoded(token)
        for i, token in enumerate(vocabulary.tokens)
    ]


def _byte_of_character() -> dict[str, int]:
    """The byte-level alphabet: printable bytes are themselves, others follow from U+0100."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in set(printable)]
    table: dict[str, Any] = {chr(byte): byte for byte in printable}
    return table | {chr(256 + i): byte for i, byte in enumerate(others)}
