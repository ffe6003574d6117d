// The messages of the open chat. An item is made anew only where its message changed, and what
// had the focus keeps it. Buttons that stay the same are kept: a click on one that is replaced
// between mouse down and up would be lost.

import { $, h } from "./dom.js";
import { bubble } from "./bubble.js";

const log = $("#log");
const scroll = $("#scroll");
const shown = new Map(); // message id -> { item, message }

// clear forgets the chat that was shown.
export function clear() {
  shown.clear();
  log.replaceChildren();
}

// show brings the list up to date with the chat.
export function show(chat, act) {
  const focus = focusPlace();
  for (const [id, { item }] of shown) {
    if (!chat.messages.has(id)) {
      item.remove();
      shown.delete(id);
    }
  }
  let last = null;
  for (const id of chat.order) {
    const message = chat.messages.get(id);
    const old = shown.get(id);
    if (old?.message === message) {
      last = old.item;
      continue;
    }
    const made = { item: bubble(message, chat, act), message };
    if (old) replace(old, made);
    else if (last) last.after(made.item);
    else log.prepend(made.item);
    shown.set(id, made);
    last = made.item;
  }
  days(chat);
  if (chat.group) runs(chat);
  focusAgain(focus);
  if (following) toEnd(); // at once: what the mouse aims at must not move a frame later
}

// replace puts a new item in the place of the old one, around its buttons where they are the
// same.
function replace(old, made) {
  const same = JSON.stringify(old.message.buttons) === JSON.stringify(made.message.buttons);
  const kept = same && $(".inline-keyboard", old.item);
  if (!kept) {
    old.item.replaceWith(made.item);
    return;
  }
  $(".bubble", old.item).replaceWith($(".bubble", made.item));
  old.item.className = made.item.className;
  made.item = old.item;
}

// showWaiting marks the buttons of a message that wait for the bot's answer.
export function showWaiting(m, act) {
  for (const b of shown.get(m.id)?.item.querySelectorAll("button.key") ?? []) {
    if (act.waiting(m, b.dataset.press)) b.setAttribute("aria-busy", "true");
    else b.removeAttribute("aria-busy");
  }
}

// Who reads the newest message goes on reading the newest; who scrolled back is left there.
let following = true;
scroll.addEventListener("scroll", () => {
  following = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
});
const resized = new ResizeObserver(() => { if (following) toEnd(); });
resized.observe(scroll);
resized.observe(log);

// toEnd scrolls to the newest message.
export function toEnd() {
  following = true;
  scroll.scrollTop = scroll.scrollHeight;
}

// days puts a line with the date where a day begins.
function days(chat) {
  for (const e of log.querySelectorAll(".day")) e.remove();
  let day = "";
  for (const id of chat.order) {
    const { item, message } = shown.get(id);
    const its = new Date(message.date).toDateString();
    if (its !== day) item.before(h("li", { class: "day", "aria-hidden": "true" }, h("span", {}, dayName(new Date(message.date)))));
    day = its;
  }
}

function dayName(date) {
  if (date.toDateString() === new Date().toDateString()) return "Today";
  return date.toLocaleDateString([], { day: "numeric", month: "long" });
}

// runs marks the first and the last of messages that one author wrote in a row: the name is shown
// at the first, the picture beside the last.
function runs(chat) {
  let before = null;
  for (const id of chat.order) {
    const { item, message } = shown.get(id);
    const goes = before && !message.service && !before.message.service && before.message.from.id === message.from.id;
    item.classList.toggle("first", !goes);
    before?.item.classList.toggle("last", !goes);
    before = { item, message };
  }
  before?.item.classList.add("last");
}

// focusPlace remembers which control of which message has the focus.
function focusPlace() {
  const item = document.activeElement?.closest?.("#log .message");
  if (!item) return null;
  return { id: Number(item.dataset.id), text: document.activeElement.textContent, n: controls(item).indexOf(document.activeElement) };
}

function focusAgain(place) {
  const item = place && shown.get(place.id)?.item;
  if (!item || item.contains(document.activeElement)) return;
  const all = controls(item);
  (all.find((c) => c.textContent === place.text) ?? all[place.n] ?? scroll).focus({ preventScroll: true });
}

const controls = (item) => [...item.querySelectorAll("button, a")];
