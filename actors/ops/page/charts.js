// Line charts over time, drawn as SVG: a line for each series, an optional limit, marks.

const W = 900, H = 190, LEFT = 58, BOTTOM = 18, TOP = 8;
const NS = "http://www.w3.org/2000/svg";

function node(parent, name, attributes, text) {
  const e = document.createElementNS(NS, name);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  if (text !== undefined) e.textContent = text;
  parent.append(e);
  return e;
}

// nice rounds up to 1, 2 or 5 times a power of ten of units.
function nice(x, unit) {
  const power = 10 ** Math.floor(Math.log10(x / unit)) * unit;
  return [1, 2, 5, 10].find((m) => m * power >= x * 0.999) * power;
}

// Steps of the axis of time, in seconds, with their names.
const STEPS = [[10, (s) => `−${s} s`], [30, (s) => `−${s} s`], [60, (s) => `−${s / 60} min`], [120, (s) => `−${s / 60} min`]];

export class Chart {
  // series: [{ key, name, color }]; format writes a value; limit, marks: functions, or not there.
  constructor(parent, { title, series, format, limit, marks, least = 1, unit = 1 }) {
    Object.assign(this, { series, format, limit, marks, least, unit, at: null, points: [] });
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    caption.append(title);
    this.keys = series.map((s) => {
      const key = document.createElement("span");
      key.className = `key k-${s.color}`;
      key.append(`${s.name} `, document.createElement("b"));
      caption.append(key);
      return key.lastChild;
    });
    this.svg = document.createElementNS(NS, "svg");
    this.svg.setAttribute("viewBox", `0 0 ${W} ${H}`);
    this.svg.setAttribute("preserveAspectRatio", "none");
    this.svg.setAttribute("role", "img");
    this.svg.setAttribute("aria-label", title);
    this.svg.addEventListener("pointermove", (e) => {
      const box = this.svg.getBoundingClientRect();
      this.at = (e.clientX - box.left) / box.width;
      this.draw();
    });
    this.svg.addEventListener("pointerleave", () => { this.at = null; this.draw(); });
    figure.append(caption, this.svg);
    parent.append(figure);
  }

  // show draws points [{ t, ...values by key }] of the time from since to until.
  show(points, since, until) {
    Object.assign(this, { points, since, until });
    this.draw();
  }

  draw() {
    const { svg, points, series } = this;
    svg.replaceChildren();
    // The picture has the page's proportions, so that letters are not stretched.
    const width = svg.clientWidth || W, height = svg.clientHeight || H;
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const limit = this.limit?.() || 0;
    let top = Math.max(this.least, limit * 1.1);
    for (const p of points) for (const s of series) top = Math.max(top, p[s.key] ?? 0);
    const step = nice(top / 4, this.unit), ceiling = Math.ceil(top / step) * step;
    const x = (t) => LEFT + (width - LEFT) * (t - this.since) / (this.until - this.since);
    const y = (v) => TOP + (height - TOP - BOTTOM) * (1 - v / ceiling);

    for (let v = 0; v <= ceiling * 1.001; v += step) {
      node(svg, "line", { class: "grid", x1: LEFT, x2: width, y1: y(v), y2: y(v) });
      node(svg, "text", { x: LEFT - 8, y: y(v) + 4, "text-anchor": "end" }, this.format(v));
    }
    const span = (this.until - this.since) / 1000;
    const [tick, name] = STEPS.find(([s]) => span / s <= 6) ?? STEPS.at(-1);
    for (let ago = tick; ago < span; ago += tick) {
      node(svg, "text", { x: x(this.until - ago * 1000), y: height - 3, "text-anchor": "middle" }, name(ago));
    }
    if (limit) node(svg, "line", { class: "limit", x1: LEFT, x2: width, y1: y(limit), y2: y(limit) });
    for (const t of this.marks?.() ?? []) {
      if (t < this.since || t > this.until) continue;
      node(svg, "line", { class: "mark", x1: x(t), x2: x(t), y1: TOP, y2: height - BOTTOM });
      node(svg, "path", { class: "marker", d: `M${x(t) - 5} ${TOP - 7}h10l-5 8z` });
    }
    series.forEach((s, i) => this.line(s, i === 0, x, y));
    this.legend(x, height);
  }

  line(s, filled, x, y) {
    let path = "", first = null, last = null;
    const close = () => {
      if (filled && path && first !== last) {
        node(this.svg, "path", { class: `area k-${s.color}`, d: `${path}L${x(last.t)} ${y(0)}L${x(first.t)} ${y(0)}z` });
      }
      if (path) node(this.svg, "path", { class: `line k-${s.color}`, d: path });
      path = "", first = null;
    };
    for (const p of this.points) {
      if (p[s.key] === null || p[s.key] === undefined) { close(); continue; }
      path += `${path ? "L" : "M"}${x(p.t).toFixed(1)} ${y(p[s.key]).toFixed(1)}`;
      first ??= p, last = p;
    }
    close();
  }

  // legend says the newest values, or those below the pointer.
  legend(x, height) {
    let p = this.points.at(-1);
    if (this.at !== null && p) {
      const t = this.since + (this.until - this.since) * (this.at * this.svg.clientWidth - LEFT) / (this.svg.clientWidth - LEFT);
      p = this.points.reduce((best, q) => Math.abs(q.t - t) < Math.abs(best.t - t) ? q : best);
      node(this.svg, "line", { class: "hair", x1: x(p.t), x2: x(p.t), y1: TOP, y2: height - BOTTOM });
    }
    this.series.forEach((s, i) => {
      const v = p?.[s.key];
      this.keys[i].textContent = v === null || v === undefined ? "–" : this.format(v);
    });
  }
}
