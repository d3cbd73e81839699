// The playground's page: hears the workspace's events, draws what one person sees, and does what they press.

import { drawControls } from "./bar.js";
import { blocks } from "./blocks.js";
import { Composer } from "./composer.js";
import { Forms, place, refocus, viewSurface } from "./dialogs.js";
import { h, fill } from "./dom.js";
import { messageNode, messageNodes, problemWords } from "./messages.js";
import { peopleNodes, placeNodes, unreadOf } from "./side.js";
import { Store, directOf } from "./store.js";
import { barClock } from "./time.js";
import { openStep } from "./workflows.js";

const $ = (id) => document.getElementById(id);
const store = new Store();
const homeTyped = new Map(); // user -> what is typed on their Home tab
const drafts = new Map(); // "user channel" -> unsent text
const SHOWN = 100; // messages at first
const now = { user: "", channel: "", thread: "", pending: [], shown: SHOWN };

/** Tell the server what the present person does; the answer says how it went. */
async function act(what, given = {}) {
  try {
    const answer = await fetch("/page/act", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Playground": "page" },
      body: JSON.stringify({ do: what, user: now.user, ...given }),
    });
    return await answer.json();
  } catch {
    return { ok: false, error: "the playground does not answer" };
  }
}

const forms = new Forms(act);
const composer = new Composer($("composer"), {
  id: "composer-text",
  label: "Message",
  commands: () => store.state?.commands || [],
  send: (text) => send(text, now.channel),
});

/** Send a command or a message; a command's line stays until the bot acked. */
async function send(text, channel, thread = "") {
  if (!text.startsWith("/")) return taken(await act("say", { channel, text, thread_ts: thread }));
  if (thread) return taken({ error: "slash commands do not work in threads, as in Slack" });
  const waiting = { channel, user: now.user, text };
  now.pending.push(waiting);
  drawPending();
  const answer = await act("command", { channel, text });
  now.pending.splice(now.pending.indexOf(waiting), 1);
  drawPending();
  return taken({ ...answer, problem: "" });
}

/** A step's end is told in the channel that is open; from the Home tab in the direct message. */
function runStep(step) {
  const channel = now.channel === "home" ? directOf(now.user) : now.channel;
  const run = (inputs) => act("step", { callback_id: step.callback_id, channel, inputs }).then(taken);
  openStep(step, { people: store.people(), user: now.user, run });
}

function taken(answer) {
  if (answer.error || answer.problem) toast(problemWords(answer));
  return !answer.error;
}

function toast(words) {
  const node = h("p", { class: "toast" }, words);
  $("toasts").append(node);
  setTimeout(() => node.remove(), 6000);
}

// Drawing

function viewOf(inThread = false) {
  return {
    inThread,
    act,
    who: store.who(now.user),
    bot: store.state.bot,
    shortcuts: store.state.app.shortcuts,
    user: (id) => store.users.get(id) || { id, real_name: id, is_bot: false },
    replies: (message) => store.replies(message.channel, message.ts, now.user),
    openThread: (message) => openThread(message.ts),
    dismiss: (message) => (store.remove(message.channel, message.ts), drawMessages(), drawSide()),
    shortcut: (shortcut, message) =>
      act("shortcut", { callback_id: shortcut.callback_id, channel: message.channel, ts: message.ts }).then(taken),
  };
}

function drawAll() {
  drawBar();
  drawSide();
  drawHead();
  drawMessages(true);
  drawThread();
  drawHome();
  forms.show(store.state.views[now.user] || [], store.who(now.user));
}

function drawBar() {
  drawControls($("controls"), store.state.controls, async (id) => {
    const answer = await act("control", { id });
    toast(answer.words || problemWords(answer));
  });
  drawClock();
}

function drawClock() {
  if (store.state) $("clock").textContent = barClock(store.who(now.user));
}

function drawSide() {
  const focused = document.activeElement?.id;
  fill($("people"), ...peopleNodes(store, now.user, become));
  fill($("nav"), ...placeNodes(store, now, (id) => (go(id), id === "home" || composer.focus()), runStep));
  if (focused) $(focused)?.focus();
  const unread = unreadOf(store, now.user);
  document.title = (unread ? `(${unread}) ` : "") + "mlbot playground";
}

function drawHead() {
  const direct = directOf(now.user);
  const app = now.channel === "home" || now.channel === direct;
  const channel = store.channel(now.channel);
  $("title").textContent = app ? "mlbot" : `# ${channel?.name || now.channel}`;
  $("purpose").textContent = app ? "Estimates, launches with approval, idle reminders" : channel?.purpose || "";
  $("tabs").hidden = !app;
  const tab = (id, name, panel) =>
    h(
      "button",
      { type: "button", role: "tab", id: `tab-${panel}`, "aria-selected": String(now.channel === id), "aria-controls": panel, onclick: () => go(id) },
      name,
    );
  fill($("tabs"), tab("home", "Home", "home"), tab(direct, "Messages", "scroll"));
  $("home").hidden = now.channel !== "home";
  $("scroll").hidden = $("composer").hidden = now.channel === "home";
  composer.relabel(app ? "Message mlbot" : `Message #${channel?.name || ""}`);
}

function drawMessages(toEnd = false) {
  if (now.channel === "home") return;
  const log = $("scroll");
  const stays = toEnd || atEnd(log);
  const messages = store.roots(now.channel, now.user);
  const nodes = messageNodes(messages.slice(-now.shown), viewOf());
  const empty = h("p", { class: "empty" }, "Nothing here yet. Type / to see what mlbot can do.");
  const earlier = h("button", { type: "button", class: "button earlier", onclick: showEarlier }, "Show earlier messages");
  const first = messages.length > now.shown ? earlier : null;
  fill(log, h("div", { class: "messages" }, first, ...(nodes.length ? nodes : [empty]), h("div", { id: "pending" })));
  drawPending();
  if (stays) toLast(log);
  seen();
}

function showEarlier() {
  const log = $("scroll");
  const fromEnd = log.scrollHeight - log.scrollTop;
  now.shown += SHOWN;
  drawMessages();
  log.scrollTop = log.scrollHeight - fromEnd;
}

function drawPending() {
  const mine = now.pending.filter((waiting) => waiting.channel === now.channel && waiting.user === now.user);
  const line = (waiting) => h("p", { class: "pending", role: "status" }, h("span", { class: "spinner", "aria-hidden": "true" }), `${waiting.text}`);
  if ($("pending")) fill($("pending"), ...mine.map(line));
  if (mine.length) $("scroll").scrollTop = $("scroll").scrollHeight;
}

function atEnd(log) {
  return log.scrollHeight - log.scrollTop - log.clientHeight < 80;
}

/** Go to the end, or to the beginning of a last message that is taller than the screen. */
function toLast(log) {
  log.scrollTop = log.scrollHeight;
  const last = [...log.querySelectorAll(".message")].at(-1);
  if (last && last.offsetHeight > log.clientHeight) last.scrollIntoView({ block: "start" });
}

/** One message came or changed: draw it alone, so that nothing else on the screen moves. */
function drawMessage(message) {
  if (message.only_for && message.only_for !== now.user) return;
  if (message.channel !== now.channel) return;
  if (message.thread_ts && message.thread_ts !== message.ts) drawThread();
  if (now.thread === message.ts) drawThread();
  const log = $("scroll");
  const old = log.querySelector(`.message[data-ts="${message.ts}"]`);
  const stays = atEnd(log);
  if (!old) return addMessage(message, log, stays);
  const focused = old.contains(document.activeElement) ? place(document.activeElement) : null;
  const made = messageNode(message, viewOf(), old.classList.contains("grouped"));
  old.replaceWith(made);
  if (focused) refocus(made, focused);
  if (stays) log.scrollTop = log.scrollHeight;
}

function addMessage(message, log, stays) {
  const roots = store.roots(now.channel, now.user);
  const last = roots.at(-1);
  if (last !== message || roots.length < 2) return drawMessages();
  $("pending").before(...messageNodes([message], viewOf(), roots.at(-2)));
  if (stays) toLast(log);
}

function drawHome() {
  if (now.channel !== "home") return;
  const view = store.state.homes[now.user];
  const focused = $("home").contains(document.activeElement) ? place(document.activeElement) : null;
  if (!view) return void fill($("home"), h("p", { class: "empty" }, "mlbot has not drawn your Home tab yet."));
  if (!homeTyped.has(now.user)) homeTyped.set(now.user, new Map());
  const pressed = (what, given) => act(what, given).then((answer) => (taken(answer), answer));
  const surface = viewSurface(view, homeTyped.get(now.user), { who: store.who(now.user), act: pressed });
  fill($("home"), h("div", { class: "home-blocks" }, ...blocks(view.blocks, surface)));
  if (focused) refocus($("home"), focused);
}

function drawThread() {
  const pane = $("thread");
  const root = now.thread && store.messages.get(now.channel)?.get(now.thread);
  pane.hidden = !root;
  $("panes").classList.toggle("with-thread", Boolean(root));
  if (!root) return;
  if (!pane.firstChild) openThreadPane(pane);
  const view = viewOf(true);
  const nodes = [root, ...store.replies(now.channel, root.ts, now.user)].map((message) => messageNode(message, view, false));
  const list = pane.querySelector(".thread-messages");
  const grew = list.dataset.of !== `${root.ts} ${nodes.length}`;
  fill(list, ...nodes);
  list.dataset.of = `${root.ts} ${nodes.length}`;
  if (grew && nodes.length > 1) toNewest(list);
}

/** As Slack: the newest reply, and again when its pictures have come. */
function toNewest(list) {
  const show = () => list.lastElementChild?.scrollIntoView({ block: "start" });
  show();
  for (const img of list.lastElementChild.querySelectorAll("img")) img.addEventListener("load", show, { once: true });
}

function openThreadPane(pane) {
  const form = h("form", { class: "composer", autocomplete: "off" });
  fill(
    pane,
    h("div", { class: "thread-head" }, h("h2", {}, "Thread"), h("button", { type: "button", class: "plain", "aria-label": "Close the thread", onclick: () => openThread("") }, "×")),
    h("div", { class: "thread-messages", role: "log", "aria-label": "Thread messages", tabindex: "0" }),
    form,
  );
  new Composer(form, { label: "Reply", commands: () => [], send: (text) => send(text, now.channel, now.thread) });
}

// Moving about

function openThread(ts) {
  now.thread = ts;
  drawThread();
  if (ts) $("thread").querySelector("textarea").focus();
  else composer.focus();
}

function become(user) {
  drafts.set(`${now.user} ${now.channel}`, composer.text);
  const direct = now.channel === directOf(now.user);
  now.user = user;
  go(direct ? directOf(user) : now.channel);
  forms.show(store.state.views[user] || [], store.who(user));
}

function go(channel, ts = "") {
  drafts.set(`${now.user} ${now.channel}`, composer.text);
  now.channel = channel;
  now.thread = "";
  now.shown = SHOWN;
  history.replaceState(null, "", `?as=${now.user}#${channel}`);
  composer.text = drafts.get(`${now.user} ${channel}`) || "";
  drawAll();
  if (channel === "home") act("home", { tab: "home" });
  const target = ts ? $("scroll").querySelector(`.message[data-ts="${ts}"]`) : null;
  target?.scrollIntoView({ block: "center" });
  target?.classList.add("found");
}

function seen() {
  if (now.channel === "home" || document.hidden) return;
  const last = store.visible(now.channel, now.user).at(-1);
  const key = `${now.user} ${now.channel}`;
  if (!last || Number(store.read.get(key) || 0) >= Number(last.ts)) return;
  store.read.set(key, last.ts);
  act("read", { channel: now.channel, ts: last.ts });
  drawSide();
}

// Hearing

const heard = {
  state(state) {
    $("offline").hidden = true;
    store.reset(state);
    if (now.user) drawAll();
    else arrive();
  },
  message({ message, at }) {
    if (!message) return;
    store.addChannel(at);
    store.put(message);
    drawMessage(message);
    drawSide();
    seen();
  },
  changed: (data) => heard.message(data),
  removed({ channel, ts }) {
    store.remove(channel, ts);
    drawMessages();
    drawThread();
    drawSide();
  },
  views({ user, stack }) {
    store.state.views[user] = stack;
    if (user === now.user) forms.show(stack, store.who(user));
    drawSide();
  },
  home({ user, view }) {
    store.state.homes[user] = view;
    if (user === now.user) drawHome();
  },
  controls({ controls }) {
    store.state.controls = controls;
    drawBar();
  },
  clock() {},
};

/** What is heard while a button is held down waits, for a button that is redrawn in between is never clicked. */
const press = {
  waiting: [],
  timer: 0,
  after(told) {
    if (this.timer) this.waiting.push(told);
    else told();
  },
  begin() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.end(), 1000); // where the end is not told: a menu of the system, outside the window
  },
  end() {
    clearTimeout(this.timer);
    this.timer = 0;
    for (const told of this.waiting.splice(0)) told();
  },
};
addEventListener("pointerdown", () => press.begin(), true);
addEventListener("pointerup", () => setTimeout(() => press.end()), true); // after the click
addEventListener("pointercancel", () => press.end(), true);

function hear() {
  const source = new EventSource("/page/events");
  for (const [name, told] of Object.entries(heard)) {
    source.addEventListener(name, (event) => press.after(() => {
      const data = JSON.parse(event.data);
      store.setClock(data.now);
      told(data);
      drawClock();
    }));
  }
  source.onerror = () => ($("offline").hidden = false);
}

/** The first state: who and where, from the address. */
function arrive() {
  const wanted = new URLSearchParams(location.search).get("as");
  const [channel, ts] = location.hash.slice(1).split("/");
  now.user = store.people().some((person) => person.id === wanted) ? wanted : store.people()[0].id;
  const known = channel === "home" || store.places(now.user).includes(channel);
  go(known ? channel : store.places(now.user)[0], ts);
  composer.focus();
}

addEventListener("hashchange", () => {
  const [channel, ts] = location.hash.slice(1).split("/");
  if (store.state && store.places(now.user).includes(channel)) go(channel, ts);
});
addEventListener("visibilitychange", () => store.state && seen());
setInterval(drawClock, 5000);
hear();
