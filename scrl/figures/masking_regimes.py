"""The masking regimes side by side: results, latent maps and loss curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import (
    STATIC_LEGEND,
    base_figure,
    colour,
    escape_html,
    hover,
    label_rows,
    label_width,
    show_axis,
    symbol,
    with_alpha,
)
from scrl.figures.template import Theme

#: Position of the colour of results that are predicted to be worse.
WORSE = 4
#: Characters of a title from which on it takes two lines.
MAX_TITLE = 10


def _panel_axes(figure: go.Figure, i: int, count: int, gap: float = 0.025) -> str:
    """Lays out the axes of the i-th of ``count`` panels in a row; returns their number."""
    width = (1 - gap * (count - 1)) / count
    start = i * (width + gap)
    number = "" if i == 0 else str(i + 1)
    figure.update_layout(
        {f"xaxis{number}": {"domain": [start, start + width], "anchor": f"y{number}"},
         f"yaxis{number}": {"anchor": f"x{number}"}}
    )  # fmt: skip
    return number


def _add_panel_title(
    figure: go.Figure, number: str, title: str, theme: Theme, note: str = "", narrow: bool = True
) -> None:
    """The title above a panel; ``note`` follows on lines of its own."""
    lines = [title]
    if narrow and len(title) > MAX_TITLE:  # a phone has no room for it in one line
        spaces = [i for i, letter in enumerate(title) if letter == " "] or [len(title)]
        middle = min(spaces, key=lambda i: abs(i - len(title) / 2))
        lines = [title[:middle], title[middle + 1 :]]
    text = "<br>".join(f"<b>{escape_html(line)}</b>" for line in lines if line)
    for line in note.split("\n") if note else ():
        text += f"<br><span style='color:{theme.muted}'>{escape_html(line)}</span>"
    figure.add_annotation(
        x=0, xref=f"x{number} domain", y=1, yref=f"y{number} domain", xanchor="left",
        yanchor="bottom", yshift=4, align="left", text=text,
    )  # fmt: skip


def regime_results(
    titles: Sequence[str],
    panels: Sequence[Mapping],
    unit: str,
    *,
    percent: bool = False,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """Results of each regime, a small mark for each seed and a large one for their mean.

    Args:
        titles: of the regimes; the others are compared with the last one.
        panels: each with ``title``, ``values [regimes, seeds]``, ``predicted_worse`` (rows whose
            mean is predicted to be worse) and ``oracle`` (the value of perfect knowledge, or None).
        unit: of the values, named in the titles of the panels.
        percent: whether values are shares.
    """
    theme, rows = Theme(dark, scale), len(titles)
    figure = base_figure(theme, (146 + 34 * rows) * scale, showlegend=True)
    form = "{:.1%}" if percent else "{:.2f}"
    for i, panel in enumerate(panels):
        number = _panel_axes(figure, i, len(panels), 0.05)
        values = np.asarray(panel["values"], float)
        lines = ((values[-1].mean(), f"mean of ‘{titles[-1]}’", "dot"),
                 (panel["oracle"], "perfect knowledge", "solid"))  # fmt: skip
        _add_reference_lines(figure, number, lines, rows, theme)
        _add_results(figure, number, titles, values, panel["predicted_worse"], form, theme)
        known = np.append(values, [] if panel["oracle"] is None else panel["oracle"])
        low, high = (known.min(), known.max()) if percent else (0.0, known.max())
        pad = max(high - low, 1e-3) * 0.08
        show_axis(figure, f"xaxis{number}", grid=True, nticks=6,
                  range=[low - pad, high + 4 * pad],
                  tickformat=(".1%" if high - low < 0.05 else ".0%") if percent else None,
                  )  # fmt: skip
        label_rows(figure, [escape_html(t) for t in titles], theme, axis=f"yaxis{number}",
                   range=[rows - 0.4, -0.7], showticklabels=i == 0)  # fmt: skip
        title = f"{panel['title']}, {unit}"
        _add_panel_title(figure, number, title, theme, narrow=len(panels) > 1)
    figure.update_layout(
        legend={"y": 0, "yref": "container", "yanchor": "bottom"},
        margin={"l": label_width(titles, theme), "r": 14, "t": 42 * scale, "b": 112 * scale},
    )
    return figure


def _add_reference_lines(
    figure: go.Figure,
    number: str,
    lines: Sequence[tuple[float | None, str, str]],
    rows: int,
    theme: Theme,
) -> None:
    """Vertical lines (value, name, dash); each name is in the legend once."""
    listed = {trace.name for trace in figure.data}
    for value, name, style in lines:
        if value is not None:
            figure.add_scatter(
                x=[value, value], y=[-0.6, rows - 0.4], xaxis=f"x{number}", yaxis=f"y{number}",
                mode="lines", name=escape_html(name), legendgroup=name, hoverinfo="skip",
                showlegend=escape_html(name) not in listed,
                line={"color": theme.muted, "width": 1.4 * theme.scale, "dash": style},
            )  # fmt: skip


def _add_results(
    figure: go.Figure,
    number: str,
    titles: Sequence[str],
    values: np.ndarray,
    worse: Sequence[int],
    form: str,
    theme: Theme,
) -> None:
    """Seeds and means of one panel, ``values [regimes, seeds]``, the means as text too."""
    axes, mean = {"xaxis": f"x{number}", "yaxis": f"y{number}"}, values.mean(1)
    rows = range(len(titles))
    figure.add_scatter(
        x=values.ravel(), y=np.repeat(rows, values.shape[1]), **axes, mode="markers",
        name="a seed", legendgroup="seed", showlegend=not number, hovertemplate=hover("%{x:.3f}"),
        marker={"symbol": "line-ns-open", "size": 11 * theme.scale, "color": theme.muted,
                "line": {"width": 1.2 * theme.scale}},
    )  # fmt: skip
    for is_worse in (False, True):
        own = [r for r in rows if (r in worse) == is_worse]
        figure.add_scatter(
            x=mean[own], y=own, **axes, mode="markers", legendgroup=f"{is_worse}",
            name="mean, predicted worse" if is_worse else "mean", showlegend=not number,
            cliponaxis=False,
            hovertemplate=[hover(f"{escape_html(titles[r])}: {form.format(mean[r])}")
                           for r in own],
            marker={"symbol": "diamond" if is_worse else "circle", "size": 12 * theme.scale,
                    "color": colour(WORSE) if is_worse else theme.text},
        )  # fmt: skip
    for row, value in enumerate(mean):
        figure.add_annotation(
            x=1, xref=f"x{number} domain", y=row, yref=f"y{number}", xanchor="right",
            text=form.format(value),
        )  # fmt: skip


def regime_latent_maps(
    titles: Sequence[str],
    notes: Sequence[str],
    maps: Sequence[Mapping],
    types: Sequence[str],
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 300,
    only: int | None = None,
) -> go.Figure:
    """A latent map for each regime, on the principal plane of its own latents.

    Large marks are raters embedded from whole ballots, small open ones raters with half of each
    ballot hidden.

    Args:
        titles, notes: of the regimes.
        maps: each with ``x``, ``y``, ``type`` and ``whole [raters]``.
        types: names of the rater types.
        only: the one panel to draw; None for all.
    """
    theme = Theme(dark, scale)
    figure = base_figure(theme, height * (1 + scale) / 2, showlegend=True)
    panels = list(zip(titles, notes, maps, strict=True))
    for i, (title, note, found) in enumerate(panels if only is None else [panels[only]]):
        number = _panel_axes(figure, i, len(panels) if only is None else 1)
        points = np.array([found["x"], found["y"]], float)
        rater_type, whole = np.asarray(found["type"], int), np.asarray(found["whole"], bool)
        for full in (False, True):
            for k in map(int, np.unique(rater_type)):
                own = (rater_type == k) & (whole == full)
                name = f"{types[k]}, " + ("whole" if full else "half hidden")
                figure.add_scatter(
                    x=points[0, own], y=points[1, own], xaxis=f"x{number}", yaxis=f"y{number}",
                    mode="markers", name=escape_html(types[k]), legendgroup=str(k),
                    showlegend=full and i == 0, hovertemplate=hover(escape_html(name)),
                    marker={
                        "color": colour(k), "symbol": symbol(k) if full else f"{symbol(k)}-open",
                        "size": (11 if full else 5.5) * scale, "opacity": 1 if full else 0.75,
                        "line": {"width": 1.2 * scale,
                                 "color": theme.background if full else colour(k)},
                    },
                )  # fmt: skip
        if only is not None:
            figure.update_yaxes(scaleanchor="x", scaleratio=1)
        half = 0.62 * max(float(np.ptp(points, axis=1).max()), 1e-2)  # of both, to one scale
        for axis, values in zip("xy", points, strict=True):
            middle = float(values.min() + values.max()) / 2
            show_axis(figure, f"{axis}axis{number}", line=True, mirror=True, showticklabels=False,
                      range=[middle - half, middle + half])  # fmt: skip
        _add_panel_title(figure, number, title, theme, note, narrow=only is None)
    figure.update_layout(
        legend={"y": -0.02, "yanchor": "top", **STATIC_LEGEND},
        margin={"l": 4, "r": 4, "t": 84 * scale, "b": 34 * scale},
    )
    return figure


def regime_loss_curves(
    titles: Sequence[str],
    curves: Sequence[Mapping[str, tuple]],
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 270,
    only: int | None = None,
) -> go.Figure:
    """Losses on hidden (solid) and visible (dashed) completions, a panel for each regime.

    Args:
        titles: of the regimes.
        curves: each ``hidden`` and ``visible`` -> (steps, mean, least, greatest), over seeds; the
            last two equal the mean where there is no band.
        only: the one panel to draw, with the ranges of all; None for all.
    """
    theme = Theme(dark, scale)
    figure = base_figure(theme, height * (1 + scale) / 2, showlegend=True)
    lines = [line for found in curves for line in found.values() if len(line[1])]
    top = max((float(np.max(line[1])) for line in lines), default=1.0)
    last = max((float(np.max(line[0])) for line in lines), default=1.0)
    panels = list(zip(titles, curves, strict=True))
    for i, (title, found) in enumerate(panels if only is None else [panels[only]]):
        number = _panel_axes(figure, i, len(panels) if only is None else 1)
        axes = {"xaxis": f"x{number}", "yaxis": f"y{number}"}
        for part, tone, style in (("hidden", theme.text, "solid"),
                                  ("visible", colour(WORSE), "dash")):  # fmt: skip
            steps, mean, low, high = found.get(part, ([], [], [], []))
            if len(steps) and np.max(np.subtract(high, low)) > 0:
                figure.add_scatter(
                    x=np.concatenate([steps, steps[::-1]]), y=np.concatenate([low, high[::-1]]),
                    **axes, fill="toself", fillcolor=with_alpha(tone, 0.18), mode="lines",
                    line={"width": 0}, hoverinfo="skip", showlegend=False,
                )  # fmt: skip
            figure.add_scatter(
                x=steps, y=mean, **axes, mode="lines", name=f"{part} answers",
                legendgroup=part, showlegend=i == 0,
                line={"color": tone, "width": 2.2 * scale, "dash": style},
                hovertemplate=hover(escape_html(f"{title}, {part}") + ": %{y:.2f} at step %{x}"),
            )  # fmt: skip
        show_axis(figure, f"xaxis{number}", "" if i else "step", line=True, range=[0, last],
                  tickangle=0, nticks=3, tick0=500 if last > 1000 else None,
                  dtick=1000 if last > 1000 else None)  # fmt: skip
        show_axis(figure, f"yaxis{number}", "" if i else "loss (nats)", grid=True,
                  showticklabels=i == 0, range=[0, 1.05 * top])  # fmt: skip
        _add_panel_title(figure, number, title, theme, narrow=only is None)
    figure.update_layout(
        legend={"y": 0, "yref": "container", "yanchor": "bottom"},
        margin={"l": 48 * scale, "r": 8, "t": 42 * scale, "b": 90 * scale},
    )
    return figure
