"""Lies: what they bring whom, how often they pay, and what happens when both sides lie."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import DASHES, base_figure, colour, escape_html, theme_colours, truncate

#: Pixels a row of a chart of rules.
ROW = 21


def misreport_utilities(
    rows: Sequence[dict],
    who: str,
    highlight: str = "",
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """What a lie moves under each rule: an open mark for the truth, a full one for the lie.

    Args:
        rows: from the top, each ``{"title", "liars": (before, after), "others": (before, after),
            "note"}`` in mean utility; ``others`` is None where there are none.
        who: the liars, for the title of the left panel.
        highlight: the title that is printed bold.
    """
    shade = theme_colours(dark)
    figure = base_figure(dark, scale, (76 + ROW * len(rows)) * scale)
    last = len(rows) - 1
    for panel, (key, hue) in enumerate((("liars", colour(4)), ("others", colour(0)))):
        axis = {"xaxis": f"x{panel + 1}", "yaxis": "y"}
        shown = [(last - i, row) for i, row in enumerate(rows) if row[key] is not None]
        still = [(y, r) for y, r in shown if abs(r[key][1] - r[key][0]) < 1e-6]
        moved = [(y, r) for y, r in shown if abs(r[key][1] - r[key][0]) >= 1e-6]
        for y, row in moved:
            figure.add_scatter(
                x=list(row[key]), y=[y, y], mode="lines", hoverinfo="skip", showlegend=False,
                **axis,
                line={"color": hue, "width": 2.4 * scale},
            )  # fmt: skip
        for marks, at, name, symbol in (
            (still, 0, "same", "line-ns-open"),
            (moved, 0, "honest", "circle-open"),
            (moved, 1, "lie", "circle"),
        ):
            figure.add_scatter(
                x=[r[key][at] for _, r in marks],
                y=[y for y, _ in marks],
                mode="markers",
                name=name,
                showlegend=panel == 0,
                legendgroup=name,
                **axis,
                marker={
                    "symbol": symbol,
                    "size": 10 * scale,
                    "line": {"width": 2 * scale},
                    "color": shade["quiet"] if marks is still else hue,
                },
                hovertemplate=[
                    f"{escape_html(r['title'])}, {name}: %{{x:.3f}}<br>"
                    f"{escape_html(r['note'])}<extra></extra>"
                    for _, r in marks
                ],
            )
    quiet = {"size": 12.5 * scale, "color": shade["quiet"]}
    x = {"tickfont": quiet, "showgrid": True, "gridcolor": shade["line"], "zeroline": False,
         "fixedrange": True, "nticks": 6}  # fmt: skip
    titles = [
        f"<b>{escape_html(r['title'])}</b>" if r["title"] == highlight else escape_html(r["title"])
        for r in rows
    ]
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "font": quiet},
        xaxis={**x, "domain": [0, 0.47],
               "title": {"text": f"mean utility of {escape_html(truncate(who, 30))}", "font": quiet,
                         "standoff": 4}},
        xaxis2={**x, "domain": [0.53, 1], "anchor": "y",
                "title": {"text": "of everybody else", "font": quiet, "standoff": 4}},
        yaxis={"tickvals": list(range(last, -1, -1)), "ticktext": titles, "showgrid": True,
               "gridcolor": shade["line"], "zeroline": False, "fixedrange": True,
               "tickfont": {"size": 12.5 * scale}, "range": [-0.7, last + 0.7]},
    )  # fmt: skip
    side = 16 + 7 * max(len(r["title"]) for r in rows)
    figure.update_layout(margin={"l": side * scale, "r": 12, "t": 30 * scale, "b": 42 * scale})
    return figure


def rates_by_rule(
    rows: Sequence[tuple[str, float, float]],
    unit: str,
    highlight: str = "",
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """A share by rule, largest on top.

    Args:
        rows: title, share, and its standard error (0 where it is exact).
    """
    shade = theme_colours(dark)
    rows = sorted(rows, key=lambda row: row[1])
    figure = base_figure(dark, scale, (56 + ROW * len(rows)) * scale)
    exact = all(error == 0 for _, _, error in rows)
    figure.add_bar(
        x=[share for _, share, _ in rows], y=list(range(len(rows))), orientation="h",
        marker={"color": [colour(4) if t == highlight else colour(0) for t, _, _ in rows]},
        error_x={"array": [2 * e for _, _, e in rows], "color": shade["quiet"],
                 "thickness": 1.2 * scale, "width": 3 * scale, "visible": not exact},
        hovertemplate=[f"{escape_html(t)}: %{{x:.1%}}<extra></extra>" for t, _, _ in rows],
    )  # fmt: skip
    for i, (_, share, error) in enumerate(rows):
        figure.add_annotation(
            x=share + 2 * error, y=i, text=f"{share:.1%}", showarrow=False, xanchor="left",
            xshift=5 * scale, font={"size": 12 * scale, "color": shade["text"]},
        )  # fmt: skip
    quiet = {"size": 12.5 * scale, "color": shade["quiet"]}
    most = max([share + 2 * error for _, share, error in rows] + [0.05])
    ticks = [f"<b>{escape_html(t)}</b>" if t == highlight else escape_html(t) for t, _, _ in rows]
    figure.update_layout(
        bargap=0.45,
        xaxis={"range": [0, most * 1.14], "tickformat": ".0%", "tickfont": quiet, "showgrid": True,
               "gridcolor": shade["line"], "zeroline": False, "fixedrange": True,
               "title": {"text": unit, "font": quiet, "standoff": 4}},
        yaxis={"tickvals": list(range(len(rows))), "ticktext": ticks, "showgrid": False,
               "zeroline": False, "fixedrange": True, "tickfont": {"size": 12.5 * scale}},
    )  # fmt: skip
    side = 16 + 7 * max(len(title) for title, _, _ in rows)
    figure.update_layout(margin={"l": side * scale, "r": 12, "t": 8, "b": 42 * scale})
    return figure


def scores_by_misreport_share(
    names: Sequence[str],
    shares: np.ndarray,
    scores: np.ndarray,
    at: float,
    unit: str,
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 380,
) -> go.Figure:
    """Scores of each candidate as more voters lie, and where the reader's slider stands.

    Args:
        shares: of the camps who lie, 0 to 1 ``[steps]``; scores: ``[steps, candidates]``.
        at: the slider's share.
    """
    shade = theme_colours(dark)
    figure = base_figure(dark, scale, height * scale)
    here = int(np.argmin(np.abs(np.asarray(shares) - at)))
    for i, name in enumerate(names):
        figure.add_scatter(
            x=shares, y=scores[:, i], mode="lines", name=name,
            line={"color": colour(i), "width": 2.6 * scale, "dash": DASHES[i % len(DASHES)]},
            hovertemplate=f"{escape_html(name)} %{{y:.2f}} where %{{x:.0%}} lie<extra></extra>",
        )  # fmt: skip
    # Names at the right end, pushed apart where lines end together.
    gap = 0.07 * max(float(np.ptp(scores)), 1e-9)
    height_at = -np.inf
    for i in np.argsort(scores[-1], kind="stable"):
        height_at = max(height_at + gap, float(scores[-1, i]))
        figure.add_annotation(
            x=1,
            y=height_at,
            xanchor="left",
            xshift=8,
            showarrow=False,
            text=escape_html(truncate(names[i])),
            font={"size": 13.5 * scale, "color": shade["text"]},
        )
    figure.add_vline(x=float(shares[here]), line={"color": shade["quiet"], "width": 1.2})
    winner = int(np.argmax(scores[here]))
    figure.add_scatter(
        x=[shares[here]], y=[scores[here, winner]], mode="markers", hoverinfo="skip",
        marker={"size": 13 * scale, "color": colour(winner),
                "line": {"width": 2 * scale, "color": shade["text"]}},
    )  # fmt: skip
    quiet = {"size": 12.5 * scale, "color": shade["quiet"]}
    axis = {"tickfont": quiet, "showgrid": True, "gridcolor": shade["line"], "zeroline": False,
            "fixedrange": True}  # fmt: skip
    figure.update_layout(
        xaxis={**axis, "tickformat": ".0%", "range": [0, 1], "showgrid": False,
               "title": {"text": "share of both camps who lie", "font": quiet, "standoff": 4}},
        yaxis={**axis, "title": {"text": unit, "font": quiet, "standoff": 6}, "nticks": 5},
    )  # fmt: skip
    longest = max(len(truncate(name)) for name in names)
    figure.update_layout(
        margin={"l": 52 * scale, "r": (20 + 8 * longest) * scale, "t": 10, "b": 42 * scale}
    )
    return figure


def gain_by_coalition_size(
    voters: np.ndarray,
    gain: np.ndarray,
    at: float,
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 150,
) -> go.Figure:
    """What a coalition gains by its size ``[sizes]``, and the size that the reader has chosen."""
    shade = theme_colours(dark)
    figure = base_figure(dark, scale, height * scale)
    figure.add_scatter(
        x=np.append(0.0, voters), y=np.append(0.0, gain), mode="lines+markers",
        line={"color": colour(4), "width": 2.2 * scale, "shape": "hv"},
        marker={"size": 5 * scale},
        hovertemplate="%{x:.4g} voters gain %{y:.3f}<extra></extra>",
    )  # fmt: skip
    figure.add_vline(x=at, line={"color": shade["quiet"], "width": 1.2})
    quiet = {"size": 12 * scale, "color": shade["quiet"]}
    axis = {"tickfont": quiet, "showgrid": True, "gridcolor": shade["line"], "zeroline": False,
            "fixedrange": True}  # fmt: skip
    figure.update_layout(
        xaxis={**axis, "showgrid": False, "range": [0, float(voters[-1]) * 1.02],
               "title": {"text": "liars", "font": quiet, "standoff": 2}},
        yaxis={**axis, "nticks": 4, "rangemode": "tozero",
               "title": {"text": "gain", "font": quiet, "standoff": 4}},
        margin={"l": 50 * scale, "r": 12, "t": 8, "b": 36 * scale},
    )  # fmt: skip
    return figure
