"""The KL divergence of a policy from its reference, estimated on the policy's own samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from scrl.language_model.model import Completion, LanguageModel
from scrl.language_model.tokenizer import Prompt
from scrl.types import InputError, Progress

Listener = Callable[[Progress], None] | None


@dataclass(frozen=True, eq=False)
class KlEstimate:
    """KL(π ‖ π_ref) of whole completions in nats, a mean over prompts.

    Attributes:
        kl, standard_error: the estimate and its error from sampling, the prompts being given.
        by_prompt: of each prompt ``[prompts]``.
        reference_scores: log π_ref of every sample ``[prompts, n]``.
        lengths: tokens of every sample that were drawn, the ending included ``[prompts, n]``.
    """

    kl: float
    standard_error: float
    by_prompt: np.ndarray
    reference_scores: np.ndarray
    lengths: np.ndarray


def kl_to_reference(
    model: LanguageModel,
    prompts: Sequence[Prompt],
    completions: Sequence[Sequence[Completion]],
    temperature: float = 1.0,
    on_progress: Listener = None,
) -> KlEstimate:
    """The mean of log π - log π_ref over samples of π, which is unbiased.

    Args:
        model: the policy; its reference is the same model without an adapter.
        completions: of each prompt the same number, drawn from ``model`` by ``complete`` at
            ``temperature`` with ``top_p`` 1.
        temperature: above 0; of the policy and the reference.

    Raises:
        InputError: where prompts differ in their number of completions, or have fewer than two.
    """
    counts = {len(row) for row in completions}
    if len(completions) != len(prompts) or len(counts) != 1 or min(counts) < 2:
        raise InputError("Give every prompt the same number of completions, at least two.")
    flat = [c for row in completions for c in row]
    asked = [p for p, row in zip(prompts, completions, strict=True) for _ in row]
    shape = (len(prompts), counts.pop())
    own = model.log_probability(asked, flat, temperature, _half(on_progress, 0)).reshape(shape)
    reference = model.with_adapter(None)
    base = reference.log_probability(asked, flat, temperature, _half(on_progress, 1))
    base = base.reshape(shape)
    ratio = own - base
    error = np.sqrt(np.sum(ratio.var(axis=1, ddof=1) / shape[1])) / shape[0]
    lengths = np.array([c.token_count + c.ended for c in flat]).reshape(shape)
    return KlEstimate(float(ratio.mean()), float(error), ratio.mean(axis=1), base, lengths)


def _half(on_progress: Listener, half: int) -> Listener:
    """``on_progress`` for one of two equal halves of the work."""
    if on_progress is None:
        return None

    def heard(progress: Progress) -> None:
        share = (half + progress.fraction) / 2
        on_progress(Progress(progress.phase, share, f"{share:.0%} of the texts scored"))

    return heard
