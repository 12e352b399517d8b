"""The four ways of losing ratings, and what a silence costs before anything is trained.

The kinds are those of the blog post ("Types of missing information"): some or none of a type's
raters, a completion or a prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scrl.choice_models.rank_metrics import order_places, strictly_reversed, welfare
from scrl.scenarios.exact_preview import preview
from scrl.scenarios.parsing import with_overrides
from scrl.scenarios.scenario import Scenario
from scrl.types import InputError


@dataclass(frozen=True)
class Kind:
    """A way of losing ratings.

    Attributes:
        title: short; post: as the blog post names it.
        of: what is not rated, ``"completion"`` or ``"prompt"``.
        all: whether no rater of the type is heard, or only some are not.
    """

    title: str
    post: str
    of: str
    all: bool


KINDS = {
    "some-completion": Kind(
        "Some skip a completion",
        "Partially missing preferences for some completions: some raters of a type have rated it "
        "and some have not.",
        "completion", False,
    ),
    "some-prompt": Kind(
        "Some skip a prompt",
        "Partially missing preferences for some prompts: some raters of a type have answered it "
        "and some have not.",
        "prompt", False,
    ),
    "no-completion": Kind(
        "None rates a completion",
        "Completely missing preferences for some completions: no rater of a type has rated it.",
        "completion", True,
    ),
    "no-prompt": Kind(
        "None answers a prompt",
        "Completely missing preferences for some prompts: no rater of a type has answered it.",
        "prompt", True,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Silence:
    """Raters of a type of whom some, or all, say nothing of a completion or a prompt.

    Attributes:
        kind: of ``KINDS``.
        completion: "" where it is the whole prompt.
        chance: that such a rater is heard nevertheless, below 1; 0 where none is.
    """

    kind: str
    type: str
    prompt: str
    completion: str
    chance: float


def changes(kind: str, type: str, prompt: str, completion: str = "", some: float = 0.1) -> dict:
    """What a silence changes in a scenario: ``with_overrides``' ``includes`` or ``answers``.

    Args:
        some: the chance to be heard that a partial kind leaves, above 0 and below 1.
    """
    about = KINDS[kind]
    if not about.all and not 0 < some < 1:
        raise InputError(
            f"Of 'some' raters {some:g} are heard; give a chance above 0 and below 1, or choose "
            "that none is."
        )
    chance = 0.0 if about.all else some
    if about.of == "prompt":
        return {"answers": {type: {prompt: chance}}}
    return {"includes": {type: {prompt: {completion: chance}}}}


def silenced(
    scenario: Scenario, kind: str, type: str, prompt: str, completion: str = "", some: float = 0.1
) -> Scenario:
    """The scenario with one silence more. InputError where it names what is not there."""
    return with_overrides(scenario, **changes(kind, type, prompt, completion, some))


def complete(scenario: Scenario) -> Scenario:
    """The scenario in which everyone answers everything."""
    heard = {t: {"answers": {}, "includes": {}} for t in scenario.types}
    types = {t: own.model_copy(update=heard[t]) for t, own in scenario.types.items()}
    return scenario.model_copy(update={"types": types})


def found(scenario: Scenario) -> list[Silence]:
    """Every silence of a scenario, whole prompts first, in the order of the file."""
    silences = []
    for t, own in scenario.types.items():
        for p in scenario.prompts:
            chance = own.answers.get(p, 1.0)
            if chance < 1:
                kind = "some-prompt" if chance else "no-prompt"
                silences.append(Silence(kind, t, p, "", chance))
            if not chance:
                continue  # nothing more can be left out of no ballot
            for c in scenario.offered(p):
                chance = own.includes.get(p, {}).get(c, 1.0)
                if chance < 1:
                    kind = "some-completion" if chance else "no-completion"
                    silences.append(Silence(kind, t, p, c, chance))
    return sorted(silences, key=lambda s: bool(s.completion))


def coverage(scenario: Scenario) -> np.ndarray:
    """The chance that a rater of each type rates each item ``[types, items]``: that the prompt is
    answered and the completion is on the ballot."""
    return np.array([
        [own.answers.get(p, 1.0) * own.includes.get(p, {}).get(c, 1.0)
         for p in scenario.prompts for c in scenario.offered(p)]
        for own in scenario.types.values()
    ])  # fmt: skip


def effect(scenario: Scenario, rule: str) -> dict:
    """What silence does to the vanilla order, exactly and without training.

    Returns:
        prompt -> an entry of ``preview`` for one rule, with ``"complete"``, the vanilla outcome if
        everyone answered everything, and how many pairs the truth orders strictly the other way
        round: ``"reversed"`` as they answer, ``"reversed_complete"`` if all did. Also
        ``"welfare"``: ``"mean"`` utility of what vanilla puts first, that of the ``"best"``
        completion, and its ``"name"``.
    """
    utility, share, offsets = (
        scenario.type_utilities,
        scenario.type_shares,
        scenario.catalogue.offsets,
    )
    entries = preview(scenario, [rule])
    whole = preview(complete(scenario), [])
    for p, (prompt, entry) in enumerate(entries.items()):
        entry["complete"] = whole[prompt]["vanilla"]
        truth, names = entry["truth"][rule]["order"], entry["completions"]
        entry["reversed"] = _reversed(truth, entry["vanilla"]["order"], names)
        entry["reversed_complete"] = _reversed(truth, entry["complete"]["order"], names)
        mine, first = utility[:, offsets[p] : offsets[p + 1]], entry["vanilla"]["order"][0]
        worth = welfare(mine, share, np.isin(names, first) / len(first))
        best = names[int(np.argmax(share @ mine))]
        entry["welfare"] = {"mean": worth["mean"], "best": worth["best"], "name": best}
    return entries


def _reversed(truth: list, order: list, names: Sequence[str]) -> int:
    return strictly_reversed(*(order_places(o, list(names)) for o in (truth, order)))
