"""What the reward models of the scoreboard are called, and what each of them does."""

from __future__ import annotations

from collections.abc import Mapping

#: Model -> its name on the page.
TITLES = {
    "pooled": "Bradley–Terry",
    "distributional": "Mean and spread",
    "categorical": "Ten levels",
    "held": "VPL, penalty too high",
    "vpl": "VPL",
    "prototypes": "Prototypes",
    "individual": "Individual raters",
    "types": "One for each group",
}
#: Model -> what it does, in one sentence.
DESCRIPTIONS = {
    "pooled": "one reward for each answer, the same for everybody. This is the usual reward model.",
    "distributional": "for each answer a mean reward and a spread, the same for everybody.",
    "categorical": "for each answer the chances of ten levels, the same for everybody.",
    "held": "VPL with a penalty so high that it learns nothing about people. It is here to fail.",
    "vpl": "a network reads some pairs of a person, and guesses where the person stands on a map "
    "of people. Rewards depend on that place.",
    "prototypes": "a few sets of rewards, mixed for each person by that person’s pairs.",
    "individual": "the lab’s model of raters: kinds of people, and differences within a kind.",
    "types": "one Bradley–Terry for each group. It is told the group, so it is the best possible.",
}


def people_verdict(row: Mapping) -> str:
    """Whether a model tells people apart, in one sentence, from its row of a scoreboard."""
    own, other, _ = row["checks"]
    if 2 * row["collapsed"] > row["trainings"] or not row["active"]:
        return (
            "does **not** tell people apart. It predicts the same for everybody, as Bradley–Terry "
            "does."
        )
    return (
        f"tells people apart. Told a person’s own pairs, it orders {own:.0%} of that person’s "
        f"other pairs rightly; told somebody else’s, {other:.0%}."
    )
