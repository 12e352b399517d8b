"""The parts of the page on the latent space that are maps: clusters, contexts, parts, left out."""

from __future__ import annotations

import streamlit as st

from scrl import figures
from scrl.diagnostics import LAYOUTS, maps
from ui.latent.widgets import answer_or_reason, known_types, metrics
from ui.shared import data_tables, page, precompute, predict_first
from ui.shared.page import IN_URL

_DRAW, _MEAN = "draws", "means"


def clusters(id: str, learnt) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        method = st.segmented_control(
            "Laid out by", LAYOUTS, default="PCA", required=True, key="layout", **IN_URL
        )
        shown = st.segmented_control(
            "Raters as", (_DRAW, _MEAN), default=_DRAW, required=True, key="shown_as",
            help="One draw from each rater’s posterior, to which the density is fitted, or its "
            "mean. Raters who said the same have one mean.",
            **IN_URL,
        )  # fmt: skip
        voters = st.toggle("Simulated voters", True, key="voters", **IN_URL)
        contours = st.toggle("Contours", True, key="contours", **IN_URL)
        three = st.toggle("Three dimensions", key="three", **IN_URL)
    left, right = st.columns([3, 1], gap="large")
    found = precompute.answer(id, "clusters", learnt, "Reading the raters")
    types = list(found["types"])
    guess, seen = None, True
    if types:
        with left:
            guess, seen = predict_first.guess(
                "The model was never told any type. Will raters of one type lie together?",
                ("Yes", "No"), "guess_clusters",
            )  # fmt: skip
    if not seen:
        return
    wanted = precompute.map_question(method, 3 if three else 2, shown == _DRAW)
    drawing = precompute.answer(id, wanted, learnt, "Laying out the raters")
    with left:
        groups = list(drawing["raters"])
        if voters:
            groups = [drawing["voters"], *groups]
        density = drawing["density"] if contours and not three else None
        page.chart(
            figures.latent_points(
                groups, drawing["labels"], density, drawing["axes"], **page.style()
            ),
            "latent-clusters",
            alt=f"Raters by type: {', '.join(types) or 'types unknown'}.",
            caption=f"{drawing['count']} raters, {_drawn_as_text(shown)}, in the colours of their "
            "types"
            + (", over simulated voters in grey" if voters else "")
            + ("; the contours hold 50, 80 and 95 % of the density. " if density else ". ")
            + ("t-SNE, Isomap and spectral maps bend distances; the numbers are of the latent "
               "itself. " if method != "PCA" else "")
            + "Refuted if colours mix (a silhouette of draws of at most .25, or types no further "
            "apart than raters from their own type’s middle), or if voters stand where no rater "
            "does.",
        )  # fmt: skip
    with right:
        if types:
            draws, means = found["rows"]
            metrics({
                "Silhouette by type, draws": f"{draws['silhouette']:.2f}",
                "Between ÷ within, draws": _ratio_text(draws["ratio"]),
                "Nearest profile is own": f"{draws['nearest profile is own']:.1%}",
            })  # fmt: skip
            together = found["together"]
            st.markdown(
                predict_first.verdict(guess, "Yes" if together else "No")
                + ("Types lie together." if together else "Types do not lie apart.")
            )
            st.caption(
                f"Of means the silhouette is {means['silhouette']:.2f}, which says less: raters "
                "who said the same have one mean, however little is known of them."
            )
        else:
            known_types(learnt)
    if found["rows"]:
        data_tables.numbers_expander(
            found["rows"] + found["by_type"], "clusters",
            "Silhouette: 1 = far from other types, 0 = among them; above .25 of draws, types lie "
            "together. Between: mean distance of the types’ middles; within: of raters from their "
            "type’s middle; latent units.",
        )  # fmt: skip


def _drawn_as_text(shown: str) -> str:
    return "each as one draw from its posterior" if shown == _DRAW else "each at its posterior mean"


def _ratio_text(value: float) -> str:
    return f"{value:.1f}" if value < 100 else "over 100"


# -- contexts -------------------------------------------------------------------------------------


def contexts(id: str, learnt) -> None:
    types = known_types(learnt)
    both = (
        answer_or_reason(id, "contexts", learnt, "Reading each rater prompt by prompt")
        if types
        else None
    )
    if both is None:
        return
    found, drawing = both
    left, right = st.columns([3, 1], gap="large")
    with left:
        guess, seen = predict_first.guess(
            "Each rater is read from one prompt’s ballot only. Does the model find the same "
            "person behind each?", ("Yes", "No"), "guess_contexts",
        )  # fmt: skip
        if not seen:
            return
        page.chart(
            figures.latent_points(
                drawing["groups"], drawing["labels"], None, drawing["axes"], **page.style()
            ),
            "latent-contexts",
            alt="Raters read from one prompt at a time, by type and prompt.",
            caption="The same raters, read from one prompt alone: colour is the type, the symbol "
            "the prompt. Refuted if a type’s symbols lie apart as far as types do (a ratio near "
            "1), or if symbols group by prompt.",
        )
    prompts = learnt.catalogue.prompts
    same = found.ratio > 3
    with right:
        metrics({
            "Types ÷ prompts, distance": _ratio_text(found.ratio),
            **{f"Type known from {page.escaped(prompts[p])}": f"{share:.1%}"
               for p, share in found.right.items()},
        })  # fmt: skip
        st.markdown(
            predict_first.verdict(guess, "Yes" if same else "No")
            + ("One person, whichever prompt." if same else "The prompt moves people.")
        )
    data_tables.numbers_expander(
        [{"prompt": prompts[p], "nearest profile is own": share} for p, share in
         found.right.items()]
        + [{"prompt": "distance of a rater’s readings", "nearest profile is own": found.moved},
           {"prompt": "distance between types", "nearest profile is own": found.between}],
        "contexts", "The last two rows are mean distances, in latent units.",
    )  # fmt: skip


# -- parts of a ballot ----------------------------------------------------------------------------


def partial_ballots(id: str, learnt) -> None:
    types = known_types(learnt)
    found = (
        answer_or_reason(id, "partial", learnt, "Reading every part of every order")
        if types
        else None
    )
    if found is None:
        return
    guess, seen = predict_first.guess(
        "Told one pair that only one type would say, does the model know the type?",
        ("Yes", "No"), "guess_partial",
    )  # fmt: skip
    if not seen:
        return
    type = st.selectbox("Whose ballots", types, key="type", **IN_URL)
    drawing = maps.partial_map(learnt, found, types.index(type))
    rows = found.by_length()
    names = [_length_label(row["length"]) for row in rows]
    left, right = st.columns(2, gap="large")
    with left:
        page.chart(
            figures.latent_points(
                drawing["groups"], drawing["labels"], None, drawing["axes"], **page.style()
            ),
            "latent-partial", alt=f"Parts of the ballots of {type}, and the profiles of all types.",
            caption="Every part of this type’s orders, larger marks for longer ballots, and every "
            "type’s full profile. Point at a mark to read the ballot. Refuted if long ballots "
            "stay far from the profile.",
        )  # fmt: skip
    with right:
        series = [("the model", [r["right"] for r in rows]),
                  ("best possible", [r["best"] for r in rows])]  # fmt: skip
        page.chart(
            figures.grouped_bars(names, series, "completions on the ballot", "", height=430,
                              **page.style()),
            "latent-lengths", alt="Share of parts from which the type is known, by length.",
            caption="How often the nearest profile is the right one, over all types by their "
            "shares. The outline is a reader who knows every type’s order and bets on the "
            "largest that fits. Refuted if bars stay below outlines.",
        )  # fmt: skip
    enough, share = maps.enough(learnt, found), found.enough()
    line = predict_first.verdict(guess, "Yes" if share > 0.5 else "No")
    if share == share:
        line += "After a pair that one type alone holds, the model names it in "
        line += f"**{share:.0%}** of cases."
    if enough:
        line += f" {page.escaped(enough)}"
    st.markdown(line)
    data_tables.numbers_expander(
        [{"ballot": name, **row} for name, row in zip(names, rows, strict=True)],
        "partial",
        "‘away’ is the distance to the type’s own profile over that between types.",
    )


def _length_label(n: int) -> str:
    return "all prompts" if n == 0 else f"{n}"


# -- left out -------------------------------------------------------------------------------------


def left_out(id: str, learnt) -> None:
    types = known_types(learnt)
    both = (
        answer_or_reason(id, "left out", learnt, "Comparing raters with and without")
        if types
        else None
    )
    if both is None:
        return
    found, drawing = both
    catalogue = learnt.catalogue
    name = catalogue.completions[catalogue.members[found.item]]
    guess, seen = predict_first.guess(
        f"Does leaving {page.escaped(name)} off a ballot move a rater as far as being of another "
        "type?", ("Yes", "No"), "guess_left_out",
    )  # fmt: skip
    if not seen:
        return
    left, right = st.columns([1.3, 1], gap="large")
    with left:
        page.chart(
            figures.latent_points(
                drawing["groups"], drawing["labels"], None, drawing["axes"], **page.style()
            ),
            "latent-left-out", alt=f"Raters with and without {name}, by type.",
            caption=f"Full marks ranked {page.escaped(name)}, open marks left it out. Refuted if "
            "the "
            "open marks of all types draw together, away from the full ones.",
        )  # fmt: skip
    known = [row for row in found.rows if row["share"] is not None and row["type"] >= 0]
    with right:
        if known:
            page.chart(
                figures.grouped_bars(
                    [types[row["type"]] for row in known],
                    [("distance", [row["share"] for row in known])], "", "", height=430,
                    **page.style(),
                ),
                "latent-left-out-shares", alt="Distance between the two groups of each type.",
                caption="How far those with and without lie apart (their middles), as a share of "
                "the distance between types. Refuted if a bar comes near 100 %.",
            )  # fmt: skip
    if known:
        worst = max(row["share"] for row in known)
        st.markdown(
            predict_first.verdict(guess, "Yes" if worst > 0.5 else "No")
            + f"Leaving {page.escaped(name)} out moves a type’s middle by at most **{worst:.0%}** "
            "of "
            "the distance between types."
        )
    rows = [{**row, "type": types[row["type"]] if row["type"] >= 0 else "unknown"}
            for row in found.rows]  # fmt: skip
    data_tables.numbers_expander(
        rows, "left-out", "‘right’: share whose nearest profile is their own type’s."
    )
