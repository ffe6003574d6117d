// The dashboard: asks for /stats every second, keeps ten minutes, draws.
import { Chart } from "./charts.js";

const EVERY = 1000, KEPT = 600, SPAN = KEPT * EVERY;
const $ = (id) => document.getElementById(id);
let token = sessionStorage.getItem("token") ?? "";
let stats = null, previous = null, points = [], asking = false;

const number = (v) => v >= 10000 ? `${(v / 1000).toFixed(v >= 1e5 ? 0 : 1)}k` : Number.isInteger(v) || v >= 100 ? String(Math.round(v)) : v.toFixed(1);
const megabytes = (v) => `${(v / 1048576).toFixed(v % 1048576 && v < 1e8 ? 1 : 0)} MB`;
const seconds = (v) => v < 1 ? `${(v * 1000).toFixed(v < 0.1 ? 1 : 0)} ms` : `${v.toFixed(1)} s`;
const perSecond = (v) => `${number(v)}/s`;
const sum = (o) => Object.values(o).reduce((a, b) => a + b, 0);
const read = (s, path) => path.split(".").reduce((o, k) => o?.[k], s);

// errors are what somebody or something did not get.
const errors = (s) => s.ingress.undelivered + s.ingress.unreadable + s.sessions.inputs_poisoned + s.sessions.inputs_busy +
  s.sessions.snapshots_given_up + s.sessions.results_lost + s.writes.failed + s.writes.rejected + s.writes.busy + s.sending.exhausted;
// owed is what people or operators still wait for.
const owed = (s) => s.notices.owed + s.notices.announcements.owed + s.outbox.waiting + s.ingress.set_aside;
const answers = (s) => s.sending.sent;

// Every counter that is drawn as so many a second.
const rates = {
  updates: (s) => s.ingress.received,
  answers,
  errors,
  floods: (s) => s.sending.floods,
  writes: (s) => s.writes.commands,
  left: (s) => sum(s.sessions.passivations),
  came: (s) => s.sessions.activations_fresh + s.sessions.activations_restored,
};

// quantile of the measurements between two readings of a histogram; null without any.
function quantile(now, before, q) {
  const counts = now.buckets.map((n, i) => n - (before?.buckets[i] ?? 0));
  const rank = q * counts.reduce((a, b) => a + b, 0);
  if (rank <= 0) return null;
  let below = 0, lower = 0;
  for (const [i, upper] of now.bounds.entries()) {
    if (below + counts[i] >= rank) return lower + (upper - lower) * (rank - below) / counts[i];
    below += counts[i], lower = upper;
  }
  return lower;
}

function point(s, before, t, dt) {
  const p = {
    t, rss: s.sessions.rss_bytes, live: s.sessions.heap_live_bytes, sessions: s.sessions.sessions,
    p50: before && quantile(s.writes.commit_seconds, before.writes.commit_seconds, 0.5),
    p99: before && quantile(s.writes.commit_seconds, before.writes.commit_seconds, 0.99),
  };
  for (const [name, of] of Object.entries(rates)) p[name] = before ? Math.max(0, of(s) - of(before)) / dt : null;
  return p;
}

const tiles = [
  { name: "Memory", path: "sessions.rss_bytes", format: megabytes, below: (s) => s.sessions.memory_threshold_bytes ? `of ${megabytes(s.sessions.memory_threshold_bytes)}` : "no guard" },
  { name: "Sessions", path: "sessions.sessions", format: number, below: (s) => `of ${number(s.sessions.max_sessions)}, ${number(s.sessions.prepared_events)} prepared` },
  { name: "Updates", path: "ingress.received", format: number, below: (s) => `${number(s.ingress.unsettled)} not settled` },
  { name: "Answers", path: "sending.sent", format: number, below: (s) => `${number(s.sending.queued)} waiting, ${number(s.sending.floods)} × 429` },
  { name: "Writes", path: "writes.commands", format: number, below: (s) => `p99 ${seconds(s.writes.commit_seconds.p99)}, ${number(s.writes.queued)} waiting` },
  { name: "Duplicates", path: "sessions.inputs_repeated", format: number, below: (s) => `${number(s.writes.replays)} writes replayed` },
  { name: "Owed", of: owed, format: number, below: (s) => `${number(s.outbox.waiting)} replies, ${number(s.ingress.set_aside)} set aside` },
  { name: "Errors", of: errors, format: number, below: (s) => `${number(s.log?.errors ?? 0)} in the log, ${number(s.log?.warnings ?? 0)} warnings` },
].map((tile) => {
  const e = document.createElement("div");
  e.className = "tile";
  e.innerHTML = "<span></span><b></b><small></small>";
  e.firstChild.textContent = tile.name;
  if (tile.path) e.dataset.path = tile.path;
  $("tiles").append(e);
  return { ...tile, e };
});

const purges = () => (stats?.sessions.guard_history ?? []).filter((e) => e.what.startsWith("purge")).map((e) => Date.parse(e.at));
const charts = [
  { title: "Resident memory, the threshold, and purges ▾", format: megabytes, least: 64 * 1048576, unit: 1048576, limit: () => stats?.sessions.memory_threshold_bytes, marks: purges,
    series: [{ key: "rss", name: "RSS", color: "a" }, { key: "live", name: "live heap", color: "b" }] },
  { title: "Sessions", format: number, least: 4, series: [{ key: "sessions", name: "in memory", color: "a" }] },
  { title: "Coming and leaving", format: perSecond, series: [{ key: "came", name: "activations", color: "b" }, { key: "left", name: "passivations", color: "c" }] },
  { title: "Updates and answers", format: perSecond, series: [{ key: "updates", name: "updates", color: "a" }, { key: "answers", name: "answers", color: "b" }] },
  { title: "Writes", format: perSecond, series: [{ key: "writes", name: "committed", color: "a" }] },
  { title: "Commit latency", format: seconds, least: 0.004, series: [{ key: "p99", name: "p99", color: "c" }, { key: "p50", name: "median", color: "a" }] },
  { title: "Errors", format: perSecond, series: [{ key: "errors", name: "errors", color: "bad" }, { key: "floods", name: "429", color: "c" }] },
].map((o) => new Chart($("charts"), o));

// Pairs of what a buffer holds and of its bound.
const buffers = [
  ["Sessions", "sessions.sessions", "sessions.max_sessions"], ["Inputs in flight", "sessions.inputs_in_flight", "sessions.max_inputs_in_flight"],
  ["Stash", "sessions.stash_inputs", "sessions.max_stash_inputs"], ["Snapshots", "sessions.snapshots_made", "sessions.max_snapshots_made"],
  ["Unsettled updates", "ingress.unsettled", "ingress.unsettled_bound"], ["Writer", "writes.queued", "writes.bound"],
  ["Sender", "sending.queued", "sending.max_queued"], ["Chats", "sending.chats", "sending.max_chats"],
  ["Map pictures", "maps.drawing", "maps.max_drawing"], ["Map queue", "maps.waiting", "maps.max_waiting"],
  ["Tiles", "maps.tile_bytes", "maps.max_tile_bytes"], ["Reads", "reads.waiting", "reads.waiting_bound"],
  ["Connections, reads", "database.reads.in_use", "database.reads.bound"], ["Connections, writes", "database.writes.in_use", "database.writes.bound"],
];

// What waits in the database, and what became of it since the start.
const kept = [
  ["Notices owed", "notices.owed"], ["Notices sent", "notices.sent"], ["Notices given up", "notices.given_up"],
  ["Reminders sent", "notices.reminders.sent"], ["Reminders dropped, out of date", "notices.reminders.dropped"],
  ["Announcements owed", "notices.announcements.owed"], ["Announcements sent", "notices.announcements.sent"],
  ["Inbox: updates kept", "ingress.kept"], ["Inbox: set aside", "ingress.set_aside"],
  ["Outbox: replies waiting", "outbox.waiting"], ["Outbox: delivered later", "outbox.delivered"], ["Outbox: expired", "outbox.expired"],
];

function rows(parent, list) {
  parent.replaceChildren(...list.map(([name, n, most]) => {
    const row = document.createElement("div"), bar = document.createElement("progress"), label = document.createElement("span"), value = document.createElement("span");
    row.className = "row";
    label.textContent = name;
    bar.max = most || 1, bar.value = Math.min(n, most);
    bar.classList.toggle("full", most > 0 && n >= most * 0.9);
    bar.setAttribute("aria-label", name);
    value.textContent = `${number(n)} of ${number(most)}`;
    row.append(label, bar, value);
    return row;
  }));
}

function show() {
  for (const tile of tiles) {
    const v = tile.of ? tile.of(stats) : read(stats, tile.path);
    tile.e.dataset.value = v;
    tile.e.children[1].textContent = tile.format(v);
    tile.e.children[2].textContent = tile.below(stats);
  }
  const guard = $("guard"), g = stats.sessions.guard;
  guard.textContent = stats.sessions.memory_threshold_bytes ? `guard: ${g}` : "no guard";
  guard.dataset.level = { normal: "ok", purging: "warn", pressure: "bad" }[g] ?? "wait";
  const p = stats.program;
  $("about").textContent = p ? `${p.bot} · ${p.version} · up ${duration(p.uptime_seconds)}` : "";
  if (p) state(p.ready ? "serving" : p.reason, p.ready ? "ok" : "bad");
  const screens = stats.sessions.by_screen, all = stats.sessions.sessions;
  rows($("screens"), Object.keys(screens).sort((a, b) => screens[b] - screens[a]).map((k) => [k.replace("_", " "), screens[k], all]));
  rows($("buffers"), buffers.map(([name, n, most]) => [name, read(stats, n) ?? 0, read(stats, most) ?? 0]).filter(([, , most]) => most > 0));
  $("owed").replaceChildren(...kept.flatMap(([name, path]) => {
    const term = document.createElement("dt"), value = document.createElement("dd");
    term.textContent = name, value.textContent = number(read(stats, path) ?? 0);
    return [term, value];
  }));
  $("history").replaceChildren(...stats.sessions.guard_history.toReversed().map((e) => {
    const li = document.createElement("li"), time = document.createElement("time");
    time.textContent = new Date(e.at).toLocaleTimeString();
    li.append(time, e.what.startsWith("purge") ? `${e.what}: ${number(e.removed)} sessions left, ${megabytes(e.rss_before)} → ${megabytes(e.rss_after)}` : `${e.what} at ${megabytes(e.rss_after)}`);
    return li;
  }));
  if (!stats.sessions.guard_history.length) $("history").innerHTML = "<li>nothing yet</li>";
  const now = points.at(-1).t, span = Math.min(SPAN, Math.max(60_000, now - points[0].t));
  for (const c of charts) c.show(points, now - span, now);
}

const duration = (s) => s < 90 ? `${Math.round(s)} s` : s < 5400 ? `${Math.round(s / 60)} min` : s < 172800 ? `${Math.round(s / 3600)} h` : `${Math.round(s / 86400)} d`;

function state(text, level) {
  $("state").textContent = text;
  $("state").dataset.level = level;
}

function notice(text, level = "") {
  $("notice").textContent = text;
  $("notice").dataset.level = level;
}

const request = (path, method = "GET") => fetch(path, {
  method, cache: "no-store", signal: AbortSignal.timeout(method === "GET" ? 5000 : 70000),
  headers: token ? { Authorization: `Bearer ${token}` } : {},
});

// dialog asks a question, and for a text where that is wanted; null: cancelled.
async function dialog(question, yes, withText = false) {
  $("question").textContent = question;
  $("yes").textContent = yes;
  $("token").hidden = !withText, $("token").value = "";
  $("ask").returnValue = "no";
  $("ask").showModal();
  await new Promise((done) => $("ask").addEventListener("close", done, { once: true }));
  return $("ask").returnValue === "yes" ? $("token").value : null;
}

async function login() {
  if (asking) return;
  asking = true;
  const given = await dialog("These figures need the operators' token (OPS_TOKEN).", "Show", true);
  asking = false;
  if (given) sessionStorage.setItem("token", token = given);
}

async function tick() {
  try {
    const answer = await request("stats");
    if (answer.status === 401) { state("locked", "warn"); await login(); return; }
    if (!answer.ok) throw new Error(await answer.text());
    const s = await answer.json(), t = Date.now();
    points.push(point(s, previous?.s, t, previous ? (t - previous.t) / 1000 : 1));
    points = points.filter((p) => p.t >= t - SPAN);
    stats = s, previous = { s, t };
    if (!s.program) state("serving", "ok");
    show();
  } catch (e) {
    state("does not answer", "bad");
    previous = null;
  }
}

async function order(name, question, yes, said) {
  if (await dialog(question, yes) === null) return;
  $(name).disabled = true;
  try {
    const answer = await request(name, "POST");
    const text = (await answer.text()).trim();
    if (!answer.ok) throw new Error(text);
    notice(said(JSON.parse(text)));
  } catch (e) {
    notice(e.message, "bad");
  }
  $(name).disabled = false;
}

$("purge").addEventListener("click", () => order("purge", "Send the oldest half of the sessions out of memory? Nobody loses data or their place.", "Purge", (a) => `${a.removed} sessions left memory.`));
$("drain").addEventListener("click", () => order("drain", "Stop taking updates, store every session and end the program? Unless something starts it again, the bot is gone.", "Drain", () => "The program drains and ends."));

for (;;) {
  await tick();
  await new Promise((done) => setTimeout(done, EVERY));
}
