// rich_text blocks as nodes.

import { h, link } from "./dom.js";
import { EMOJI } from "./emoji.js";
import { emojiNode, mention } from "./mrkdwn.js";
import { dateWords } from "./time.js";

const STYLES = { code: "code", bold: "strong", italic: "em", strike: "s", underline: "u" };

const PARTS = {
  text: (part) => part.text.split("\n").flatMap((line, i) => (i ? [h("br"), line] : [line])),
  link: (part) => [link(part.url, part.text || part.url)],
  emoji: (part) => [EMOJI[part.name] ? emojiNode(EMOJI[part.name], part.name) : `:${part.name}:`],
  user: (part, who) => [mention("@" + who.nameOf(part.user_id), part.user_id === who.user)],
  channel: (part, who) => [h("a", { class: "mention", href: "#" + part.channel_id }, "#" + who.channelOf(part.channel_id))],
  usergroup: (part, who) => [mention("@" + who.groupOf(part.usergroup_id), false)],
  broadcast: (part) => [mention("@" + part.range, true)],
  color: (part) => [h("code", {}, part.value)],
  date: (part, who) => [h("time", {}, dateWords(part.timestamp, part.format, who) || part.fallback || "")],
};

function span(part, who) {
  let nodes = PARTS[part.type]?.(part, who) ?? [];
  for (const [name, tag] of Object.entries(STYLES)) if (part.style?.[name]) nodes = [h(tag, {}, ...nodes)];
  return nodes;
}

function spans(parts, who) {
  return parts.flatMap((part) => span(part, who));
}

const SECTIONS = {
  rich_text_section: (given, who) => h("p", {}, ...spans(given.elements, who)),
  rich_text_quote: (given, who) => h("blockquote", {}, ...spans(given.elements, who)),
  rich_text_preformatted: (given, who) => h("pre", {}, h("code", {}, ...spans(given.elements, who))),
  rich_text_list: (given, who) =>
    h(
      given.style === "ordered" ? "ol" : "ul",
      { class: `indent-${given.indent || 0}`, start: given.offset ? given.offset + 1 : null },
      ...given.elements.map((item) => h("li", {}, ...spans(item.elements, who))),
    ),
};

/** Nodes for a rich_text block or cell. */
export function richText(block, who) {
  return block.elements.map((given) => SECTIONS[given.type]?.(given, who));
}
