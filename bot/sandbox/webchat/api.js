// The people's API of the sandbox, as one person uses it.

// Refused is an answer in Telegram's words.
export class Refused extends Error {
  constructor(code, description) {
    super(description.replace(/^[A-Z][A-Za-z ]*: /, ""));
    this.code = code;
  }
}

async function request(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body && JSON.stringify(body),
  });
  if (answer.status === 204) return null;
  const json = await answer.json();
  if (!answer.ok) throw new Refused(answer.status, json.description);
  return json;
}

export const getProfile = (id) => request("GET", `/people/${id}/profile`);
export const putProfile = (who) => request("PUT", `/people/${who.id}/profile`, who);
export const say = (path, what) => request("POST", `${path}/messages`, what);
export const block = (path, yes) => request(yes ? "PUT" : "DELETE", `${path}/block`);
export const newGroup = (me, group) => request("POST", `/people/${me}/groups`, group);
export const setMember = (me, group, who, as) => request("PUT", `/people/${me}/groups/${group}/members/${who}`, as);
export const migrate = (me, group) => request("POST", `/people/${me}/groups/${group}/migration`);
export const newTopic = (me, group, name) => request("POST", `/people/${me}/groups/${group}/topics`, { name });
export const setBot = (me, bot, settings) => request("PUT", `/people/${me}/bots/${bot}`, settings);
export const fileURL = (me, id) => `/people/${me}/files/${id}`;

const answerWait = 25; // seconds; a bot that takes longer has missed its chance, as in Telegram

// press presses a button and resolves with the bot's answer, or null where none came.
export async function press(path, messageID, data) {
  const { callback_id } = await request("POST", `${path}/presses`, { message_id: messageID, data });
  return request("GET", `${path}/presses/${callback_id}?wait=${answerWait}`);
}

// ask sends an inline query and resolves with its id and the bot's answer, or null where none came.
export async function ask(me, bot, query, offset = "") {
  const base = `/people/${me}/inline/${bot}`;
  const { id } = await request("POST", base, { query, offset });
  const answer = await request("GET", `${base}/${id}?wait=${answerWait}`);
  return answer && { id, ...answer };
}

// choose sends a result of an inline query into a chat.
export const choose = (me, bot, query, result, chat) =>
  request("POST", `/people/${me}/inline/${bot}/${query}`, { result_id: result, chat: String(chat) });

const retryAfter = 1000; // ms

// listen keeps a person's stream of events open until stop is called. on.chats and on.view get
// the events, on.line whether the line is up. The person is made known at each beginning: the
// sandbox may have been started anew.
export function listen(who, on) {
  let source, timer, stopped = false;
  const again = () => {
    source?.close();
    on.line(false);
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(open, retryAfter);
  };
  async function open() {
    try {
      await putProfile(who);
    } catch {
      return again();
    }
    if (stopped) return;
    source = new EventSource(`/people/${who.id}/events`);
    source.onopen = () => on.line(true);
    source.onerror = again;
    source.addEventListener("chats", (e) => on.chats(JSON.parse(e.data)));
    source.addEventListener("view", (e) => on.view(JSON.parse(e.data)));
  }
  open();
  return () => { stopped = true; clearTimeout(timer); source?.close(); };
}
