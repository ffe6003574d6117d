// One message as a bubble.

import { h, dialog } from "./dom.js";
import { fileURL } from "./api.js";
import { richText, safeURL } from "./richtext.js";

// bubble makes the list item of a message. act has what a person can do to it: press, command,
// mention, link, reply; waiting(m, data) tells whether a press has no answer yet.
export function bubble(m, chat, act) {
  const mine = !m.from_bot && (m.from?.id ?? act.me) === act.me;
  const pictured = Boolean(m.photo || m.location);
  return h("li", { class: `message ${mine ? "out" : "in"}${pictured ? " pictured" : ""}`, data: { id: m.id } },
    h("div", { class: "bubble" },
      !mine && m.from && h("div", { class: "author" }, m.from.first_name),
      m.reply_to && quote(chat.messages.get(m.reply_to)),
      m.photo && photo(m.photo, act),
      m.location && place(m),
      m.document && file(m.document, act),
      (m.text || m.caption) && h("div", { class: "text", dir: "auto" }, richText(m.text || m.caption, m.entities, act)),
      h("div", { class: "meta" },
        h("button", { class: "reply", "aria-label": "Reply to this message", onclick: () => act.reply(m) }, "↩"),
        m.edited ? h("span", {}, "edited ") : null,
        h("time", { dateTime: m.date }, clock(m.date)))),
    m.buttons && inlineKeyboard(m, act));
}

const clock = (date) => new Date(date).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

export const summary = (m) =>
  m?.text || m?.caption || (m?.photo && "Photo") || (m?.venue && m.venue.title) || (m?.location && "Location") || m?.document?.file_name || "Message";

const quote = (m) => h("div", { class: "quote" }, h("span", {}, m ? summary(m) : "Deleted message"));

const photoWidth = 480, photoHeight = 416; // most, in pixels

// photo has its size before it is loaded, or what is below would move under the mouse.
function photo(p, act) {
  const src = fileURL(act.me, p.file_id);
  const b = h("button", { class: "photo", "aria-label": "Photo: press to enlarge", onclick: () => enlarge(src) },
    h("img", { src, width: p.width, height: p.height, alt: "" }));
  b.style.width = `${Math.min(p.width, photoWidth, photoHeight * p.width / p.height)}px`;
  return b;
}

function enlarge(src) {
  return dialog("Photo", (close) => h("button", { class: "viewer-image", "aria-label": "Close", autofocus: true, onclick: () => close() }, h("img", { src, alt: "Photo" })), "viewer");
}

function place({ location: { latitude, longitude }, venue }) {
  const at = `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
  const href = `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=15/${latitude}/${longitude}`;
  return h("a", { class: "place", href, target: "_blank", rel: "noopener noreferrer", "aria-label": `${venue?.title ?? "Location"} ${at}: open on OpenStreetMap` },
    h("span", { class: "pinned", "aria-hidden": "true" }, "📍"),
    h("span", { class: "where" }, venue ? [h("b", {}, venue.title), h("span", {}, venue.address)] : h("b", {}, "Location"), h("small", {}, at)));
}

function file(d, act) {
  return h("a", { class: "file", href: fileURL(act.me, d.file_id), download: d.file_name, "aria-label": `Download ${d.file_name}` },
    h("span", { class: "file-icon", "aria-hidden": "true" }, "↓"),
    h("span", {}, h("b", {}, d.file_name), h("small", {}, size(d.size))));
}

function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1 << 20) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / (1 << 20)).toFixed(1)} MB`;
}

function inlineKeyboard(m, act) {
  return h("div", { class: "inline-keyboard", role: "group", "aria-label": "Buttons of this message" },
    m.buttons.map((row) => h("div", { class: "row" }, row.map((b) => inlineButton(m, b, act)))));
}

function inlineButton(m, b, act) {
  if (b.url) {
    const href = safeURL(b.url);
    return h("a", { class: "key", href, target: "_blank", rel: "noopener noreferrer", onclick: (e) => act.link(e, b.url) },
      b.text, h("span", { class: "corner", "aria-hidden": "true" }, "↗"));
  }
  return h("button", {
    class: "key", disabled: !b.data, title: b.data ? "" : "This kind of button does nothing here",
    "aria-busy": act.waiting(m, b.data) ? "true" : null, data: { press: b.data ?? "" }, onclick: () => act.press(m, b),
  }, b.text);
}
