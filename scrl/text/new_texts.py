"""Texts that nobody rated, added to ratings: step 4 of the method.

A language model, or anybody, writes prompts and completions. The model of raters knows them by
their texts, so that simulated voters rank them and elections are held there, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from scrl.types import Catalogue, InputError, Ratings

#: Letters of a text that serve as its name.
NAME_LENGTH = 60


def with_new_texts(ratings: Ratings, texts: Mapping[str, Sequence[str]]) -> Ratings:
    """The ratings with completions that nobody rated; features are left out (see
    ``with_text_features``).

    Args:
        texts: text of a prompt, new or known -> texts of its new completions.

    Raises:
        InputError: where a new prompt has fewer than two completions.
    """
    c = ratings.catalogue
    names, completion_texts = list(c.completions), list(c.completion_texts)
    prompts, prompt_texts = list(c.prompts), list(c.prompt_texts)
    members = [list(part) for part in np.split(c.members, c.offsets[1:-1])]
    index = {text: i for i, text in reversed(list(enumerate(prompt_texts)))}
    for prompt, new in texts.items():
        if prompt not in index:
            if len(new) < 2:
                raise InputError(
                    f"The prompt '{prompt[:NAME_LENGTH]}' has {len(new)} completions; "
                    "give it two or more."
                )
            index[prompt] = len(prompts)
            prompts.append(_unused(prompt, prompts))
            prompt_texts.append(prompt)
            members.append([])
        for text in new:
            members[index[prompt]].append(len(names))
            names.append(_unused(text, names))
            completion_texts.append(text)
    catalogue = Catalogue(
        tuple(prompts), tuple(names), np.concatenate(members),
        np.concatenate([[0], np.cumsum([len(part) for part in members])]),
        tuple(prompt_texts), tuple(completion_texts),
    )  # fmt: skip
    return replace(ratings, catalogue=catalogue)


def _unused(text: str, taken: Sequence[str]) -> str:
    """The beginning of a text as a name that is not taken."""
    short = " ".join(text.split())
    short = short if len(short) <= NAME_LENGTH else short[: NAME_LENGTH - 1] + "…"
    name, known, number = short or "empty", set(taken), 2
    while name in known:
        name, number = f"{short} ({number})", number + 1
    return name
