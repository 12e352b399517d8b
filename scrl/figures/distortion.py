"""Pictures of what a choice is worth: points beside means, worst beside usual, witnesses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from scrl.figures.base import (
    base_figure,
    colour,
    escape_html,
    set_axis,
    theme_colours,
    truncate,
    with_alpha,
)


def borda_points_and_utilities(
    names: Sequence[str],
    points: np.ndarray,
    means: np.ndarray,
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 300,
) -> go.Figure:
    """A row a candidate: its Borda points and its mean utility ``[candidates]``, the best of each
    in bold."""
    shade = theme_colours(dark)
    figure = base_figure(dark, scale, height * scale)
    m = len(names)
    rows = list(range(m))
    reach = float(np.abs(means).max())
    panels = (("x", "Borda points a voter", points, 0.0, 1.42 * (m - 1)),
              ("x2", "mean utility", means, -1.75 * reach, 1.75 * reach))  # fmt: skip
    for axis, title, values, low, high in panels:
        best = values >= values.max() - 1e-9
        text = [
            f"<b>{v:.4f}</b>" if top else f"{v:.4f}" for v, top in zip(values, best, strict=True)
        ]
        figure.add_bar(
            x=values, y=rows, orientation="h", xaxis=axis, yaxis="y", text=text,
            textposition="outside", cliponaxis=False, constraintext="none",
            textfont={"size": 13 * scale, "color": shade["text"]},
            marker={"color": [colour(i) if top else with_alpha(colour(i), 0.5)
                              for i, top in enumerate(best)], "line": {"width": 0}},
            hovertemplate=[f"{escape_html(n)}: %{{x:.4f}}<extra></extra>" for n in names],
        )  # fmt: skip
        figure.add_annotation(
            x=0, xref=f"{axis} domain", y=1, yref="paper", yanchor="bottom", xanchor="left",
            text=title, showarrow=False, yshift=4,
            font={"size": 14 * scale, "color": shade["text"]},
        )  # fmt: skip
        set_axis(f"{axis[0]}axis{axis[1:]}", figure, range=[low, high], zeroline=True,
              zerolinecolor=shade["quiet"])  # fmt: skip
    figure.update_layout(
        xaxis_domain=[0.0, 0.46], xaxis2_domain=[0.54, 1.0], bargap=0.35,
        margin={"l": 30 * scale, "r": 8, "t": 32 * scale, "b": 8},
    )  # fmt: skip
    set_axis("yaxis", figure, range=[m - 0.4, -0.6], showticklabels=True, tickvals=rows,
          ticktext=[f"<b>{escape_html(truncate(n))}</b>" for n in names],
          tickfont={"size": 15 * scale, "color": shade["text"]})  # fmt: skip
    return figure


def borda_threshold(
    dummies: np.ndarray,
    shares: np.ndarray,
    at: tuple[int, float],
    *,
    dark: bool = False,
    scale: float = 1.0,
    height: float = 300,
) -> go.Figure:
    """The share at which Borda turns to the tail's favourite, for each number of dummies
    ``[sizes]``, and where the reader stands ``(dummies, share)``."""
    shade = theme_colours(dark)
    figure = base_figure(dark, scale, height * scale)
    top = 0.5
    figure.add_scatter(
        x=dummies, y=[top] * len(dummies), mode="lines", line={"width": 0}, hoverinfo="skip"
    )
    figure.add_scatter(
        x=dummies, y=shares, mode="lines+markers", fill="tonexty",
        fillcolor=with_alpha(colour(0), 0.14), line={"color": shade["quiet"], "width": 2 * scale},
        marker={"size": 6 * scale, "color": shade["quiet"]},
        hovertemplate="%{x} dummies: A from %{y:.2%}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=[at[0]], y=[min(at[1], top)], mode="markers", hoverinfo="skip",
        marker={"size": 14 * scale, "symbol": "star", "color": colour(4),
                "line": {"color": shade["ground"], "width": scale}},
    )  # fmt: skip
    middle = (dummies[0] + dummies[-1]) / 2
    for y, text in ((0.41, "Borda elects A"), (0.035, "Borda elects the last")):
        figure.add_annotation(
            x=middle, y=y, text=text, showarrow=False,
            font={"size": 13.5 * scale, "color": shade["text"]},
        )  # fmt: skip
    quiet = {"size": 12.5 * scale, "color": shade["quiet"]}
    set_axis("xaxis", figure, range=[dummies[0] - 0.3, dummies[-1] + 0.3], showticklabels=True,
          tickfont=quiet, dtick=1, showline=True, linecolor=shade["line"],
          title={"text": "dummies between A and the last", "font": quiet,
                 "standoff": 4 * scale})  # fmt: skip
    set_axis("yaxis", figure, range=[0, top], showticklabels=True, tickfont=quiet, tickformat=".0%",
          showgrid=True, gridcolor=shade["line"],
          title={"text": "share of type 1", "font": quiet, "standoff": 4 * scale})  # fmt: skip
    figure.update_layout(margin={"l": 56 * scale, "r": 8, "t": 10, "b": 42 * scale})
    return figure


def worst_and_typical_distortion(
    labels: Sequence[str],
    usual: np.ndarray,
    unit_sum: np.ndarray,
    metric: np.ndarray | None,
    chosen: int = -1,
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """A row an outcome, distortion along a logarithmic axis: the middle 90 % of ``usual [outcomes,
    draws]`` and its median, and the worst with unit-sum utilities ``[outcomes]``; beside it the
    worst in a metric space ``[outcomes]``. ∞ stands at the right edge."""
    shade = theme_colours(dark)
    n = len(labels)
    pitch = 32 if scale == 1 else 25
    figure = base_figure(dark, scale, (78 + max(pitch * n, 96)) * scale)
    low, middle, high = np.quantile(usual, [0.05, 0.5, 0.95], axis=1)
    rows = list(range(n))
    quiet = {"size": 12.5 * scale, "color": shade["quiet"]}

    def worst(axis: str, values: np.ndarray, end: float) -> None:
        infinite = ~np.isfinite(values)
        figure.add_scatter(
            x=np.where(infinite, end, values), y=rows, xaxis=axis, mode="markers+text",
            name="worst case", showlegend=axis == "x",
            text=["∞" if far else f"{v:.2f}" for far, v in zip(infinite, values, strict=True)],
            textposition="middle right", cliponaxis=False,
            textfont={"size": 13 * scale, "color": shade["text"]},
            marker={"symbol": ["triangle-right" if far else "diamond" for far in infinite],
                    "size": 11 * scale, "color": colour(4)},
            hovertemplate=[f"{escape_html(labels[k])}: {'unbounded' if infinite[k] else '%{x:.3f}'}"
                           "<extra></extra>" for k in rows],
        )  # fmt: skip

    ends = []
    for values in (unit_sum, metric):
        known = np.array([1.0]) if values is None else values[np.isfinite(values)]
        ends.append(1.5 * max(known.max(initial=1.0), 3.0, high.max()))
    for k in rows:
        figure.add_scatter(
            x=[low[k], high[k]], y=[k, k], mode="lines", hoverinfo="skip", showlegend=k == 0,
            name="usual: median and 90 %",
            line={"color": with_alpha(colour(3), 0.6), "width": 9 * scale},
        )  # fmt: skip
    figure.add_scatter(
        x=middle,
        y=rows,
        mode="markers",
        showlegend=False,
        marker={
            "symbol": "line-ns-open",
            "size": 15 * scale,
            "color": shade["text"],
            "line": {"width": 2.4 * scale},
        },
        hovertemplate=[
            f"{escape_html(label)}: median %{{x:.3f}}<extra></extra>" for label in labels
        ],
    )
    worst("x", unit_sum, ends[0])
    if metric is not None:
        worst("x2", metric, ends[1])
    for axis, end, title, domain in (
        ("xaxis", ends[0], "unit-sum utilities", [0.0, 0.5]),
        ("xaxis2", ends[1], "distances in a metric", [0.6, 0.96]),
    ):
        if axis == "xaxis2" and metric is None:
            continue
        set_axis(
            axis,
            figure,
            type="log",
            range=[-0.02, float(np.log10(end * 1.06))],
            domain=domain,
            showticklabels=True,
            tickfont=quiet,
            showgrid=True,
            gridcolor=shade["line"],
            tickvals=[1, 1.5, 2, 3, 5, 10, 20, 50, 100, 1000],
            anchor="y",
            title={"text": title, "font": quiet, "standoff": 4 * scale},
        )
    ticks = [
        f"<b>{escape_html(t)}</b>" if k == chosen else escape_html(t) for k, t in enumerate(labels)
    ]
    set_axis("yaxis", figure, range=[n - 0.4, -0.6], showticklabels=True, tickvals=rows,
          ticktext=ticks, tickfont={"size": 13.5 * scale, "color": shade["text"]})  # fmt: skip
    side = 20 + 7.2 * max(len(label) for label in labels)
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "font": quiet},
        margin={"l": side * scale, "r": 12 * scale, "t": 34 * scale, "b": 44 * scale},
    )  # fmt: skip
    return figure


def witness_heatmap(
    names: Sequence[str],
    ballots: Sequence[str],
    values: np.ndarray,
    *,
    dark: bool = False,
    scale: float = 1.0,
) -> go.Figure:
    """What every candidate is worth (or how far it is) on every ballot ``[ballots, candidates]``,
    the greater the darker, and the mean in the last row where it is among ``ballots``."""
    shade = theme_colours(dark)
    n, m = values.shape
    figure = base_figure(dark, scale, (40 + 30 * n) * scale)
    figure.add_heatmap(
        z=values, x=list(range(m)), y=list(range(n)), showscale=False, xgap=2, ygap=2, zmin=0,
        colorscale=[[0, with_alpha(colour(0), 0.05)], [1, with_alpha(colour(0), 0.6)]],
        text=[[f"{v:.2f}".replace("0.", ".", 1) if 0 < v < 0.995 else f"{v:.3g}" for v in row]
              for row in values],
        texttemplate="%{text}", textfont={"size": 13 * scale, "color": shade["text"]},
        hovertemplate="%{z:.4f}<extra></extra>",
    )  # fmt: skip
    quiet = {"size": 12.5 * scale, "color": shade["quiet"]}
    set_axis(
        "xaxis",
        figure,
        side="top",
        showticklabels=True,
        automargin=True,
        tickfont=quiet,
        tickvals=list(range(m)),
        ticktext=[escape_html(truncate(n, 12)) for n in names],
    )
    set_axis("yaxis", figure, autorange="reversed", showticklabels=True, tickvals=list(range(n)),
          ticktext=[escape_html(truncate(b, 24)) for b in ballots], tickfont=quiet)  # fmt: skip
    side = 16 + 7 * max(len(truncate(b, 24)) for b in ballots)
    figure.update_layout(margin={"l": side * scale, "r": 8, "t": 28 * scale, "b": 4})
    return figure
