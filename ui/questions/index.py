"""The eleven questions in the order of the note."""

from __future__ import annotations

from scrl.studies import (
    STUDIES,
    few_shot,
    inquiry_raters,
    inquiry_rewards,
    pair_calibration,
)
from ui.questions import raters, rewards, stored
from ui.questions.answer import Question

_WORLDS = "The worlds are made up; how strong this is in an assistant’s real data nobody can read "
_WORLDS += "off here."

QUESTIONS: tuple[Question, ...] = (
    Question(
        "How does RLHF reward structure incentivize agreement over accuracy?",
        "Agreement over accuracy",
        inquiry_rewards.STUDY, rewards.agreement,
        "Raters like agreement with their view as much as accuracy. Where their view is wrong, the "
        "accuracy that optimisation gains …",
        ("stays the same", "falls below others"),
        _WORLDS, "Whose taste does a text model learn?", "pages/text_policies.py",
    ),
    Question(
        "Can reward models be personalized if annotators lack stable preferences?",
        "Unstable preferences",
        inquiry_raters.STUDY, raters.unstable,
        "How many answers may be a coin’s until a model of individuals no longer pays?",
        ("a fifth of the answers", "about half", "most of the answers"),
        "Tastes that change for good are another matter: here each person has one that lasts.",
        "Questions for yourself", "pages/ask.py",
    ),
    Question(
        "What preference dimensions do base reward functions typically capture?",
        "Dimensions of taste",
        inquiry_raters.STUDY, raters.dimensions,
        "Which directions of taste does one reward for all carry?",
        ("what people agree on", "where people differ most"),
        "‘Typically’ would need the tastes behind real reward models; we have none with rater ids "
        "and named dimensions. The figure says which dimensions of given tastes are captured.",
        "Shared rewards", "pages/models.py", {"part": "New people"},
    ),
    Question(
        "What makes minority preferences disappear in aggregated single-distribution reward "
        "models?", "Disappearing minorities",
        inquiry_rewards.STUDY, rewards.disappearing,
        "What matters most for a minority?", ("share", "strength", "silence", "rule"),
        "Shares of an effect depend on the levels that are compared: 5 to 50 %, up to 90 % silent, "
        "half to twice as strong, three rules.",
        "Take a gap apart", "pages/gap.py",
    ),
    Question(
        "What makes preference distributions unimodal versus genuinely disagreement-heavy?",
        "Noise or disagreement", inquiry_raters.STUDY, raters.disagreement,
        "Which questions tell sooner whether people differ or waver?",
        ("different questions", "repeated questions"),
        "This tells whether people differ, not how many kinds there are.",
        "Two populations, one set of pairs", "pages/theorems.py", {"card": "blind"},
    ),
    Question(
        "How do aggregate reward models fail to capture minority user preferences?",
        "Minorities not captured",
        STUDIES[f"scoreboard-{stored.SCOREBOARD}"], stored.minority_pairs,
        "How well does one reward order the disputed pairs of the group it serves worst?",
        ("better than a coin", "like a coin", "less than a coin"),
        "One scenario, made to show missing ratings; other scenarios are a click away.",
        "The scoreboard", "pages/models.py", {"scenario": stored.SCOREBOARD},
    ),
    Question(
        "What unmeasured side channels emerge from RLHF preference optimization?", "Side channels",
        inquiry_rewards.STUDY, rewards.side_channels,
        "Length goes with quality, nobody values it, and the reward reads quality with some error. "
        "How much of the change in length did nobody ask for?",
        ("hardly any", "about half"),
        "Which attributes these are in real data cannot be read off here. One that nobody thought "
        "of is in no table, and no reward can be controlled for it.",
        "Hack a reward", "pages/proxies.py",
    ),
    Question(
        "Can user preferences be represented as linear reward combinations?", "Linear combinations",
        few_shot.STUDY, stored.linear_combinations,
        "After how many pairs of a new person are combinations better than one reward for all?",
        ("1 or 2", "about 10", "30 or more"),
        "The worlds are linear, so this shows that such tastes can be learnt, and not that people "
        "have them.",
        "Reward features and LoRe", "pages/models.py", {"part": "New people"},
    ),
    Question(
        "Can reward models distinguish between personal preference and community consensus?",
        "Person or community", inquiry_raters.STUDY, raters.consensus,
        "Half of tastes is personal, and each person compares 16 pairs. The share that the model "
        "takes for personal is …",
        ("too small", "about right", "too large"),
        "Consensus is here what tastes have in common. What a community would agree on after "
        "talking is another thing.",
        "What the model knows of each person", "pages/latent.py",
    ),
    Question(
        "Why does single-reward RLHF fail to represent diverse human preferences?",
        "One reward, many people",
        pair_calibration.STUDY, stored.single_reward,
        "With 64 times as many answers, how much smaller is the error of one reward?",
        ("hardly at all", "to nothing"),
        "Members of an ensemble are no people: splits of pairs do not say who holds which "
        "opinions.",
        "An ensemble without ids", "pages/models.py", {"part": "Without ids"},
    ),
    Question(
        "How do aggregate reward models systematically exclude minority preferences?",
        "Systematic exclusion",
        inquiry_rewards.STUDY, rewards.exclusion,
        "With more data, the distance between the largest and the smallest kind …",
        ("shrinks", "stays", "grows"),
        "Tastes of the kinds are independent here. Where a minority wants the opposite of the "
        "majority it is served worse, where it wants nearly the same better.",
        "Who is served?", "pages/policy.py",
    ),
)  # fmt: skip
