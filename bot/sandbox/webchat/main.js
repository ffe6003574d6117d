// The web chat: what the tab knows, and what the user does with it.

import { $, h, paintAvatar, alertBox, toast } from "./dom.js";
import * as api from "./api.js";
import * as people from "./people.js";
import * as log from "./log.js";
import { wrote } from "./bubble.js";
import { showList } from "./list.js";
import { inTopic, showTopics } from "./topics.js";
import * as groups from "./groups.js";
import { Composer } from "./composer.js";
import { pickPlace } from "./picker.js";
import { safeURL } from "./richtext.js";
import "./theme.js";

let me = await people.whoAmI();
const chats = new Map(); // path -> chat: its ChatInfo, and what its views said
let open = null;         // the chat that is shown
let wanted = "";         // path of a chat to open once it is there
let stop = () => {};     // ends the stream

const pending = new Set(); // presses without an answer, see pressKey
const pressKey = (m, data) => `${open?.path} ${m.id} ${data}`;

const act = {
  get me() { return me.id; },
  waiting: (m, data) => pending.has(pressKey(m, data)),
  command: (text) => act.say({ text }),
  mention: (name) => openBot(name.slice(1)),
  reply: (m) => composer.reply(m),
  bots: () => [...chats.values()].filter((c) => c.username),
  chatID: () => open.id,

  // say sends, into the topic that is shown, and reports whether it was taken.
  async say(what) {
    const chat = open;
    try {
      await api.say(chat.path, chat.topic ? { thread: chat.topic, ...what } : what);
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

  // link opens a deep link to a bot, or one that shares something, here, and leaves every other
  // to the browser.
  link(event, address) {
    const u = new URL(address);
    if (!/^(t|telegram)\.me$/.test(u.hostname)) return;
    const bot = botNamed(u.pathname.slice(1));
    const start = u.searchParams.get("start"), group = u.searchParams.get("startgroup");
    if (u.pathname === "/share/url") share([u.searchParams.get("url"), u.searchParams.get("text")].filter(Boolean).join("\n"));
    else if (bot && group !== null) addToGroup(bot, group);
    else if (bot) {
      openChat(bot);
      if (start !== null) act.say({ text: `/start ${start}`.trim() });
    } else return;
    event.preventDefault();
  },

  // switchTo begins an inline query of the bot that wrote a message, or whose result it is.
  async switchTo(m, query, elsewhere) {
    const bot = m.from_bot ? act.bots().find((b) => b.id === m.from.id) : botNamed(m.via);
    const chat = elsewhere ? await groups.pickChat("Share in which chat?", listed()) : open;
    if (!bot || !chat) return;
    if (chat !== open) openChat(chat);
    composer.write(`@${bot.username} ${query}`);
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

const botNamed = (username) => act.bots().find((b) => b.username.toLowerCase() === username?.toLowerCase());
const listed = () => [...chats.values()].filter((c) => !c.group?.moved_to);

function openBot(username) {
  const bot = botNamed(username);
  if (bot) openChat(bot);
}

async function share(text) {
  const chat = await groups.pickChat("Share in which chat?", listed());
  if (!chat) return;
  openChat(chat);
  await act.say({ text });
}

// addToGroup brings a bot into a group, and starts it there where a link says with what.
async function addToGroup(bot, payload) {
  const chat = await groups.pickChat(`Add ${bot.title} to which group?`, listed().filter((c) => c.group));
  if (!chat) return;
  try {
    await api.setMember(me.id, chat.id, bot.id, { status: "member" });
  } catch (err) {
    return toast(err.message);
  }
  openChat(chat);
  if (payload) await act.say({ text: `/start@${bot.username} ${payload}` });
}

async function newGroup() {
  const made = await groups.newGroup(me, act.bots());
  if (made) openSoon(made.id);
}

// openSoon opens a group as soon as the stream tells of it.
function openSoon(id) {
  wanted = `/people/${me.id}/chats/${id}`;
  if (chats.has(wanted)) openChat(chats.get(wanted));
}

function about() {
  if (open.group) return groups.groupInfo(me, { ...open.group }, act.bots());
  return groups.botInfo(me, open, () => addToGroup(open));
}

function openChat(chat) {
  open = chat;
  wanted = "";
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
  wanted = "";
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
    chats.set(info.path, Object.assign(chat, { id: Number(info.path.split("/").at(-1)), ...info }));
  }
  if (open && !chats.has(open.path)) { // the user left, or the sandbox was started anew
    open = null;
    document.body.classList.remove("in-chat");
  }
  if (open?.group?.moved_to) openSoon(open.group.moved_to);
  const wide = matchMedia("(min-width: 721px)").matches;
  if (chats.has(wanted)) openChat(chats.get(wanted));
  else if (first && chats.size && (wide || chats.size === 1)) openChat(chats.values().next().value);
  else showAll();
}

function onView({ path, view }) {
  const chat = chats.get(path);
  if (!chat) return;
  const newest = chat.order.at(-1) ?? Infinity;
  for (const m of view.changed) {
    chat.messages.set(m.id, m);
    if (chat !== open && !wrote(me.id, m) && m.id > newest) chat.unread++;
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
  showList([...chats.values()], open, me, openChat);
  if (!open) return;
  $("#title").textContent = open.title;
  paintAvatar($("#conversation > header .avatar"), open.title, open.id);
  $("#status").textContent = actions[open.action] ?? (open.group ? membersOf(open.group) : `bot · @${open.username}`);
  $("#status").classList.toggle("busy", Boolean(open.action));
  $("#block").textContent = open.blocked ? "Unblock" : "Block";
  $("#block").hidden = open.order.length === 0 || Boolean(open.group);
  showTopics(open, chooseTopic);
  composer.show(open);
  log.show(inTopic(open), act);
}

function chooseTopic(id) {
  open.topic = id;
  log.clear();
  showAll();
  log.toEnd();
}

function membersOf(group) {
  const n = group.members.filter((m) => m.status !== "left" && m.status !== "kicked").length;
  return n === 1 ? "1 member" : `${n} members`;
}

const actions = {
  typing: "typing…", upload_photo: "sending a photo…", upload_document: "sending a file…", find_location: "choosing a location…",
  upload_video: "sending a video…", record_video: "recording a video…", record_voice: "recording a voice…", upload_voice: "sending a voice…",
};

$("#address").textContent = location.origin;
$("#new-group").addEventListener("click", newGroup);
$("#info").addEventListener("click", about);
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
