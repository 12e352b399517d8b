"""A saved reward network as a function of a prompt and a completion.

The network knows completions by their names, or by features of names. So it answers for what it
was trained on, and refuses any other text with one sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from scrl.data.files import quoted
from scrl.social.reward_model import Reward
from scrl.social.text_reward import as_texts, is_one
from scrl.types import InputError

#: In place of an item where a name stands for several texts.
_SEVERAL = -1
ADVICE = "a model trained with --texts read scores any text"


@dataclass(frozen=True, eq=False)
class NamedReward(Reward):
    """A reward network that is called with prompts and completions, by name or by text.

    >>> import scrl
    >>> reward = scrl.load("borda.safetensors")  # doctest: +SKIP
    >>> reward("holiday", "sea")  # doctest: +SKIP
    0.84
    """

    def __call__(self, prompts: Any, completions: Any, **_: Any) -> Any:
        """Rewards in log-odds, centred over each prompt's completions of the training.

        Args:
            prompts, completions: as of ``TextReward``: two names or texts for one reward, or two
                lists of them for a list of rewards.

        Returns:
            A float, or a list of floats.

        Raises:
            InputError: for a completion that the model was not trained on under its prompt.
        """
        one = is_one(prompts, completions)
        pairs = zip(*as_texts(prompts, completions), strict=True)
        found = [float(self._trained[self._item(*pair)]) for pair in pairs]
        return found[0] if one else found

    @cached_property
    def _trained(self) -> np.ndarray:
        return self.rewards()

    @cached_property
    def _items(self) -> dict[str, dict[str, int]]:
        """Prompt -> completion -> item, each by its name and by its text."""
        c = self.catalogue
        found: dict[str, dict[str, int]] = {}
        for p, names in enumerate(zip(c.prompts, c.prompt_texts, strict=True)):
            own = [found.setdefault(name.strip(), {}) for name in dict.fromkeys(names)]
            for item in range(*c.offsets[p : p + 2].tolist()):
                member = c.members[item]
                for name in {c.completions[member].strip(), c.completion_texts[member].strip()}:
                    for items in own:
                        known = items.setdefault(name, item)
                        items[name] = item if known == item else _SEVERAL
        return found

    def _item(self, prompt: str, completion: str) -> int:
        prompt, completion = prompt.strip(), completion.strip()
        if prompt not in self._items:
            raise InputError(
                f"The model was never trained on the prompt {quoted(prompt)}; give a prompt of its "
                f"training ({ADVICE})."
            )
        item = self._items[prompt].get(completion)
        if item is None:
            raise InputError(
                f"The model was never trained on the completion {quoted(completion)} of the prompt "
                f"{quoted(prompt)}; give a completion of its training ({ADVICE})."
            )
        if item == _SEVERAL:
            raise InputError(
                f"The name {quoted(completion)} stands for several texts of the prompt "
                f"{quoted(prompt)}; give the text."
            )
        return item
