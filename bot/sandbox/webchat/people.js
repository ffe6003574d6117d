// Who this tab is. The people are kept for all tabs, who is spoken as is the tab's own: the
// id in the address after "#".

import { $, h, dialog, avatar, paintAvatar } from "./dom.js";
import { getProfile } from "./api.js";

const key = "people";
const languages = { en: "English", ru: "Русский", de: "Deutsch", uk: "Українська", sr: "Српски", es: "Español" };
const atFirst = [
  { id: 100001, first_name: "Anna", language_code: "en" },
  { id: 100002, first_name: "Борис", language_code: "ru" },
];

// people are those that the user was so far.
export function people() {
  try {
    const known = JSON.parse(localStorage.getItem(key));
    if (Array.isArray(known) && known.length) return known;
  } catch { /* what is there is not ours: begin anew */ }
  return atFirst;
}

function keep(who) {
  const others = people().filter((p) => p.id !== who.id);
  localStorage.setItem(key, JSON.stringify([...others, who].sort((a, b) => a.id - b.id)));
  return who;
}

// whoAmI returns the person of this tab. One that only the sandbox knows is asked of it.
export async function whoAmI() {
  const id = Number(location.hash.slice(1));
  const known = people().find((p) => p.id === id);
  if (known) return known;
  if (Number.isSafeInteger(id) && id > 0) {
    try {
      return keep(await getProfile(id));
    } catch { /* nobody knows them: be the first */ }
  }
  const first = people()[0];
  history.replaceState(null, "", `#${first.id}`);
  return first;
}

export const fullName = (p) => [p.first_name, p.last_name].filter(Boolean).join(" ");

// choosePerson lets the user be somebody else, in this tab or a new one.
export function choosePerson(me) {
  return dialog("Who are you?", (close) => [
    h("h2", {}, "Who are you?"),
    h("ul", { class: "people" }, people().map((p) => personLine(p, p.id === me.id, close))),
    newPersonForm(close),
  ], "people-dialog");
}

function personLine(p, current, close) {
  return h("li", {},
    h("button", { class: "person", "aria-current": current ? "true" : null, onclick: () => { close(); location.hash = p.id; } },
      avatar(fullName(p), p.id), h("span", {}, fullName(p), h("small", {}, `${languages[p.language_code] ?? p.language_code ?? ""} · ${p.id}`))),
    h("a", { class: "quiet", href: `/#${p.id}`, target: "_blank", rel: "noopener", "aria-label": `Open a tab as ${fullName(p)}` }, "new tab ↗"));
}

function newPersonForm(close) {
  const name = h("input", { name: "name", required: true, maxLength: 64, placeholder: "Name", "aria-label": "Name of a new person" });
  const language = h("select", { name: "language", "aria-label": "Language" },
    Object.entries(languages).map(([code, called]) => h("option", { value: code }, called)));
  return h("form", { class: "new-person", method: "dialog", onsubmit: (e) => {
    e.preventDefault();
    const first_name = name.value.trim();
    if (!first_name) return;
    const id = Math.max(100000, ...people().map((p) => p.id)) + 1;
    keep({ id, first_name, language_code: language.value });
    close();
    location.hash = id;
  } }, name, language, h("button", { class: "primary flat" }, "Create"));
}

// showMe paints the button that says who this tab is.
export function showMe(me) {
  paintAvatar($("#me .avatar"), fullName(me), me.id);
  $("#me .who").textContent = fullName(me);
  $("#me").setAttribute("aria-label", `You are ${fullName(me)}. Be somebody else`);
  document.title = `${fullName(me)} · Web chat`;
}
