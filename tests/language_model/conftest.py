"""One loaded language model for all tests, and a tiny one of random weights for its mechanics."""

import numpy as np
import pytest

from scrl.language_model import LanguageModel, LlamaConfig, is_installed, load_language_model

TINY = LlamaConfig(
    layers=2, width=32, heads=4, key_heads=2, head_size=8, feed_forward=48, vocabulary=300
)


class RandomSource:
    """A source of random weights."""

    config = TINY

    def ends(self):
        rng = np.random.default_rng(0)
        table = rng.normal(0, 0.3, (TINY.vocabulary, TINY.width))
        return {"embedding": table.astype(np.float32), "norm": np.ones(TINY.width, np.float32)}

    def layer(self, index):
        rng = np.random.default_rng(index + 1)
        shapes = {"attn_qkv": (32, 64), "attn_output": (32, 32), "ffn_gate_up": (32, 96),
                  "ffn_down": (48, 32)}  # fmt: skip
        arrays = {name: rng.normal(0, s[0] ** -0.5, s) for name, s in shapes.items()}
        arrays |= {name: rng.uniform(0.5, 1.5, 32) for name in ("attn_norm", "ffn_norm")}
        return {name: array.astype(np.float32) for name, array in arrays.items()}


class Characters:
    """A tokenizer whose tokens are the bytes of a text. Token 256 ends a message."""

    end, stops = 256, frozenset({256})

    def encode(self, text):
        return list(text.encode())

    def decode(self, tokens):
        return bytes(t for t in tokens if t < 256).decode("utf-8", "replace")

    def chat_tokens(self, prompt):
        return [257, *self.encode(prompt), 258]


@pytest.fixture(scope="session")
def tiny():
    return LanguageModel(RandomSource(), Characters(), "float32")


@pytest.fixture(scope="session")
def smollm():
    if not is_installed():
        pytest.skip("the language model is not installed")
    return load_language_model()
