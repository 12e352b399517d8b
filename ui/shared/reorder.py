"""An order as a row of names: drag one, or choose it and press its arrows.

It is the one component written for the browser, as Streamlit has no list that can be reordered.
Names and order come in as data and are set as text, never as markup; the new order is checked like
any other edit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

_HTML = """
<div class="row" role="group">
</div>
"""

_CSS = """
.row { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem; min-height: 2.5rem;
  font-family: var(--st-font); font-size: .875rem; color: var(--st-text-color); }
.pair { display: inline-flex; align-items: center; gap: .25rem; }
.place { display: inline-flex; align-items: center; gap: .2rem; border-radius: .5rem; }
.place.tied { padding: .1rem .25rem; border: 1px dashed var(--st-border-color); }
.sign { opacity: .55; padding: 0 .05rem; }
.chip { display: inline-flex; align-items: center; gap: .35rem; padding: .22rem .5rem;
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius);
  background: var(--st-secondary-background-color); color: inherit; font: inherit; cursor: grab;
  position: relative; }
.chip:hover { border-color: var(--st-primary-color); }
.chip:focus-visible, .act:focus-visible { outline: 2px solid var(--st-primary-color);
  outline-offset: 1px; }
.chip[aria-pressed=true] { border-color: var(--st-primary-color);
  background: var(--st-background-color); }
.dot { width: .55rem; height: .55rem; border-radius: 50%; flex: none; }
.act { border: 0; background: transparent; color: var(--st-primary-color); font: inherit;
  font-weight: 700; padding: .22rem .4rem; cursor: pointer; border-radius: .3rem; }
.act:hover { background: var(--st-secondary-background-color); }
.act:disabled { opacity: .3; cursor: default; }
.chip.before::before, .chip.after::after { content: ""; position: absolute; top: -.15rem;
  bottom: -.15rem; width: 3px; border-radius: 2px; background: var(--st-primary-color); }
.chip.before::before { left: -.4rem; }
.chip.after::after { right: -.4rem; }
.chip.tie { box-shadow: 0 0 0 2px var(--st-primary-color); }
"""

_JS = """
const kept = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const row = parentElement.querySelector(".row");
  const mine = kept.get(parentElement) ?? { chosen: null, dragged: null, drawn: "" };
  kept.set(parentElement, mine);
  row.setAttribute("aria-label", data.label);
  mine.emit = (order) => setTriggerValue("moved", order);
  // What comes back as it was sent is not drawn again: a name may be under the hand already.
  const incoming = JSON.stringify([data.order, data.colours]);
  if (mine.drawn === incoming) return;
  mine.colours = data.colours;
  mine.order = data.order.map((place) => [...place]);

  const without = (name) =>
    mine.order.map((p) => p.filter((c) => c !== name)).filter((p) => p.length);
  const placeOf = (name) => mine.order.findIndex((p) => p.includes(name));

  function send(next, focus) {
    if (JSON.stringify(next) === JSON.stringify(mine.order)) return;
    mine.order = next;
    draw(focus);
    mine.emit(next);
  }
  // One step: out of a tie, or past the neighbouring place.
  function step(name, by) {
    const i = placeOf(name), alone = mine.order[i].length === 1, rest = without(name);
    const at = alone ? i + by : by < 0 ? i : i + 1;
    if (at < 0 || at > rest.length) return;
    rest.splice(at, 0, [name]);
    send(rest, name);
  }
  function tie(name) {
    const i = placeOf(name), alone = mine.order[i].length === 1;
    if (mine.order.length === 1 || (!alone && i === 0)) return;
    const with_ = mine.order[i > 0 ? i - 1 : 1][0], rest = without(name);
    rest[rest.findIndex((p) => p.includes(with_))].push(name);
    send(rest, name);
  }
  function drop(name, onto, how) {
    if (name === onto) return;
    const rest = without(name), i = rest.findIndex((p) => p.includes(onto));
    if (how === "tie") rest[i].push(name);
    else rest.splice(how === "before" ? i : i + 1, 0, [name]);
    send(rest, name);
  }
  const side = (event, chip) => {
    const box = chip.getBoundingClientRect(), x = (event.clientX - box.left) / box.width;
    return x < 0.3 ? "before" : x > 0.7 ? "after" : "tie";
  };

  function act(text, label, name, run, off) {
    const button = document.createElement("button");
    Object.assign(button, { className: "act", type: "button", textContent: text, disabled: off });
    button.setAttribute("aria-label", label);
    button.title = label;
    button.onclick = () => run(name);
    return button;
  }

  function chipOf(name) {
    const chip = document.createElement("button");
    Object.assign(chip, { className: "chip", type: "button", draggable: true });
    chip.setAttribute("aria-pressed", mine.chosen === name);
    chip.dataset.name = name;
    const dot = document.createElement("span");
    dot.className = "dot";
    dot.style.background = mine.colours[name];
    chip.append(dot, name);
    chip.onclick = () => { mine.chosen = mine.chosen === name ? null : name; draw(name); };
    chip.onkeydown = (event) => {
      if (event.key === "ArrowLeft") step(name, -1);
      else if (event.key === "ArrowRight") step(name, 1);
      else if (event.key === "=") tie(name);
      else return;
      event.preventDefault();
    };
    chip.ondragstart = (event) => {
      mine.dragged = name;
      event.dataTransfer.setData("text/plain", name);
      event.dataTransfer.effectAllowed = "move";
    };
    const clear = () => chip.classList.remove("before", "after", "tie");
    chip.ondragover = (event) => {
      if (mine.dragged === null || mine.dragged === name) return;
      event.preventDefault();
      clear();
      chip.classList.add(side(event, chip));
    };
    chip.ondragleave = clear;
    chip.ondragend = () => { mine.dragged = null; };
    chip.ondrop = (event) => {
      event.preventDefault();
      clear();
      const name_ = mine.dragged;
      mine.dragged = null;
      if (name_ !== null) drop(name_, name, side(event, chip));
    };
    return chip;
  }

  function draw(focus) {
    mine.drawn = JSON.stringify([mine.order, mine.colours]);
    row.replaceChildren();
    mine.order.forEach((place, i) => {
      // The sign stays with the place after it when the row wraps.
      const pair = document.createElement("span");
      pair.className = "pair";
      if (i) pair.append(sign("\\u203A"));
      const box = document.createElement("span");
      box.className = place.length > 1 ? "place tied" : "place";
      place.forEach((name, j) => {
        if (j) box.append(sign("="));
        box.append(chipOf(name));
        if (mine.chosen === name) {
          const alone = place.length === 1, last = mine.order.length - 1;
          box.append(
            act("\\u2190", `Move ${name} up`, name, () => step(name, -1), alone && i === 0),
            act("=", `Tie ${name} with the one before`, name, () => tie(name),
              last === 0 || (!alone && i === 0)),
            act("\\u2192", `Move ${name} down`, name, () => step(name, 1), alone && i === last),
          );
        }
      });
      pair.append(box);
      row.append(pair);
    });
    if (focus) [...row.querySelectorAll(".chip")].find((c) => c.dataset.name === focus)?.focus();
  }
  function sign(text) {
    const mark = document.createElement("span");
    Object.assign(mark, { className: "sign", textContent: text });
    mark.setAttribute("aria-hidden", "true");
    return mark;
  }
  draw(parentElement.activeElement?.dataset?.name);
}
"""

_COMPONENT = st.components.v2.component("scrl_reorder", html=_HTML, css=_CSS, js=_JS)


def order_editor(
    order: Sequence[Sequence[str]],
    colours: dict[str, str],
    label: str,
    key: str,
    on_moved: Callable[[list[list[str]]], None],
) -> None:
    """Draw an order, best first; ``on_moved`` gets the new order when a name is moved."""

    def moved() -> None:
        new_order = st.session_state[key]["moved"]
        if isinstance(new_order, list) and all(
            isinstance(place, list) and place and all(isinstance(name, str) for name in place)
            for place in new_order
        ):
            on_moved(new_order)

    _COMPONENT(
        data={"order": [list(place) for place in order], "colours": colours, "label": label},
        key=key,
        on_moved_change=moved,
    )
