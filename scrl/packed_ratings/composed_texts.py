"""Questions and answers composed of phrases, so that an answer's text expresses its attributes."""

from __future__ import annotations

from itertools import product

import numpy as np

_TASKS = (
    "learn {}", "get better at {}", "explain {} to a child", "start with {} at home",
    "save money on {}", "find time for {}", "avoid mistakes in {}", "teach {} to a friend",
    "write an essay about {}", "choose equipment for {}", "plan a weekend of {}",
    "stay motivated in {}", "measure progress in {}", "join a group for {}",
    "understand the history of {}", "make {} safer", "make {} more fun", "prepare an exam on {}",
    "give a talk about {}", "stop worrying about {}",
)  # fmt: skip
_TOPICS = (
    "gardening", "chess", "cooking", "astronomy", "swimming", "photography", "statistics",
    "carpentry", "poetry", "running", "botany", "sailing", "pottery", "geology", "drawing",
    "cycling", "knitting", "baking", "hiking", "singing", "bird watching", "calligraphy",
    "robotics", "dancing", "beekeeping", "archery", "economics", "meditation", "programming",
    "fishing", "sculpture", "violin", "climbing", "rowing", "philosophy", "debating", "origami",
    "weaving", "skiing", "journalism", "genealogy", "chemistry", "painting", "public speaking",
    "mushroom picking", "model trains", "first aid", "budgeting", "languages", "yoga",
)  # fmt: skip
#: Attributes -> phrases of each level, several of equal meaning.
ATTRIBUTES: dict[str, tuple[tuple[str, ...], ...]] = {
    "formality": (
        ("Hey, sure thing!", "Oh, easy one!", "Yeah, let's go!"),
        ("Here is what I would do.", "This is how it can work.", "Let me answer that."),
        ("Allow me to address this inquiry.", "It is my pleasure to advise you.",
         "I shall respond with due care."),
    ),
    "detail": (
        ("Just begin.", "Keep it simple.", "Do a little."),
        ("Set a goal, practise twice a week and note what changes.",
         "Choose one book, read a chapter a day and try what it says.",
         "Begin with the basics and add something new every week."),
        ("First, list what you know and what you lack; second, divide the rest into twelve weekly "
         "parts; third, practise each for forty minutes on three days; finally, review your notes "
         "every Sunday and adjust the plan.",
         "In the first month, collect two textbooks and a checklist; in the second, work through "
         "every exercise; in the third, repeat what failed, record the time that each took, and "
         "compare it with the month before."),
    ),
    "caution": (
        ("Nothing can go wrong.", "It always works.", "You will certainly succeed."),
        ("Results differ between people.", "It may take a while.", "Some find it harder."),
        ("Please consult a professional first, as there are serious risks.",
         "I cannot promise anything, and you should weigh the dangers carefully.",
         "Be warned that this can cause harm if it is done without supervision."),
    ),
    "example": (
        ("",),
        ("For example, my neighbour spent ten minutes a day on it and won a prize in spring.",
         "For instance, a class of thirty pupils tried this and twenty-seven went on."),
    ),
    "humour": (
        ("",),
        ("And if all fails, blame the cat!", "Worst case, you get a funny story out of it, haha.",
         "Even my grandmother's parrot could do it by now!"),
    ),
    "empathy": (
        ("",),
        ("I know how discouraging the beginning feels, and you are not alone.",
         "It is wonderful that you care about this; be kind to yourself.",
         "I understand that this matters to you, and your worry is natural."),
    ),
}  # fmt: skip


def prompt_texts(prompts: int) -> list[str]:
    """Distinct questions ``[prompts]``."""
    questions = [f"How can I {task.format(topic)}?" for topic, task in product(_TOPICS, _TASKS)]
    return [
        questions[i % len(questions)] + (f" (part {i // len(questions) + 1})" * (i >= 1000))
        for i in range(prompts)
    ]


def compose_texts(
    rng: np.random.Generator, prompts: int, completions: int
) -> tuple[np.ndarray, list[str]]:
    """Answers to questions.

    Returns:
        The level of each attribute, from -1 to 1 ``[items, attributes]``, items prompt by prompt,
        and the texts ``[items]``.
    """
    items = prompts * completions
    chosen, levels = [], []
    for phrases in ATTRIBUTES.values():
        level = rng.integers(len(phrases), size=items)
        levels.append(2 * level / (len(phrases) - 1) - 1)
        which = rng.integers(1 << 30, size=items)
        chosen.append(
            [phrases[i][j % len(phrases[i])] for i, j in zip(level.tolist(), which, strict=True)]
        )
    topics = [_TOPICS[(p // len(_TASKS)) % len(_TOPICS)] for p in range(prompts)]
    texts = [
        " ".join(filter(None, (opening, f"About {topics[i // completions]}:", *rest)))
        for i, (opening, *rest) in enumerate(zip(*chosen, strict=True))
    ]
    return np.stack(levels, axis=1), texts
