"""Answers on what optimising one reward does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from scrl.studies import inquiry_rewards
from ui.questions.answer import Answer, at, between

SD = "standard deviations of answers"


def agreement(result: Mapping[str, Any]) -> Answer:
    """Agreement and accuracy of the best of n."""
    rows = {row["liking"]: row["models"] for row in result["agreement"]}
    models, sizes = rows[1.0], inquiry_rewards.BEST_OF
    curves = [
        ("agreement, askers judge", np.array(models["askers"]["agreement"]), 4),
        ("accuracy, askers judge", np.array(models["askers"]["wrong"]), 1),
        ("accuracy, others judge", np.array(models["others"]["wrong"]), 2),
    ]
    wrong, others = at(models["askers"]["wrong"], -1), at(models["others"]["wrong"], -1)
    twice = at(rows[2.0]["askers"]["wrong"], -1)
    blind = at(models["blind"]["wrong"], -1)
    return Answer(
        sentence="The reward pays for what raters like, and they like to be agreed with. If they "
        "value agreement as much as accuracy, the best of "
        f"{sizes[-1]} answers gains {between(at(models['askers']['agreement'], -1), '+.2f')} "
        f"{SD} in agreement. Where the asker is wrong, it gains only "
        f"{between(wrong, '+.2f')} in accuracy; if other people judge, "
        f"{between(others, '+.2f')}. If agreement is worth twice as much, accuracy changes by "
        f"{between(twice, '+.2f')}: "
        + ("**worse than not optimising at all**." if twice[2] < 0 else "not clearly worse."),
        right="falls below others" if wrong[2] < others[1] else "stays the same",
        x=sizes, curves=curves, x_title="best of n answers, by the reward",
        y_title=f"gain, in {SD}", log_x=True, percent=False,
        caption="Accuracy on questions where the asker’s view is wrong. Raters value agreement "
        f"as much as accuracy; {inquiry_rewards.VIEWS_RIGHT:.0%} of their views are right. Over "
        f"all questions accuracy gains {models['askers']['accuracy'][0][-1]:.2f}, which hides the "
        "loss. "
        f"Bands: 95 % over {len(inquiry_rewards.SEEDS)} random worlds.",
        refuted="If the loss stayed when people judge the questions of others, or when the reward "
        "does not read the asker’s view, liking agreement would not be the cause. It does not "
        f"stay: {between(others, '+.2f')} and {between(blind, '+.2f')}.",
    )  # fmt: skip


def side_channels(result: Mapping[str, Any]) -> Answer:
    """Movement of an attribute that nobody values."""
    rows = {row["error"]: row for row in result["side"]}
    row, sizes = rows[1.0], inquiry_rewards.BEST_OF
    models = row["models"]
    titles = {"reward": "the reward", "controlled": "its coefficient set to 0",
              "oracle": "what people value"}  # fmt: skip
    curves = [
        (f"attribute: {title}", np.array(models[name]["attribute"]), i)
        for i, (name, title) in zip((1, 2, 0), titles.items(), strict=True)
    ]
    quality = [at(models[name]["quality"], -1) for name in ("reward", "controlled")]
    return Answer(
        sentence="Every attribute that goes along with what is liked and is easier to read. "
        "If the reward reads quality with an error as large as its spread, the best of "
        f"{sizes[-1]} moves the attribute by "
        f"{between(at(models['reward']['attribute'], -1), '.2f')} {SD}, and "
        f"{between(row['excess'])} of that is more than the quality gained brings "
        f"along: nobody asked for it. Without any error it is {between(rows[0.0]['excess'])}. "
        "Setting the attribute’s coefficient to 0 leaves only the movement that comes along with "
        "quality, and costs quality: "
        f"{between(quality[1], '.2f')} in place of {between(quality[0], '.2f')}.",
        right="about half" if 0.3 < row["excess"][0] < 0.7 else "hardly any",
        x=sizes, curves=curves, x_title="best of n answers, by the reward",
        y_title=f"the attribute moves, {SD}", log_x=True, percent=False,
        caption="The attribute, such as length, has a correlation of "
        f"{inquiry_rewards.SIDE_CORRELATION:g} with quality among answers; nobody values it. ‘What "
        "people value’ moves it too, but with more quality. Reading it is no mistake of the "
        "reward: it helps to guess quality, until it is the target.",
        refuted="If the movement came from the correlation alone, it would not depend on the error "
        f"of the reading. It does: {between(rows[0.0]['excess'])} without error, "
        f"{between(rows[2.0]['excess'])} with twice the error.",
    )  # fmt: skip


def disappearing(result: Mapping[str, Any]) -> Answer:
    """Disputed pairs decided for the minority, by its share."""
    found, shares = result["minority"], inquiry_rewards.SHARES
    names = ("as strong, all answer", "twice as strong", "half silent", "90 % silent", "Copeland",
             "plurality")  # fmt: skip
    curves = [
        (name, np.array(found["disputed"][name]), i)
        for name, i in zip(names, (0, 2, 1, 4, 3, 5), strict=True)
    ]
    ten, effects = shares.index(0.1), found["effects"]
    first = max(effects, key=lambda factor: effects[factor][0])
    return Answer(
        sentence="A small share and silence matter more than the voting rule. A "
        "minority of 10 % gets "
        f"{between(at(found['disputed'][names[0]], ten), '.1%')} of the pairs on which it "
        "disagrees with the majority, with half of it silent "
        f"{between(at(found['disputed']['half silent'], ten), '.1%')}, and by first choices "
        f"{between(at(found['disputed']['plurality'], ten), '.1%')}. Of all differences between "
        f"the combinations its share explains {between(effects['share'])}, silence "
        f"{between(effects['silence'])}, the rule {between(effects['rule'])}, how strongly it "
        f"feels {between(effects['strength'])}, and combinations of these the rest.",
        right=first,
        x=shares, curves=curves, x_title="share of the minority",
        y_title="disputed pairs decided for it",
        caption="Expected frequencies, so nothing here is due to too few data. Majority and "
        "minority have independent tastes. At 10 % and all answering, "
        f"{at(found['right'][names[0]], ten)[0]:.0%} of all the minority’s pairs are right, where "
        f"guessing gives 50 %; its favourite comes last in "
        f"{at(found['last'][names[0]], ten)[0]:.0%}, by chance in "
        f"{1 / inquiry_rewards.ANSWERS:.0%}. Each other curve changes one thing.",
        refuted="If a minority disappeared because its data are few, exact frequencies would bring "
        "it back. They do not, so more of the same data does not help. Hearing the silent half "
        f"raises {found['disputed']['half silent'][0][ten]:.1%} to "
        f"{found['disputed'][names[0]][0][ten]:.1%}, counting first choices to "
        f"{found['disputed']['plurality'][0][ten]:.1%}.",
    )  # fmt: skip


def exclusion(result: Mapping[str, Any]) -> Answer:
    """Satisfaction of the smallest kind by the number of compared pairs."""
    found = result["exclusion"]
    one, own, equal = (np.array(found[name]) for name in ("one", "own", "equal"))
    curves = [
        ("the 10 %, a reward of their own", own[:, :, 2], 2),
        ("the 60 %, one reward for all", one[:, :, 0], 0),
        ("a third, one reward for all", equal[:, :, 2], 4),
        ("the 10 %, one reward for all", one[:, :, 2], 1),
    ]
    again = found["again"]
    gap = [one[0, i, 0] - one[0, i, 2] for i in (0, -1)]
    return Answer(
        sentence="The same majority decides every question, so the loss adds up. One "
        f"reward satisfies the kind with 10 % by {between(one[:, 0, 2])} with "
        f"{inquiry_rewards.PAIRS_OF_PROMPT[0]} "
        f"compared pairs a question and by {between(one[:, -1, 2])} with "
        f"{inquiry_rewards.PAIRS_OF_PROMPT[-1]:,}; "
        f"a reward of their own would by {between(own[:, -1, 2])}. The distance to the kind with "
        f"60 % grows from {gap[0]:.0%} to {gap[1]:.0%}.",
        right="grows" if gap[1] > gap[0] + 0.02 else "stays",
        x=inquiry_rewards.PAIRS_OF_PROMPT, curves=curves, log_x=True,
        x_title="compared pairs of a question", y_title="satisfaction with the best answer",
        caption="0 % is a kind’s worst answer, 100 % its best. Kinds of 60, 30 and 10 % with "
        f"independent tastes; {inquiry_rewards.PROMPTS} questions in each of "
        f"{len(inquiry_rewards.SEEDS)} random worlds. An answer drawn blindly would satisfy about "
        f"50 %, the favourite of a random person satisfies the 10 % by "
        f"{found['dictator'][0][2]:.0%}.",
        refuted="If exclusion were chance, the kind that is served worst on half of the questions "
        "would not be the same on the other half. It is in "
        f"{again[0][0]:.0%} of the worlds with 60, 30 and 10 %, and in {again[0][1]:.0%} with "
        "three kinds of one size, where a third is chance.",
    )  # fmt: skip
