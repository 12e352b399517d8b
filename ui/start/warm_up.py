"""Training made quick before the reader asks for it."""

from __future__ import annotations

from ui.shared import background, compilation, run_store
from ui.start import story


def start() -> None:
    """Compile in the background, once a server, what a training of the story needs.

    The first training of a server takes several seconds, each further one takes one second.
    """
    background.once("train-the-story", _train)


def _train() -> None:
    from scrl.config import DEFAULT_RULES

    compilation.start()
    run_store.trainer()(story.scenario(), DEFAULT_RULES, 0, lambda progress: None)
