// Raters and answers on a map, moved by pointer, touch or arrow keys. While a point moves, ballots
// (nearest first) are counted by Borda. The page is told on release.

const SVG = "http://www.w3.org/2000/svg", kept = new WeakMap(), WIDTH = 600;

// The distance of two points: a straight line, or a great circle in radians.
export function distance(a, b, earth) {
  if (!earth) return Math.hypot(a.x - b.x, a.y - b.y);
  const rad = Math.PI / 180, [ax, ay, bx, by] = [a.x, a.y, b.x, b.y].map((v) => v * rad);
  const h = Math.sin((ay - by) / 2) ** 2
    + Math.cos(ay) * Math.cos(by) * Math.sin((ax - bx) / 2) ** 2;
  return 2 * Math.asin(Math.sqrt(Math.min(Math.max(h, 0), 1)));
}

// Borda points a voter of each answer, where nearer answers are preferred.
export function borda(raters, answers, earth) {
  const total = raters.reduce((s, r) => s + r.share, 0) || 1;
  const points = answers.map(() => 0);
  for (const rater of raters) {
    const gaps = answers.map((a) => distance(rater, a, earth));
    const alike = 1e-9 * Math.max(...gaps, 1e-300);
    gaps.forEach((gap, i) => gaps.forEach((other, j) => {
      if (i === j) return;
      const ahead = gap < other - alike ? 1 : gap <= other + alike ? 0.5 : 0;
      points[i] += (rater.share / total) * ahead;
    }));
  }
  return points;
}

export function winners(data) {
  const points = borda(data.raters, data.answers, data.earth), most = Math.max(...points);
  return data.answers.filter((_, i) => most - points[i] <= 1e-9).map((a) => a.name);
}

function shape(tag, settings, ...children) {
  const e = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(settings)) e.setAttribute(key, value);
  e.append(...children);
  return e;
}
const short = (name) => (name.length <= 24 ? name : `${name.slice(0, 14)}…${name.slice(-9)}`);

// Where the map is drawn: x and y of the data to pixels and back.
function viewOf(data) {
  const all = [...data.raters, ...data.answers], xs = all.map((p) => p.x), ys = all.map((p) => p.y);
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const north = Math.PI / 180 * ((y0 + y1) / 2);
  const stretch = data.earth ? 1 / Math.max(Math.cos(north), 0.05) : 1;
  const wide = Math.max(x1 - x0, (y1 - y0) * stretch, 1e-9), pad = 0.28 * wide;
  const scale = WIDTH / (x1 - x0 + 2 * pad > 0.6 * wide ? x1 - x0 + 2 * pad : 0.6 * wide);
  const height = Math.max(((y1 - y0) * stretch + 2 * pad) * scale, 0.45 * WIDTH);
  const [cx, cy] = [(x0 + x1) / 2, (y0 + y1) / 2];
  return {
    height, step: WIDTH / 60 / scale,
    to: (p) => [WIDTH / 2 + (p.x - cx) * scale, height / 2 - (p.y - cy) * stretch * scale],
    from: (px, py) => ({
      x: cx + (Math.min(Math.max(px, 8), WIDTH - 8) - WIDTH / 2) / scale,
      y: cy - (Math.min(Math.max(py, 8), height - 8) - height / 2) / scale / stretch,
    }),
    stretch,
  };
}

const rounded = (v) => Math.round(v * 1000) / 1000;

// Put each name beside its point where it covers no other name and no other point.
function placeNames(mine) {
  const size = mine.root.clientWidth && mine.root.clientWidth < 500 ? 24 : 17, taken = [];
  const points = mine.drawn.map(({ point, mark }) => [...mine.view.to(point), mark.radius]);
  const overlap = (a, b) => Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0]))
    * Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
  mine.drawn.forEach(({ text, rater }, i) => {
    if (!text.textContent) return;
    const [x, y, own] = points[i], wide = text.textContent.length * size * 0.54;
    // A ring on a disc has its name outside the disc.
    const r = Math.max(own, ...points.filter((p) => Math.hypot(p[0] - x, p[1] - y) < 4)
      .map((p) => p[2])) + 4;
    const half = wide / 2, spots = [[x, y - r - 4], [x, y + r + size * 0.8],
      [x + r + half, y + size * 0.35], [x - r - half, y + size * 0.35],
      [x + half * 0.8, y - r - 4], [x + half * 0.8, y + r + size * 0.8],
      [x - half * 0.8, y - r - 4], [x - half * 0.8, y + r + size * 0.8]];
    if (rater) spots.reverse();
    const boxOf = ([cx, cy]) => [cx - half, cy - size * 0.85, cx + half, cy + size * 0.25];
    const cost = (spot) => {
      const box = boxOf(spot), outside = Math.max(0, -box[0]) + Math.max(0, box[2] - WIDTH)
        + Math.max(0, -box[1]) + Math.max(0, box[3] - mine.view.height);
      return outside * 12 + taken.reduce((s, t) => s + overlap(box, t), 0)
        + points.reduce((s, p, j) => s + (Math.hypot(p[0] - x, p[1] - y) < 4 ? 0
          : overlap(box, [p[0] - p[2], p[1] - p[2], p[0] + p[2], p[1] + p[2]])), 0);
    };
    const costs = spots.map(cost), best = spots[costs.indexOf(Math.min(...costs))];
    taken.push(boxOf(best));
    text.setAttribute("x", best[0]);
    text.setAttribute("y", best[1]);
  });
}

function update(mine) {
  const { data, view } = mine;
  placeNames(mine);
  for (const { point, mark, line, rater } of mine.drawn) {
    const [x, y] = view.to(point);
    mark.setAttribute("transform", `translate(${x} ${y})`);
    const where = `${rounded(point.x)}, ${rounded(point.y)}`;
    mark.setAttribute("aria-label", rater
      ? `Raters ${point.name}, ${Math.round(point.share * 100)} % of all, at ${where}`
      : `Answer ${point.name}, at ${where}`);
    if (line) {
      const near = data.answers.reduce((best, a) =>
        (distance(point, a, data.earth) < distance(point, best, data.earth) ? a : best));
      const [nx, ny] = view.to(near);
      Object.entries({ x1: x, y1: y, x2: nx, y2: ny }).forEach(([k, v]) => line.setAttribute(k, v));
    }
  }
  const first = winners(data);
  const said = `If everyone ranks the nearest first, Borda elects ${first.join(" and ")}`
    + `${first.length > 1 ? " (tied)" : ""}.`;
  if (mine.words.textContent !== said) mine.words.textContent = said;
  for (const { point, mark, rater } of mine.drawn) {
    if (!rater) mark.classList.toggle("winner", first.includes(point.name));
  }
}

function send(mine) {
  const places = (list) => list.map((p) => [rounded(p.x), rounded(p.y)]);
  const { raters, answers } = mine.data;
  clearTimeout(mine.timer);
  mine.timer = setTimeout(() => {
    mine.busy = false;
    mine.emit({ raters: places(raters), answers: places(answers) });
  }, 250);
}

function movable(mine, svg, point, mark) {
  const place = (event) => {
    const box = svg.getBoundingClientRect(), scale = WIDTH / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  };
  mark.addEventListener("pointerdown", (event) => {
    mark.setPointerCapture(event.pointerId);
    const [px, py] = place(event), [x, y] = mine.view.to(point);
    mine.grip = [x - px, y - py];
    mine.busy = true;
  });
  mark.addEventListener("pointermove", (event) => {
    if (!mark.hasPointerCapture(event.pointerId)) return;
    const [px, py] = place(event);
    Object.assign(point, mine.view.from(px + mine.grip[0], py + mine.grip[1]));
    update(mine);
  });
  const end = (event) => {
    if (mark.hasPointerCapture(event.pointerId)) mark.releasePointerCapture(event.pointerId);
    if (mine.busy) send(mine);
  };
  mark.addEventListener("pointerup", end);
  mark.addEventListener("pointercancel", end);
  mark.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (!by[event.key]) return;
    event.preventDefault();
    mine.busy = true;
    const [x, y] = mine.view.to(point), pixels = event.shiftKey ? 40 : 10;
    Object.assign(point, mine.view.from(x + by[event.key][0] * pixels,
      y + by[event.key][1] * pixels));
    update(mine);
    send(mine);
  });
}

function build(mine, root) {
  const { data } = mine;
  mine.root = root;
  mine.view = viewOf(data);
  const svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${mine.view.height}`, role: "group",
    "aria-label": "Map of raters and answers. Arrow keys move the point that has the focus." });
  mine.drawn = [];
  const lines = shape("g", {}), marks = shape("g", {}), texts = shape("g", {});
  const add = (point, i, rater) => {
    const radius = rater ? 10 + 34 * Math.sqrt(Math.max(point.share, 0)) : 9;
    const circle = shape("circle", { r: radius });
    if (rater) circle.setAttribute("style", `fill:${point.colour};stroke:${point.colour}`);
    const mark = shape("g", { class: rater ? "rater" : "answer", tabindex: 0, role: "button" },
      shape("circle", { r: Math.max(radius, 20), class: "reach" }), circle);
    mark.radius = radius;
    const text = shape("text", { class: rater ? "rater-name" : "answer-name", "text-anchor": "middle",
      "aria-hidden": true });
    const hidden = rater && data.answers.some((a) => a.name === point.name);
    text.textContent = hidden ? "" : short(point.name);
    const line = rater ? shape("line", { stroke: point.colour, "stroke-dasharray": "3 5",
      "stroke-width": 2 }) : null;
    if (line) lines.append(line);
    marks.append(mark);
    texts.append(text);
    mine.drawn.push({ point, mark, text, line, rater });
    movable(mine, svg, point, mark);
  };
  data.raters.forEach((p, i) => add(p, i, true));
  data.answers.forEach((p, i) => add(p, i, false));
  svg.append(lines, marks, texts);
  mine.words = document.createElement("p");
  mine.words.setAttribute("role", "status");
  mine.words.setAttribute("aria-live", "polite");
  root.replaceChildren(mine.words, svg);
  mine.observer?.disconnect();
  mine.observer = new ResizeObserver(() => update(mine));
  mine.observer.observe(root);
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".map"), mine = kept.get(parentElement) ?? {};
  kept.set(parentElement, mine);
  mine.emit = (places) => setTriggerValue("moved", places);
  const given = JSON.stringify(data);
  if (mine.busy || mine.given === given) return;
  const focus = mine.drawn?.findIndex(({ mark }) => mark.matches(":focus")) ?? -1;
  mine.given = given;
  mine.data = structuredClone(data);
  build(mine, root);
  update(mine);
  mine.drawn[focus]?.mark.focus();
}
