// The list of chats.

import { $, h, avatar } from "./dom.js";
import { authorOf, summary, wrote } from "./bubble.js";

let listed = ""; // what the list says

// showList makes the lines anew only where they say something else: a click on one that is
// replaced meanwhile would be lost. The chat with the newest message comes first; a group that
// has become a supergroup is not shown.
export function showList(chats, open, me, openChat) {
  const lines = chats.filter((c) => !c.group?.moved_to).sort((a, b) => (b.order.at(-1) ?? 0) - (a.order.at(-1) ?? 0));
  const says = JSON.stringify(lines.map((c) => [c.path, c.title, preview(c, me), c.unread, c === open]));
  if (says === listed) return;
  listed = says;
  const focused = document.activeElement?.dataset?.path;
  $("#chats").replaceChildren(...lines.map((c) => line(c, c === open, me, openChat)));
  if (focused) [...$("#chats").querySelectorAll("button")].find((b) => b.dataset.path === focused)?.focus();
}

function preview(chat, me) {
  const newest = chat.messages.get(chat.order.at(-1));
  if (!newest) return "Press to begin";
  const says = summary(newest).slice(0, 100);
  if (newest.service) return says;
  if (wrote(me.id, newest)) return `You: ${says}`;
  return chat.group ? `${authorOf(newest, chat)}: ${says}` : says;
}

function line(chat, current, me, openChat) {
  const newest = chat.messages.get(chat.order.at(-1));
  return h("li", {}, h("button", { class: "chat-line", data: { path: chat.path }, "aria-current": current ? "true" : null, onclick: () => openChat(chat) },
    avatar(chat.title, chat.id),
    h("span", { class: "lines" },
      h("span", { class: "name" }, chat.title),
      newest && h("time", {}, new Date(newest.date).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })),
      h("span", { class: "preview" }, preview(chat, me)),
      chat.unread ? h("span", { class: "badge", "aria-label": `${chat.unread} unread` }, String(chat.unread)) : null)));
}
