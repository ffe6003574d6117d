// The topics of a forum: which one is shown, and written in.

import { $, h } from "./dom.js";

const bar = $("#topics");
let shown = ""; // what the bar says

// showTopics brings the bar up to date; choose is called with the id of a topic, 0 for all.
export function showTopics(chat, choose) {
  const topics = chat.group?.forum ? [{ id: 0, name: "All" }, ...(chat.group.topics ?? [])] : [];
  bar.hidden = topics.length === 0;
  const says = JSON.stringify([topics, chat.topic]);
  if (says === shown) return;
  shown = says;
  const focused = document.activeElement?.dataset?.topic;
  bar.replaceChildren(...topics.map((t) => h("button", {
    class: "chip", data: { topic: t.id }, "aria-pressed": String(t.id === (chat.topic ?? 0)), onclick: () => choose(t.id),
  }, t.closed ? `🔒 ${t.name}` : t.name)));
  if (focused) [...bar.children].find((b) => b.dataset.topic === focused)?.focus();
}

// inTopic is the chat with the messages of the chosen topic alone.
export function inTopic(chat) {
  if (!chat.topic) return chat;
  return { ...chat, order: chat.order.filter((id) => id === chat.topic || chat.messages.get(id).thread === chat.topic) };
}
