"""Names and colours of models, worlds and scopes on the page of drift."""

from __future__ import annotations

TITLES = {
    "oracle": "Knows what people want now",
    "stationary": "Stationary",
    "window": "Window",
    "discount": "Discounted",
    "random walk": "Random walk",
    "elo": "Elo",
    "looking back": "Looking back from the end",
    "one for all": "One model for all",
}
#: Places in the palette.
POSITIONS = {
    "stationary": 4, "window": 1, "discount": 2, "random walk": 0, "elo": 5, "oracle": 7,
    "looking back": 3, "one for all": 6,
}  # fmt: skip
WORLDS = {
    "They swap": "swap",
    "They wander": "wander",
    "They go round": "fashions",
    "They stay": "none",
}
EXPLAINED = {
    "swap": "Six in ten people are of one type, three in ten of a second, and one in ten of a "
    "third. After half of the answers the first and the third type exchange their tastes.",
    "wander": "Each type’s tastes make small random steps and forget where they began after some "
    "1,200 answers.",
    "fashions": "Each type’s tastes go round in 1,600 answers, like seasons.",
    "none": "Nothing changes: the same people, the same pairs and the same kind of answers as "
    "where tastes swap, without the swap. It shows what a model pays for being ready.",
}
#: What each model makes of old answers.
MODELS_EXPLAINED = (
    "*Stationary* weighs all answers alike. *Window* keeps the last ones only. *Discounted* lets "
    "old ones count less and less. *Random walk* expects small steps of the rewards at any time. "
    "*Elo* moves the rewards by a small step after each answer."
)
SCOPES = {
    "The majority": "majority",
    "The minority": "minority",
    "Everybody": "everybody",
}
