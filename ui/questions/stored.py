"""Answers from studies that other pages show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from scrl.studies import few_shot, pair_calibration
from ui.questions.answer import Answer, at, between
from ui.shared import source_ids

SCOREBOARD = "blood-pressure"
_PAIRS = "pairs of answers in the right order"


def minority_pairs(result: Mapping[str, Any]) -> Answer:
    """Disputed pairs by group, under one reward and under a model of individuals."""
    rows = {row["model"]: row for row in result["rows"]}
    pooled, own = rows["pooled"], rows["individual"]
    scenario = source_ids.gallery_scenario(SCOREBOARD)
    names = [
        f"{name}, {share:.0%}"
        for name, share in zip(result["types"], scenario.type_shares, strict=True)
    ]
    titles = {"pooled": "one reward for all", "individual": "a model of individuals"}
    curves = [
        (title, np.tile(rows[name]["disputed_by_type"], (3, 1)), i)
        for i, (name, title) in enumerate(titles.items())
    ]
    by_group = pooled["disputed_by_type"]
    worst = int(np.argmin(by_group))
    return Answer(
        sentence="One reward answers for the average of those who rated, and not for each group. "
        f"It orders {between(pooled['disputed'], '.1%')} of the disputed pairs as the person does: "
        f"**{max(by_group):.0%}** for {result['types'][int(np.argmax(by_group))]}, but only "
        f"**{by_group[worst]:.0%}** for {result['types'][worst]}, "
        + ("**less than a coin**" if by_group[worst] < 0.5 else "more than a coin")
        + f". A model of individuals that sees {result['size']['context']} pairs of a person has "
        f"{between(own['disputed'], '.1%')}.",
        right="less than a coin" if by_group[worst] < 0.45
        else "like a coin" if by_group[worst] < 0.55 else "better than a coin",
        x=names, curves=curves, x_title="", y_title="disputed pairs right",
        caption=f"Means over {len(result['seeds'])} seeds of {result['size']['raters']:,} people "
        "in the scenario about blood pressure; the smaller groups seldom rate the clinical answer. "
        "Intervals stand in the sentence, for all groups together; the bars have none.",
        refuted="If the pairs were hard in themselves, a model of individuals would fail on them "
        f"too. It has {min(own['disputed_by_type']):.1%} or more in every group. The best that any "
        f"single order can do is {result['limits']['disputed']:.1%}: the failure is that of one "
        "order, not of the fit.",
    )  # fmt: skip


def linear_combinations(result: Mapping[str, Any]) -> Answer:
    """Pairs right by the pairs of a new person, where tastes are linear."""
    curve, shots = result["curves"]["spread"], few_shot.SHOTS[1:]
    titles = {"oracle": "knows the rewards", "features": "combinations, any weights",
              "simplex": "combinations, shares only", "own": "a regression each",
              "pooled": "one reward for all"}  # fmt: skip
    curves = [
        (title, np.array(curve["right"][name])[:, 1:], i)
        for (name, title), i in zip(titles.items(), (4, 1, 2, 3, 0), strict=True)
    ]
    eight = few_shot.SHOTS.index(8)
    lead = few_shot.shots_to_lead(curve, "features", "pooled")
    row = result["opposite"][-1]
    needed = few_shot.bases_needed(row, 0.02)
    return Answer(
        sentence="Where tastes are such combinations, yes, with few pairs: after 8 pairs of a new "
        f"person five shared rewards order {between(at(curve['right']['features'], eight), '.1%')} "
        f"of the pairs rightly, someone who knows the rewards "
        f"{between(at(curve['right']['oracle'], eight), '.1%')}, one reward for all "
        f"{between(at(curve['right']['pooled'], eight), '.1%')}. "
        f"If weights must be shares, tastes opposed in {row['directions']} directions take "
        f"{needed} shared rewards.",
        right="1 or 2" if lead is not None and lead <= 2 else "about 10",
        x=shots, curves=curves, log_x=True,
        x_title="pairs that the new person has compared", y_title=_PAIRS,
        caption=f"{few_shot.SEEN:,} people teach the shared rewards, {few_shot.UNSEEN} new ones "
        f"are asked about; {few_shot.FEATURES} features.",
        refuted="If nothing were shared, a regression for each person would do as well. After 8 "
        f"pairs it has {between(at(curve['right']['own'], eight), '.1%')}.",
    )  # fmt: skip


def single_reward(result: Mapping[str, Any]) -> Answer:
    """Errors of splits of pairs by the number of answers."""
    found = result["worlds"]["firm"]
    asked, never, answers = found["asked"], found["never"], found["answers"]
    titles = {"pooled": "one reward", "chosen": "ensemble without ids",
              "counts": "counting the answers",
              "types": "kinds of people, with ids"}  # fmt: skip
    curves = [
        (title, np.array(asked[name]), i)
        for (name, title), i in zip(titles.items(), (0, 1, 4, 2), strict=True)
    ]
    camps = result["camps"]
    said = float(np.mean(camps["ensembles"]["4"]))
    person = found["personal"]
    return Answer(
        sentence="One reward cannot state how many prefer A to B for all "
        f"pairs at once. With {answers[-1]:,} answers it is still off by "
        f"{between(at(asked['pooled'], -1), '.1%')} on the pairs that were asked; a small ensemble "
        f"of rewards that reads no rater ids by {between(at(asked['chosen'], -1), '.1%')}. But "
        "plain counting does as well there "
        f"({between(at(asked['counts'], -1), '.1%')}), on pairs that nobody was asked the ensemble "
        f"is off by {between(at(never['chosen'], -1), '.1%')}, one reward by "
        f"{between(at(never['pooled'], -1), '.1%')}, and kinds of people fitted with ids by "
        f"{between(at(never['types'], -1), '.1%')}.",
        right="hardly at all" if asked["pooled"][0][-1] > 0.6 * asked["pooled"][0][0]
        else "to nothing",
        x=answers, curves=curves, x_title="answers", y_title="stated shares are off by",
        log_x=True,
        caption="Three kinds of 50, 30 and 20 %, "
        f"{pair_calibration.ITEMS} answers. Root mean square error of the stated share who prefer "
        f"one answer of a pair. The ensemble has {found['members'][-1]:.1f} members on average, "
        "chosen by hidden pairs.",
        refuted="If too few data were the reason, the error of one reward would go to 0 as theirs "
        "does. Does the ensemble know people? Told "
        f"{pair_calibration.CONTEXT} pairs of a new person it orders "
        f"{between(person['ensemble'])} of their pairs, kinds with ids {between(person['types'])}. "
        "Where two camps want opposite things, splits are the same as if nobody cared: the middle "
        f"of three is chosen by {camps['camps']:.0%}, and ensembles say {said:.0%}.",
    )  # fmt: skip
