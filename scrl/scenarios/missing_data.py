"""The four patterns of missing ratings, and their exact effect on the vanilla order.

The patterns are those of the blog post ("Types of missing information"): some or none of a type's
raters rate a completion, or answer a prompt. Ratings that are missing with the same probability for
every type are missing completely at random; otherwise they are missing not at random.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scrl.choice_models.rank_metrics import order_places, strictly_reversed, welfare
from scrl.scenarios.exact_preview import preview
from scrl.scenarios.parsing import with_overrides
from scrl.scenarios.scenario import Scenario
from scrl.types import InputError


@dataclass(frozen=True)
class MissingPattern:
    """A pattern of missing ratings.

    Attributes:
        title: a short label.
        definition: as the blog post defines it.
        unit: what is not rated, ``"completion"`` or ``"prompt"``.
        all_raters: whether all raters of the type leave it out, or only some.
    """

    title: str
    definition: str
    unit: str
    all_raters: bool


#: By name; the names are part of URLs.
MISSING_PATTERNS = {
    "some-completion": MissingPattern(
        "Some skip a completion",
        "Partially missing preferences for some completions: some raters of a type have rated it "
        "and some have not.",
        "completion", False,
    ),
    "some-prompt": MissingPattern(
        "Some skip a prompt",
        "Partially missing preferences for some prompts: some raters of a type have answered it "
        "and some have not.",
        "prompt", False,
    ),
    "no-completion": MissingPattern(
        "None rates a completion",
        "Completely missing preferences for some completions: no rater of a type has rated it.",
        "completion", True,
    ),
    "no-prompt": MissingPattern(
        "None answers a prompt",
        "Completely missing preferences for some prompts: no rater of a type has answered it.",
        "prompt", True,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class MissingRatings:
    """Ratings of a completion or of a whole prompt that some or all raters of a type leave out.

    Attributes:
        pattern: a key of ``MISSING_PATTERNS``.
        completion: "" where the whole prompt is unanswered.
        response_rate: the probability that such a rater gives the rating, from 0 to below 1.
    """

    pattern: str
    type: str
    prompt: str
    completion: str
    response_rate: float


def missing_overrides(
    pattern: str, type: str, prompt: str, completion: str = "", response_rate: float = 0.1
) -> dict[str, Any]:
    """The ``includes`` or ``answers`` of ``with_overrides`` that make ratings missing.

    Args:
        pattern: a key of ``MISSING_PATTERNS``.
        response_rate: of the raters, under a partial pattern; above 0 and below 1.
    """
    missing = MISSING_PATTERNS[pattern]
    if not missing.all_raters and not 0 < response_rate < 1:
        raise InputError(
            f"Of 'some' raters {response_rate:g} are heard; give a chance above 0 and below 1, or "
            "choose that none is."
        )
    chance = 0.0 if missing.all_raters else response_rate
    if missing.unit == "prompt":
        return {"answers": {type: {prompt: chance}}}
    return {"includes": {type: {prompt: {completion: chance}}}}


def with_missing_ratings(
    scenario: Scenario,
    pattern: str,
    type: str,
    prompt: str,
    completion: str = "",
    response_rate: float = 0.1,
) -> Scenario:
    """The scenario with these ratings missing as well.

    Raises:
        InputError: where a name is not in the scenario.
    """
    overrides = missing_overrides(pattern, type, prompt, completion, response_rate)
    return with_overrides(scenario, **overrides)


def fully_observed(scenario: Scenario) -> Scenario:
    """The scenario in which every rater rates everything."""
    everything: dict[str, dict] = {"answers": {}, "includes": {}}
    types = {t: own.model_copy(update=everything) for t, own in scenario.types.items()}
    return scenario.model_copy(update={"types": types})


def missing_ratings(scenario: Scenario) -> list[MissingRatings]:
    """All missing ratings of a scenario, whole prompts first, in the order of the file."""
    found = []
    for t, own in scenario.types.items():
        for p in scenario.prompts:
            rate = own.answers.get(p, 1.0)
            if rate < 1:
                pattern = "some-prompt" if rate else "no-prompt"
                found.append(MissingRatings(pattern, t, p, "", rate))
            if not rate:
                continue  # No ballot is left to leave a completion out of.
            for c in scenario.offered(p):
                rate = own.includes.get(p, {}).get(c, 1.0)
                if rate < 1:
                    pattern = "some-completion" if rate else "no-completion"
                    found.append(MissingRatings(pattern, t, p, c, rate))
    return sorted(found, key=lambda missing: bool(missing.completion))


def rating_probabilities(scenario: Scenario) -> np.ndarray:
    """The probability that a rater of each type rates each item ``[types, items]``: that the prompt
    is answered and the ballot includes the completion."""
    answers = scenario.answer_chances[:, scenario.catalogue.item_prompt]
    return answers * scenario.inclusion_chances


def missing_data_effect(scenario: Scenario, rule: str) -> dict[str, dict]:
    """The effect of missing ratings on the vanilla order, exact and without training.

    Returns:
        prompt -> an entry of ``preview`` for one rule, with ``"complete"``, the vanilla outcome if
        every rater rated everything, and the number of pairs that vanilla orders strictly against
        the truth: ``"reversed"`` with the missing ratings, ``"reversed_complete"`` without. Also
        ``"welfare"``: ``"mean"`` utility of the completion that vanilla puts first, utility of the
        ``"best"`` completion, and its ``"name"``.
    """
    utility, share = scenario.type_utilities, scenario.type_shares
    offsets = scenario.catalogue.offsets
    entries = preview(scenario, [rule])
    complete = preview(fully_observed(scenario), [])
    for p, (prompt, entry) in enumerate(entries.items()):
        entry["complete"] = complete[prompt]["vanilla"]
        truth, names = entry["truth"][rule]["order"], entry["completions"]
        entry["reversed"] = _reversed_pairs(truth, entry["vanilla"]["order"], names)
        entry["reversed_complete"] = _reversed_pairs(truth, entry["complete"]["order"], names)
        own, first = utility[:, offsets[p] : offsets[p + 1]], entry["vanilla"]["order"][0]
        worth = welfare(own, share, np.isin(names, first) / len(first))
        best = names[int(np.argmax(share @ own))]
        entry["welfare"] = {"mean": worth["mean"], "best": worth["best"], "name": best}
    return entries


def _reversed_pairs(truth: list, order: list, names: Sequence[str]) -> int:
    return strictly_reversed(*(order_places(o, list(names)) for o in (truth, order)))
