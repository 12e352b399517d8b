"""The five masking regimes side by side: what each ends with, its map, its losses as it learns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import (
    SYMBOLS,
    base_figure,
    colour,
    escape_html,
    set_axis,
    theme_colours,
    with_alpha,
)

#: Of the marks of what is predicted to go wrong.
WRONG = 4


def _column(figure: go.Figure, i: int, count: int, gap: float = 0.025) -> tuple[str, str]:
    """The i-th of ``count`` panels side by side: names of its axes, which are laid out."""
    width = (1 - gap * (count - 1)) / count
    start = i * (width + gap)
    number = "" if i == 0 else str(i + 1)
    figure.update_layout(
        {f"xaxis{number}": {"domain": [start, start + width], "anchor": f"y{number}"},
         f"yaxis{number}": {"anchor": f"x{number}"}}
    )  # fmt: skip
    return f"x{number}", f"y{number}"


def _axis(short: str) -> str:
    return f"{short[0]}axis{short[1:]}"


def _headline(figure, x: str, y: str, title: str, note: str, shade, scale: float) -> None:
    lines = (
        f"<br><span style='color:{shade['quiet']}'>{escape_html(n)}</span>"
        for n in note.split("\n")
    )
    text = f"<b>{escape_html(title)}</b>" + ("".join(lines) if note else "")
    figure.add_annotation(
        x=0, xref=f"{x} domain", y=1, yref=f"{y} domain", xanchor="left", yanchor="bottom",
        yshift=4, showarrow=False, align="left", text=text,
        font={"size": 13 * scale, "color": shade["text"]},
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
    """What each regime ends with: a row a regime, a small mark a seed, a large one their mean.

    Args:
        titles: of the regimes, the last one that the others are compared with.
        panels: each ``"title"``; ``"values"`` ``[regimes, seeds]``; ``"wrong"``: rows whose mean
            is predicted to be worse; ``"best"``: what perfect knowledge would give, or None.
    """
    shade = theme_colours(dark)
    rows = len(titles)
    figure = base_figure(dark, scale, (110 + 38 * rows) * scale, showlegend=True)
    style = "{:.1%}" if percent else "{:.2f}"
    quiet = {"size": 12.5 * scale, "color": shade["quiet"]}
    for i, panel in enumerate(panels):
        x, y = _column(figure, i, len(panels), 0.05)
        values = np.asarray(panel["values"], float)
        mean = values.mean(1)
        known = np.append(values, [] if panel["best"] is None else panel["best"])
        low, high = (known.min(), known.max()) if percent else (0.0, known.max())
        pad = max(high - low, 1e-3) * 0.08
        for value, name, dash in ((mean[-1], titles[-1].lower() + "’s mean", "dot"),
                                  (panel["best"], "perfect knowledge", "solid")):  # fmt: skip
            if value is not None:
                figure.add_scatter(
                    x=[value, value], y=[-0.6, rows - 0.4], xaxis=x, yaxis=y, mode="lines",
                    name=escape_html(name), legendgroup=name, showlegend=i == 0 or name not in {
                        trace.name for trace in figure.data}, hoverinfo="skip",
                    line={"color": shade["quiet"], "width": 1.4 * scale, "dash": dash},
                )  # fmt: skip
        figure.add_scatter(
            x=values.ravel(), y=np.repeat(np.arange(rows), values.shape[1]), xaxis=x, yaxis=y,
            mode="markers", name="a seed", legendgroup="seed", showlegend=i == 0,
            hovertemplate="%{x:.3f}<extra></extra>",
            marker={"symbol": "line-ns-open", "size": 11 * scale, "color": shade["quiet"],
                    "line": {"width": 1.2 * scale}},
        )  # fmt: skip
        for wrong in (False, True):
            mine = [r for r in range(rows) if (r in panel["wrong"]) == wrong]
            figure.add_scatter(
                x=mean[mine], y=mine, xaxis=x, yaxis=y, mode="markers", legendgroup=f"{wrong}",
                name="mean, predicted worse" if wrong else "mean",
                showlegend=i == 0, cliponaxis=False,
                hovertemplate=[f"{escape_html(titles[r])}: {style.format(mean[r])}<extra></extra>"
                               for r in mine],
                marker={"symbol": "diamond" if wrong else "circle", "size": 12 * scale,
                        "color": colour(WRONG) if wrong else shade["text"]},
            )  # fmt: skip
        for row, value in enumerate(mean):
            figure.add_annotation(
                x=1, xref=f"{x} domain", y=row, yref=y, xanchor="right", showarrow=False,
                text=style.format(value), font={"size": 13 * scale, "color": shade["text"]},
            )  # fmt: skip
        set_axis(_axis(x), figure, range=[low - pad, high + 4 * pad], showticklabels=True,
              tickfont=quiet, showgrid=True, gridcolor=shade["line"], nticks=6,
              tickformat=(".1%" if high - low < 0.05 else ".0%") if percent else None,
              title={"text": unit, "font": quiet, "standoff": 4})  # fmt: skip
        set_axis(_axis(y), figure, range=[rows - 0.4, -0.7], showticklabels=i == 0,
              tickvals=list(range(rows)), ticktext=[escape_html(t) for t in titles],
              tickfont={"size": 13.5 * scale, "color": shade["text"]})  # fmt: skip
        _headline(figure, x, y, panel["title"], "", shade, scale)
    side = 18 + 7.4 * max(map(len, titles))
    figure.update_layout(
        margin={"l": side * scale, "r": 14, "t": 66 * scale, "b": 42 * scale},
        legend={"orientation": "h", "x": 0, "y": 1.1, "yanchor": "bottom", "font": quiet},
    )
    return figure


def regime_latent_maps(
    titles: Sequence[str],
    notes: Sequence[str],
    maps: Sequence[Mapping],
    types: Sequence[str],
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 300,
) -> go.Figure:
    """A latent map a regime, each on the principal plane of its own latents: large marks are raters
    read whole, small open ones those of whom half of each ballot is hidden."""
    shade = theme_colours(dark)
    figure = base_figure(dark, scale, height * (1 + scale) / 2, showlegend=True)
    for i, (title, note, found) in enumerate(zip(titles, notes, maps, strict=True)):
        x, y = _column(figure, i, len(titles))
        at = np.array([found["x"], found["y"]], float)
        kind, whole = np.asarray(found["type"], int), np.asarray(found["whole"], bool)
        for full in (False, True):
            for k in np.unique(kind):
                some = (kind == k) & (whole == full)
                symbol = SYMBOLS[k % len(SYMBOLS)]
                name = f"{types[k]}, " + ("whole" if full else "half hidden")
                figure.add_scatter(
                    x=at[0, some], y=at[1, some], xaxis=x, yaxis=y, mode="markers",
                    name=escape_html(types[k]), legendgroup=str(k), showlegend=full and i == 0,
                    hovertemplate=escape_html(name) + "<extra></extra>",
                    marker={
                        "color": colour(k), "symbol": symbol if full else f"{symbol}-open",
                        "size": (11 if full else 5.5) * scale, "opacity": 1 if full else 0.75,
                        "line": {"width": 1.2 * scale, "color": shade["ground"] if full
                                 else colour(k)},
                    },
                )  # fmt: skip
        for axis, values in ((x, at[0]), (y, at[1])):
            pad = max(np.ptp(values), 1e-2) * 0.12
            set_axis(_axis(axis), figure, range=[values.min() - pad, values.max() + pad],
                  showline=True, mirror=True, linecolor=shade["line"])  # fmt: skip
        _headline(figure, x, y, title, note, shade, scale)
    quiet = {"size": 13 * scale, "color": shade["quiet"]}
    figure.update_layout(
        margin={"l": 4, "r": 4, "t": 66 * scale, "b": 34 * scale},
        legend={"orientation": "h", "x": 0, "y": -0.02, "yanchor": "top", "font": quiet,
                "itemclick": False, "itemdoubleclick": False},
    )  # fmt: skip
    return figure


def regime_loss_curves(
    titles: Sequence[str],
    curves: Sequence[Mapping[str, tuple]],
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 270,
) -> go.Figure:
    """Loss on what is hidden (full line) and on what is visible (dashed) against steps, a panel a
    regime; the band goes from the least seed to the most.

    Args:
        curves: each ``"hidden"`` and ``"visible"`` -> (steps, mean, least, most), the last two as
            the mean where there is no spread.
    """
    shade = theme_colours(dark)
    figure = base_figure(dark, scale, height * (1 + scale) / 2, showlegend=True)
    quiet = {"size": 12 * scale, "color": shade["quiet"]}
    lines = [line for found in curves for line in found.values() if len(line[1])]
    top = max((float(np.max(line[1])) for line in lines), default=1.0)
    last = max((float(np.max(line[0])) for line in lines), default=1.0)
    for i, (title, found) in enumerate(zip(titles, curves, strict=True)):
        x, y = _column(figure, i, len(titles))
        for kind, tone, dash in (("hidden", shade["text"], "solid"),
                                 ("visible", colour(WRONG), "dash")):  # fmt: skip
            steps, mean, least, most = found.get(kind, ([], [], [], []))
            if len(steps) and np.max(np.subtract(most, least)) > 0:
                figure.add_scatter(
                    x=np.concatenate([steps, steps[::-1]]), y=np.concatenate([least, most[::-1]]),
                    xaxis=x, yaxis=y, fill="toself", fillcolor=with_alpha(tone, 0.18), mode="lines",
                    line={"width": 0}, hoverinfo="skip", showlegend=False,
                )  # fmt: skip
            figure.add_scatter(
                x=steps,
                y=mean,
                xaxis=x,
                yaxis=y,
                mode="lines",
                name=f"{kind} completions",
                legendgroup=kind,
                showlegend=i == 0,
                line={"color": tone, "width": 2.2 * scale, "dash": dash},
                hovertemplate=escape_html(f"{title}, {kind}")
                + ": %{y:.2f} at step %{x}<extra></extra>",
            )
        set_axis(_axis(x), figure, range=[0, last], showticklabels=True, tickfont=quiet,
              **({"tick0": 500, "dtick": 1000} if last > 1000 else {"nticks": 3}),
              showline=True, linecolor=shade["line"], tickangle=0,
              title={"text": "step" if i == 0 else "", "font": quiet, "standoff": 2})  # fmt: skip
        set_axis(_axis(y), figure, range=[0, 1.05 * top], showticklabels=i == 0, tickfont=quiet,
              showgrid=True, gridcolor=shade["line"],
              title={"text": "nats a rater" if i == 0 else "", "font": quiet})  # fmt: skip
        _headline(figure, x, y, title, "", shade, scale)
    figure.update_layout(
        margin={"l": 48 * scale, "r": 8, "t": 56 * scale, "b": 40 * scale},
        legend={"orientation": "h", "x": 0, "y": 1.12, "yanchor": "bottom", "font": quiet},
    )
    return figure
