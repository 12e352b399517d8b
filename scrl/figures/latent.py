"""Pictures of a latent space: points with a density under them, and the numbers beside them."""

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
    truncate,
    with_alpha,
)


def _marker(group: Mapping, shade: Mapping, scale: float, three: bool) -> dict:
    kind = group.get("type", -1)
    tone = colour(kind) if kind >= 0 else shade["quiet"]
    symbol = SYMBOLS[group.get("symbol", max(kind, 0)) % len(SYMBOLS)]
    if three:  # of the symbols, few exist in three dimensions
        symbol = symbol if symbol in ("circle", "square", "diamond", "cross", "x") else "circle"
    hollow = group.get("open", False)
    return {
        "color": tone, "symbol": f"{symbol}-open" if hollow else symbol,
        "size": group.get("size", 7) * scale * (0.6 if three else 1),
        "opacity": group.get("opacity", 0.85),
        "line": {"width": 1.4 * scale if hollow else 0, "color": tone},
    }  # fmt: skip


def latent_points(
    groups: Sequence[Mapping],
    labels: Sequence[tuple[str, np.ndarray, np.ndarray]] = (),
    density: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
    axes: Sequence[str] = ("", ""),
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 460,
) -> go.Figure:
    """Points in two or three dimensions, drawn group by group (two as SVG).

    Args:
        groups: each ``{"name", "points" [n, 2 or 3]}`` and, where wanted, ``"type"`` (says the
            colour), ``"symbol"``, ``"open"``, ``"size"``, ``"opacity"``, ``"text"`` (of each
            point, on hover), ``"hidden"`` (from the legend).
        labels: names, each over one place ``[2 or 3]`` or, if that is freer, under another.
        density: ``x [n]``, ``y [m]``, ``z [m, n]`` of the contours under the points.
        axes: what they show.
    """
    shade = theme_colours(dark)
    three = any(np.shape(g["points"])[-1] == 3 for g in groups)
    figure = base_figure(dark, scale, height * (1 + scale) / 2, showlegend=True)
    if density is not None and not three:
        _contours(figure, density, shade)
    for group in groups:
        points = np.asarray(group["points"], float)
        text = [escape_html(str(t)) for t in group.get("text", [group["name"]] * len(points))]
        common = {
            "mode": "markers", "name": escape_html(group["name"]), "text": text,
            "showlegend": not group.get("hidden", False),
            "marker": _marker(group, shade, scale, three),
            "hovertemplate": "%{text}<extra></extra>",
        }  # fmt: skip
        if three:
            figure.add_scatter3d(x=points[:, 0], y=points[:, 1], z=points[:, 2], **common)
        else:
            figure.add_scatter(x=points[:, 0], y=points[:, 1], **common)
    font = {"size": 13.5 * scale, "color": shade["text"]}
    quiet = {"size": 12 * scale, "color": shade["quiet"]}
    if three:
        bare = {
            "showticklabels": False, "showbackground": False, "gridcolor": shade["line"],
            "zerolinecolor": shade["line"],
        }  # fmt: skip
        titles = dict(zip(("xaxis", "yaxis", "zaxis"), [*axes, ""][:3], strict=False))
        figure.update_layout(
            scene={a: {"title": {"text": t, "font": quiet}, **bare} for a, t in titles.items()},
            dragmode="orbit",
        )
        if labels:
            at = np.array([place for _, place, _ in labels])
            figure.add_scatter3d(
                x=at[:, 0],
                y=at[:, 1],
                z=at[:, 2],
                mode="text",
                showlegend=False,
                textfont=font,
                text=[f"<b>{escape_html(truncate(name))}</b>" for name, _, _ in labels],
                hoverinfo="skip",
            )
    else:
        every = np.concatenate([np.asarray(g["points"], float).reshape(-1, 2) for g in groups])
        _labels(figure, labels, every, shade, font, scale)
        for axis, column, title in zip(("xaxis", "yaxis"), every.T, axes, strict=False):
            low, high = (column.min(), column.max()) if len(column) else (0.0, 1.0)
            pad = max(high - low, 1e-2) * 0.14
            set_axis(axis, figure, range=[low - pad, high + pad], showline=True,
                  linecolor=shade["line"],
                  title={"text": title, "font": quiet, "standoff": 6})  # fmt: skip
    figure.update_layout(
        legend={"orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom", "font": quiet,
                "itemclick": False, "itemdoubleclick": False},
        margin={"l": 28 * scale, "r": 8, "t": 62 * scale, "b": 30 * scale},
    )  # fmt: skip
    return figure


#: About how large a map is drawn, in pixels: what a label covers is judged by it.
_WIDE, _HIGH = 560.0, 330.0


def _labels(figure, labels, every: np.ndarray, shade, font, scale: float) -> None:
    """Each name on that side of what it names where it covers fewer points and no other name."""
    low, span = every.min(axis=0), np.maximum(np.ptp(every, axis=0), 1e-2) * 1.28
    pixels = np.array([_WIDE, _HIGH * scale]) / span
    points, taken = (every - low) * pixels, []
    for name, over, under in labels:
        half = np.array([0.5 * font["size"] * 0.6 * len(truncate(name)) + 3, 0.75 * font["size"]])
        best = None
        for place, shift in ((over, 22 * scale), (under, -22 * scale)):
            at = (np.asarray(place, float) - low) * pixels + (0, shift)
            covered = (np.abs(points - at) < half).all(axis=1).sum()
            covered += 1000 * sum((np.abs(at - other) < half + size).all() for other, size in taken)
            if best is None or covered < best[0]:
                best = (covered, place, shift, at)
        _, place, shift, at = best
        taken.append((at, half))
        figure.add_annotation(
            x=float(place[0]),
            y=float(place[1]),
            yshift=shift,
            showarrow=False,
            font=font,
            text=f"<b>{escape_html(truncate(name))}</b>",
            bgcolor=with_alpha(shade["ground"]),
            borderpad=1,
        )


def _contours(figure, density, shade) -> None:
    """Lines that hold 50, 80 and 95 % of the voters: a density of clusters has no round levels."""
    x, y, z = density
    order = np.sort(z.ravel())[::-1]
    held = np.cumsum(order) / max(order.sum(), 1e-12)
    for share, width in ((0.5, 2.0), (0.8, 1.4), (0.95, 0.9)):
        level = float(order[min(np.searchsorted(held, share), len(order) - 1)])
        figure.add_contour(
            x=x, y=y, z=z, showscale=False, hoverinfo="skip", showlegend=False,
            contours={"type": "constraint", "operation": "=", "value": level},
            line={"color": shade["quiet"], "width": width},
        )  # fmt: skip


def _plain_axes(figure, shade, scale, x: str, y: str, **ranges) -> None:
    quiet = {"size": 12.5 * scale, "color": shade["quiet"]}
    for axis, title in (("xaxis", x), ("yaxis", y)):
        figure.update_layout(
            {axis: {"title": {"text": title, "font": quiet, "standoff": 8}, "fixedrange": True,
                    "gridcolor": shade["line"], "zeroline": False, "automargin": True,
                    "linecolor": shade["line"], **ranges.get(axis, {})}}
        )  # fmt: skip
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": quiet},
        margin={"l": 8, "r": 8, "t": 40 * scale, "b": 8},
    )


def grouped_bars(
    ticks: Sequence[str],
    series: Sequence[tuple[str, Sequence[float | None]]],
    x: str,
    y: str,
    *,
    percent: bool = True,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 320,
) -> go.Figure:
    """Bars side by side for each tick, with their numbers over them; the first series is full, a
    second outlined: what the best possible would be."""
    shade = theme_colours(dark)
    figure = base_figure(dark, scale, height * (1 + scale) / 2)
    crowded = len(ticks) * len(series) > 6  # numbers then stand side by side

    def number(v: float) -> str:
        if percent:
            return f"{100 * v:.0f}" if crowded else f"{v:.0%}"
        return f"{v:.2f}" if not crowded else f"{v:.1f}" if v >= 0.05 else "0"

    for i, (name, values) in enumerate(series):
        hollow = i == 1
        figure.add_bar(
            x=[escape_html(t) for t in ticks], y=values, name=escape_html(name),
            text=["" if v is None else number(v) for v in values],
            textposition="outside",
            cliponaxis=False, textfont={"size": 12 * scale, "color": shade["text"]},
            marker={"color": "rgba(0,0,0,0)" if hollow else colour((0, 0, 4)[i % 3]),
                    "line": {"width": 1.6 * scale if hollow else 0,
                             "color": shade["quiet"] if hollow else shade["line"]}},
            hovertemplate=f"%{{x}}, {escape_html(name)}: %{{y:{'.1%' if percent else '.3f'}}}"
            "<extra></extra>",
        )  # fmt: skip
    known = [v for _, values in series for v in values if v is not None]
    top = 1.12 if percent else 1.15 * max([*known, 1e-3])
    bound = {"range": [0, top], "showticklabels": False, "showgrid": False}
    y = y or ("%" if crowded and percent else "")
    _plain_axes(
        figure, shade, scale, x, y, yaxis=bound, xaxis={"type": "category", "showgrid": False}
    )
    figure.update_layout(bargap=0.3, showlegend=len(series) > 1)
    return figure


def calibration_curves(
    series: Sequence[tuple[str, Sequence[Mapping]]],
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 360,
) -> go.Figure:
    """How often the likelier side was right against how likely it was said to be; the diagonal is
    perfect. The area of a mark says how many pairs it stands for."""
    shade = theme_colours(dark)
    figure = base_figure(dark, scale, height * (1 + scale) / 2)
    figure.add_scatter(
        x=[0.5, 1], y=[0.5, 1], mode="lines", name="as likely as said", hoverinfo="skip",
        line={"color": shade["quiet"], "width": 1.2 * scale, "dash": "dot"},
    )  # fmt: skip
    for i, (name, bins) in enumerate(series):
        hue = colour((0, 4)[i % 2])
        pairs = np.array([b["pairs"] for b in bins], float)
        figure.add_scatter(
            x=[b["predicted"] for b in bins],
            y=[b["observed"] for b in bins],
            mode="lines+markers",
            name=escape_html(name),
            customdata=pairs,
            line={"color": hue, "width": 1.6 * scale},
            marker={
                "color": hue,
                "symbol": SYMBOLS[i],
                "size": (6 + 14 * np.sqrt(pairs / max(pairs.max(), 1))) * scale,
            },
            hovertemplate=escape_html(name)
            + ": said %{x:.0%}, held %{y:.0%}, %{customdata:,} pairs"
            "<extra></extra>",
        )
    _plain_axes(
        figure, shade, scale, "probability given to the likelier side", "share that was right",
        xaxis={"range": [0.48, 1.03], "tickformat": ".0%"},
        yaxis={"range": [0, 1.08], "tickformat": ".0%"},
    )  # fmt: skip
    return figure


def pairwise_probabilities(
    names: Sequence[str],
    above: np.ndarray,
    marked: tuple[int, int] | None = None,
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """P(row above column) as a grid of numbers, rows and columns in the order given; ``marked`` is
    the pair whose answer would teach most."""
    shade, m = theme_colours(dark), len(names)
    cell = (46 if m <= 8 else 30) * scale
    figure = base_figure(dark, scale, cell * m + 90 * scale)
    z = np.where(np.eye(m, dtype=bool), np.nan, np.asarray(above, float))
    figure.add_heatmap(
        z=z,
        x=list(range(m)),
        y=list(range(m)),
        zmin=0,
        zmax=1,
        showscale=False,
        xgap=2,
        ygap=2,
        colorscale=[[0, colour(4)], [0.5, shade["ground"]], [1, colour(0)]],
        hovertemplate="%{text}<extra></extra>",
        text=[
            [
                f"{escape_html(a)} above {escape_html(b)}: {z[i, j]:.0%}" if i != j else ""
                for j, b in enumerate(names)
            ]
            for i, a in enumerate(names)
        ],
    )
    if m <= 12:
        for i in range(m):
            for j in range(m):
                if i != j:
                    strong = abs(z[i, j] - 0.5) > 0.3
                    figure.add_annotation(
                        x=j, y=i, text=f"{z[i, j]:.0%}", showarrow=False,
                        font={"size": 12 * scale, "color": "#FFFFFF" if strong else shade["text"]},
                    )  # fmt: skip
    if marked is not None:
        for i, j in (marked, marked[::-1]):
            figure.add_shape(
                type="rect", x0=j - 0.5, x1=j + 0.5, y0=i - 0.5, y1=i + 0.5,
                line={"color": shade["text"], "width": 2.5 * scale},
            )  # fmt: skip
    ticks = {"tickvals": list(range(m)), "ticktext": [escape_html(truncate(n, 14)) for n in names]}
    for axis, more in (("xaxis", {"side": "top"}), ("yaxis", {"autorange": "reversed"})):
        figure.update_layout(
            {axis: {**ticks, **more, "fixedrange": True, "showgrid": False, "zeroline": False,
                    "automargin": True, "ticks": ""}}
        )  # fmt: skip
    return figure
