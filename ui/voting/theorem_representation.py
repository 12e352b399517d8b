"""Cards of theorems about what stands for all people: ensembles, proportions, types, slates."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl.figures import labelled_curves
from scrl.studies import representation_theorems
from ui.shared import data_tables, page, predict_first
from ui.voting.theorem_view import CardView

_MAX_SIZE = 12


@st.cache_data(show_spinner="Fitting ensembles")
def _calibration() -> representation_theorems.Calibration:
    return representation_theorems.calibration(_MAX_SIZE)


def calibrated_ensemble(view: CardView) -> None:
    """A few rewards match the split of every pair."""
    size = int(view.slider("Rewards in the ensemble", "size", 1, _MAX_SIZE, 4, 1, "%.0f"))
    guess, shown = predict_first.guess(
        "Nobody knows who answered what. How many rewards match the splits within 10 points on "
        "average?",
        ["1", "4", "30"], "guess_calibrated",
    )  # fmt: skip
    if not shown:
        return
    result = _calibration()
    single = np.full(_MAX_SIZE, result.bradley_terry)
    series = [("ensemble", 100 * result.error, 0), ("random raters", 100 * result.sampled, 7),
              ("one reward, σ", 100 * single, 4)]  # fmt: skip
    figure = labelled_curves(
        result.sizes, series, slider=size, x_title="rewards", y_title="error in points",
        value_format=".1f", y_range=(0, 47), **view.style(),
    )  # fmt: skip
    error, sampled = 100 * result.error[size - 1], 100 * result.sampled[size - 1]
    view.chart(figure, "calibrated", f"{size} rewards miss the splits by {error:.1f} points.")
    page.say(
        predict_first.verdict(guess, "4")
        + f"With {size} rewards the ensemble’s votes miss the raters’ splits by **{error:.1f} "
        f"points**, and {size} raters drawn at random by {sampled:.1f}."
    )
    page.note(
        "**Where it holds.** "
        "The chances σ(r − r′) of one Bradley–Terry reward miss the splits by only "
        f"{100 * result.bradley_terry:.1f} points. So an ensemble pays where its members act, not "
        "for the splits alone. It matches pairs, not people: populations with the same splits get "
        "the same ensemble."
    )
    rows = [
        {"rewards": int(k), "ensemble": float(e), "random raters": float(s)}
        for k, e, s in zip(result.sizes, 100 * result.error, 100 * result.sampled, strict=True)
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "calibrated", f"Root mean square errors in percentage points over "
        f"{representation_theorems.POPULATIONS} populations (seed {representation_theorems.SEED}) "
        f"of {representation_theorems.RATERS} raters of three kinds, who rank six answers. A "
        "reward is an order; one at a time joins, the one that reduces the error most (after "
        "Halpern et al. 2025).", "%.1f",
    )  # fmt: skip


_SHARES = np.arange(1, 100) / 100


@st.cache_data(show_spinner=False)
def _half() -> representation_theorems.HalfErased:
    return representation_theorems.half_erased(_SHARES)


def half_erased(view: CardView) -> None:
    """Two camps: who is heard at 51 to 49."""
    share = view.percent("First camp", "camp", 99, 51, 1)
    guess, shown = predict_first.guess(
        "51% want answer A, 49% want B. How often does the assistant say B after RLHF?",
        ["never", "49%", "half the time"], "guess_half",
    )  # fmt: skip
    if not shown:
        return
    now, along = representation_theorems.half_erased(share), _half()
    series = [("RLHF, Nash", along.rlhf, 4), ("proportional", along.proportional, 1),
              ("compromise", along.compromise[:, 0], 0)]  # fmt: skip
    values = [float(now.rlhf[0]), float(now.proportional[0]), float(now.compromise[0, 0])]
    figure = labelled_curves(
        _SHARES, series, slider=share, slider_values=values, percent=True,
        x_title="first camp", y_title="chance of answer A", y_range=(-0.04, 1.04), **view.style(),
    )  # fmt: skip
    view.chart(figure, "half", f"At {share:.0%} RLHF says A with probability {values[0]:.0%}.")
    a, c, b = (float(x) for x in now.compromise[0])
    page.say(
        predict_first.verdict(guess, "never")
        + f"At {share:.0%} RLHF and Nash say A in **{values[0]:.0%}** of the cases, a "
        f"population-proportional policy in **{values[1]:.0%}**."
    )
    page.note(
        "**Where it holds.** "
        "RLHF does so without a KL penalty. With a penalty of weight 1 and a uniform reference it "
        f"says A in {float(now.tilted[0]):.0%}. And proportional is exact for two answers only: "
        f"with a compromise that is nobody’s favourite it says A, compromise and B in {a:.0%}, "
        f"{c:.0%} and {b:.0%}. Pairs cannot tell how many have the compromise on top."
    )
    rows = [
        {"first camp": float(along.share[i]), "RLHF": float(along.rlhf[i]),
         "Nash": float(along.nash[i]), "proportional": float(along.proportional[i]),
         "RLHF, KL weight 1": float(along.tilted[i]), "A": float(along.compromise[i, 0]),
         "compromise": float(along.compromise[i, 1]), "B": float(along.compromise[i, 2])}
        for i in range(len(_SHARES))
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "half", "The policy is π(a) ∝ min over b of P(a ≻ b), the greatest share of people "
        "that can have a on top (Kim et al. 2025). With a compromise the camps rank A ≻ C ≻ B and "
        "B ≻ C ≻ A.",
    )  # fmt: skip


_STRENGTHS = np.linspace(0, 6, 121)
_LEAST_EVIDENCE = -16.0


def triples(view: CardView) -> None:
    """Two opposite camps look indifferent in pairs, not in triples."""
    strength = view.slider("How strongly the camps disagree", "strength", 0, 5, 2, 0.1, "%.1f")
    guess, shown = predict_first.guess(
        "Half want formal answers, half the contrary. Every pair is split 50 to 50, as if nobody "
        "cared. Does it show if people choose the best of three?",
        ["Yes", "No"], "guess_triples",
    )  # fmt: skip
    if not shown:
        return
    result = representation_theorems.triple_evidence(strength, _STRENGTHS)
    visible = np.where(result.triples > _LEAST_EVIDENCE, result.triples, np.nan)
    series = [("pairs", result.pairs, 4), ("triples", visible, 1)]
    figure = labelled_curves(
        _STRENGTHS, series, slider=strength,
        x_title="strength that a model assumes",
        y_title="log-likelihood lost", value_format=".2f", y_range=(_LEAST_EVIDENCE, 1.5),
        **view.style(),
    )  # fmt: skip
    alt = "Pairs fit every strength alike; triples fit the true one best."
    view.chart(figure, "triples", alt)
    page.say(
        predict_first.verdict(guess, "Yes")
        + f"Of a formal, a neutral and a casual answer, the neutral one is chosen by "
        f"**{result.middle:.1%}** (33.3% if nobody cares). {representation_theorems.QUESTIONS} "
        "pairs fit every strength equally well, "
        f"{representation_theorems.QUESTIONS} triples only those near the true one."
    )
    page.note(
        "**Where it holds.** "
        "People err as in Bradley–Terry, and taste is linear in the answer. The two "
        "populations of “Pairs do not tell everything” agree in every triple as well; only "
        "rankings of all four tell them apart. And if the camps differ in size, pairs do tell."
    )
    rows = [
        {"strength": float(s), "pairs": float(p), "triples": float(t)}
        for s, p, t in zip(_STRENGTHS, result.pairs, result.triples, strict=True)
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "triples", "Expected log-likelihood of the answers, minus its greatest value. The "
        "neutral answer is chosen with probability 1 / (1 + 2 cosh s) at strength s (after "
        "Chidambaram, Seetharaman & Syrgkanis 2024).",
    )  # fmt: skip


_SLATE_SIZES = np.arange(1, 13)
_SLATE_RULES = (representation_theorems.mean_slate, representation_theorems.representative_slate)


@st.cache_data(show_spinner=False)
def _slates() -> tuple[np.ndarray, np.ndarray]:
    """Share of voters with a statement of theirs ``[2, sizes]``, and the largest ignored groups."""
    ratings, _, _ = representation_theorems.slate_ratings()
    slates = [[rule(ratings, int(k)) for k in _SLATE_SIZES] for rule in _SLATE_RULES]
    heard = [[representation_theorems.spoken_for(ratings, s).mean() for s in row] for row in slates]
    groups = [[representation_theorems.largest_ignored_group(ratings, s) for s in row]
              for row in slates]  # fmt: skip
    return np.array(heard), np.array(groups)


def slates(view: CardView) -> None:
    """Statements that stand for all voters."""
    size = int(view.slider("Statements on the slate", "slate", 1, 12, 4, 1, "%.0f"))
    guess, shown = predict_first.guess(
        "Three kinds of people: 60, 30 and 10 of 100. The four statements with the highest mean "
        "reward are shown. How many find one of theirs?",
        ["60", "90", "100"], "guess_slate",
    )  # fmt: skip
    if not shown:
        return
    heard, groups = _slates()
    series = [("highest mean", heard[0], 4), ("representative", heard[1], 1)]
    figure = labelled_curves(
        _SLATE_SIZES, series, slider=size, x_title="statements on the slate",
        y_title="voters spoken for", value_format=".0%", y_range=(0.4, 1.05), **view.style(),
    )  # fmt: skip
    i, entitled = size - 1, representation_theorems.VOTERS / size
    view.chart(figure, "slate", f"{size} statements: {heard[0, i]:.0%} against {heard[1, i]:.0%}.")
    ratings, _, _ = representation_theorems.slate_ratings()
    means = [float(ratings[:, rule(ratings, size)].mean()) for rule in _SLATE_RULES]
    broken = groups[0, i] >= entitled
    page.say(
        predict_first.verdict(guess, "60")
        + f"With {size} statements the highest mean rewards speak for **{heard[0, i]:.0%}** of the "
        f"voters, a representative slate for **{heard[1, i]:.0%}**. Its price: the mean rating of "
        f"its statements is {means[1]:.2f} instead of {means[0]:.2f}. A group of "
        f"{entitled:.3g} voters who agree may claim a statement. By mean reward "
        f"{groups[0, i]} agree on one and get none that they rate as high, so the claim is "
        f"{'**broken**' if broken else 'kept'}; on the representative slate at most {groups[1, i]}."
    )
    page.note(
        "**Where it holds.** "
        "The claim is for groups that agree on one statement, and a group of 10 has none before "
        "there are ten seats."
    )
    rows = [
        {"statements": int(k), "voters who may claim": representation_theorems.VOTERS / int(k),
         "mean: spoken for": float(heard[0, j]), "mean: largest ignored": int(groups[0, j]),
         "slate: spoken for": float(heard[1, j]), "slate: largest ignored": int(groups[1, j])}
        for j, k in enumerate(_SLATE_SIZES)
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "slate", f"Ratings 0 to 4 of 20 statements by 100 voters, seed "
        f"{representation_theorems.SEED}. A statement speaks for a voter who rates it 3 or 4. The "
        "slate has justified representation at every rating. The balanced kind (Fish et al. 2024) "
        "asks besides that each statement stands for equally many voters, and may need a "
        "statement twice.", "%.2f",
    )  # fmt: skip
