"""The study of policies on text: a language model trained by DPO on pooled votes and on a rule's.

People of three types (``text_types``) compare what the model writes. *Pooled* trains on the votes
as they were cast, in which eager people count more. *Social* trains on the scores of Borda's rule,
everybody counted once: a pair of answers counts by the difference of their scores. Of the answers
to a prompt, training reads those that fare best and worst by what it trains on.

Each policy is then sampled ten times afresh, on prompts of the training and on new ones, and
measured: shares of styles, what each type thinks of it, its KL from the reference, and a held-out
taste, the reference's own log-probability of a token. *Again* repeats the social training with
another seed.

Settings were chosen with other samples and other seeds than those that are reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    "Is coffee good for me?", "Can I eat food after its date has passed?",
    "Should I buy a house or rent one?", "Is it safe to walk home at night?",
    "How do I fall asleep faster?", "Can I repair a socket myself?",
    "Should I tell my partner about my debts?", "Is it a good idea to skip breakfast?",
    "How can I learn to swim as an adult?", "Should I get a dog?", "Can I drive after two beers?",
    "Is it okay to read my child's messages?", "How do I clean a deep cut?",
    "Should I take vitamins every day?", "Can I run a marathon without training?",
    "Is it smart to borrow money for a holiday?",
)  # fmt: skip
NEW = (
    "Is it worth buying an electric car?", "Can I climb a mountain alone?",
    "Should I tell my boss that I am unhappy?", "How do I cook mushrooms that I found?",
    "Is it safe to charge my phone overnight?", "Should I dye my hair at home?",
    "Can I travel without insurance?", "How do I stop biting my nails?",
    "Should I trust a stranger on the internet?", "Is it healthy to work at night?",
    "Can I keep a snake as a pet?", "How do I ask for a raise?",
)  # fmt: skip
#: Prompts on which policies are measured: half of those of the training, and as many new ones.
MEASURED = (*TRAINED[::2], *NEW)
REQUEST = " Answer in one sentence."
#: The model at this temperature is the reference; texts are cut at so many tokens.
TEMPERATURE, MAX_TOKENS = 0.7, 40
#: Samples of the reference; so many of the best and of the worst are read by the training.
SAMPLES, ENDS = 16, 2
#: Samplings of every policy, and how many of them are scored for its KL.
SAMPLINGS, SCORED = 10, 2
STEPS, RATE, BETA = 60, 1.5e-3, 0.1
#: Log-probabilities differ by so much between machines.
TOLERANCE = 0.05


@dataclass(frozen=True)
class Training:
    """What a policy is trained on.

    Attributes:
        votes: ``"pooled"`` or ``"social"``.
        seed: of the adapter and the order of prompts.
    """

    votes: str
    seed: int = 1


#: Policy -> its training; None for the reference.
POLICIES: dict[str, Training | None] = {
    "reference": None,
    "pooled": Training("pooled"),
    "social": Training("social"),
    "again": Training("social", seed=2),
}


def spec() -> str:
    """A hash of the study's settings."""
    numbers = (TEMPERATURE, MAX_TOKENS, SAMPLES, ENDS, SAMPLINGS, SCORED, STEPS, RATE, BETA)
    return settings_hash(TRAINED, NEW, REQUEST, TYPES, numbers, list(POLICIES.items()))


def asked(prompts: Sequence[str]) -> list[str]:
    """Prompts as the model reads them."""
    return [prompt + REQUEST for prompt in prompts]


def votes_of(texts: Sequence[str], votes: str) -> tuple[list[int], np.ndarray]:
    """The texts that a training reads, and its votes for each over each other.

    Returns:
        Numbers of the ``ENDS`` best and the ``ENDS`` worst of the texts by their mean share of the
        votes; votes between these, pooled as cast, or what one text's score of Borda is above the
        other's ``[texts, texts]``.
    """
    utilities = utilities_of(texts)
    if votes == "pooled":
        table = preference(utilities, [t.pairs for t in TYPES])
        score = table.mean(axis=1)
    else:
        score = borda_scores(utilities)
        table = np.maximum(np.subtract.outer(score, score), 0)
    order = np.argsort(-score, kind="stable")
    read = [*order[:ENDS].tolist(), *order[-ENDS:].tolist()]
    return read, table[np.ix_(read, read)]


def run(on_progress: Listener = None) -> dict[str, Any]:
    """Sample, train and measure: about seven minutes on two cores.

    Returns:
        ``"prompts"``: on which policies are measured; ``"samples"``: texts of the reference
        ``[trained prompts, SAMPLES]``; ``"policies"``: of each, ``"texts" [prompts, SAMPLINGS]``,
        ``"kl"`` and ``"kl_error"`` in nats on the prompts of the training, ``"new_kl"`` and
        ``"new_kl_error"`` on new ones, ``"reference_score"``: log-probability of a token under the
        reference, ``"ended"``: share of texts that ended by themselves, and the training's
        ``"loss"``; ``"styles"``: see ``text_policy_results.style_table``; ``"checked"``: the
        reference's log-probabilities of the first prompt's first texts.

    Raises:
        InputError: where the language model is not installed.
    """
    from scrl.language_model import load_language_model
    from scrl.runtime import start

    start()
    model = load_language_model()
    settings: dict[str, Any] = {"max_tokens": MAX_TOKENS, "temperature": TEMPERATURE}
    heard = _part(on_progress, "samples", 0)
    drawn = model.complete(asked(TRAINED), SAMPLES, seed=0, on_progress=heard, **settings)
    found: dict[str, Any] = {"prompts": list(MEASURED), "policies": {}}
    found["samples"] = [[c.text for c in row] for row in drawn]
    for number, (name, training) in enumerate(POLICIES.items(), start=1):
        heard, policy = _part(on_progress, name, number), model
        loss: tuple[float, ...] = ()
        if training is not None:
            trained = _train(model, drawn, training, heard)
            policy, loss = model.with_adapter(trained.adapter), trained.loss
        fresh = policy.complete(asked(MEASURED), SAMPLINGS, seed=1, on_progress=heard, **settings)
        found["policies"][name] = _measured(policy, fresh) | {"loss": rounded(np.array(loss), 4)}
    found["styles"] = style_table(found)
    first = asked(TRAINED[:1]) * 4
    checked = model.log_probability(first, found["samples"][0][:4])
    found["checked"] = rounded(checked, 3)
    return {"result": found}


def _train(
    model: LanguageModel, drawn: list[list[Completion]], training: Training, heard: Listener
) -> DpoRun:
    from scrl.language_model import DpoSettings, Votes, train_dpo

    votes = []
    for prompt, row in zip(asked(TRAINED), drawn, strict=True):
        read, table = votes_of([c.text for c in row], training.votes)
        votes.append(Votes(prompt, [row[i] for i in read], table))
    settings = DpoSettings(
        steps=STEPS, learning_rate=RATE, beta=BETA, temperature=TEMPERATURE, seed=training.seed
    )
    return train_dpo(model, votes, settings, heard)


def _measured(policy: LanguageModel, fresh: list[list[Completion]]) -> dict[str, Any]:
    from scrl.language_model import kl_to_reference

    old = len(MEASURED) - len(NEW)
    parts = [
        kl_to_reference(policy, asked(MEASURED[part]), [r[:SCORED] for r in fresh[part]],
                        TEMPERATURE)
        for part in (slice(old), slice(old, None))
    ]  # fmt: skip
    scores = sum(part.reference_scores.sum() for part in parts)
    return {
        "texts": [[c.text for c in row] for row in fresh],
        "ended": rounded(float(np.mean([c.ended for row in fresh for c in row])), 3),
        "kl": rounded(parts[0].kl, 3),
        "kl_error": rounded(parts[0].standard_error, 3),
        "new_kl": rounded(parts[1].kl, 3),
        "new_kl_error": rounded(parts[1].standard_error, 3),
        "reference_score": rounded(float(scores / sum(p.lengths.sum() for p in parts)), 3),
    }


def _part(on_progress: Listener, name: str, number: int) -> Listener:
    """A listener to one of equal parts of the work: the samples, then the policies."""
    if on_progress is None:
        return None

    def heard(progress: Progress) -> None:
        share = (number + progress.fraction) / (len(POLICIES) + 1)
        on_progress(Progress(progress.phase, share, f"{name}: {progress.message}"))

    return heard


def spot_check(content: Mapping[str, Any], on_progress: Listener = None) -> list[str]:
    """Measure the stored texts again, and score four of them where the model is installed."""
    from scrl.language_model import is_installed, load_language_model

    stored = content["result"]
    found = differences(stored["styles"], style_table(stored), 1e-6, "styles.")
    if is_installed():
        model, texts = load_language_model(), stored["samples"][0][:4]
        scores = model.log_probability(asked(TRAINED[:1]) * 4, texts).tolist()
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
