"""Misreports: utilities before and after, how often they pay, and how many take part."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import (
    base_figure,
    colour,
    dash,
    escape_html,
    hover,
    label,
    label_rows,
    label_width,
    short_labels,
    show_axis,
)
from scrl.figures.template import Theme

#: Pixels a row.
ROW_HEIGHT = 21
#: Font size of the rules' names.
_NAME_SIZE = 12.5


def misreport_utilities(
    rows: Sequence[dict],
    misreporters: str,
    highlight: str = "",
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """Mean utilities with honest ballots (open) and with a misreport (filled) by rule.

    Args:
        rows: from the top, each with ``title``, the utilities ``misreporters`` and ``others``
            (before, after), and ``note``; ``others`` is None where there are none.
        misreporters: who misreports, for the title of the left panel.
        highlight: the title in bold.
    """
    theme = Theme(dark, scale)
    figure = base_figure(theme, (76 + ROW_HEIGHT * len(rows)) * scale, showlegend=True)
    who = label(misreporters, 30)
    _add_changes(figure, rows, "misreporters", "", colour(4), theme)
    _add_changes(figure, rows, "others", "2", colour(0), theme)
    show_axis(figure, "xaxis", f"average utility: {who}", grid=True, nticks=6, domain=[0, 0.47])
    show_axis(figure, "xaxis2", "average utility: all others", grid=True, nticks=6,
              domain=[0.53, 1], anchor="y")  # fmt: skip
    label_rows(figure, _bold_one([row["title"] for row in rows], highlight), theme,
               size=_NAME_SIZE, grid=True, range=[len(rows) - 0.3, -0.7])  # fmt: skip
    side = label_width([row["title"] for row in rows], theme, _NAME_SIZE)
    figure.update_layout(
        legend_y=1.0, margin={"l": side, "r": 12, "t": 30 * scale, "b": 42 * scale}
    )
    return figure


def _add_changes(
    figure: go.Figure, rows: Sequence[dict], key: str, number: str, tone: str, theme: Theme
) -> None:
    """The utilities of one group of voters before and after, in panel ``number``."""
    axes = {"xaxis": f"x{number}", "yaxis": "y"}
    known = [(y, row) for y, row in enumerate(rows) if row[key] is not None]
    same = [(y, r) for y, r in known if abs(r[key][1] - r[key][0]) < 1e-6]
    moved = [(y, r) for y, r in known if abs(r[key][1] - r[key][0]) >= 1e-6]
    for y, row in moved:
        figure.add_scatter(
            x=list(row[key]), y=[y, y], mode="lines", hoverinfo="skip", showlegend=False, **axes,
            line={"color": tone, "width": 2.4 * theme.scale},
        )  # fmt: skip
    for marks, side, name, shape, mark_tone in (
        (same, 0, "same", "line-ns-open", theme.muted),
        (moved, 0, "honest", "circle-open", tone),
        (moved, 1, "lie", "circle", tone),
    ):
        figure.add_scatter(
            x=[row[key][side] for _, row in marks], y=[y for y, _ in marks], mode="markers",
            name=name, showlegend=not number, legendgroup=name, **axes,
            marker={"symbol": shape, "size": 10 * theme.scale, "color": mark_tone,
                    "line": {"width": 2 * theme.scale}},
            hovertemplate=[hover(f"{escape_html(row['title'])}, {name}: %{{x:.3f}}<br>"
                                 f"{escape_html(row['note'])}") for _, row in marks],
        )  # fmt: skip


def _bold_one(titles: Sequence[str], highlight: str) -> list[str]:
    """The titles escaped, the highlighted one in bold."""
    return [f"<b>{escape_html(t)}</b>" if t == highlight else escape_html(t) for t in titles]


def rates_by_rule(
    rows: Sequence[tuple[str, float, float]],
    unit: str,
    highlight: str = "",
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """A share for each rule, largest on top.

    Args:
        rows: title, share and its standard error (0 where exact); bars of two standard errors.
        unit: title of the axis.
        highlight: the title in bold, with a bar of another colour.
    """
    theme = Theme(dark, scale)
    rows = sorted(rows, key=lambda row: -row[1])
    figure = base_figure(theme, (56 + ROW_HEIGHT * len(rows)) * scale)
    titles = [title for title, _, _ in rows]
    figure.add_bar(
        x=[share for _, share, _ in rows], y=list(range(len(rows))), orientation="h",
        marker={"color": [colour(4) if t == highlight else colour(0) for t in titles]},
        error_x={"array": [2 * error for *_, error in rows], "color": theme.muted,
                 "thickness": 1.2 * scale, "width": 3 * scale,
                 "visible": any(error != 0 for *_, error in rows)},
        hovertemplate=[hover(f"{escape_html(t)}: %{{x:.1%}}") for t in titles],
    )  # fmt: skip
    for y, (_, share, error) in enumerate(rows):
        figure.add_annotation(
            x=share + 2 * error, y=y, text=f"{share:.1%}", xanchor="left", xshift=5 * scale,
            font=theme.font(12),
        )  # fmt: skip
    top = max([share + 2 * error for _, share, error in rows] + [0.05])
    show_axis(figure, "xaxis", unit, grid=True, range=[0, top * 1.14], tickformat=".0%")
    label_rows(figure, _bold_one(titles, highlight), theme, size=_NAME_SIZE)
    side = label_width(titles, theme, _NAME_SIZE)
    figure.update_layout(bargap=0.45, margin={"l": side, "r": 12, "t": 8, "b": 42 * scale})
    return figure


def scores_by_misreport_share(
    names: Sequence[str],
    shares: np.ndarray,
    scores: np.ndarray,
    selected: float,
    unit: str,
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 380,
) -> go.Figure:
    """Scores of the candidates against the share of voters who misreport.

    Args:
        names: of the candidates.
        shares: 0 to 1 ``[steps]``.
        scores: ``[steps, candidates]``.
        selected: the share of the vertical line, where the winner is marked.
        unit: title of the scores.
    """
    theme = Theme(dark, scale)
    figure = base_figure(theme, height * scale)
    for i, name in enumerate(names):
        figure.add_scatter(
            x=shares, y=scores[:, i], mode="lines", name=name,
            line={"color": colour(i), "width": 2.6 * scale, "dash": dash(i)},
            hovertemplate=hover(f"{escape_html(name)} %{{y:.2f}} where %{{x:.0%}} lie"),
        )  # fmt: skip
    # Names at the right end are pushed apart where lines end together.
    short = short_labels(names, 14)
    gap = 0.07 * max(float(np.ptp(scores)), 1e-9)
    y = -np.inf
    for i in map(int, np.argsort(scores[-1], kind="stable")):
        y = max(y + gap, float(scores[-1, i]))
        figure.add_annotation(
            x=1, y=y, xanchor="left", xshift=8, text=escape_html(short[i]), font=theme.font(13.5)
        )
    here = int(np.argmin(np.abs(np.asarray(shares) - selected)))
    figure.add_vline(x=float(shares[here]), line={"color": theme.muted, "width": 1.2})
    winner = int(np.argmax(scores[here]))
    figure.add_scatter(
        x=[shares[here]], y=[scores[here, winner]], mode="markers", hoverinfo="skip",
        marker={"size": 13 * scale, "color": colour(winner),
                "line": {"width": 2 * scale, "color": theme.text}},
    )  # fmt: skip
    show_axis(figure, "xaxis", "share of both camps who lie", tickformat=".0%", range=[0, 1])
    show_axis(figure, "yaxis", unit, grid=True, nticks=5)
    longest = max(map(len, short))
    figure.update_layout(
        margin={"l": 52 * scale, "r": (20 + 8 * longest) * scale, "t": 10, "b": 42 * scale}
    )
    return figure


def gain_by_coalition_size(
    voters: np.ndarray,
    gain: np.ndarray,
    selected: float,
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 150,
) -> go.Figure:
    """Gain of a misreporting coalition by its size.

    Args:
        voters: sizes ``[sizes]``.
        gain: in mean utility, same shape.
        selected: the size of the vertical line.
    """
    theme = Theme(dark, scale)
    figure = base_figure(theme, height * scale)
    figure.add_scatter(
        x=np.append(0.0, voters), y=np.append(0.0, gain), mode="lines+markers",
        line={"color": colour(4), "width": 2.2 * scale, "shape": "hv"},
        marker={"size": 5 * scale}, hovertemplate=hover("%{x:.4g} voters gain %{y:.3f}"),
    )  # fmt: skip
    figure.add_vline(x=selected, line={"color": theme.muted, "width": 1.2})
    show_axis(figure, "xaxis", "voters who lie", range=[0, float(voters[-1]) * 1.02])
    show_axis(figure, "yaxis", "gain", grid=True, nticks=4, rangemode="tozero")
    figure.update_layout(margin={"l": 50 * scale, "r": 12, "t": 8, "b": 36 * scale})
    return figure
