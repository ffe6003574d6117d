// One message as a bubble.

import { h, dialog, avatar, peerClass } from "./dom.js";
import { fileURL } from "./api.js";
import { richText, safeURL } from "./richtext.js";

// bubble makes the list item of a message. act has what a person can do to it: press, command,
// mention, link, reply, switchTo; waiting(m, data) tells whether a press has no answer yet.
export function bubble(m, chat, act) {
  if (m.service) return h("li", { class: "message service", data: { id: m.id } }, h("span", {}, m.service));
  const mine = wrote(act.me, m);
  const pictured = Boolean(m.photo || m.location);
  const author = authorOf(m, chat);
  return h("li", { class: `message ${mine ? "out" : "in"}${pictured ? " pictured" : ""}`, data: { id: m.id } },
    h("div", { class: "bubble" },
      chat.group && !mine && avatar(author, m.from.id),
      h("div", { class: `author ${peerClass(m.from.id)}` }, mine ? "You" : author),
      m.via && h("div", { class: "via" }, `via @${m.via}`),
      m.reply_to && quote(chat.messages.get(m.reply_to), chat),
      m.photo && photo(m.photo, act),
      m.location && place(m),
      m.document && file(m.document, act),
      (m.text || m.caption) && h("div", { class: "text", dir: "auto" }, richText(m.text || m.caption, m.entities, act)),
      m.reactions && h("div", { class: "reactions", role: "group", "aria-label": "Reactions" }, m.reactions.map((r) => h("span", {}, r))),
      h("div", { class: "meta" },
        h("button", { class: "reply", "aria-label": "Reply to this message", onclick: () => act.reply(m) }, "↩"),
        m.thread ? h("span", { class: "topic" }, `# ${topicOf(m, chat)} `) : null,
        m.edited ? h("span", {}, "edited ") : null,
        h("time", { dateTime: m.date }, clock(m.date)))),
    m.buttons && inlineKeyboard(m, act));
}

const clock = (date) => new Date(date).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

// wrote tells whether a message is a person's own.
export const wrote = (id, m) => !m.from_bot && m.from.id === id;

const hiddenAdmin = 1087968824; // whom administrators write as that hide: they show as the group

// authorOf is the name that a message's author shows.
export const authorOf = (m, chat) => (m.from.id === hiddenAdmin && chat.group ? chat.title : m.from.name);

const topicOf = (m, chat) => chat.group?.topics?.find((t) => t.id === m.thread)?.name ?? m.thread;

export const summary = (m) =>
  m?.service || m?.text || m?.caption || (m?.photo && "Photo") || (m?.venue && m.venue.title) || (m?.location && "Location") || m?.document?.file_name || "Message";

function quote(m, chat) {
  if (!m) return h("div", { class: "quote" }, h("span", {}, "Deleted message"));
  return h("div", { class: `quote ${peerClass(m.from.id)}` }, chat.group && h("b", {}, authorOf(m, chat)), h("span", {}, summary(m)));
}

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

function place({ location: { latitude, longitude }, venue, live }) {
  const at = `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
  const called = live ? "Live location" : "Location";
  const href = `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=15/${latitude}/${longitude}`;
  return h("a", { class: "place", href, target: "_blank", rel: "noopener noreferrer", "aria-label": `${venue?.title ?? called} ${at}: open on OpenStreetMap` },
    h("span", { class: "pinned", "aria-hidden": "true" }, "📍"),
    h("span", { class: "where" }, venue ? [h("b", {}, venue.title), h("span", {}, venue.address)] : h("b", {}, called), h("small", {}, at)));
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
  const query = b.switch_to ?? b.switch_here;
  if (query !== undefined) {
    return h("button", { class: "key", data: { press: "" }, onclick: () => act.switchTo(m, query, b.switch_to !== undefined) },
      b.text, h("span", { class: "corner", "aria-hidden": "true" }, "@"));
  }
  return h("button", {
    class: "key", disabled: !b.data, title: b.data ? "" : "This kind of button does nothing here",
    "aria-busy": act.waiting(m, b.data) ? "true" : null, data: { press: b.data ?? "" }, onclick: () => act.press(m, b),
  }, b.text);
}
