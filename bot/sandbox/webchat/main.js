// The web chat: what the tab knows, and what the user does with it.

import { $, h, paintAvatar, alertBox, toast } from "./dom.js";
import * as api from "./api.js";
import * as people from "./people.js";
import * as log from "./log.js";
import { summary } from "./bubble.js";
import { Composer } from "./composer.js";
import { pickPlace } from "./picker.js";
import { safeURL } from "./richtext.js";
import "./theme.js";

let me = await people.whoAmI();
const chats = new Map(); // path -> chat: its ChatInfo, and what its views said
let open = null;         // the chat that is shown
let stop = () => {};     // ends the stream

const pending = new Set(); // presses without an answer, see pressKey
const pressKey = (m, data) => `${open?.path} ${m.id} ${data}`;

const act = {
  get me() { return me.id; },
  waiting: (m, data) => pending.has(pressKey(m, data)),
  command: (text) => act.say({ text }),
  mention: (name) => openBot(name.slice(1)),
  reply: (m) => composer.reply(m),

  // say sends, and reports whether it was taken.
  async say(what) {
    const chat = open;
    try {
      await api.say(chat.path, what);
      log.toEnd();
      return true;
    } catch (err) {
      toast(err.message);
      return false;
    }
  },

  async locate() {
    const place = await pickPlace();
    if (place) await act.say(place);
  },

  async press(m, b) {
    const chat = open, key = pressKey(m, b.data);
    if (pending.has(key)) return;
    pending.add(key);
    log.showWaiting(m, act);
    try {
      said(await api.press(chat.path, m.id, b.data));
    } catch (err) {
      toast(err.message);
    } finally {
      pending.delete(key);
      if (open === chat) log.showWaiting(m, act);
    }
  },

  // link opens a bot's deep link here, and leaves every other to the browser.
  link(event, address) {
    const u = new URL(address);
    const name = /^(t|telegram)\.me$/.test(u.hostname) && u.pathname.slice(1);
    if (!name || !openBot(name)) return;
    event.preventDefault();
    const payload = u.searchParams.get("start");
    if (payload !== null) act.say({ text: `/start ${payload}`.trim() });
  },

  async unblock() {
    await block(false);
    await act.say({ text: "/start" });
  },
};

const composer = new Composer(act);

// said shows the bot's answer to a press.
function said(answer) {
  if (!answer) return;
  const href = answer.url && safeURL(answer.url);
  const go = href && h("a", { class: "flat", href, target: "_blank", rel: "noopener noreferrer" }, "Open link");
  if (go || answer.show_alert && answer.text) alertBox(answer.text || href, go);
  else if (answer.text) toast(answer.text);
}

async function block(yes) {
  try {
    await api.block(open.path, yes);
  } catch (err) {
    toast(err.message);
  }
}

function openBot(username) {
  const chat = [...chats.values()].find((c) => c.username?.toLowerCase() === username.toLowerCase());
  if (chat) openChat(chat);
  return Boolean(chat);
}

function openChat(chat) {
  open = chat;
  chat.unread = 0;
  log.clear();
  composer.open(chat);
  document.body.classList.add("in-chat");
  showAll();
  log.toEnd();
  if (matchMedia("(hover: hover)").matches) $("#composer").hidden ? $("#start").focus() : $("#text").focus();
}

// begin makes the tab somebody's.
function begin(who) {
  stop();
  me = who;
  chats.clear();
  open = null;
  people.showMe(me);
  document.body.classList.remove("in-chat");
  showAll();
  stop = api.listen(me, { chats: onChats, view: onView, line: onLine });
}

function onChats(infos) {
  const first = chats.size === 0;
  for (const path of chats.keys()) if (!infos.some((i) => i.path === path)) chats.delete(path);
  for (const info of infos) {
    const chat = chats.get(info.path) ?? { messages: new Map(), order: [], keyboard: null, action: "", blocked: false, unread: 0 };
    chats.set(info.path, Object.assign(chat, info));
  }
  if (open && !chats.has(open.path)) open = null; // the sandbox was started anew
  const wide = matchMedia("(min-width: 721px)").matches;
  if (first && chats.size && (wide || chats.size === 1)) openChat(chats.values().next().value);
  else showAll();
}

function onView({ path, view }) {
  const chat = chats.get(path);
  if (!chat) return;
  const newest = chat.order.at(-1) ?? Infinity;
  for (const m of view.changed) {
    chat.messages.set(m.id, m);
    if (chat !== open && m.from_bot && m.id > newest) chat.unread++;
  }
  chat.order = view.ids;
  const there = new Set(view.ids);
  for (const id of chat.messages.keys()) if (!there.has(id)) chat.messages.delete(id);
  Object.assign(chat, { keyboard: view.keyboard, action: view.action, blocked: view.blocked });
  clearTimeout(chat.actionTimer);
  if (chat.action) chat.actionTimer = setTimeout(() => { chat.action = ""; showAll(); }, 5000);
  showAll();
}

const onLine = (up) => { $("#line").textContent = up ? "" : "Connecting…"; };

// showAll brings the page up to date.
function showAll() {
  $("#welcome").hidden = Boolean(open) || chats.size > 0;
  $("#conversation").hidden = !open;
  showList();
  if (!open) return;
  $("#title").textContent = open.title;
  paintAvatar($("#conversation .avatar"), open.title);
  $("#status").textContent = actions[open.action] ?? (open.username ? `bot · @${open.username}` : "");
  $("#status").classList.toggle("busy", Boolean(open.action));
  $("#block").textContent = open.blocked ? "Unblock" : "Block";
  $("#block").hidden = open.order.length === 0;
  composer.show(open);
  log.show(open, act);
}

const actions = {
  typing: "typing…", upload_photo: "sending a photo…", upload_document: "sending a file…", find_location: "choosing a location…",
  upload_video: "sending a video…", record_video: "recording a video…", record_voice: "recording a voice…", upload_voice: "sending a voice…",
};

let listed = ""; // what the list says

// showList makes the lines anew only where they say something else: a click on one that is
// replaced meanwhile would be lost.
function showList() {
  const says = JSON.stringify([...chats.values()].map((c) => [c.path, c.title, preview(c), c.unread, c === open]));
  if (says === listed) return;
  listed = says;
  const focused = document.activeElement?.dataset?.path;
  $("#chats").replaceChildren(...[...chats.values()].map(chatLine));
  if (focused) [...$("#chats").querySelectorAll("button")].find((b) => b.dataset.path === focused)?.focus();
}

function preview(chat) {
  const newest = chat.messages.get(chat.order.at(-1));
  return newest ? `${newest.from_bot ? "" : "You: "}${summary(newest).slice(0, 100)}` : "Press to begin";
}

function chatLine(chat) {
  const avatar = h("span", { class: "avatar", "aria-hidden": "true" });
  paintAvatar(avatar, chat.title);
  return h("li", {}, h("button", { class: "chat-line", data: { path: chat.path }, "aria-current": chat === open ? "true" : null, onclick: () => openChat(chat) },
    avatar,
    h("span", { class: "lines" },
      h("span", { class: "name" }, chat.title),
      h("span", { class: "preview" }, preview(chat))),
    chat.unread ? h("span", { class: "badge", "aria-label": `${chat.unread} unread` }, String(chat.unread)) : null));
}

$("#address").textContent = location.origin;
$("#me").addEventListener("click", () => people.choosePerson(me));
$("#back").addEventListener("click", () => {
  open = null;
  document.body.classList.remove("in-chat");
  showAll();
});
$("#block").addEventListener("click", () => block(!open.blocked));
document.addEventListener("keydown", (e) => {
  if (e.key !== "Escape" || $("dialog")) return;
  if (composer.closeMenu()) $("#text").focus();
  else composer.reply(null);
});
addEventListener("hashchange", async () => begin(await people.whoAmI()));
begin(me);
