"""Distortion: Borda points beside utilities, worst and typical cases, witnesses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import (
    COLUMN_WIDTH,
    base_figure,
    colour,
    escape_html,
    hover,
    label_rows,
    label_width,
    short_labels,
    show_axis,
    with_alpha,
)
from scrl.figures.template import Theme
from scrl.figures.tiles import MAX_NAMED


def borda_points_and_utilities(
    names: Sequence[str],
    points: np.ndarray,
    means: np.ndarray,
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 300,
) -> go.Figure:
    """Borda points and mean utility of each candidate ``[candidates]``, the best of each in bold.

    Args:
        points: Borda points a voter.
        means: mean utilities.
    """
    theme, m, short = Theme(dark, scale), len(names), short_labels(names, 18)
    figure = base_figure(theme, height * scale)
    reach = float(np.abs(means).max())
    panels = (("", "average Borda points", points, 0.0, 1.42 * (m - 1)),
              ("2", "average utility", means, -1.75 * reach, 1.75 * reach))  # fmt: skip
    for number, title, values, low, high in panels:
        is_best = values >= values.max() - 1e-9
        figure.add_bar(
            x=values, y=list(range(m)), orientation="h", xaxis=f"x{number}", yaxis="y",
            text=[f"<b>{v:.4f}</b>" if top else f"{v:.4f}"
                  for v, top in zip(values, is_best, strict=True)],
            textposition="outside", cliponaxis=False, constraintext="none",
            textfont=theme.font(13),
            marker={"color": [colour(i) if top else with_alpha(colour(i), 0.5)
                              for i, top in enumerate(is_best)], "line": {"width": 0}},
            hovertemplate=[hover(f"{escape_html(n)}: %{{x:.4f}}") for n in names],
        )  # fmt: skip
        figure.add_annotation(
            x=0, xref=f"x{number} domain", y=1, yref="paper", yanchor="bottom", xanchor="left",
            text=title, yshift=4, font=theme.font(14),
        )  # fmt: skip
        figure.update_layout({f"xaxis{number}": {"range": [low, high], "zeroline": True}})
    label_rows(figure, [f"<b>{escape_html(n)}</b>" for n in short], theme, size=15,
               range=[m - 0.4, -0.6])  # fmt: skip
    figure.update_layout(
        xaxis_domain=[0.0, 0.46], xaxis2_domain=[0.54, 1.0], bargap=0.35,
        margin={"l": label_width(short, theme, 15), "r": 8, "t": 32 * scale, "b": 8},
    )  # fmt: skip
    return figure


def borda_threshold(
    dummies: np.ndarray,
    shares: np.ndarray,
    selected: tuple[int, float],
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 300,
) -> go.Figure:
    """The share of type 1 from which Borda elects its favourite, by the number of dummies.

    Args:
        dummies: numbers of dummy candidates ``[sizes]``.
        shares: the threshold for each ``[sizes]``.
        selected: (dummies, share) of the star.
    """
    theme, top = Theme(dark, scale), 0.5
    figure = base_figure(theme, height * scale)
    figure.add_scatter(
        x=dummies, y=[top] * len(dummies), mode="lines", line={"width": 0}, hoverinfo="skip"
    )
    figure.add_scatter(
        x=dummies, y=shares, mode="lines+markers", fill="tonexty",
        fillcolor=with_alpha(colour(0), 0.14), line={"color": theme.muted, "width": 2 * scale},
        marker={"size": 6 * scale, "color": theme.muted},
        hovertemplate=hover("%{x} candidates in between: A wins from %{y:.2%}"),
    )  # fmt: skip
    figure.add_scatter(
        x=[selected[0]], y=[min(selected[1], top)], mode="markers", hoverinfo="skip",
        marker={"size": 14 * scale, "symbol": "star", "color": colour(4),
                "line": {"color": theme.background, "width": scale}},
    )  # fmt: skip
    middle = (dummies[0] + dummies[-1]) / 2
    for y, text in ((0.41, "Borda elects A"), (0.035, "Borda elects the last one")):
        figure.add_annotation(x=middle, y=y, text=text, font=theme.font(13.5))
    show_axis(figure, "xaxis", "candidates between A and the last", line=True, dtick=1,
              range=[dummies[0] - 0.3, dummies[-1] + 0.3])  # fmt: skip
    show_axis(figure, "yaxis", "share who hardly care", grid=True, range=[0, top], tickformat=".0%")
    figure.update_layout(margin={"l": 56 * scale, "r": 8, "t": 10, "b": 42 * scale})
    return figure


def worst_and_typical_distortion(
    labels: Sequence[str],
    typical: np.ndarray,
    unit_sum: np.ndarray,
    metric: np.ndarray | None,
    selected: int = -1,
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """Distortion of each outcome on logarithmic axes; unbounded values stand at the right edge.

    Args:
        labels: of the outcomes.
        typical: distortion in random draws ``[outcomes, draws]``: median and middle 90 %.
        unit_sum: worst case with unit-sum utilities ``[outcomes]``, infinite where unbounded.
        metric: worst case in a metric space ``[outcomes]``, in a panel beside; None for none.
        selected: the outcome in bold.
    """
    theme, n = Theme(dark, scale), len(labels)
    row_height = 32 if scale == 1 else 25
    figure = base_figure(theme, (94 + max(row_height * n, 96)) * scale, showlegend=True)
    _add_typical(figure, labels, typical, theme)
    panels = [("", unit_sum, "times better<br>(utilities)", [0.0, 0.5])]
    if metric is not None:
        panels.append(("2", metric, "times better<br>(distances)", [0.6, 0.96]))
    top = max(3.0, np.quantile(typical, 0.95, axis=1).max())
    for number, worst, title, domain in panels:
        end = 1.5 * max(worst[np.isfinite(worst)].max(initial=1.0), top)
        _add_worst(figure, labels, worst, end, number, theme)
        show_axis(figure, f"xaxis{number}", title, grid=True, type="log", anchor="y",
                  range=[-0.02, float(np.log10(end * 1.06))], domain=domain,
                  tickangle=0, tickvals=_log_ticks(end))  # fmt: skip
    lines = [_two_lines(label) for label in labels]
    names = ["<br>".join(map(escape_html, parts)) for parts in lines]
    names = [f"<b>{text}</b>" if k == selected else text for k, text in enumerate(names)]
    size = 12 if max(map(len, lines)) > 1 else 13.5
    label_rows(figure, names, theme, size=size, range=[n - 0.4, -0.6])
    figure.update_layout(
        legend_y=1.0,
        margin={"l": label_width([line for parts in lines for line in parts], theme, size),
                "r": 12 * scale, "t": 34 * scale,
                "b": 60 * scale},
    )  # fmt: skip
    return figure


def _two_lines(label: str) -> list[str]:
    """A long label broken before its parenthesis."""
    winner, opened, rules = label.partition(" (")
    return [winner, f"({rules}"] if opened and len(label) > 22 else [label]


def _log_ticks(end: float) -> list[float]:
    """Ticks of a logarithmic axis from 1 to ``end``, few enough for a narrow panel."""
    if end < 6:
        return [1, 1.5, 2, 3, 5]
    return [1, 2, 5, 10, 20] if end < 40 else [1, 10, 100, 1_000, 10_000]


def _add_typical(
    figure: go.Figure, labels: Sequence[str], typical: np.ndarray, theme: Theme
) -> None:
    """The middle 90 % of each row as a bar, and its median."""
    low, middle, high = np.quantile(typical, [0.05, 0.5, 0.95], axis=1)
    for k in range(len(labels)):
        figure.add_scatter(
            x=[low[k], high[k]], y=[k, k], mode="lines", hoverinfo="skip", showlegend=k == 0,
            name="typical: median and middle 90 %",
            line={"color": with_alpha(colour(3), 0.6), "width": 9 * theme.scale},
        )  # fmt: skip
    figure.add_scatter(
        x=middle, y=list(range(len(labels))), mode="markers", showlegend=False,
        marker={"symbol": "line-ns-open", "size": 15 * theme.scale, "color": theme.text,
                "line": {"width": 2.4 * theme.scale}},
        hovertemplate=[hover(f"{escape_html(t)}: median %{{x:.3f}}") for t in labels],
    )  # fmt: skip


def _add_worst(
    figure: go.Figure,
    labels: Sequence[str],
    worst: np.ndarray,
    end: float,
    number: str,
    theme: Theme,
) -> None:
    """A diamond for each worst case; unbounded ones are triangles at ``end``."""
    infinite = ~np.isfinite(worst)
    figure.add_scatter(
        x=np.where(infinite, end, worst), y=list(range(len(labels))), xaxis=f"x{number}",
        mode="markers+text", name="worst case", showlegend=not number,
        text=["∞" if far else f"{v:.2f}" for far, v in zip(infinite, worst, strict=True)],
        textposition="middle right", cliponaxis=False, textfont=theme.font(13),
        marker={"symbol": ["triangle-right" if far else "diamond" for far in infinite],
                "size": 11 * theme.scale, "color": colour(4)},
        hovertemplate=[hover(f"{escape_html(t)}: {'unbounded' if far else '%{x:.3f}'}")
                       for t, far in zip(labels, infinite, strict=True)],
    )  # fmt: skip


def _cell_text(value: float, narrow: bool) -> str:
    """A number in a cell; narrow cells leave out zeros."""
    if narrow and value < 0.005:
        return ""
    return f"{value:.2f}".replace("0.", ".", 1) if 0 < value < 0.995 else f"{value:.3g}"


def witness_heatmap(
    names: Sequence[str],
    ballots: Sequence[str],
    values: np.ndarray,
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """Utility or distance of every candidate on every ballot ``[ballots, candidates]``.

    Args:
        names: of the candidates.
        ballots: labels of the rows; a row of means may be among them.
        values: the greater the darker.
    """
    theme, (n, m) = Theme(dark, scale), values.shape
    figure = base_figure(theme, (40 + 30 * n) * scale)
    left = short_labels(ballots, 18)
    side = label_width(left, theme, 12.5)
    cell = (COLUMN_WIDTH - side - 8) / m
    narrow = cell < 28 * scale
    figure.add_heatmap(
        z=values, x=list(range(m)), y=list(range(n)), showscale=False, xgap=2, ygap=2, zmin=0,
        colorscale=[[0, with_alpha(colour(0), 0.05)], [1, with_alpha(colour(0), 0.6)]],
        text=[[_cell_text(v, narrow) for v in row] for row in values],
        texttemplate="%{text}" if cell > 13 * scale else None,
        textfont=theme.font(9.5 if narrow else 13), hovertemplate=hover("%{z:.4f}"),
    )  # fmt: skip
    letters = int(cell / (6.8 * scale))
    upright = max(map(len, names)) > letters
    if upright and m > MAX_NAMED:  # as in tiles
        upright, above = False, [f"{i}" for i in range(1, m + 1)]
    else:
        above = short_labels(names, 14 if upright else letters)
    show_axis(figure, "xaxis", side="top", automargin=True, tickvals=list(range(m)),
              tickangle=-90 if upright else 0, ticktext=[escape_html(n) for n in above],
              )  # fmt: skip
    label_rows(figure, [escape_html(b) for b in left], theme, tickfont=theme.muted_font())
    figure.update_layout(margin={"l": side, "r": 8, "t": 28 * scale, "b": 4})
    return figure
