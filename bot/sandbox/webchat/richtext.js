// Text with entities, as nodes. Offsets are in UTF-16 code units, as JavaScript counts.

import { h } from "./dom.js";

// richText returns the nodes of a text. act.command(text), act.mention(name) and act.link(event,
// address) are called for what can be pressed.
export function richText(text, entities = [], act) {
  const sorted = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return range(text, sorted, 0, text.length, act);
}

function range(text, entities, from, to, act) {
  const out = [];
  let at = from;
  for (let i = 0; i < entities.length; i++) {
    const e = entities[i];
    const begin = Math.max(e.offset, at);
    const end = Math.min(e.offset + e.length, to);
    if (end <= begin) continue;
    if (begin > at) out.push(text.slice(at, begin));
    const inner = entities.slice(i + 1).filter((x) => x.offset < end);
    out.push(node(e, text.slice(begin, end), range(text, inner, begin, end, act), act));
    at = end;
  }
  if (at < to) out.push(text.slice(at, to));
  return out;
}

const tags = {
  bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code",
  blockquote: "blockquote", expandable_blockquote: "blockquote",
};

function node(e, plain, inner, act) {
  switch (e.type) {
    case "pre": return h("pre", { data: e.language ? { language: e.language } : {} }, h("code", {}, inner));
    case "url": return link(/^[a-z]+:/i.test(plain) ? plain : `https://${plain}`, inner, act);
    case "text_link": return link(e.url, inner, act);
    case "email": return link(`mailto:${plain}`, inner, act);
    case "phone_number": return link(`tel:${plain.replace(/[^+\d]/g, "")}`, inner, act);
    case "bot_command": return h("button", { class: "inline-link", onclick: () => act.command(plain) }, inner);
    case "mention": return h("button", { class: "inline-link", onclick: () => act.mention(plain) }, inner);
    case "text_mention": case "hashtag": case "cashtag": return h("span", { class: "tag" }, inner);
    case "spoiler": return spoiler(inner);
  }
  const tag = tags[e.type];
  return tag ? h(tag, {}, inner) : h("span", {}, inner);
}

function spoiler(inner) {
  const b = h("button", { class: "spoiler", "aria-label": "Hidden text: press to show", onclick: () => {
    b.classList.add("shown");
    b.removeAttribute("aria-label");
  } }, inner);
  return b;
}

const harmless = ["http:", "https:", "mailto:", "tel:", "tg:"];

// safeURL returns an address that may be opened, or null.
export function safeURL(address) {
  try {
    const u = new URL(address);
    return harmless.includes(u.protocol) ? u.href : null;
  } catch {
    return null;
  }
}

function link(address, inner, act) {
  const href = safeURL(address);
  if (!href) return h("span", {}, inner);
  return h("a", { href, target: "_blank", rel: "noopener noreferrer", onclick: (event) => act.link(event, href) }, inner);
}
