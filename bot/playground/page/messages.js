// Messages as nodes: who, when, what; a thread's line; what may be done with it.

import { blocks } from "./blocks.js";
import { confirmed } from "./dialogs.js";
import { h, kept, picture } from "./dom.js";
import { isTyped, valueOf } from "./elements.js";
import { EMOJI } from "./emoji.js";
import { menu } from "./menus.js";
import { mrkdwn } from "./mrkdwn.js";
import { initials } from "./store.js";
import { clockOf, dayOf, dayWords } from "./time.js";

const GROUPED_SECONDS = 300;
const PROBLEMS = {
  operation_timeout: "mlbot did not answer within 3 seconds (operation_timeout).",
  dispatch_failed: "mlbot could not be reached (dispatch_failed).",
};

/** Why something that was pressed did not work, in words. */
export function problemWords(answer) {
  return PROBLEMS[answer.problem] || (answer.error ? `That did not work: ${answer.error}.` : answer.problem);
}

/** A person's square: the bot's is its icon. */
export function avatar(user, bot) {
  if (user.id === bot) return h("span", { class: "avatar bot", "aria-hidden": "true" }, "ml");
  return h("span", { class: `avatar ${user.shown ? user.id.toLowerCase() : "other"}`, "aria-hidden": "true" }, initials(user.real_name));
}

/** What a message does with its elements: tells the bot of each press, with what stands in the message's inputs. */
function surfaceOf(message, view) {
  const { who, act } = view;
  const values = {};
  const keep = (block, element, value) => ((values[block.block_id] ||= {})[element.action_id] = value);
  const tell = async (block, element, value, node) => {
    if (!(await confirmed(element.confirm, who))) return;
    if (node.getAttribute("aria-busy")) return;
    node.setAttribute("aria-busy", "true");
    const sent = { channel: message.channel, ts: message.ts, action_id: element.action_id, block_id: block.block_id, value };
    const answer = await act("click", { ...sent, values });
    node.removeAttribute("aria-busy");
    const trouble = node.closest(".message")?.querySelector(".message-trouble");
    if (trouble) trouble.textContent = problemWords(answer) || "";
  };
  const heard = (block) => block.type !== "input" || block.dispatch_action;
  return {
    who,
    level: view.inThread ? 3 : 2,
    value: (block, element) => valueOf(initialState(element)),
    press: tell,
    changed: (block, element, value, node) => (heard(block) && !isTyped(node) ? tell : keep)(block, element, value, node),
    typed: (block, element, value) => keep(block, element, value),
    entered: (block, element, value, node) => block.dispatch_action && tell(block, element, value, node),
    suggest: (element, text) =>
      act("suggest", { channel: message.channel, ts: message.ts, action_id: element.action_id, text }).then((answer) => answer.options || []),
  };
}

function initialState(element) {
  if ("initial_option" in element) return { selected_option: element.initial_option };
  if ("initial_options" in element) return { selected_options: element.initial_options };
  const name = Object.keys(element).find((key) => key.startsWith("initial_"));
  return name ? { value: element[name] } : null;
}

function body(message, view) {
  const { who } = view;
  const surface = surfaceOf(message, view);
  const nodes = [];
  if (message.blocks?.length) nodes.push(...blocks(message.blocks, surface));
  else if (message.text) nodes.push(h("div", { class: "words" }, ...mrkdwn(message.text, who)));
  for (const attached of message.attachments || []) nodes.push(attachment(attached, surface));
  for (const file of message.files || []) nodes.push(fileNode(file));
  return nodes;
}

function attachment(given, surface) {
  const words = given.blocks?.length
    ? blocks(given.blocks, surface)
    : kept([
        given.title ? h("strong", {}, given.title) : null,
        h("div", { class: "words" }, ...mrkdwn(given.text || given.fallback || "", surface.who)),
      ]);
  return h("div", { class: "attachment" }, ...words);
}

function fileNode(file) {
  if (!file.mimetype?.startsWith("image/")) return h("p", { class: "file" }, h("a", { href: file.url_private, download: file.name }, file.title));
  return h("figure", { class: "image" }, h("figcaption", {}, file.title), picture(file.url_private, file.alt_txt || file.title));
}

function reactions(message) {
  if (!message.reactions?.length) return null;
  const pill = ({ name, count }) => h("li", { "aria-label": `${name}, ${count}` }, `${EMOJI[name] || `:${name}:`} ${count}`);
  return h("ul", { class: "reactions", "aria-label": "Reactions" }, ...message.reactions.map(pill));
}

function threadLine(message, view) {
  const replies = view.inThread ? [] : view.replies(message);
  if (!replies.length) return null;
  const words = replies.length === 1 ? "1 reply" : `${replies.length} replies`;
  return h("button", { type: "button", class: "thread-line", onclick: () => view.openThread(message) }, words);
}

function tools(message, view) {
  const reply = view.inThread
    ? null
    : h("button", { type: "button", class: "tool", onclick: () => view.openThread(message) }, "Reply in thread");
  const shortcuts = view.shortcuts.filter((shortcut) => shortcut.type === "message");
  const items = shortcuts.map((shortcut) => ({ words: [shortcut.name], note: shortcut.description, act: () => view.shortcut(shortcut, message) }));
  const more = items.length ? menu("Message shortcuts", "⋯", items, { class: "tool" }) : null;
  return h("div", { class: "tools" }, ...kept([reply, more]));
}

/** One message; *grouped* ones follow another of the same person. */
export function messageNode(message, view, grouped) {
  const user = view.user(message.user);
  const isBot = user.is_bot;
  const time = h("time", { class: "when" }, clockOf(message.ts, view.who.zone));
  const name = h("span", { class: "name" }, user.real_name);
  const badge = isBot ? h("span", { class: "badge" }, "App") : null;
  const only = message.only_for
    ? h("p", { class: "only" }, "Only visible to you", h("button", { type: "button", class: "plain", onclick: () => view.dismiss(message) }, "Dismiss"))
    : null;
  const edited = message.edited ? h("span", { class: "edited" }, "(edited)") : null;
  const look = ["message", grouped && "grouped", message.only_for && "whisper"].filter(Boolean).join(" ");
  return h(
    "article",
    { class: look, "data-ts": message.ts, "aria-label": `${user.real_name}, ${clockOf(message.ts, view.who.zone)}` },
    h("div", { class: "message-side" }, grouped ? time : avatar(user, view.bot)),
    h(
      "div",
      { class: "message-main" },
      only,
      grouped ? h("p", { class: "visually-hidden" }, user.real_name) : h("p", { class: "message-head" }, name, badge, time),
      h("div", { class: "message-body" }, ...body(message, view), edited),
      reactions(message),
      h("p", { class: "message-trouble", role: "alert" }),
      threadLine(message, view),
    ),
    message.only_for ? null : tools(message, view),
  );
}

/** A channel's messages with a line between two days; *before* is the message above them. */
export function messageNodes(messages, view, before = null) {
  const nodes = [];
  for (const message of messages) {
    const day = dayOf(new Date(Number(message.ts) * 1000), view.who.zone);
    const newDay = !before || day !== dayOf(new Date(Number(before.ts) * 1000), view.who.zone);
    if (newDay) nodes.push(h("div", { class: "day", role: "separator" }, h("span", {}, dayWords(message.ts, view.who))));
    nodes.push(messageNode(message, view, !newDay && together(before, message)));
    before = message;
  }
  return nodes;
}

function together(before, message) {
  if (!before || before.user !== message.user || before.only_for !== message.only_for || message.only_for) return false;
  return Number(message.ts) - Number(before.ts) < GROUPED_SECONDS && !message.blocks?.length && !before.blocks?.length;
}
