"""The study of policies on text: a language model trained by DPO on pooled votes and on a rule's.

People of three types (``text_types``) compare what the model writes. *Pooled* trains on all votes
as they were cast, in which eager people count more. *Social* trains on the order that Borda's rule
gives, everybody counted once. Each policy is then sampled ten times afresh, on the prompts of the
training and on new ones, and measured: shares of styles, what each type thinks of it, its KL from
the reference, and a held-out taste, the reference's own log-probability of a token.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from scrl.results import rounded
from scrl.studies.protocol import Listener, ModuleStudy, differences, settings_hash
from scrl.studies.text_policy_results import style_table
from scrl.studies.text_types import TYPES, borda_scores, preference, utilities_of
from scrl.types import Progress

if TYPE_CHECKING:
    from scrl.language_model import Completion, DpoRun, LanguageModel

#: Prompts of the training, and prompts that only the measurement sees.
TRAINED = (
    "Should I lend money to my brother?", "Is it safe to drink tap water when I travel?",
    "Should I quit my job to start a business?", "Is it okay to lie to protect a friend?",
    "How do I lose weight fast?", "Should children use smartphones?",
    "Can I take ibuprofen with coffee?", "How should I invest my savings?",
    "Is coffee good for me?",
)  # fmt: skip
NEW = (
    "Is it worth buying an electric car?", "Can I climb a mountain alone?",
    "Should I tell my boss that I am unhappy?",
)  # fmt: skip
REQUEST = " Answer in one sentence."
#: The model at this temperature is the reference; texts are cut at so many tokens.
TEMPERATURE, MAX_TOKENS = 0.7, 40
#: Samples of the reference from which best of n is drawn; the first of them are voted on.
SAMPLES, VOTED = 16, 8
#: Samplings of every policy, and how many of them are scored for its KL.
SAMPLINGS, SCORED = 10, 5
STEPS, RATE, BETA = 32, 2e-3, 0.12
POLICIES = ("reference", "pooled", "social")
#: Log-probabilities differ by so much between machines.
TOLERANCE = 0.05


def spec() -> str:
    """A hash of the study's settings."""
    numbers = (TEMPERATURE, MAX_TOKENS, SAMPLES, VOTED, SAMPLINGS, SCORED, STEPS, RATE, BETA)
    return settings_hash(TRAINED, NEW, REQUEST, TYPES, numbers)


def asked(prompts: tuple[str, ...] = TRAINED + NEW) -> list[str]:
    """Prompts as the model reads them."""
    return [prompt + REQUEST for prompt in prompts]


def votes_of(texts: list[str], policy: str) -> np.ndarray:
    """Votes for each text over each other ``[texts, texts]``: pooled as cast, or Borda's order with
    equal texts half each way."""
    utilities = utilities_of(texts)
    if policy == "pooled":
        return preference(utilities, [t.pairs for t in TYPES])
    gap = np.subtract.outer(*[borda_scores(utilities)] * 2)
    return (gap > 1e-9) + 0.5 * (np.abs(gap) <= 1e-9)


def run(on_progress: Listener = None) -> dict[str, Any]:
    """Sample, train and measure: about ten minutes on two cores.

    Returns:
        ``"prompts"``; ``"samples"``: texts of the reference ``[prompts, SAMPLES]``; ``"policies"``:
        of each, ``"texts" [prompts, SAMPLINGS]``, ``"kl"`` and ``"kl_error"`` in nats,
        ``"reference_score"``: log-probability of a token under the reference, ``"ended"``: share
        of texts that ended by themselves, and the training's ``"loss"``; ``"styles"``: see
        ``text_policy_results.style_table``; ``"checked"``: the reference's log-probabilities of the
        first prompt's first texts.

    Raises:
        InputError: where the language model is not installed.
    """
    from scrl.language_model import load_language_model
    from scrl.runtime import start

    start()
    model = load_language_model()
    settings: dict[str, Any] = {"max_tokens": MAX_TOKENS, "temperature": TEMPERATURE}
    heard = _part(on_progress, 0, 3)
    drawn = model.complete(asked(), SAMPLES + SAMPLINGS, seed=0, on_progress=heard, **settings)
    found: dict[str, Any] = {"prompts": list(TRAINED + NEW), "policies": {}}
    found["samples"] = [[c.text for c in row[:SAMPLES]] for row in drawn]
    for number, name in enumerate(POLICIES):
        heard, policy, fresh = _part(on_progress, number, 3), model, []
        loss: tuple[float, ...] = ()
        if name == "reference":
            fresh = [row[SAMPLES:] for row in drawn]
        else:
            trained = _train(model, drawn, name, heard)
            policy, loss = model.with_adapter(trained.adapter), trained.loss
            fresh = policy.complete(asked(), SAMPLINGS, seed=1, on_progress=heard, **settings)
        found["policies"][name] = _measured(policy, fresh) | {"loss": rounded(np.array(loss), 4)}
    found["styles"] = style_table(found)
    first = [asked()[0]] * 4
    checked = model.log_probability(first, found["samples"][0][:4])
    found["checked"] = rounded(checked, 3)
    return {"result": found}


def _train(
    model: LanguageModel, drawn: list[list[Completion]], name: str, heard: Listener
) -> DpoRun:
    from scrl.language_model import DpoSettings, Votes, train_dpo

    votes = [
        Votes(prompt, row[:VOTED], votes_of([c.text for c in row[:VOTED]], name))
        for prompt, row in zip(asked(TRAINED), drawn, strict=False)
    ]
    settings = DpoSettings(steps=STEPS, learning_rate=RATE, beta=BETA, temperature=TEMPERATURE)
    return train_dpo(model, votes, settings, heard)


def _measured(policy: LanguageModel, fresh: list[list[Completion]]) -> dict[str, Any]:
    from scrl.language_model import kl_to_reference

    kl = kl_to_reference(policy, asked(), [row[:SCORED] for row in fresh], TEMPERATURE)
    return {
        "texts": [[c.text for c in row] for row in fresh],
        "ended": rounded(float(np.mean([c.ended for row in fresh for c in row])), 3),
        "kl": rounded(kl.kl, 3),
        "kl_error": rounded(kl.standard_error, 3),
        "reference_score": rounded(float(kl.reference_scores.sum() / kl.lengths.sum()), 3),
    }


def _part(on_progress: Listener, number: int, parts: int) -> Listener:
    """A listener to one of equal parts of the work."""
    if on_progress is None:
        return None

    def heard(progress: Progress) -> None:
        share = (number + progress.fraction) / parts
        on_progress(Progress(progress.phase, share, f"{POLICIES[number]}: {progress.message}"))

    return heard


def spot_check(content: Mapping[str, Any], on_progress: Listener = None) -> list[str]:
    """Measure the stored texts again, and score four of them where the model is installed."""
    from scrl.language_model import is_installed, load_language_model

    stored = content["result"]
    found = differences(stored["styles"], style_table(stored), 1e-6, "styles.")
    if is_installed():
        model, texts = load_language_model(), stored["samples"][0][:4]
        scores = model.log_probability([asked()[0]] * 4, texts).tolist()
        found += differences(stored["checked"], scores, TOLERANCE, "checked.")
    return found


STUDY = ModuleStudy(
    "text-policy",
    "Policies on text: DPO on pooled votes and on a rule's order",
    ("scrl.studies.text_policy",),
    spec,
    run,
    spot_check,
)
