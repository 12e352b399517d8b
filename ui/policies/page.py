"""The page on policies: one prompt, two objectives, optimised too hard, tried or only read."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl.figures import completion_probabilities, labelled_curves, pareto_frontier
from scrl.policies import (
    PROXIES,
    REFERENCES,
    Overoptimisation,
    PolicyFamily,
    PromptProblem,
    ToyProblem,
    build_prompt_problem,
    frontier_shortfall,
    kl_divergence,
    mixture_frontier,
    observe_prompt,
    simulate_overoptimisation,
)
from scrl.types import InputError
from ui.shared import asking, controls, page
from ui.shared.controls import title_of

_IN_URL = {"bind": "query-params"}
#: Completions at most, so that a row of proposals can be read.
MOST_COMPLETIONS = 16
#: Points of a curve against √KL, and toys of the part on hacking.
POINTS, TOYS = 45, 20
_REFERENCES = dict(zip(("Every completion alike", "As raters' first choices"), REFERENCES,
                       strict=True))  # fmt: skip


# -- one prompt -----------------------------------------------------------------------------------


@st.cache_resource(max_entries=60, show_spinner=False)
def _problem(yaml: str, prompt: str, rule: str, kind: str, _scenario) -> tuple:
    """What there is, the reference, and the families."""
    found = build_prompt_problem(_scenario, prompt, rule)
    reference = found.reference(kind)
    return found, reference, found.families(reference)


def _choose(left, right, worth: bool = True) -> tuple | None:
    """Controls: the population on the left, the prompt and reference on the right.

    Returns:
        The ``PromptProblem`` (``ObservedPrompt`` for real raters), the reference, the families and
        the rule; None where there is nothing to show, which is then said.

    Args:
        worth: whether what completions are worth has to be known.
    """
    with left:
        choice = controls.choose(trains=False)
    if choice is None:
        return None
    with right:
        return _asked(choice, worth)


def _asked(choice: controls.Choice, worth: bool) -> tuple | None:
    if worth and not choice.source.is_scenario:
        st.info("Nobody knows what completions are worth to real raters; choose a scenario.")
        return None
    catalogue = choice.source.catalogue
    prompts = list(catalogue.prompts)
    prompt, rule = prompts[0], choice.rules[0]
    with st.container(horizontal=True):
        if len(prompts) > 1:
            prompt = st.selectbox("Prompt", prompts, key="prompt", **_IN_URL)
        if worth:
            rule = st.selectbox(
                "Social reward by", choice.rules, format_func=title_of, key="rule", **_IN_URL
            )
        kind = st.selectbox("The reference proposes", list(_REFERENCES), key="reference", **_IN_URL)
    names = catalogue.names(prompts.index(prompt))
    if len(names) > MOST_COMPLETIONS:
        st.info(f"This page shows prompts of up to {MOST_COMPLETIONS} completions.")
        return None
    try:
        if not choice.source.is_scenario:
            found = observe_prompt(choice.source, prompt)
            return found, found.reference(_REFERENCES[kind]), [], rule
        found = _problem(choice.yaml, prompt, rule, _REFERENCES[kind], choice.source)
    except InputError as error:
        st.error(page.plain(str(error)))
        return None
    return *found, rule


def one_prompt() -> None:
    left, right = st.columns([1, 2.2], gap="large")
    chosen = _choose(left, right)
    if chosen is None:
        return
    problem, reference, families, rule = chosen
    with right:
        most = max(family.max_kl for family in families)
        budget = page.slider("KL from the reference, nats", "kl", 0, round(max(most, 0.1), 2),
                        round(min(0.5, max(most, 0.1) / 2), 2), 0.01, "%.2f")  # fmt: skip
        policies = {family.name: family.at_kl(budget) for family in families}
        worths = {name: problem.value(policy) for name, policy in policies.items()}
        shared = [family.name for family in families if family.share is None]
        best = max(shared, key=lambda name: worths[name].worst)
        said, shown = asking.guess(
            "Which policy for everybody serves the worst-off type best?", shared, "guess_policy"
        )
        if not shown:
            return
        st.markdown(asking.verdict(said, best) + _sentence(problem, worths, best))
        _proposed(problem, reference, policies, budget, _prices(families, budget))
        _along(problem, families, budget)
        _table(problem, families, worths, rule)


def _sentence(problem: PromptProblem, worths: dict, best: str) -> str:
    own, one = worths["Personalised"], worths["Vanilla optimum"]
    worst = problem.types[int(np.argmin(one.satisfaction))]
    return (
        f"At this KL the worst-off type is served best by **{best}**: {worths[best].worst:.0%} of "
        f"the way from its worst completion to its best. The vanilla optimum leaves "
        f"{page.plain(worst)} at {one.worst:.0%}; given to each user by type, the same KL brings "
        f"everybody to {own.worst:.0%} or more."
    )


def _prices(families: list[PolicyFamily], budget: float) -> str:
    """What β and n the budget stands for."""
    beta, n = (family.strength_at_kl(min(budget, family.max_kl))[0] for family in families[:2])
    if not beta or not n:
        return ""
    return (
        f" For the vanilla optimum that is β = {1 / beta:.2f}, for the best of n, n = {1 + n:.3g}."
    )


def _proposed(
    problem: PromptProblem, reference, policies: dict, budget: float, prices: str
) -> None:
    rows = [("Reference", reference)]
    for name, policy in policies.items():
        if policy.ndim == 1:
            rows.append((name, policy))
        else:
            rows += [(f"To {t}", p) for t, p in zip(problem.types, policy, strict=True)]
    page.chart(
        completion_probabilities(rows, problem.names, **page.look()),
        "chart-proposals",
        alt="; ".join(f"{name}: {', '.join(f'{p:.0%}' for p in policy)}" for name, policy in rows),
        caption=f"How often each policy proposes each completion at a KL of {budget:.2f} nats, or "
        f"at its end where it goes less far.{prices} The last rows are the personalised policy.",
    )


def _along(problem: PromptProblem, families: list[PolicyFamily], budget: float) -> None:
    what = st.segmented_control(
        "Served", ["The worst-off type", "All on average"], default="The worst-off type",
        required=True, key="served", **_IN_URL,
    )  # fmt: skip
    x = np.linspace(0, max(family.max_kl for family in families), POINTS)
    worst = what == "The worst-off type"
    series = [
        (family.name, problem.satisfaction_at(family, x)[0 if worst else 1], i)
        for i, family in enumerate(families)
    ]
    page.chart(
        labelled_curves(
            x, series, slider=budget, x_title="KL from the reference, nats", y_title="satisfaction",
            value_format=".0%", y_range=(0, 1.02), height=300, **page.look(),
        ),
        "chart-along",
        alt="; ".join(f"{name}: {np.nanmax(y):.0%} at most" for name, y, _ in series),
        caption="How far a type's mean utility lies between its worst and its best completion. A "
        "curve ends where the policy has nowhere further to go.",
    )  # fmt: skip


def _table(problem: PromptProblem, families: list[PolicyFamily], worths: dict, rule: str) -> None:
    rows = []
    for family in families:
        found = worths[family.name]
        row = {"policy": family.name, "mean utility": found.mean,
               "distortion": found.distortion, "worst-off satisfied": found.worst}  # fmt: skip
        for i, name in enumerate(problem.types):
            row[f"{name}: utility"] = float(found.by_group[i])
            row[f"{name}: favourite"] = float(found.favourite_chance[i])
        rows.append(row)
    asking.sheet(
        rows, "policies",
        "Vanilla’s reward is what Bradley–Terry makes of the comparisons that these raters give; "
        f"the social reward is that of the true order by {title_of(rule)}; Nash is the policy that "
        "no other beats in the complete ballots; MaxMin and the personalised policy know what each "
        "type likes, as a perfect model of raters would.",
    )  # fmt: skip


# -- two objectives -------------------------------------------------------------------------------


def two_objectives() -> None:
    left, right = st.columns([1, 2.2], gap="large")
    chosen = _choose(left, right)
    if chosen is None:
        return
    problem, reference, families, _ = chosen
    if len(problem.types) < 2:
        st.info("Two objectives need two types of rater; choose another scenario.")
        return
    with right:
        with st.container(horizontal=True):
            first = st.selectbox("To the right", problem.types, 0, key="x", **_IN_URL)
            others = [t for t in problem.types if t != first]
            second = st.selectbox("Upward", others, 0, key="y", **_IN_URL)
        pair = [problem.types.index(first), problem.types.index(second)]
        utility = problem.utility[pair]
        most = float(-np.log(reference.min()))
        budget = page.slider("KL from the reference, nats", "kl", 0, round(most, 2),
                        round(most / 2, 2), 0.01, "%.2f")  # fmt: skip
        said, shown = asking.guess(
            "Does the vanilla optimum lie on the frontier?", ["yes", "no"], "guess_front"
        )
        if not shown:
            return
        line = mixture_frontier(reference, utility, budget)
        points = [(f.name, utility @ f.at_kl(budget)) for f in families if f.share is None]
        own = families[-1].at_kl(budget)[pair]
        points.append(("Personalised", np.sum(own * utility, axis=1)))
        short = frontier_shortfall(line, points[0][1])
        right_answer = "no" if short > 0.01 * float(np.ptp(utility, axis=1).min()) else "yes"
        st.markdown(asking.verdict(said, right_answer) + (
            f"**{right_answer.capitalize()}.** Some mixture of the two rewards gives each of them "
            f"{short:.2f} more at the same KL." if right_answer == "no"
            else "**Yes**: no mixture of the two rewards gives both more at this KL."
        ))  # fmt: skip
        page.chart(
            pareto_frontier(line, points, (f"utility to {first}", f"utility to {second}"),
                      **page.look()),
            "chart-frontier",
            alt="; ".join(f"{name}: {x:.2f}, {y:.2f}" for name, (x, y) in points),
            caption="The line is the optimum of every weighted mean of the two rewards at this KL: "
            "no one policy gives both more. The personalised policy gives each user its own, which "
            "no policy for both can.",
        )  # fmt: skip
        asking.sheet(
            [{"policy": n, f"utility to {first}": float(x), f"utility to {second}": float(y)}
             for n, (x, y) in points], "frontier",
        )  # fmt: skip


# -- optimised too hard ---------------------------------------------------------------------------


@st.cache_data(max_entries=200, show_spinner=False)
def _hacked(toy: ToyProblem, seed: int) -> Overoptimisation:
    return simulate_overoptimisation(toy, TOYS, np.linspace(0, 2.3, POINTS), seed)


def too_hard() -> None:
    left, right = st.columns([1, 2.2], gap="large")
    with left:
        comparisons = page.slider("Comparisons", "comparisons", 50, 2000, 100, 50, "%.0f")
        minority = page.slider("Share of the minority", "minority", 0, 50, 30, 5, "%.0f%%") / 100
        eager = page.slider("It answers how many times as often", "eager", 1, 20, 1, 1, "%.0f")
        alike = page.slider(
            "Correlation of the two groups' utilities", "alike", 0, 1, 0.3, 0.1, "%.1f"
        )
        seed = page.slider("Seed", "toy", 0, 100, 0, 1, "%.0f")
    with right:
        said, shown = asking.guess(
            "The harder a policy is optimised, the better it is by its reward. And in truth?",
            ["better too", "better, then worse"], "guess_hack", always=False,
        )  # fmt: skip
        if not shown:
            return
        toy = ToyProblem(
            comparisons=round(comparisons),
            minority_share=minority,
            response_ratio=eager,
            utility_correlation=alike,
        )
        found = _hacked(toy, round(seed))
        _hacked_chart(found, said)


def _hacked_chart(found: Overoptimisation, said: str | None) -> None:
    mean = found.welfare.mean(axis=1)
    top = mean.argmax(axis=1)
    lost = mean[np.arange(2), top] - mean[:, -1]
    turns = lost[0] > 0.01
    right = "better, then worse" if turns else "better too"
    words = [
        f"The {name} reward’s true welfare " + (
            f"is greatest at √KL {found.root_kl[top[j]]:.2f} ({mean[j, top[j]]:.2f}) and falls to "
            f"{mean[j, -1]:.2f}" if lost[j] > 0.01 else f"rises to {mean[j, -1]:.2f}"
        ) for j, name in enumerate(PROXIES)
    ]  # fmt: skip
    st.markdown(asking.verdict(said, right) + "; ".join([words[0], words[1].replace("The", "the")])
                + ". A KL penalty that stops at the turning point is the partial fix.")  # fmt: skip
    series = [
        (f"{name} {what}", values[j].mean(axis=0), i)
        for i, (name, j, what, values) in enumerate((
            ("Vanilla", 0, "by itself", found.proxy), ("Vanilla", 0, "in truth", found.welfare),
            ("Social", 1, "by itself", found.proxy), ("Social", 1, "in truth", found.welfare),
        ))
    ]  # fmt: skip
    low = min(0.0, float(min(y.min() for _, y, _ in series)))
    page.chart(
        labelled_curves(
            found.root_kl,
            series,
            x_title="√KL from the reference",
            y_title="0 reference, 1 best",
            value_format=".2f",
            y_range=(low - 0.02, 1.05),
            height=340,
            **page.look(),
        ),
        "chart-hacking",
        alt="; ".join(f"{name}: {y[-1]:.2f} at the end" for name, y, _ in series),
        caption=f"Means of {TOYS} toys of 60 completions, most of them rare. 1 is what the best "
        "completion gives, by the reward itself and in truth. Social is Bradley–Terry within each "
        "group, and then a vote.",
    )
    rows = [
        {"reward": name, "√KL at the turning point, mean": float(found.peak_root_kl[j].mean()),
         "its least": float(found.peak_root_kl[j].min()),
         "its greatest": float(found.peak_root_kl[j].max()),
         "welfare there": float(mean[j, top[j]]), "welfare at the end": float(mean[j, -1]),
         "its standard deviation": float(found.welfare[j, :, -1].std()),
         "worst-off group at the end": float(found.worst[j, :, -1].mean())}
        for j, name in enumerate(PROXIES)
    ]  # fmt: skip
    asking.sheet(rows, "hacking", f"Over {TOYS} toys.")


# -- trained --------------------------------------------------------------------------------------


@st.cache_resource(max_entries=60, show_spinner="Training DPO and an online learner")
def _trained(key: tuple, beta: float, seed: int, _problem, _reference):
    from scrl.policies import train_policies

    return train_policies(_problem.wins, _problem.vanilla, _reference, beta, seed)


def trained() -> None:
    left, right = st.columns([1, 2.2], gap="large")
    chosen = _choose(left, right, worth=False)
    if chosen is None:
        return
    problem, reference, _, _ = chosen
    with right:
        with st.container(horizontal=True):
            beta = page.slider("β, the price of a nat of KL", "beta", 0.2, 5.0, 1.0, 0.1, "%.1f")
            seed = page.slider("Seed", "toy", 0, 100, 0, 1, "%.0f")
        said, shown = asking.guess(
            "DPO never sees a reward. Will its policy be that of the Bradley–Terry reward?",
            ["yes", "no"], "guess_dpo",
        )  # fmt: skip
        if not shown:
            return
        from scrl.policies import total_variation

        key = (problem.wins.tobytes(), problem.vanilla.tobytes(), reference.tobytes())
        found = _trained(key, beta, round(seed), problem, reference)
        far, online = (
            total_variation(found.offline, found.closed),
            total_variation(found.online, found.closed),
        )
        st.markdown(
            asking.verdict(said, "yes" if far < 0.05 else "no")
            + f"DPO on the same comparisons proposes **{far:.1%}** otherwise than the closed form "
            f"of Bradley–Terry’s reward, the online learner **{online:.1%}**."
            + ("" if found.bounded else " Some completion is never beaten here, so that DPO has no "
               "finite optimum: it drifts towards never proposing the others, as long as it is "
               "trained. A reward model’s prior is what stops that.")
        )  # fmt: skip
        rows = [("Reference", reference), ("Closed form", found.closed), ("DPO", found.offline),
                ("Online learner", found.online)]  # fmt: skip
        page.chart(
            completion_probabilities(rows, problem.names, **page.look()),
            "chart-trained",
            alt="; ".join(f"{n}: {', '.join(f'{p:.0%}' for p in policy)}" for n, policy in rows),
            caption="The closed form is π_ref · exp(reward / β). DPO minimises its loss on the "
            "comparisons that these raters give (of a scenario, those expected); the online "
            "learner (REINFORCE) proposes completions and is told Bradley–Terry’s reward less the "
            "price of KL.",
        )
        asking.sheet(
            [{"completion": name, "Bradley–Terry reward": float(found.reward[i]),
              "implicit in DPO": float(found.implicit[i]),
              **{label: float(policy[i]) for label, policy in rows}}
             for i, name in enumerate(problem.names)],
            "trained", "DPO’s implicit reward is β log(π / π_ref), of mean 0.",
        )  # fmt: skip


# -- tried, or only read --------------------------------------------------------------------------


@st.cache_data(max_entries=60, show_spinner="Training two learners")
def _trails(covered: bool, beta: float, seed: int) -> list[tuple]:
    from scrl.policies import coverage_experiment

    return [tuple(trail) for trail in coverage_experiment(covered, beta, seed)]


def tried() -> None:
    left, right = st.columns([1, 2.2], gap="large")
    with left:
        st.markdown("Four completions; the reference seldom proposes the best, **D**.")
        covered = st.toggle("The data cover D", key="covered", **_IN_URL)
        beta = page.slider("β", "beta", 0.2, 2.0, 0.5, 0.1, "%.1f")
        seed = page.slider("Seed", "toy", 0, 100, 0, 1, "%.0f")
    from scrl.policies import COVERAGE_NAMES, COVERAGE_REFERENCE, COVERAGE_UTILITY

    with right:
        said, shown = asking.guess(
            f"DPO learns from fixed pairs {'with' if covered else 'without'} D. How often will it "
            "propose D?",
            ["more often", "about as often", "never"], "guess_tried",
        )  # fmt: skip
        if not shown:
            return
        trails = _trails(covered, beta, round(seed))
        ends = [policy[-1, 3] for _, policy in trails]
        right_answer = (
            "more often" if ends[0] > 0.15 else "never" if ends[0] < 0.01 else "about as often"
        )
        st.markdown(
            asking.verdict(said, right_answer)
            + f"Trained on fixed pairs, DPO proposes D **{ends[0]:.0%}** of the time, from 10 % at "
            f"first; trained on pairs that it proposes itself, **{ends[1]:.0%}**."
        )
        labels = trails[0][0]
        series = [
            (name, policy @ COVERAGE_UTILITY, i)
            for i, (name, (_, policy)) in enumerate(
                zip(("fixed pairs", "its own pairs"), trails, strict=True)
            )
        ]
        page.chart(
            labelled_curves(
                labels,
                series,
                x_title="comparisons",
                y_title="mean utility",
                value_format=".2f",
                height=320,
                **page.look(),
            ),
            "chart-tried",
            alt="; ".join(f"{name}: {y[-1]:.2f}" for name, y, _ in series),
            caption="Utilities are A 0, B 1, C 1.5, D 4; raters err like Bradley–Terry. Both "
            f"learners minimise DPO’s loss, {labels[1]:,} comparisons between two points.",
        )
        rows = [
            {"trained on": name, **dict(zip(COVERAGE_NAMES, map(float, policy[-1]), strict=True)),
             "KL": float(kl_divergence(policy[-1], COVERAGE_REFERENCE))}
            for name, (_, policy) in zip(("fixed pairs", "its own pairs"), trails, strict=True)
        ]  # fmt: skip
        asking.sheet(rows, "tried")


PARTS = {
    "One prompt": one_prompt,
    "Trained": trained,
    "Two objectives": two_objectives,
    "Optimised too hard": too_hard,
    "Tried, or only read": tried,
}
