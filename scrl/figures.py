"""Results as plotly figures. The one place that knows colours.

Every function takes plain data of the result file (``report.to_dict``, ``report.latent_map``) and
``dark`` and ``scale`` (of type and marks; presenter mode enlarges it), and returns a figure with a
transparent ground. A rater type, and likewise a completion, keeps by its position one colour,
symbol and dash on every page: the colours are Okabe and Ito's, which hold for colour-blind
readers, and where one is too pale for its ground the symbol, the dash or a label says the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go

#: Okabe–Ito: blue, green, purple, sky, vermillion, orange, yellow, grey for black.
COLOURS = (
    "#0072B2", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#E69F00", "#F0E442", "#7A7A7A",
)  # fmt: skip
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "star", "cross", "triangle-down", "x")
DASHES = ("solid", "dash", "dot", "dashdot", "solid", "longdash", "longdashdot", "dot")
FONT = "'Source Sans', 'Source Sans Pro', 'Helvetica Neue', Arial, sans-serif"
#: A chart of orders draws this many completions at the most.
MOST_LINES = 24


LIGHT = {"text": "#1D2733", "quiet": "#5C6875", "line": "#DCE1E6", "ground": "#FFFFFF"}
DARK = {"text": "#E8EAED", "quiet": "#A3ABB5", "line": "#38404A", "ground": "#14181D"}


def colour(position: int) -> str:
    """Of the rater type, or the completion, at this position."""
    return COLOURS[position % len(COLOURS)]


def ink(dark: bool) -> dict[str, str]:
    """Text, quiet text, hairlines and ground of the two themes."""
    return DARK if dark else LIGHT


def _figure(dark: bool, scale: float, height: float, **layout) -> go.Figure:
    shade = ink(dark)
    figure = go.Figure()
    figure.update_layout(
        template="none",
        height=round(height),
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": FONT, "size": 14 * scale, "color": shade["text"]},
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        showlegend=False,
        hoverlabel={
            "bgcolor": shade["ground"], "bordercolor": shade["line"],
            "font": {"family": FONT, "size": 13 * scale, "color": shade["text"]},
        },
        dragmode=False,
    )  # fmt: skip
    figure.update_layout(**layout)
    return figure


def _clear(axis: str, figure: go.Figure, **settings) -> None:
    figure.update_layout(
        {axis: {"showgrid": False, "zeroline": False, "showticklabels": False, "showline": False,
                "ticks": "", "fixedrange": True, **settings}}
    )  # fmt: skip


# -- orders ---------------------------------------------------------------------------------------


def places(order: Sequence[Sequence[str]]) -> dict[str, float]:
    """Each name's place, 1 = best, ties at the mean of the places they fill."""
    place, first = {}, 1
    for tied in order:
        place.update(dict.fromkeys(tied, first + (len(tied) - 1) / 2))
        first += len(tied)
    return place


def ordinals(order: Sequence[Sequence[str]]) -> dict[str, str]:
    """Each name's place as a reader writes it: ``"2"``, and ``"2="`` where it is shared."""
    text, first = {}, 1
    for tied in order:
        text.update(dict.fromkeys(tied, f"{first}=" if len(tied) > 1 else f"{first}"))
        first += len(tied)
    return text


def _heights(order: Sequence[Sequence[str]]) -> dict[str, float]:
    """Where each name is drawn: at its place, those tied a little apart so that each is seen."""
    at = places(order)
    for tied in order:
        for i, name in enumerate(tied):
            at[name] += 0.7 * (i - (len(tied) - 1) / 2)
    return at


def order_bumps(
    columns: Sequence[tuple[str, Sequence[Sequence[str]] | None]],
    names: Sequence[str],
    highlight: str | None = None,
    *,
    dark: bool = False,
    scale: float = 1.0,
    pitch: float | None = None,
) -> go.Figure:
    """Orders side by side, one line a completion, from place to place.

    Args:
        columns: title and order, best first; None keeps a place for an order not yet known.
        names: all completions in the order of the file, which gives them their colours; of more
            than ``MOST_LINES`` those best in the first column are drawn.
        highlight: the completion to follow; the others are drawn quietly.
        pitch: pixels from place to place at the most; less where there are many.
    """
    shade = ink(dark)
    known = [(x, order) for x, (_, order) in enumerate(columns) if order is not None]
    best = [name for tied in known[0][1] for name in tied][:MOST_LINES] if known else []
    drawn = [name for name in names if name in set(best)]
    lowest = max((max(_heights(order)[n] for n in drawn) for _, order in known), default=1)
    rows = max(round(lowest), len(drawn))
    usual = 60 if len(drawn) <= 6 else 40 if len(drawn) <= 12 else 28
    pitch = min(pitch or usual, usual) * (1 + scale) / 2
    figure = _figure(dark, scale, 70 * scale + pitch * rows)
    radius = min(13.0, pitch / scale / 2.6) * (1 if len(drawn) <= 12 else 0.85)
    # The followed completion last, so that it lies on top.
    for name in sorted(drawn, key=lambda n: n == highlight):
        strong = highlight is None or name == highlight
        _bump(figure, name, names, known, strong, highlight, radius, shade, scale)
    _column_titles(figure, columns, shade, scale, rows, radius)
    longest = max((len(_short(n)) for n in drawn), default=0)
    # A column still to come leaves room for short labels before it.
    inner = known and known[-1][0] < len(columns) - 1 and (scale > 1 or longest > 12)
    _end_labels(figure, drawn, known, highlight, shade, scale, ends=1 if inner else 2)
    pad = max(0.16, 0.07 * len(columns))
    _clear("xaxis", figure, range=[-pad, len(columns) - 1 + pad])
    _clear("yaxis", figure, range=[rows + 0.5, 0.5])
    side = (24 + 7.6 * longest) * scale
    figure.update_layout(margin={"l": side, "r": side, "t": 60 * scale, "b": 4})
    return figure


def _bump(figure, name, names, known, strong, highlight, radius, shade, scale) -> None:
    position = list(names).index(name)
    tone = colour(position)
    xs, ys = [], []
    for (x0, a), (x1, b) in pairwise(known):
        t = np.linspace(0, 1, 25)
        ease = t * t * (3 - 2 * t)
        y0, y1 = _heights(a)[name], _heights(b)[name]
        xs += [*(x0 + (x1 - x0) * t), None]
        ys += [*(y0 + (y1 - y0) * ease), None]
    width = (6 if name == highlight else 3 if strong else 2) * scale
    quiet = 0.8 if shade is DARK else 0.5
    dash = "solid" if name == highlight else DASHES[position % len(DASHES)]
    figure.add_scatter(
        x=xs, y=ys, mode="lines", name=name, hoverinfo="skip", opacity=1 if strong else quiet,
        line={"color": tone, "width": width, "dash": dash},
    )  # fmt: skip
    ordinal = [ordinals(order)[name] for _, order in known]
    filled = name == highlight
    figure.add_scatter(
        x=[x for x, _ in known], y=[_heights(order)[name] for _, order in known],
        mode="markers+text", name=name, text=ordinal, cliponaxis=False,
        textfont={
            "color": "#FFFFFF" if filled else shade["text"],
            "size": (12.5 if radius > 11 else 10) * scale, "weight": 700 if filled else 400,
        },
        marker={
            "size": radius * 2 * scale, "symbol": "circle", "opacity": 1,
            "color": tone if filled else shade["ground"],
            "line": {"color": tone, "width": (2 if strong else 1.6) * scale},
        },
        hovertemplate=[f"{_safe(name)}: place {o}<extra></extra>" for o in ordinal],
    )  # fmt: skip


def _column_titles(figure, columns, shade, scale, rows, radius) -> None:
    for x, (title, order) in enumerate(columns):
        figure.add_annotation(
            x=x, y=1, yref="paper", yanchor="bottom", yshift=12 * scale, showarrow=False,
            text=f"<b>{_wrapped(title)}</b>",
            font={"size": (15 if len(columns) <= 4 else 13) * scale, "color": shade["text"]},
        )  # fmt: skip
        if order is None:
            figure.add_scatter(
                x=[x] * rows, y=list(range(1, rows + 1)), mode="markers+text", hoverinfo="skip",
                text="?", textfont={"color": shade["quiet"], "size": 13 * scale},
                marker={"size": radius * 2 * scale, "color": shade["ground"],
                        "line": {"color": shade["line"], "width": 1.6 * scale}},
            )  # fmt: skip


def _end_labels(figure, drawn, known, highlight, shade, scale, ends) -> None:
    sides = ((known[0], "right", -22), (known[-1], "left", 22)) if known else ()
    for (x, order), anchor, shift in sides[:ends]:
        at = _heights(order)
        for name in drawn:
            strong = highlight is None or name == highlight
            figure.add_annotation(
                x=x, y=at[name], xanchor=anchor, xshift=shift * scale, showarrow=False,
                text=f"<b>{_safe(_short(name))}</b>" if name == highlight else _safe(_short(name)),
                font={"size": 14.5 * scale, "color": shade["text" if strong else "quiet"]},
            )  # fmt: skip


def _short(name: str, most: int = 22) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def _wrapped(title: str) -> str:
    """A column's title on two lines where it has a joint."""
    return _safe(title).replace("–", "–<br>", 1).replace(" ", "<br>", 1)


def _safe(text: str) -> str:
    """Text that plotly shows as it is: names come from files, and ``<`` begins its markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


# -- raters ---------------------------------------------------------------------------------------


def latent_map(
    payload: Mapping, *, dark: bool = False, scale: float = 1.0, height: float = 330
) -> go.Figure:
    """Raters on the principal plane of their latents: colour and symbol say the type, open marks
    those who left the completion of ``marked_label`` out. Raters at one point, who said the same,
    are packed around it, so that each is seen. Drawn as SVG."""
    shade = ink(dark)
    figure = _figure(dark, scale, height * (1 + scale) / 2)
    x, y = np.asarray(payload["x"], float), np.asarray(payload["y"], float)
    kind, marked = np.asarray(payload["type"], int), np.asarray(payload["marked"], bool)
    types = list(payload["types"])
    x, y = _packed(x, y, marked, height)
    for k in np.unique(kind):
        name = types[k] if 0 <= k < len(types) else "raters"
        tone = colour(k) if k >= 0 else shade["quiet"]
        symbol = SYMBOLS[max(k, 0) % len(SYMBOLS)]
        for full in (False, True):
            some = (kind == k) & (marked == full)
            if some.any():
                note = payload["marked_label"] if full else payload["unmarked_label"]
                figure.add_scatter(
                    x=x[some], y=y[some], mode="markers", name=f"{name}, {note}" if note else name,
                    marker={
                        "color": tone, "symbol": symbol if full else f"{symbol}-open",
                        "size": 6.5 * scale, "opacity": 0.85,
                        "line": {"width": 1.4 * scale if not full else 0, "color": tone},
                    },
                    hovertemplate=_safe(f"{name} rater" + (f", {note}" if note else ""))
                    + "<extra></extra>",
                )  # fmt: skip
    apart = _apart(x, y, kind)
    if apart:
        _cluster_labels(figure, x, y, kind, types, shade, scale)
    _mark_key(figure, payload, shade, scale)
    quiet = {"size": 13 * scale, "color": shade["quiet"]}
    figure.update_layout(
        showlegend=not apart and bool(types),
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1, "yanchor": "bottom",
                "font": quiet},
    )  # fmt: skip
    explained = [*payload.get("explained", ()), 0, 0]
    span = {"showline": True, "linecolor": shade["line"], "linewidth": 1}
    for axis, values, share, word in (
        ("xaxis", x, explained[0], "first"), ("yaxis", y, explained[1], "second"),
    ):  # fmt: skip
        low, high = (values.min(), values.max()) if len(values) else (0.0, 1.0)
        pad = max(high - low, 1e-3) * 0.14
        percent = f" · {share:.0%} of the variance" if share else ""
        _clear(axis, figure, range=[low - pad, high + pad], **span)
        figure.update_layout(
            {axis: {"title": {"text": f"{word} principal component{percent}", "standoff": 6,
                              "font": {"size": 12 * scale, "color": shade["quiet"]}}}}
        )  # fmt: skip
    top = 34 if payload["marked_label"] or not apart else 8
    figure.update_layout(margin={"l": 26 * scale, "r": 8, "t": top * scale, "b": 28 * scale})
    return figure


def _apart(x: np.ndarray, y: np.ndarray, kind: np.ndarray) -> bool:
    """Whether the types stand apart, so that a label beside each says which is which."""
    kinds = np.unique(kind[kind >= 0])
    points = np.stack([x, y], 1)
    middles = np.array([np.median(points[kind == k], axis=0) for k in kinds]).reshape(-1, 2)
    gaps = np.linalg.norm(middles[:, None] - middles[None], axis=-1)[np.triu_indices(len(kinds), 1)]
    spread = [points[kind == k].std(axis=0).mean() for k in kinds]
    return not len(gaps) or gaps.min() > 2 * np.mean(spread)


def _packed(x, y, marked, height: float) -> tuple[np.ndarray, np.ndarray]:
    """Points moved off each other: those at one place onto a sunflower spiral around it, the
    marked ones inside."""
    if not len(x):
        return x, y
    wide, high = max(np.ptp(x), 1e-3), max(np.ptp(y), 1e-3)
    cell = np.round(np.stack([x, y]) / max(wide, high) * 400).astype(int)
    _, inverse, count = np.unique(cell, axis=1, return_inverse=True, return_counts=True)
    inverse = inverse.ravel()
    order = np.lexsort([~marked, inverse])
    turn = np.empty(len(x))
    turn[order] = np.arange(len(x)) - np.repeat(np.cumsum(count) - count, count)
    radius, angle = np.sqrt(turn) * (count[inverse] > 2), turn * np.pi * (3 - np.sqrt(5))
    step = 4.2 / height  # pixels
    return (
        x + step * 0.7 * wide * radius * np.cos(angle),
        y + step * high * radius * np.sin(angle),
    )


def _cluster_labels(figure, x, y, kind, types, shade, scale) -> None:
    if not len(x):
        return
    middle = (y.min() + y.max()) / 2
    for k in np.unique(kind[kind >= 0]):
        mine = kind == k
        cx, cy = np.median(x[mine]), np.median(y[mine])
        up = cy <= middle
        edge = np.quantile(y[mine], 0.88 if up else 0.12)
        figure.add_annotation(
            x=cx, y=edge, yshift=(18 if up else -18) * scale, showarrow=False,
            text=f"<b>{_safe(_short(types[k]))}</b>",
            font={"size": 13.5 * scale, "color": shade["text"]},
            bgcolor=_glass(shade["ground"]), borderpad=1,
        )  # fmt: skip


def _mark_key(figure, payload, shade, scale) -> None:
    """What full and open marks mean, above the plot."""
    if payload["marked_label"]:
        figure.add_annotation(
            x=0, y=1, xref="paper", yref="paper", xanchor="left", yanchor="bottom",
            yshift=8 * scale, showarrow=False, font={"size": 13 * scale, "color": shade["quiet"]},
            text=f"● {_safe(payload['marked_label'])}    ○ {_safe(payload['unmarked_label'])}",
        )  # fmt: skip


def _glass(hex_colour: str, alpha: float = 0.72) -> str:
    r, g, b = (int(hex_colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({r},{g},{b},{alpha})"


# -- training and numbers -------------------------------------------------------------------------


def loss_curves(
    curves: Mapping[str, tuple], *, dark: bool = False, scale: float = 1.0, height: float = 280
) -> go.Figure:
    """What a fit reports against its steps: ``curves`` is name -> (steps, values)."""
    shade = ink(dark)
    figure = _figure(dark, scale, height * scale)
    for i, (name, (steps, values)) in enumerate(curves.items()):
        steps, values = np.asarray(steps, float), np.asarray(values, float)
        if not len(steps):
            continue
        figure.add_scatter(
            x=steps, y=values, mode="lines", name=name,
            line={"color": colour(i), "width": 2.2 * scale, "dash": DASHES[i % len(DASHES)]},
            hovertemplate=_safe(name) + " %{y:.3f} at step %{x}<extra></extra>",
        )  # fmt: skip
        figure.add_annotation(
            x=steps[-1], y=values[-1], xanchor="left", xshift=6, showarrow=False,
            text=_safe(name), font={"size": 12.5 * scale, "color": shade["text"]},
        )  # fmt: skip
    axis = {"showgrid": False, "zeroline": False, "showline": True, "linecolor": shade["line"],
            "tickfont": {"size": 12 * scale, "color": shade["quiet"]}, "fixedrange": True,
            "nticks": 5}  # fmt: skip
    title = {"text": "step", "font": {"size": 12 * scale, "color": shade["quiet"]}, "standoff": 4}
    figure.update_layout(
        xaxis={**axis, "title": title},
        yaxis={**axis, "showgrid": True, "gridcolor": shade["line"], "showline": False},
    )
    longest = max((len(name) for name in curves), default=0)
    figure.update_layout(
        margin={"l": 40 * scale, "r": (16 + 7 * longest) * scale, "t": 10, "b": 40 * scale}
    )
    return figure


def score_dots(
    names: Sequence[str],
    series: Sequence[tuple[str, Mapping[str, float]]],
    unit: str,
    highlight: str | None = None,
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """Several scores of each completion on one axis, a row a completion, best of the first on top.

    Args:
        series: name and scores by completion, in one unit; each has a symbol of its own.
    """
    shade = ink(dark)
    first = series[0][1]
    rows = sorted(names, key=lambda n: first[n])[-MOST_LINES:]
    figure = _figure(dark, scale, (70 + 34 * len(rows)) * scale)
    symbols = ("line-ns-open", "circle", "diamond-open", "square-open", "x-open")
    for i, (label, scores) in enumerate(series):
        figure.add_scatter(
            x=[scores[n] for n in rows], y=list(range(len(rows))), mode="markers", name=label,
            marker={
                "symbol": symbols[i % len(symbols)], "size": (20 if i == 0 else 11) * scale,
                "color": shade["text"] if i == 0 else [colour(list(names).index(n)) for n in rows],
                "line": {"width": 2 * scale},
            },
            hovertemplate=[f"{_safe(n)}, {_safe(label)}: %{{x:.3f}}<extra></extra>" for n in rows],
        )  # fmt: skip
    values = [v for _, scores in series for v in scores.values()]
    low, high = min(values), max(values)
    pad = max(high - low, 1e-6) * 0.06
    ticks = [f"<b>{_safe(_short(n))}</b>" if n == highlight else _safe(_short(n)) for n in rows]
    quiet = {"size": 12.5 * scale, "color": shade["quiet"]}
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "font": quiet},
        xaxis={"title": {"text": unit, "font": quiet, "standoff": 4}, "tickfont": quiet,
               "range": [low - pad, high + pad], "showgrid": True, "gridcolor": shade["line"],
               "zeroline": low < 0 < high, "zerolinecolor": shade["quiet"], "fixedrange": True},
        yaxis={"tickvals": list(range(len(rows))), "ticktext": ticks, "showgrid": True,
               "gridcolor": shade["line"], "zeroline": False, "fixedrange": True,
               "tickfont": {"size": 13.5 * scale}, "range": [-0.6, len(rows) - 0.4]},
    )  # fmt: skip
    side = 18 + 7.6 * max(len(_short(n)) for n in rows)
    figure.update_layout(margin={"l": side * scale, "r": 12, "t": 30 * scale, "b": 40 * scale})
    return figure
