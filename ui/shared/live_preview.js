// Both orders of one prompt without noise, exactly, while a slider moves.
// The same quantities as scrl.scenarios.preview: Borda on complete ballots, and Bradley–Terry on
// the expected pair counts of the ballots that such raters give.

const TIE = 1e-9, MAX_STEPS = 1000, TOLERANCE = 1e-5;

// Shares of all types that sum to 1, where groups of types have these percentages and the others
// divide what is left as before.
export function sharesOf(base, groups, percents) {
  const listed = new Set(groups.flat()), rest = base.map((_, t) => t).filter((t) => !listed.has(t));
  const sum = percents.reduce((a, b) => a + b, 0), shares = base.map(() => 0);
  const scale = sum > 100 || !rest.length ? sum : 100;
  const divide = (types, whole) => {
    const total = types.reduce((a, t) => a + base[t], 0);
    for (const t of types) shares[t] = whole * (total ? base[t] / total : 1 / types.length);
  };
  if (!(scale > 0)) return [...base];
  groups.forEach((types, i) => divide(types, percents[i] / scale));
  if (rest.length) divide(rest, 1 - sum / scale);
  return shares;
}

// Whole percentages in proportion to weights, by largest remainder.
export function wholePercents(weights, total) {
  const sum = weights.reduce((a, b) => a + b, 0);
  const quota = weights.map((w) => total * (sum ? w / sum : 1 / weights.length));
  const whole = quota.map((q) => Math.floor(q + 1e-9));
  const by = quota.map((_, i) => i).sort((a, b) => (quota[b] - whole[b]) - (quota[a] - whole[a])
    || a - b);
  let left = Math.round(total) - whole.reduce((a, b) => a + b, 0);
  for (const i of by) if (left-- > 0) whole[i] += 1;
  return whole;
}

// The population with the values of the sliders.
export function population(data, values) {
  const answers = [...data.answers], includes = data.includes.map((row) => [...row]);
  const groups = data.quantities.filter((q) => q.kind === "share");
  for (const q of data.quantities) {
    if (values[q.key] === data.defaults[q.key] || !q.applies) continue;
    for (const t of q.types) {
      if (q.kind === "answers") answers[t] = values[q.key] / 100;
      if (q.kind === "includes" && q.item >= 0) includes[t][q.item] = values[q.key] / 100;
    }
  }
  const moved = groups.some((q) => values[q.key] !== data.defaults[q.key]);
  const shares = moved
    ? sharesOf(data.shares, groups.map((q) => q.types), groups.map((q) => values[q.key]))
    : data.shares;
  return { shares, answers, includes };
}

// Places of values, 0 = greatest; values that follow one another within TIE are tied.
export function placesOf(values) {
  const by = values.map((_, i) => i).sort((a, b) => values[b] - values[a] || a - b);
  const place = values.map(() => 0);
  let now = 0;
  by.forEach((i, k) => {
    if (k && values[by[k - 1]] - values[i] > TIE) now += 1;
    place[i] = now;
  });
  return place;
}

// Solve a · x = b for a symmetric positive definite matrix, in place.
function solve(a, b) {
  const m = b.length;
  for (let k = 0; k < m; k++) {
    for (let i = k + 1; i < m; i++) {
      const f = a[i][k] / a[k][k];
      if (!f) continue;
      for (let j = k; j < m; j++) a[i][j] -= f * a[k][j];
      b[i] -= f * b[k];
    }
  }
  for (let k = m - 1; k >= 0; k--) {
    for (let j = k + 1; j < m; j++) b[k] -= a[k][j] * b[j];
    b[k] /= a[k][k];
  }
  return b;
}

// Rewards that maximise the Bradley–Terry likelihood of counts of wins and a Gaussian prior.
export function bradleyTerry(wins, precision) {
  const m = wins.length, total = wins.map((row, a) => row.map((w, b) => w + wins[b][a]));
  const compared = total.map((row) => row.reduce((x, y) => x + y, 0));
  const won = wins.map((row) => row.reduce((x, y) => x + y, 0));
  const odds = wins.map((row) => row.map((w) => Math.log(w + 0.5)));
  let r = wins.map((_, a) => wins.reduce((s, _, b) => s + odds[a][b] - odds[b][a], 0) / m);
  const centre = (x) => { const c = x.reduce((s, v) => s + v, 0) / m; return x.map((v) => v - c); };
  r = centre(r);
  const chance = (gap) => 1 / (1 + Math.exp(-gap));
  const gradientAt = (x) => won.map((w, a) => w - precision * x[a]
    - total[a].reduce((s, n, b) => s + (n ? n * chance(x[a] - x[b]) : 0), 0));
  for (let step = 0; step < MAX_STEPS; step++) {
    const hessian = total.map((row, a) => row.map((n, b) => {
      if (a === b || !n) return 0;
      const p = chance(r[a] - r[b]);
      return -n * p * (1 - p);
    }));
    hessian.forEach((row, a) => { row[a] = precision - row.reduce((x, y) => x + y, 0); });
    const gradient = gradientAt(r), direction = solve(hessian, [...gradient]);
    const span = Math.max(...direction) - Math.min(...direction);
    let length = span > 0 ? Math.log1p(span) / span : 1;
    if (span > 1) {
      const ahead = gradientAt(r.map((v, a) => v + direction[a]));
      if (ahead.reduce((s, g, a) => s + g * direction[a], 0) >= 0) length = 1;
    }
    r = r.map((v, a) => v + length * direction[a]);
    if (span <= TOLERANCE
        || gradient.every((g, a) => Math.abs(g) <= 1e-15 * (1 + compared[a]))) break;
  }
  const met = compared.filter((n) => n > 0).length;
  const shift = r.reduce((s, v, a) => s + (compared[a] > 0 ? v : 0), 0) / Math.max(met, 1);
  return r.map((v, a) => (compared[a] > 0 ? v - shift : 0));
}

// Scores and places of Borda on complete ballots and of Bradley–Terry on the ballots given.
export function outcomes(data, values) {
  const { shares, answers, includes } = population(data, values), m = data.names.length;
  const zero = () => Array.from({ length: m }, () => new Array(m).fill(0));
  const above = zero(), wins = zero();
  shares.forEach((share, t) => {
    const u = data.utilities[t], heard = share * answers[t], include = includes[t];
    for (let a = 0; a < m; a++) {
      for (let b = 0; b < m; b++) {
        if (a === b) continue;
        const ahead = u[a] > u[b] ? 1 : u[a] === u[b] ? 0.5 : 0;
        above[a][b] += share * ahead;
        wins[a][b] += heard * include[a] * include[b] * ahead * data.raters;
      }
    }
  });
  const borda = above.map((row) => row.reduce((x, y) => x + y, 0));
  const rewards = bradleyTerry(wins, data.precision);
  const rounded = rewards.map((v) => Math.round(v * 1e6) / 1e6);
  const pairs = wins.flat().reduce((x, y) => x + y, 0);
  return {
    borda, rewards, truth: placesOf(borda), model: placesOf(rounded), nobody: !(pairs > 0), shares,
  };
}

// -- what is drawn --------------------------------------------------------------------------------

const SVG = "http://www.w3.org/2000/svg", kept = new WeakMap();

function element(tag, settings = {}, ...children) {
  const e = document.createElement(tag);
  for (const [key, value] of Object.entries(settings)) {
    if (key.startsWith("aria-") || key === "role") e.setAttribute(key, value);
    else e[key] = value;
  }
  e.append(...children);
  return e;
}
function shape(tag, settings) {
  const e = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(settings)) e.setAttribute(key, value);
  return e;
}

// Names of at most so many letters that stay distinct: the middle is left out.
export function shortNames(names, most) {
  const cut = (name, head) => name.length <= most ? name
    : `${name.slice(0, head)}…${name.slice(name.length - (most - 1 - head))}`;
  const alike = (list) => new Set(list).size < new Set(names).size;
  for (const share of [0.6, 0.4, 0.8, 0.2]) {
    const found = names.map((n) => cut(n, Math.round(share * (most - 1))));
    if (!alike(found)) return found;
  }
  return names.map((n, i) => (n.length <= most ? n : `${i + 1}. ${n.slice(0, most - 5)}…`));
}

const ordinal = (n) => {
  const rest = n % 100, last = n % 10;
  return n + (rest > 10 && rest < 14 ? "th" : last === 1 ? "st" : last === 2 ? "nd"
    : last === 3 ? "rd" : "th");
};
const namesAt = (names, place, wanted) => names.filter((_, i) => place[i] === wanted);
const said = (list) => (list.length < 2 ? list[0]
  : `${list.slice(0, -1).join(", ")} and ${list.at(-1)} (tied)`);
const rankOf = (place, i) => 1 + place.filter((p) => p < place[i]).length;

// What the picture shows, in words.
export function sentence(data, found) {
  if (found.nobody) return "Nobody compares any two answers, so the model learns nothing.";
  const [truth, model] = [found.truth, found.model].map((p) => said(namesAt(data.names, p, 0)));
  let text = truth === model
    ? `Both put ${truth} first.`
    : `With complete ballots ${truth} wins. ${data.model} puts ${model} first.`;
  const i = data.names.indexOf(data.focus);
  if (i >= 0 && (truth === model || (truth !== data.focus && model !== data.focus))) {
    const [a, b] = [found.truth, found.model].map((p) => ordinal(rankOf(p, i)));
    text += a === b ? ` ${data.focus} is ${a} in both orders.`
      : ` ${data.focus} is ${a} with complete ballots and ${b} in the model.`;
  }
  return text;
}

function drawOrders(view, data, found) {
  const m = data.names.length, row = m > 8 ? 34 : 42, height = row * m, width = 100;
  const slots = (place, scores) => {
    const by = place.map((_, i) => i).sort((a, b) => place[a] - place[b] || a - b), at = [];
    by.forEach((i, k) => { at[i] = (k + 0.5) * row; });
    const low = Math.min(...scores), range = Math.max(...scores) - low;
    return { at, part: scores.map((s) => (range > 1e-9 ? (s - low) / range : 0.5)) };
  };
  const left = slots(found.truth, found.borda), right = slots(found.model, found.rewards);
  // Two lines of letters about half as wide as high, beside the circle.
  const most = Math.max(10, 2 * Math.floor((view.clientWidth * 0.37 - 34) / 7.6) - 3);
  const drawn = JSON.stringify([data.names, data.focus, Math.min(most, 60)]);
  if (view.drawn !== drawn) {
    view.drawn = drawn;
    const lines = shape("svg", { class: "lines", preserveAspectRatio: "none", "aria-hidden": true });
    const short = shortNames(data.names, Math.min(most, 60));
    view.lines = data.names.map((name, i) => lines.appendChild(shape("path", {
      fill: "none", stroke: data.colours[i], "vector-effect": "non-scaling-stroke",
      "stroke-dasharray": data.dashes[i],
      "stroke-width": name === data.focus ? 6 : 3,
    })));
    const side = (which) => data.names.map((name, i) => {
      const bar = element("i"), rank = element("b");
      bar.style.background = data.colours[i];
      const box = element("span", { className: `name ${which}`, title: name },
        rank, element("span", { textContent: short[i] }), bar);
      rank.style.borderColor = data.colours[i];
      if (name === data.focus) box.classList.add("focus");
      return box;
    });
    [view.left, view.right] = [side("left"), side("right")];
    view.replaceChildren(
      element("div", { className: "column" }, ...view.left), lines,
      element("div", { className: "column" }, ...view.right));
    view.svg = lines;
  }
  view.svg.style.height = `${height}px`;
  view.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  data.names.forEach((_, i) => {
    const [a, b] = [left.at[i], right.at[i]];
    view.lines[i].setAttribute("d", `M0 ${a}C${width / 2} ${a} ${width / 2} ${b} ${width} ${b}`);
    for (const [boxes, slot, place] of [[view.left, left, found.truth],
      [view.right, right, found.model]]) {
      const box = boxes[i], shared = place.filter((p) => p === place[i]).length > 1;
      box.style.top = `${slot.at[i] - row / 2}px`;
      box.style.height = `${row}px`;
      box.firstChild.textContent = rankOf(place, i) + (shared ? "=" : "");
      box.lastChild.style.width = `${Math.round(4 + 96 * slot.part[i])}%`;
    }
  });
}

const orderText = (names, place) => [...new Set(place)].sort((a, b) => a - b)
  .map((p) => namesAt(names, place, p).join(" = ")).join(", ");

function update(mine) {
  const { data, parts } = mine;
  showValues(mine);
  if (!data.figure) return;
  const found = outcomes(data, mine.values);
  drawOrders(parts.orders, data, found);
  parts.orders.setAttribute("aria-label", `${data.titles[0]}: ${orderText(data.names, found.truth)}.`
    + ` ${data.titles[1]}: ${orderText(data.names, found.model)}.`);
  const text = sentence(data, found), first = orderText(data.names, found.model).split(", ")[0];
  // A live region is read out at each change, so it changes only when the words do.
  if (parts.words.textContent !== text) parts.words.textContent = text;
  const winner = JSON.stringify(namesAt(data.names, found.model, 0));
  if (mine.winner !== undefined && winner !== mine.winner) {
    parts.news.textContent = `The model’s winner has changed to ${first}.`;
    parts.news.classList.remove("fresh");
    void parts.news.offsetWidth;
    parts.news.classList.add("fresh");
  }
  mine.winner = winner;
}

function showValues({ data, parts, ranges, values }) {
  for (const q of data.quantities) {
    const { range, shown } = ranges[q.key], value = values[q.key];
    if (Number(range.value) !== value) range.value = value;
    const text = `${Math.round(value * 10) / 10} %`;
    shown.textContent = text;
    range.setAttribute("aria-valuetext", text);
    range.style.setProperty("--part", `${value}%`);
  }
  parts.reset.disabled = data.quantities.every((q) => values[q.key] === data.defaults[q.key]);
}

// A share that moves takes from the other shares, or gives to them, in proportion.
export function moved(data, values, key, value) {
  const next = { ...values, [key]: value };
  const own = data.quantities.find((q) => q.key === key);
  if (own.kind !== "share") return next;
  const others = data.quantities.filter((q) => q.kind === "share" && q.key !== key);
  const listed = new Set(data.quantities.filter((q) => q.kind === "share").flatMap((q) => q.types));
  const open = data.shares.some((_, t) => !listed.has(t));
  const weights = others.map((q) => values[q.key]);
  const rest = open ? Math.max(100 - values[key] - weights.reduce((a, b) => a + b, 0), 0) : 0;
  const parts = wholePercents(open ? [...weights, rest] : weights, 100 - value);
  others.forEach((q, i) => { next[q.key] = parts[i]; });
  return next;
}

function build(mine, root) {
  root.style.colorScheme = mine.data.dark ? "dark" : "light";
  const { data } = mine, id = Math.random().toString(36).slice(2);
  const sliders = element("div", { className: "sliders", role: "group",
    "aria-label": "What you can move" });
  mine.ranges = {};
  const emit = () => {
    clearTimeout(mine.timer);
    // Keys change a slider many times; the page is told once they rest.
    mine.timer = setTimeout(() => {
      mine.busy = false;
      mine.given = JSON.stringify(mine.values);
      mine.emit({ ...mine.values });
    }, 200);
  };
  for (const q of data.quantities) {
    const range = element("input", { type: "range", min: 0, max: 100, step: q.step, id: id + q.key,
      "aria-label": q.label });
    const shown = element("span", { className: "value", "aria-hidden": "true" });
    range.oninput = () => {
      mine.busy = true;
      mine.values = moved(data, mine.values, q.key, Number(range.value));
      update(mine);
    };
    range.onchange = emit;
    const label = element("label", { htmlFor: id + q.key }, element("span", { textContent: q.label }),
      shown);
    sliders.append(element("div", { className: "quantity" }, label, range));
    mine.ranges[q.key] = { range, shown };
  }
  const reset = element("button", { type: "button", className: "reset", textContent: "Reset" });
  reset.onclick = () => { mine.values = { ...data.defaults }; update(mine); emit(); };
  sliders.append(reset);
  const heads = element("div", { className: "heads" },
    ...data.titles.map((title) => element("strong", { textContent: title })));
  const orders = element("div", { className: "orders", role: "img" });
  const words = element("p", { className: "words" });
  const news = element("p", { className: "news", role: "status", "aria-live": "polite" });
  mine.parts = { orders, words, news, reset };
  mine.observer?.disconnect();
  mine.observer = new ResizeObserver(() => update(mine));
  mine.observer.observe(root);
  const figure = element("div", { className: "figure" }, words, news, heads, orders);
  root.replaceChildren(...(data.figure ? [figure] : []), sliders);
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".live"), mine = kept.get(parentElement) ?? {};
  kept.set(parentElement, mine);
  mine.emit = (values) => setTriggerValue("released", values);
  // What comes back as it was sent is not drawn again: a slider may be under the hand already.
  const { values, ...rest } = data, fixed = JSON.stringify(rest), given = JSON.stringify(values);
  if (mine.fixed === fixed && (mine.busy || mine.given === given)) return;
  mine.data = data;
  mine.given = given;
  mine.values = { ...values };
  if (mine.fixed !== fixed) {
    mine.winner = undefined;
    mine.fixed = fixed;
    // An edit gives other data; the slider under the keys keeps the focus.
    const hand = root.getRootNode().activeElement?.getAttribute?.("aria-label");
    build(mine, root);
    if (hand) [...root.querySelectorAll("input")].find((e) => e.ariaLabel === hand)?.focus();
  }
  update(mine);
}
