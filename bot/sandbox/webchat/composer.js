// What stands below the messages: the input, the commands' menu, Start, the reply keyboard.

import { $, h } from "./dom.js";
import { summary } from "./bubble.js";
import { Inline } from "./inline.js";

const text = $("#text");
const menu = $("#menu");

// Composer turns what the user does below the messages into act.say(saying), act.locate(),
// act.unblock(), and inline queries.
export class Composer {
  #act;
  #inline;
  #chat = null;
  #replyTo = null;
  #drafts = new Map(); // of chats that are not open
  #keyboard = "";      // as last drawn, in JSON
  #shift = false;      // was held with the last key
  #forced = 0;         // the message whose force_reply was followed

  constructor(act) {
    this.#act = act;
    this.#inline = new Inline(act, menu, () => this.write(""));
    $("#composer").addEventListener("submit", (e) => { e.preventDefault(); this.#send(); });
    text.addEventListener("keydown", (e) => this.#key(e));
    text.addEventListener("beforeinput", (e) => this.#lineBreak(e));
    text.addEventListener("input", () => { grow(); this.#suggest(); });
    $("#commands").addEventListener("click", () => (menu.hidden ? this.#openMenu("") : this.closeMenu()));
    $("#locate").addEventListener("click", () => act.locate());
    $("#start").addEventListener("click", () => (this.#chat.blocked ? act.unblock() : act.say({ text: "/start" })));
    $("#replying button").addEventListener("click", () => this.reply(null));
    menu.addEventListener("keydown", (e) => this.#menuKey(e));
    document.addEventListener("click", (e) => { if (!e.target.closest("#menu, #commands, #text")) this.closeMenu(); });
  }

  // open begins with another chat.
  open(chat) {
    if (this.#chat) this.#drafts.set(this.#chat.path, text.value);
    this.#chat = chat;
    text.value = this.#drafts.get(chat.path) ?? "";
    this.reply(null);
    this.closeMenu();
    grow();
  }

  // show brings everything up to date with the chat.
  show(chat) {
    const fresh = chat.order.length === 0 && !chat.group;
    $("#composer").hidden = fresh || chat.blocked;
    $("#start").hidden = !fresh && !chat.blocked;
    $("#start").textContent = chat.blocked ? "Restart" : "Start";
    $("#commands").hidden = chat.commands.length === 0;
    text.placeholder = chat.keyboard?.placeholder || "Message";
    this.#showKeyboard(chat.blocked ? null : chat.keyboard);
    this.#followForce(chat);
  }

  // write puts a text into the input, as if the user had.
  write(what) {
    text.value = what;
    text.focus();
    grow();
    this.#suggest();
  }

  // reply makes the next text an answer to a message; null: to none.
  reply(m) {
    this.#replyTo = m;
    $("#replying").hidden = !m;
    $("#replying span").textContent = m ? summary(m) : "";
    if (m) text.focus();
  }

  // closeMenu hides the commands, and reports whether they were shown.
  closeMenu() {
    const was = !menu.hidden;
    menu.hidden = true;
    $("#commands").setAttribute("aria-expanded", "false");
    return was;
  }

  async #send(what = text.value.trim()) {
    if (!what) return;
    const saying = { text: what };
    if (this.#replyTo) saying.reply_to = this.#replyTo.id;
    if (this.#replyTo?.thread) saying.thread = this.#replyTo.thread;
    const written = what === text.value.trim() ? text.value : "";
    if (written) text.value = ""; // at once: the next words may come before the answer
    grow();
    this.reply(null);
    this.closeMenu();
    if (!await this.#act.say(saying) && text.value === "") this.write(written);
  }

  #key(e) {
    this.#shift = e.shiftKey;
    if (e.key === "ArrowUp" && !menu.hidden) {
      e.preventDefault();
      menu.querySelector("li:last-child button")?.focus();
    }
  }

  // #lineBreak sends in place of a line break without Shift. It is the break that is caught, not
  // the key: the break of a prevented key can still come, and the Enter of an input method is none.
  #lineBreak(e) {
    if (e.inputType !== "insertLineBreak" || this.#shift) return;
    e.preventDefault();
    this.#send();
  }

  #suggest() {
    if (this.#inline.follow(text.value)) return;
    if (/^\/\w*$/.test(text.value)) this.#openMenu(text.value.slice(1));
    else this.closeMenu();
  }

  #openMenu(prefix) {
    const fitting = this.#chat.commands.filter((c) => c.command.startsWith(prefix));
    menu.replaceChildren(...fitting.map((c) => h("li", { role: "none" },
      h("button", { type: "button", role: "menuitem", onclick: () => { text.value = ""; this.#send(`/${c.command}`); } },
        h("b", {}, `/${c.command}`), h("span", {}, c.description)))));
    menu.hidden = fitting.length === 0;
    $("#commands").setAttribute("aria-expanded", String(!menu.hidden));
  }

  #menuKey(e) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (!step) return;
    e.preventDefault();
    const all = [...menu.querySelectorAll("button")];
    all[(all.indexOf(document.activeElement) + step + all.length) % all.length].focus();
  }

  #showKeyboard(keyboard) {
    const drawn = JSON.stringify(keyboard?.rows ?? []);
    if (drawn === this.#keyboard) return;
    this.#keyboard = drawn;
    const box = $("#keyboard");
    box.replaceChildren(...(keyboard?.rows ?? []).map((row) => h("div", { class: "row" }, row.map((b) => this.#replyKey(b)))));
    box.hidden = !keyboard?.rows?.length;
  }

  #replyKey(b) {
    const press = () => (b.request_location ? this.#act.locate() : this.#act.say({ text: b.text }));
    return h("button", { type: "button", class: "key", disabled: b.request_contact, title: b.request_contact ? "Contacts cannot be sent here" : "", onclick: press }, b.text);
  }

  // #followForce lets the next text answer the message that asked for it.
  #followForce(chat) {
    if (!chat.keyboard?.force_reply) return;
    const asking = chat.order.findLast((id) => chat.messages.get(id).keyboard?.force_reply);
    if (!asking || asking === this.#forced) return;
    this.#forced = asking;
    this.reply(chat.messages.get(asking));
  }
}

// grow fits the input to its text; one that is not shown has no size to fit.
function grow() {
  text.style.height = "";
  if (text.scrollHeight) text.style.height = `${Math.min(text.scrollHeight, 160)}px`;
}
