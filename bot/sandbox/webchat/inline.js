// Inline mode: "@bot words" in the input asks the bot, and its results are offered above.

import { h } from "./dom.js";
import * as api from "./api.js";

const pause = 250; // ms without a key until the bot is asked

// Inline shows results in a list and sends the one that is chosen. act has me, bots() and
// chatID(); sent is called after a result was sent.
export class Inline {
  #act;
  #list;
  #sent;
  #timer;
  #asked = ""; // what the list is about; an answer to anything else is too late

  constructor(act, list, sent) {
    this.#act = act;
    this.#list = list;
    this.#sent = sent;
  }

  // follow reads what is in the input, and reports whether it is an inline query.
  follow(text) {
    clearTimeout(this.#timer);
    const found = /^@(\w+)\s(.*)$/s.exec(text);
    const bot = found && this.#act.bots().find((b) => b.username.toLowerCase() === found[1].toLowerCase());
    this.#asked = bot ? text : "";
    if (!bot) return false;
    this.#timer = setTimeout(() => this.#ask(text, bot, found[2]), pause);
    return true;
  }

  async #ask(text, bot, query) {
    if (!bot.settings.inline) return this.#say(`The inline mode of @${bot.username} is off. It can be switched on at ⋮ in its chat.`);
    this.#say("…");
    await this.#page(text, bot, query, "", []);
  }

  // #page gets the results from an offset on, and shows them behind those before.
  async #page(text, bot, query, offset, before) {
    try {
      const answer = await api.ask(this.#act.me, bot.id, query, offset);
      if (this.#asked !== text) return;
      if (!answer) return this.#say(`@${bot.username} has not answered.`);
      const items = [...before, ...answer.results.map((r) => this.#result(bot, answer.id, r))];
      if (items.length === 0) return this.#say("Nothing found.");
      const more = answer.next_offset && h("li", { role: "none" }, h("button", { type: "button", role: "menuitem", onclick: () => this.#page(text, bot, query, answer.next_offset, items) }, "More…"));
      this.#list.replaceChildren(...items, ...(more ? [more] : []));
    } catch (err) {
      if (this.#asked === text) this.#say(err.message);
    }
  }

  #result(bot, query, r) {
    const choose = async () => {
      try {
        await api.choose(this.#act.me, bot.id, query, r.id, this.#act.chatID());
        this.#sent();
      } catch (err) {
        this.#say(err.message);
      }
    };
    return h("li", { role: "none" }, h("button", { type: "button", role: "menuitem", onclick: choose },
      h("b", {}, r.title || r.type), h("span", {}, r.description ?? "")));
  }

  #say(what) {
    this.#list.replaceChildren(h("li", { role: "none", class: "note" }, what));
    this.#list.hidden = false;
  }
}
