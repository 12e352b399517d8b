"""Profiles to start with, by their name in the URL."""

from __future__ import annotations

from dataclasses import dataclass

from scrl.voting import Profile


@dataclass(frozen=True, eq=False)
class PresetProfile:
    """A profile with its title and what it demonstrates."""

    title: str
    note: str
    profile: Profile


def _from_text(text: str, *labels: str) -> Profile:
    read = Profile.from_text(text)
    return Profile(read.names, read.place, read.weight, labels)


_CITIES = ("Memphis", "Nashville", "Chattanooga", "Knoxville")

PRESETS = {
    "tennessee": PresetProfile(
        "Tennessee, four cities",
        "Each voter wants the capital nearby. Plurality, instant runoff and the rules that compare "
        "cities head to head choose three different cities.",
        _from_text(
            "0.42: Memphis > Nashville > Chattanooga > Knoxville\n"
            "0.26: Nashville > Chattanooga > Knoxville > Memphis\n"
            "0.15: Chattanooga > Knoxville > Nashville > Memphis\n"
            "0.17: Knoxville > Chattanooga > Nashville > Memphis",
            *_CITIES,
        ),
    ),
    "morristown": PresetProfile(
        "Tennessee with Morristown",
        "Nashville beats every other city head to head, but Borda chooses Chattanooga.",
        _from_text(
            "0.3: Memphis > Nashville > Chattanooga > Knoxville > Morristown\n"
            "0.25: Nashville > Chattanooga > Knoxville > Morristown > Memphis\n"
            "0.15: Chattanooga > Knoxville > Morristown > Nashville > Memphis\n"
            "0.3: Knoxville > Morristown > Chattanooga > Nashville > Memphis",
            *_CITIES,
        ),
    ),
    "many-winners": PresetProfile(
        "Malkevitch’s 55 voters",
        "A textbook example: plurality, instant runoff, Borda and the head-to-head rules each "
        "choose another candidate.",
        _from_text(
            "candidates: A, B, C, D, E\n"
            "18: A > D > E > C > B\n12: B > E > D > C > A\n"
            "10: C > B > E > D > A\n"
            "9: D > C > E > B > A\n4: E > B > D > C > A\n2: E > C > D > B > A"
        ),
    ),
    "cycle": PresetProfile(
        "A circle (Condorcet cycle)",
        "Head to head A beats B, B beats C, and C beats A.",
        _from_text("1: A > B > C\n1: B > C > A\n1: C > A > B"),
    ),
    "irrelevant": PresetProfile(
        "A candidate who cannot win",
        "Green never wins. Yet without Green the winner by Borda and by Bradley–Terry is another.",
        _from_text("candidates: Red, Blue, Green\n2: Red > Green > Blue\n3: Blue > Red > Green"),
    ),
    "blind-1": PresetProfile(
        "Same duels, other ballots: first",
        "Head to head these ballots look the same as those of the second example, yet no ballot "
        "is the same.",
        _from_text("1: a > b > c > d\n1: b > a > d > c"),
    ),
    "blind-2": PresetProfile(
        "Same duels, other ballots: second",
        "A rule that only reads head-to-head results cannot tell these ballots from the first "
        "example.",
        _from_text("candidates: a, b, c, d\n1: b > a > c > d\n1: a > b > d > c"),
    ),
    "majority": PresetProfile(
        "A majority against Borda",
        "Three of five voters put A first, but Borda chooses B.",
        _from_text("3: A > B > C\n2: B > C > A"),
    ),
    "intensity": PresetProfile(
        "How much voters care",
        "One quarter of the voters hardly cares, three quarters care a lot. Orders cannot say so; "
        "utilities can.",
        Profile.from_utilities(
            "ABCDE",
            [[1, 0.9999, 0.9998, 0.9997, 0.9996], [-0.9997, -0.9998, -0.9999, -1, 1]],
            [0.25, 0.75],
            ("Hardly care", "Care"),
        ),
    ),
    "answers": PresetProfile(
        "Seven answers, three kinds of people",
        "“How do I get fit?” The three answers with the highest reward are all for beginners; a "
        "slate can hold one for everybody.",
        _from_text(
            "candidates: Walk daily, Easy jogging, Join a class, Intervals, Weights, Swimming, "
            "Cycling\n"
            "40: Walk daily > Easy jogging > Join a class > Weights > Cycling > Intervals > "
            "Swimming\n"
            "35: Intervals > Weights > Easy jogging > Walk daily > Join a class > Swimming > "
            "Cycling\n"
            "25: Swimming > Cycling > Walk daily > Join a class > Easy jogging > Intervals > "
            "Weights",
            "Beginners",
            "Competitors",
            "Bad knees",
        ),
    ),
}
