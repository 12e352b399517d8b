"""Small pictures of theorems: curves under a slider, duels in a circle, two populations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import DASHES, SYMBOLS, blank, clear, colour, glass, ink, safe, short


def curves(
    x: np.ndarray,
    series: Sequence[tuple[str, np.ndarray, int]],
    *,
    at: float | None = None,
    here: Sequence[float] | None = None,
    x_title: str = "",
    y_title: str = "",
    percent: bool = False,
    log: str = "",
    number: str = ".3f",
    below: bool = False,
    y_range: tuple[float, float] | None = None,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 250,
) -> go.Figure:
    """Curves, each with its name at its end, and where a slider stands on them.

    Args:
        x: ``[points]``, rising.
        series: name, values ``[points]`` (NaN leaves a gap) and position, which gives the colour,
            the symbol and the dash.
        at: where the slider stands; here: the values there ``[series]``, interpolated where None.
        percent: x is a share.
        log: the axes that are logarithmic, ``"x"``, ``"y"`` or both.
        number: how values are written.
        below: shade what lies below 0.
    """
    shade = ink(dark)
    figure = blank(dark, scale, height * scale)
    x = np.asarray(x, float)
    values = np.concatenate([np.asarray(y, float) for _, y, _ in series])
    low, high = y_range or _padded(values, "y" in log)
    for name, y, i in series:
        y = np.asarray(y, float)
        figure.add_scatter(
            x=x, y=y, mode="lines", name=safe(name), connectgaps=False,
            line={"color": colour(i), "width": 2.4 * scale, "dash": DASHES[i % len(DASHES)]},
            hovertemplate=f"{safe(name)} %{{y:{number}}}<extra></extra>",
        )  # fmt: skip
    if at is not None:
        figure.add_vline(x=at, line={"color": shade["quiet"], "width": 1.2 * scale, "dash": "dot"})
        if here is None:
            here = [float(np.interp(at, x, np.asarray(y, float))) for _, y, _ in series]
        for value, (_, _, i) in zip(here, series, strict=True):
            figure.add_scatter(
                x=[at], y=[value], mode="markers", hoverinfo="skip",
                marker={"color": colour(i), "symbol": SYMBOLS[i % len(SYMBOLS)],
                        "size": 10 * scale, "line": {"color": shade["ground"], "width": scale}},
            )  # fmt: skip
    if below and low < 0:
        figure.add_hrect(y0=low, y1=0, fillcolor=glass(colour(4), 0.12), line_width=0)
    side = 0.015 * (x[-1] - x[0])  # so that a mark at the end is whole
    quiet = {"size": 12.5 * scale, "color": shade["quiet"]}
    axis = {"showgrid": False, "zeroline": False, "fixedrange": True, "tickfont": quiet,
            "nticks": 6}  # fmt: skip
    figure.update_layout(
        xaxis={**axis, "showline": True, "linecolor": shade["line"],
               "title": {"text": x_title, "font": quiet, "standoff": 4 * scale},
               "tickformat": ".0%" if percent else "", "type": "log" if "x" in log else "linear",
               "range": [float(v) for v in (np.log10([x[0], x[-1]]) if "x" in log else
                                            (x[0] - side, x[-1] + side))]},
        yaxis={**axis, "showgrid": True, "gridcolor": shade["line"],
               "zeroline": low < 0 < high, "zerolinecolor": shade["quiet"],
               "title": {"text": y_title, "font": quiet, "standoff": 4 * scale},
               "type": "log" if "y" in log else "linear",
               "range": list(np.log10([low, high])) if "y" in log else [low, high]},
    )  # fmt: skip
    if "x" in log:
        figure.update_xaxes(dtick=1)
    longest = max(len(short(name)) for name, _, _ in series)
    margin = {"l": 58, "r": 14 + 7.4 * (longest + 2), "t": 10, "b": 44}
    figure.update_layout(margin={side: value * scale for side, value in margin.items()})
    _end_labels(figure, series, (low, high), "y" in log, scale, height - 54, shade)
    return figure


def _padded(values: np.ndarray, log: bool) -> tuple[float, float]:
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if log:
        return low / 1.15, high * 1.15
    pad = 0.06 * max(high - low, 1e-9)
    return low - pad, high + pad


def _end_labels(figure, series, span, log, scale, pixels, shade) -> None:
    """Names at the ends of curves, moved apart where they would overlap."""
    low, high = np.log(span) if log else span
    ends = []
    for name, y, i in series:
        known = np.asarray(y, float)
        known = known[np.isfinite(known)]
        if len(known):
            end = np.log(known[-1]) if log else known[-1]
            ends.append([float((end - low) / (high - low)), name, i])
    ends.sort()
    gap = 17 / pixels
    for k in range(1, len(ends)):
        ends[k][0] = max(ends[k][0], ends[k - 1][0] + gap)
    over = ends[-1][0] - 1 if ends else 0
    for k in range(len(ends) - 1, -1, -1):
        if over > 0:
            limit = 1 if k == len(ends) - 1 else ends[k + 1][0] - gap
            ends[k][0] = min(ends[k][0], limit)
    for y, name, i in ends:
        if not name:
            continue
        figure.add_annotation(
            x=1, xref="paper", y=y, yref="paper", xanchor="left", yanchor="middle", xshift=5,
            showarrow=False, font={"size": 13 * scale, "color": shade["text"]},
            text=f"<span style='color:{colour(i)}'>●</span> {safe(short(name))}",
        )  # fmt: skip


def duel_circle(
    names: Sequence[str],
    duels: np.ndarray,
    notes: Sequence[str],
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 250,
) -> go.Figure:
    """Candidates in a circle, an arrow from the winner of each duel to the loser, its share of the
    comparisons beside it, and a note at each candidate.

    Args:
        duels: P(a ≻ b) ``[candidates, candidates]``.
        notes: what to write beside each candidate ``[candidates]``; may hold ``<br>``.
    """
    shade = ink(dark)
    figure = blank(dark, scale, height * scale)
    m = len(names)
    turn = np.pi / 2 - 2 * np.pi * np.arange(m) / m
    at = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    for a in range(m):
        for b in range(a + 1, m):
            lead = duels[a, b] - 0.5
            winner, loser = (a, b) if lead >= 0 else (b, a)
            tied = abs(lead) < 1e-9
            step = at[loser] - at[winner]
            tail, head = at[winner] + 0.17 * step, at[winner] + 0.83 * step
            figure.add_annotation(
                x=head[0], y=head[1], ax=tail[0], ay=tail[1], xref="x", yref="y", axref="x",
                ayref="y", showarrow=True, text="", arrowhead=0 if tied else 2, arrowsize=1,
                arrowwidth=(1.5 + 6 * abs(lead)) * scale,
                arrowcolor=shade["quiet"] if tied else colour(winner),
            )  # fmt: skip
            middle = (at[a] + at[b]) / 2
            outward = middle if np.linalg.norm(middle) > 0.05 else np.array([0.0, 0.3])
            where = middle + 0.24 * outward / np.linalg.norm(outward)
            figure.add_annotation(
                x=where[0], y=where[1], showarrow=False,
                text=f"{max(duels[a, b], duels[b, a]):.0%}",
                font={"size": 13.5 * scale, "color": shade["text"]},
            )  # fmt: skip
    figure.add_scatter(
        x=at[:, 0], y=at[:, 1], mode="markers+text", text=[f"<b>{safe(n)}</b>" for n in names],
        textfont={"size": 16 * scale, "color": shade["text"]},
        hovertext=[safe(n) for n in names], hoverinfo="skip",
        marker={"size": 32 * scale, "color": shade["ground"],
                "line": {"color": [colour(i) for i in range(m)], "width": 3 * scale}},
    )  # fmt: skip
    for i in range(m):
        side = 0 if abs(at[i, 0]) < 0.1 else np.sign(at[i, 0])
        figure.add_annotation(
            x=at[i, 0], y=at[i, 1], text=notes[i], showarrow=False,
            align="right" if side < 0 else "left", xanchor="right" if side < 0 else "left",
            xshift=(-24 if side < 0 else 24) * scale,
            font={"size": 13.5 * scale, "color": shade["text"]},
        )  # fmt: skip
    clear("xaxis", figure, range=[-2.4, 2.4])
    clear("yaxis", figure, range=[-0.85, 1.25], scaleanchor="x")
    return figure


def blind_duels(
    names: Sequence[str],
    duels: np.ndarray,
    served: np.ndarray,
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 250,
) -> go.Figure:
    """Two populations whose duels are the same ``duels [candidates, candidates]``, drawn once, and
    the shares of raters served in neither, one or both respects ``served [2, 3]``, where they
    differ."""
    shade = ink(dark)
    figure = blank(dark, scale, height * scale)
    m = len(names)
    shown = np.where(np.eye(m, dtype=bool), np.nan, duels)
    low = glass(colour(0), 0.06)
    figure.add_heatmap(
        z=shown, x=list(range(m)), y=list(range(m)), zmin=0, zmax=1, showscale=False, xgap=2,
        ygap=2, colorscale=[[0, low], [1, glass(colour(0), 0.62)]], hoverongaps=False,
        text=[[f"{p:.3g}" if np.isfinite(p) else "" for p in row] for row in shown],
        texttemplate="%{text}", textfont={"size": 13 * scale, "color": shade["text"]},
        hovertemplate="%{text}<extra></extra>",
    )  # fmt: skip
    kinds = ["neither", "one", "both"]
    for i, label in enumerate(("first population", "second population")):
        figure.add_bar(
            x=kinds, y=served[i], xaxis="x2", yaxis="y2", name=label,
            text=[f"{v:.0%}" if v else "" for v in served[i]], textposition="outside",
            cliponaxis=False, constraintext="none", textangle=0,
            textfont={"size": 12.5 * scale, "color": shade["text"]},
            marker={"color": [shade["line"], colour(0)][i],
                    "line": {"color": shade["quiet"], "width": [1.2 * scale, 0][i]}},
            hovertemplate=f"{label}: %{{y:.0%}} of raters<extra></extra>",
        )  # fmt: skip
    quiet = {"size": 13 * scale, "color": shade["quiet"]}
    ticks = {"tickvals": list(range(m)), "ticktext": [safe(n) for n in names], "tickfont": quiet}
    title = {"font": quiet, "standoff": 4 * scale}
    clear("xaxis", figure, domain=[0.0, 0.44], side="top", showticklabels=True, **ticks)
    clear("yaxis", figure, autorange="reversed", showticklabels=True, **ticks)
    clear("xaxis2", figure, domain=[0.54, 1], anchor="y2", showticklabels=True, tickfont=quiet,
          title={**title, "text": "said by a rater of a ≻ b, c ≻ d"})  # fmt: skip
    clear("yaxis2", figure, anchor="x2", range=[0, 1.12])
    figure.update_layout(
        barmode="group", bargap=0.25, bargroupgap=0.08, showlegend=True,
        legend={"x": 0.5, "y": 1.14, "yanchor": "bottom", "orientation": "h", "font": quiet},
        margin={"l": 22 * scale, "r": 8, "t": 46 * scale, "b": 42 * scale},
    )  # fmt: skip
    return figure


def plane(
    points: np.ndarray,
    names: Sequence[str],
    theta: np.ndarray,
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 300,
) -> go.Figure:
    """Alternatives ``points [alternatives, 2]``, the direction in which a linear reward rises, and
    its contour through the third of them."""
    shade = ink(dark)
    figure = blank(dark, scale, height * scale)
    way = theta / max(float(np.linalg.norm(theta)), 1e-12)
    along = np.array([-way[1], way[0]])
    level = points[2] + np.outer([-4, 4], along)
    figure.add_scatter(
        x=level[:, 0], y=level[:, 1], mode="lines", hoverinfo="skip",
        line={"color": shade["quiet"], "width": 1.4 * scale, "dash": "dot"},
    )  # fmt: skip
    head = points[2] + 0.7 * way
    figure.add_annotation(
        x=head[0], y=head[1], ax=points[2, 0], ay=points[2, 1], axref="x", ayref="y",
        showarrow=True, text="", arrowhead=2, arrowwidth=2.4 * scale, arrowcolor=colour(4),
    )  # fmt: skip
    figure.add_annotation(
        x=head[0], y=head[1], text="reward", showarrow=False, yshift=13 * scale,
        font={"size": 12.5 * scale, "color": shade["quiet"]},
    )  # fmt: skip
    for i, (x, y) in enumerate(points):
        primed = i >= 3
        figure.add_scatter(
            x=[x], y=[y], mode="markers", hoverinfo="skip",
            marker={"size": 11 * scale, "color": colour(i % 3),
                    "symbol": SYMBOLS[i % 3] + ("-open" if primed else ""),
                    "line": {"width": 2 * scale}},
        )  # fmt: skip
        figure.add_annotation(
            x=x, y=y, text=safe(names[i]), showarrow=False, xshift=(-12 if primed else 12) * scale,
            yshift=12 * scale, font={"size": 14 * scale, "color": shade["text"]},
        )  # fmt: skip
    quiet = {"size": 12.5 * scale, "color": shade["quiet"]}
    grid = {"showgrid": True, "gridcolor": shade["line"], "showticklabels": True,
            "tickfont": quiet, "dtick": 1, "zeroline": True,
            "zerolinecolor": shade["quiet"]}  # fmt: skip
    clear("xaxis", figure, range=[-0.9, 2.6], **grid)
    clear("yaxis", figure, range=[-0.45, 1.6], scaleanchor="x", **grid)
    figure.update_layout(margin={"l": 24 * scale, "r": 8, "t": 8, "b": 28 * scale})
    return figure
