"""Answers on what can be learnt of people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from scrl.studies import inquiry_raters
from ui.questions.answer import Answer, at, between

_RIGHT = "pairs in the order of the stable taste"


def unstable(result: Mapping[str, Any]) -> Answer:
    """Pairs right by the share of answers that are a coin's."""
    coin, mood = result["unstable"]["coin"], result["unstable"]["mood"]
    shares = inquiry_raters.UNSTABLE
    titles = {"oracle": "knows how tastes are spread", "features": "a model of individuals",
              "own": "a regression each", "pooled": "one reward for all"}  # fmt: skip
    curves = [
        (title, np.array(coin["right"][name]), i)
        for (name, title), i in zip(titles.items(), (4, 1, 3, 0), strict=True)
    ]

    def pays(source: Mapping[str, Any]) -> float:
        """The largest share up to which the gain is surely above 0."""
        sure = np.array(source["gain"][1]) > 0
        return shares[int(np.argmin(sure)) - 1] if not sure.all() else shares[-1]

    last, half = pays(coin), shares.index(0.4)
    options = ("a fifth of the answers", "about half", "most of the answers")
    return Answer(
        sentence=f"Yes, as long as some taste is left. With {inquiry_raters.PAIRS} pairs of a new "
        "person a model of individuals is clearly ahead of one reward for all up to "
        f"**{last:.0%}** answers by a coin (and up to **{pays(mood):.0%}** where they follow a "
        f"passing mood, somebody else’s taste). At {shares[half]:.0%} coins it gains "
        f"{between(at(coin['gain'], half), '.1%')} of the pairs, and people contradict themselves "
        f"on {coin['contradictions'][half]:.0%} of repeated questions; at "
        f"{shares[-2]:.0%} {between(at(coin['gain'], -2), '.1%')}.",
        right=options[0] if last < 0.3 else options[1] if last < 0.7 else options[2],
        x=shares, curves=curves, x_title="share of answers that are a coin’s", y_title=_RIGHT,
        caption=f"{inquiry_raters.SEEN} people teach the models, {inquiry_raters.UNSEEN} new ones "
        "are asked about. Even without coins people contradict themselves on "
        f"{coin['contradictions'][0]:.0%} of repeated questions, since close calls are uncertain. "
        f"Bands: 95 % over {len(inquiry_raters.SEEDS)} random worlds.",
        refuted="If such models found individuals where there are none, they would be ahead with "
        f"coins only. There they gain {between(at(coin['gain'], -1), '.1%')}. If noise made them "
        "harmful, they would fall below one reward for all before.",
    )  # fmt: skip


def dimensions(result: Mapping[str, Any]) -> Answer:
    """The part of each principal direction that shared rewards carry."""
    found = result["dimensions"]
    names = {"oracle": "knows how tastes are spread", "4": "4 shared rewards",
             "2": "2 shared rewards", "pooled": "one reward for all"}  # fmt: skip
    curves = [
        (title, np.array(found["part"][name]), i)
        for (name, title), i in zip(names.items(), (4, 2, 1, 0), strict=True)
    ]
    part, places = found["part"], np.arange(1, len(found["variance"]) + 1)
    return Answer(
        sentence="One reward carries what people agree on, whether or not it matters most to them: "
        f"{between(found['all']['pooled'])} of tastes. Which directions it carries goes with "
        f"agreement (correlation {between(found['consensus'], '.2f')}) far more than with spread "
        f"({between(found['spread'], '.2f')}). Shared rewards then add the directions in which "
        f"people differ most: 4 of them carry {between(found['all']['4'])}, of the widest "
        f"direction {between(at(part['4'], 0))}, of the narrowest {between(at(part['4'], -1))}.",
        right="what people agree on" if found["consensus"][1] > max(found["spread"][0], 0.5)
        else "where people differ most",
        x=[float(p) for p in places], curves=curves,
        x_title="principal direction of tastes, the widest first", y_title="part that is carried",
        caption="Shares of the directions in the variance of tastes: "
        + ", ".join(f"{v:.0%}" for v in found["variance"])
        + ". The mean taste in each direction is random. New people, "
        f"{inquiry_raters.PAIRS} pairs of each. A part below 0 is worse than no opinion.",
        refuted="If one reward carried the most important directions, its part would fall along "
        "the axis as that of shared rewards does. It follows agreement instead. If shared rewards "
        "had nothing to add, 4 of them would not be clearly above one: "
        f"{between(found['all']['4'])} against {between(found['all']['pooled'])}.",
    )  # fmt: skip


def disagreement(result: Mapping[str, Any]) -> Answer:
    """Power of tests for disagreement by the number of raters."""
    rows, raters = result["disagreement"], inquiry_raters.TEST_RATERS
    found, nobody = rows["0.6"], rows["0.0"]
    titles = {
        "different": "different questions to each person",
        "repeats": "half of the questions, twice",
        "no ids": "nobody knows whose answers",
    }
    curves = [
        (title, np.array(found[name]), i)
        for (name, title), i in zip(titles.items(), (2, 1, 0), strict=True)
    ]  # fmt: skip
    enough = [n for n, power in zip(raters, found["different"][0], strict=True) if power >= 0.8]
    needed = f"{enough[0]} people" if enough else f"more than {raters[-1]} people"
    return Answer(
        sentence="Whether people waver or disagree, each pair is split alike. Only a record of who "
        "answered what can tell the two apart. "
        f"Where 60 % of the answers follow one’s own kind, **{needed}** with 15 different "
        f"questions each find it 4 times in 5. With {raters[-1]} people that test finds it in "
        f"{between(at(found['different'], -1))}, repeated questions in "
        f"{between(at(found['repeats'], -1))}, and without knowing whose the answers are it is "
        f"found in {between(at(found['no ids'], -1))}, about what false alarms are.",
        right="different questions"
        if found["different"][0][-1] > found["repeats"][0][-1] else "repeated questions",
        x=raters, curves=curves, x_title="people", y_title="finds that people differ",
        log_x=True,
        caption=f"Two kinds of {inquiry_raters.TEST_KINDS[0]:.0%} and "
        f"{inquiry_raters.TEST_KINDS[1]:.0%} on {inquiry_raters.TEST_ITEMS} answers; the other "
        "40 % of what people say is drawn from everybody’s split, as of people who waver. About "
        "as many questions in each case. Tests permute the answers to one question among people; "
        f"{inquiry_raters.LEVEL:.0%} false alarms are allowed.",
        refuted="If the tests found disagreement where everybody only wavers, they would be "
        f"worthless. There they find it in {between(at(nobody['different'], -1))} and "
        f"{between(at(nobody['repeats'], -1))}. If pooled pairs were enough, the third curve would "
        "rise.",
    )  # fmt: skip


def consensus(result: Mapping[str, Any]) -> Answer:
    """The personal share that a model states, by the true one."""
    found, shares = result["consensus"], inquiry_raters.PERSONAL
    true = np.array(found["true"])
    curves = [("true", true, 4)]
    curves += [
        (f"{pairs} pairs each", np.array(found["said"][str(pairs)]), i)
        for pairs, i in zip(inquiry_raters.CONSENSUS_PAIRS, (0, 1, 2), strict=True)
    ]
    half = shares.index(0.5)
    off = {pairs: at(found["off"][str(pairs)], half) for pairs in inquiry_raters.CONSENSUS_PAIRS}
    few, many = inquiry_raters.CONSENSUS_PAIRS[0], inquiry_raters.CONSENSUS_PAIRS[-1]
    return Answer(
        sentence="Yes, but they overstate consensus where people answer little. Where half of "
        f"tastes is personal, {few} pairs of each person say "
        f"{between(at(found['said'][str(few)], half))}, "
        f"16 pairs {between(at(found['said']['16'], half))}, {many} pairs "
        f"{between(at(found['said'][str(many)], half))}. The common part is found either way "
        f"(correlation {between(at(found['common'][str(few)], half), '.2f')}); the personal part "
        f"has {between(at(found['personal'][str(few)], half - 1), '.2f')} with {few} pairs and "
        f"{between(at(found['personal'][str(many)], half - 1), '.2f')} with {many}.",
        right="too small" if off[16][2] < 0 else "about right",
        x=shares, curves=curves, x_title="true share of tastes that is personal",
        y_title="share that the model states",
        caption=f"Reward features with {inquiry_raters.SEEN} people. A regression each, at 16 "
        f"pairs, states {found['own'][0][half]:.0%} where half is personal. Our fit is "
        "approximate: part of what it misses may be its own error.",
        refuted="If the model made up individuals, it would state a personal share where there is "
        f"none: {between(at(found['said']['16'], 0))} with 16 pairs. If it could not tell, the "
        "curves would be level.",
    )  # fmt: skip
