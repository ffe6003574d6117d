// Building the page: elements are made here and text is always text, never markup.

export const $ = (selector, within = document) => within.querySelector(selector);

// h makes an element. Properties that start with "on" are listeners, "data" a dataset, a name
// with a dash or "role" an attribute; children are nodes or texts, null and false are left out.
export function h(tag, props = {}, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) e.addEventListener(name.slice(2), value);
    else if (name === "data") Object.assign(e.dataset, value);
    else if (name.includes("-") || name === "role") e.setAttribute(name, value);
    else if (name === "class") e.className = value;
    else e[name] = value;
  }
  e.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== false));
  return e;
}

// svg makes an SVG element.
export function svg(tag, attributes = {}, ...children) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) e.setAttribute(name, value);
  e.append(...children);
  return e;
}

const colours = 7; // of peers, in style.css

// peerClass is the class that gives a person, bot or group a colour of its own.
export const peerClass = (id) => `peer-${Math.abs(Number(id)) % colours}`;

// paintAvatar shows the initials of a name on the colour of an id.
export function paintAvatar(e, name, id) {
  const letters = name.split(/\s+/).filter(Boolean).slice(0, 2).map((w) => [...w][0].toUpperCase());
  e.textContent = letters.join("");
  e.className = `avatar ${peerClass(id)}`;
}

// avatar makes one.
export function avatar(name, id) {
  const e = h("span", { "aria-hidden": "true" });
  paintAvatar(e, name, id);
  return e;
}

// dialog shows a modal window; Esc, its ✕ and a click beside it close it. It resolves with
// what close was called with, or undefined.
export function dialog(title, build, className = "") {
  return new Promise((resolve) => {
    let result;
    const d = h("dialog", { class: className, "aria-label": title });
    const close = (value) => { result = value; d.close(); };
    d.append(...[build(close)].flat());
    d.addEventListener("click", (e) => { if (e.target === d) d.close(); });
    d.addEventListener("close", () => { d.remove(); resolve(result); });
    document.body.append(d);
    d.showModal();
  });
}

// alertBox shows a text until it is dismissed.
export function alertBox(text, extra) {
  return dialog("Message", (close) => [
    h("p", { class: "alert-text" }, text),
    h("div", { class: "actions" }, extra, h("button", { class: "primary flat", autofocus: true, onclick: () => close() }, "OK")),
  ], "alert");
}

const toastLife = 4000; // ms

// toast shows a short notice for a moment.
export function toast(text) {
  const e = h("div", { class: "toast" }, text);
  $("#toasts").append(e);
  setTimeout(() => e.remove(), toastLife);
}
