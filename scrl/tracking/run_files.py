"""The files of a tracked run: its result, its orders as a table, its source and its figures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from scrl import figures
from scrl.runs.csv_files import orders_csv

#: Prompts whose orders are drawn.
MAX_FIGURES = 20
_HEAD = (
    "<!doctype html><html lang='en'><meta charset='utf-8'>"
    "<meta name='viewport' content='width=device-width'><title>{title}</title>"
    "<style>body{{font-family:system-ui,sans-serif;max-width:60rem;margin:1rem auto;"
    "padding:0 1rem}}</style><h1>{title}</h1>"
)


def run_files(
    content: Mapping[str, Any], result: Mapping[str, Any], drawn: bool = True
) -> dict[str, str]:
    """Path -> text: ``result.json``; of a run also ``orders.csv`` and, if they are drawn, its
    figures; what else the content holds: ``scenario.yaml``, ``config.json``, ``latent.json``."""
    files = {"result.json": as_json(result)}
    prompts = result.get("prompts", {}).values()
    is_run = bool(prompts) and all("vanilla" in entry for entry in prompts)
    if is_run:
        files["orders.csv"] = orders_csv(result)
    if content.get("yaml"):
        files["scenario.yaml"] = content["yaml"]
    for name in ("config", "latent"):
        if name in content and content[name] and content is not result:
            files[f"{name}.json"] = as_json(content[name])
    if is_run and drawn:
        files["figures.html"] = _figures_page(content, result)
    return files


def as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _figures_page(content: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    """One page with the latent map and the orders of each prompt, that needs no network."""
    drawn = {}
    if content is not result and content.get("latent"):
        drawn["Latent map of the raters"] = figures.latent_map(content["latent"])
    curves = dict(content.get("curves", {}))
    if steps := curves.pop("step", None):
        drawn["Loss"] = figures.loss_curves({n: (steps, v) for n, v in curves.items()})
    for prompt, entry in list(result["prompts"].items())[:MAX_FIGURES]:
        columns = [("Bradley–Terry", entry["vanilla"]["order"])]
        columns += [(rule, outcome["order"]) for rule, outcome in entry["social"].items()]
        drawn[f"Orders: {prompt}"] = figures.bump_chart(columns, entry["completions"])
    return figures_html(str(result.get("scenario", "Result")), drawn)


def figures_html(title: str, drawn: Mapping[str, Any]) -> str:
    """Figures by heading as one page; Plotly's script stands in it once."""
    parts = [_HEAD.format(title=escape(title))]
    for i, (heading, figure) in enumerate(drawn.items()):
        # Ids from a counter: Plotly draws them at random, and equal runs would differ.
        html = figure.to_html(full_html=False, include_plotlyjs=not i, div_id=f"figure-{i}")
        parts += [f"<h2>{escape(heading)}</h2>", html]
    return "".join(parts)
