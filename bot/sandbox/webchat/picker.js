// Where are you? A plain drawn map to click on, or coordinates to type.

import { h, svg, dialog } from "./dom.js";

const width = 480, height = 320; // of the map, in its own units
const start = { latitude: 52.52, longitude: 13.405 };
const cities = [
  ["Berlin", 52.52, 13.405], ["Hamburg", 53.551, 9.994], ["Munich", 48.137, 11.575], ["Vienna", 48.208, 16.373],
  ["Prague", 50.088, 14.421], ["Warsaw", 52.23, 21.012], ["Budapest", 47.498, 19.04], ["Belgrade", 44.8125, 20.4612],
  ["Sofia", 42.698, 23.322], ["Athens", 37.984, 23.728], ["Rome", 41.893, 12.483], ["Paris", 48.857, 2.352],
  ["London", 51.507, -0.128], ["Madrid", 40.417, -3.704], ["Oslo", 59.913, 10.752], ["Stockholm", 59.329, 18.069],
  ["Helsinki", 60.17, 24.938], ["Riga", 56.949, 24.105], ["Kyiv", 50.45, 30.524], ["Istanbul", 41.008, 28.978],
  ["Moscow", 55.7558, 37.6173], ["Saint Petersburg", 59.939, 30.316], ["Tbilisi", 41.715, 44.827],
  ["Tiergarten", 52.5145, 13.3501], ["Kreuzberg", 52.4986, 13.4034],
  ["Tempelhofer Feld", 52.4733, 13.4019], ["Prenzlauer Berg", 52.5388, 13.4244],
];
const quick = ["Berlin", "Belgrade", "Moscow"];
const steps = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10]; // degrees between the grid's lines

let last = start; // where the map was used last

// pickPlace asks for a place and resolves with a saying, or undefined.
export function pickPlace() {
  return dialog("Send a location", (close) => new Picker(close).elements, "picker");
}

class Picker {
  #at = { ...last };
  #centre = { ...last };
  #step = 2; // of steps

  constructor(close) {
    this.map = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "map", tabindex: "0", role: "application",
      "aria-label": "Map: click where you are, or move the pin with the arrow keys" });
    this.map.addEventListener("click", (e) => this.#click(e));
    this.map.addEventListener("keydown", (e) => this.#key(e));
    this.map.addEventListener("wheel", (e) => { e.preventDefault(); this.#zoom(Math.sign(e.deltaY)); }, { passive: false });
    this.latitude = coordinate("Latitude", 90, () => this.#typed());
    this.longitude = coordinate("Longitude", 180, () => this.#typed());
    this.title = h("input", { placeholder: "Name (optional)", maxLength: 128, "aria-label": "Name of the place, which makes it a venue" });
    this.address = h("input", { placeholder: "Address (optional)", maxLength: 128, "aria-label": "Address of the place" });
    this.close = close;
    this.elements = this.#build();
    this.#draw();
  }

  #build() {
    const zoom = (by, label, sign) => h("button", { type: "button", class: "round small", "aria-label": label, onclick: () => this.#zoom(by) }, sign);
    const jump = (name) => h("button", { type: "button", class: "chip", onclick: () => this.#jump(name) }, name);
    return [
      h("h2", {}, "Send a location"),
      h("div", { class: "map-box" }, this.map, h("div", { class: "zoom" }, zoom(-1, "Zoom in", "+"), zoom(1, "Zoom out", "−"))),
      h("div", { class: "chips" }, quick.map(jump)),
      h("form", { method: "dialog", onsubmit: (e) => { e.preventDefault(); this.#done(); } },
        h("div", { class: "pair" }, h("label", {}, "Latitude", this.latitude), h("label", {}, "Longitude", this.longitude)),
        h("div", { class: "pair" }, this.title, this.address),
        h("div", { class: "actions" },
          h("button", { type: "button", class: "flat", onclick: () => this.close() }, "Cancel"),
          h("button", { class: "primary flat", id: "send-location", autofocus: true }, "Send location"))),
    ];
  }

  #done() {
    last = this.#at;
    const title = this.title.value.trim();
    this.close(title ? { venue: { ...this.#at, title, address: this.address.value.trim() } } : { location: this.#at });
  }

  // Plate carrée, narrowed so that shapes are true at the centre.
  #scale() {
    const y = height / (steps[this.#step] * 5);
    return { x: y * Math.cos(this.#centre.latitude * Math.PI / 180), y };
  }

  #xy({ latitude, longitude }) {
    const s = this.#scale();
    return [width / 2 + (longitude - this.#centre.longitude) * s.x, height / 2 - (latitude - this.#centre.latitude) * s.y];
  }

  #click(e) {
    const p = new DOMPoint(e.clientX, e.clientY).matrixTransform(this.map.getScreenCTM().inverse());
    const s = this.#scale();
    this.#move(this.#centre.latitude - (p.y - height / 2) / s.y, this.#centre.longitude + (p.x - width / 2) / s.x);
  }

  #key(e) {
    const by = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[e.key];
    if (by) {
      e.preventDefault();
      const d = steps[this.#step] / 10;
      this.#move(this.#at.latitude + by[0] * d, this.#at.longitude + by[1] * d);
    } else if (e.key === "+" || e.key === "-") {
      this.#zoom(e.key === "+" ? -1 : 1);
    }
  }

  #move(latitude, longitude) {
    this.#at = { latitude: round(Math.max(-89.9, Math.min(89.9, latitude))), longitude: round(((longitude + 540) % 360) - 180) };
    this.#draw();
  }

  #zoom(by) {
    this.#step = Math.max(0, Math.min(steps.length - 1, this.#step + by));
    this.#centre = { ...this.#at };
    this.#draw();
  }

  #jump(name) {
    const [, latitude, longitude] = cities.find((c) => c[0] === name);
    this.#centre = { latitude, longitude };
    this.#move(latitude, longitude);
  }

  #typed() {
    if (!this.latitude.validity.valid || !this.longitude.validity.valid) return;
    this.#at = { latitude: Number(this.latitude.value), longitude: Number(this.longitude.value) };
    this.#centre = { ...this.#at };
    this.#draw();
  }

  #draw() {
    const [x, y] = this.#xy(this.#at);
    this.map.replaceChildren(...this.#grid(), ...this.#names(),
      svg("g", { class: "pin", transform: `translate(${x} ${y})` },
        svg("path", { d: "M0 0C-3-8-11-14-11-22a11 11 0 0 1 22 0C11-14 3-8 0 0Z" }), svg("circle", { cy: -22, r: 4.5 })));
    for (const [input, value] of [[this.latitude, this.#at.latitude], [this.longitude, this.#at.longitude]]) {
      if (document.activeElement !== input || !input.validity.valid) input.value = value;
    }
  }

  #grid() {
    const out = [], step = steps[this.#step], s = this.#scale(), c = this.#centre;
    const digits = Math.max(0, Math.ceil(-Math.log10(step)));
    const line = (x1, y1, x2, y2) => svg("line", { x1, y1, x2, y2 });
    const label = (x, y, value) => svg("text", { x, y, class: "degrees" }, `${value.toFixed(digits)}°`);
    for (let v = Math.ceil((c.latitude - height / 2 / s.y) / step); v * step < c.latitude + height / 2 / s.y; v++) {
      const y = this.#xy({ latitude: v * step, longitude: 0 })[1];
      out.push(line(0, y, width, y));
      if (y < height - 20) out.push(label(4, y - 3, v * step)); // below are the longitudes
    }
    for (let v = Math.ceil((c.longitude - width / 2 / s.x) / step); v * step < c.longitude + width / 2 / s.x; v++) {
      const x = this.#xy({ latitude: 0, longitude: v * step })[0];
      out.push(line(x, 0, x, height), label(x + 3, height - 5, v * step));
    }
    return out;
  }

  #names() {
    return cities.flatMap(([name, latitude, longitude]) => {
      const [x, y] = this.#xy({ latitude, longitude });
      if (x < 0 || y < 0 || x > width || y > height) return [];
      return [svg("circle", { cx: x, cy: y, r: 3, class: "city" }), svg("text", { x: x + 6, y: y + 4, class: "city" }, name)];
    });
  }
}

const round = (degrees) => Math.round(degrees * 1e5) / 1e5;

function coordinate(label, most, changed) {
  return h("input", { type: "number", step: "any", min: -most, max: most, required: true, "aria-label": label, oninput: changed });
}
