// Groups: making one, who is in it, and what a bot's owner sets.

import { h, dialog, avatar, toast } from "./dom.js";
import * as api from "./api.js";
import { people, fullName } from "./people.js";

const kinds = [
  ["A group", {}],
  ["A supergroup", { supergroup: true }],
  ["A forum, with topics", { forum: true }],
];

// newGroup asks for a group, makes it, and resolves with its GroupInfo, or undefined.
export function newGroup(me, bots) {
  return dialog("New group", (close) => {
    const title = h("input", { required: true, maxLength: 128, placeholder: "Name of the group", "aria-label": "Name of the group", autofocus: true });
    const kind = h("select", { "aria-label": "Kind of group" }, kinds.map(([label], i) => h("option", { value: i }, label)));
    const guests = people().filter((p) => p.id !== me.id);
    const form = h("form", { method: "dialog", class: "group-form", onsubmit: async (e) => {
      e.preventDefault();
      const chosen = (name) => [...form.querySelectorAll(`input[name=${name}]:checked`)].map((box) => box.value);
      const members = chosen("people").map(Number);
      const made = await attempt(async () => {
        await Promise.all(guests.filter((p) => members.includes(p.id)).map(api.putProfile));
        return api.newGroup(me.id, { title: title.value, ...kinds[kind.value][1], members, bots: chosen("bots") });
      });
      if (made) close(made);
    } },
      title, kind,
      choices("People", "people", guests.map((p) => [p.id, fullName(p)])),
      choices("Bots", "bots", bots.map((b) => [b.id, b.title])),
      h("div", { class: "actions" },
        h("button", { type: "button", class: "flat", onclick: () => close() }, "Cancel"),
        h("button", { class: "primary flat" }, "Create group")));
    return [h("h2", {}, "New group"), form];
  }, "group-dialog");
}

function choices(title, name, list) {
  if (list.length === 0) return null;
  return h("fieldset", {}, h("legend", {}, title), list.map(([id, label]) =>
    h("label", { class: "choice" }, h("input", { type: "checkbox", name, value: id }), avatar(label, id), label)));
}

// groupInfo shows who is in a group, and lets the user change that.
export function groupInfo(me, group, bots) {
  return dialog(`About ${group.title}`, (close) => {
    const box = h("div", {});
    const change = async (what) => {
      const now = await attempt(what);
      if (!now) return;
      if (now.members?.some((m) => m.id === me.id && m.status !== "left")) show(now);
      else close();
    };
    const show = (g) => box.replaceChildren(...about(me, g, bots, change));
    show(group);
    return [box, h("div", { class: "actions" }, h("button", { class: "primary flat", onclick: () => close() }, "Done"))];
  }, "group-dialog");
}

// about is what groupInfo shows of a group as it is now.
function about(me, g, bots, change) {
  const inside = g.members.filter((m) => m.status !== "left" && m.status !== "kicked");
  const mine = inside.find((m) => m.id === me.id);
  const rules = mine.status === "creator" || mine.status === "administrator";
  const set = (id, as) => change(() => api.setMember(me.id, g.id, id, as));
  const absent = [...people().map((p) => ({ id: p.id, name: fullName(p), who: p })), ...bots.map((b) => ({ id: b.id, name: b.title }))]
    .filter((x) => !inside.some((m) => m.id === x.id));
  return [
    h("h2", {}, g.title, h("small", {}, ` ${g.type}${g.forum ? " with topics" : ""}`)),
    h("ul", { class: "people" }, inside.map((m) => memberLine(m, m.id !== me.id && rules && m.status !== "creator", set))),
    h("div", { class: "chips" }, absent.map((x) => h("button", { class: "chip", "aria-label": `Add ${x.name}`, onclick: async () => {
      if (x.who) await attempt(() => api.putProfile(x.who));
      set(x.id, { status: "member" });
    } }, `+ ${x.name}`))),
    g.forum && topicForm(me, g, change),
    h("div", { class: "chips" },
      g.type === "group" && h("button", { class: "chip", onclick: () => change(() => api.migrate(me.id, g.id)) }, "Make it a supergroup"),
      h("button", { class: "chip", onclick: () => set(me.id, { status: "left" }) }, "Leave the group")),
  ].filter(Boolean);
}

const roles = { creator: "owner", administrator: "admin", restricted: "may not write" };
const allRights = {
  delete_messages: true, restrict_members: true, promote_members: true, change_info: true, invite_users: true, pin_messages: true, manage_topics: true,
};

function memberLine(m, changeable, set) {
  const says = [m.bot && "bot", roles[m.status], m.anonymous && "anonymous"].filter(Boolean).join(" · ");
  const to = (label, as) => h("button", { class: "quiet", "aria-label": `${label}: ${m.name}`, onclick: () => set(m.id, as) }, label);
  return h("li", {}, avatar(m.name, m.id), h("span", { class: "member" }, m.name, h("small", {}, says)),
    changeable && (m.status === "administrator" ? to("Dismiss", { status: "member" }) : to("Make admin", { status: "administrator", rights: allRights })),
    changeable && to("Remove", { status: "kicked" }));
}

function topicForm(me, g, change) {
  const name = h("input", { required: true, maxLength: 128, placeholder: "New topic", "aria-label": "Name of a new topic" });
  return h("form", { method: "dialog", class: "topic-form", onsubmit: (e) => {
    e.preventDefault();
    change(async () => {
      const topic = await api.newTopic(me.id, g.id, name.value);
      return { ...g, topics: [...(g.topics ?? []), topic] };
    });
  } }, name, h("button", { class: "primary flat" }, "Open"));
}

// botInfo shows what a bot's owner sets with BotFather, and lets the user change it. add is called
// to bring the bot into a group.
export function botInfo(me, bot, add) {
  return dialog(`About ${bot.title}`, (close) => {
    const settings = { ...bot.settings };
    const toggle = (name, label, why) => h("label", { class: "choice" },
      h("input", { type: "checkbox", checked: settings[name], onchange: (e) => {
        settings[name] = e.target.checked;
        attempt(() => api.setBot(me.id, bot.id, settings));
      } }), h("span", {}, label, h("small", {}, why)));
    return [
      h("h2", {}, bot.title, h("small", {}, ` @${bot.username}`)),
      toggle("inline", "Inline mode", `Write @${bot.username} and a word in any chat`),
      toggle("privacy", "Privacy mode", "In groups it sees only what is meant for it"),
      h("div", { class: "actions" },
        h("button", { class: "flat", onclick: () => { close(); add(); } }, "Add to a group"),
        h("button", { class: "primary flat", autofocus: true, onclick: () => close() }, "Done")),
    ];
  }, "group-dialog");
}

// pickChat asks for one of some chats, and resolves with it, or undefined.
export function pickChat(title, chats) {
  return dialog(title, (close) => [
    h("h2", {}, title),
    chats.length === 0 && h("p", {}, "There is none yet: make a group first."),
    h("ul", { class: "people" }, chats.map((c) => h("li", {},
      h("button", { class: "person", onclick: () => close(c) }, avatar(c.title, c.id), c.title)))),
    h("div", { class: "actions" }, h("button", { class: "flat", onclick: () => close() }, "Cancel")),
  ].filter(Boolean), "group-dialog");
}

// attempt does what the sandbox may refuse, and says so.
async function attempt(what) {
  try {
    return await what();
  } catch (err) {
    toast(err.message);
  }
}
