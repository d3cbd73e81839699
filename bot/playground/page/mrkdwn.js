// Slack's mrkdwn as nodes: bold, italic, strike, code, quotes, links, mentions, dates, emoji; three entities.

import { h, link } from "./dom.js";
import { EMOJI } from "./emoji.js";
import { dateWords } from "./time.js";

const MARKS = { "*": "strong", _: "em", "~": "s" };
const WORD = /[\p{L}\p{N}]/u;
const BROADCASTS = ["channel", "here", "everyone"];

/** Slack's three entities, and no others. */
export function unescape(text) {
  return text.replace(/&(lt|gt|amp);/g, (_, name) => ({ lt: "<", gt: ">", amp: "&" })[name]);
}

/** Nodes for a whole mrkdwn text. */
export function mrkdwn(text, who) {
  const nodes = [];
  text.split(/```/).forEach((part, index, all) => {
    const fenced = index % 2 === 1 && index < all.length - 1;
    if (fenced) nodes.push(h("pre", {}, h("code", {}, ...plainSpans(part.replace(/^\n|\n$/g, ""), who))));
    else nodes.push(...lines((index % 2 ? "```" : "") + part.replace(index ? /^\n/ : /^$/, ""), who));
  });
  return nodes;
}

function lines(text, who) {
  const nodes = [];
  let quote = null;
  text.split("\n").forEach((line, index, all) => {
    const quoted = /^(&gt;|>) ?/.exec(line);
    if (quoted) {
      if (!quote) nodes.push((quote = h("blockquote")));
      else quote.append(h("br"));
      quote.append(...inline(line.slice(quoted[0].length), who));
      return;
    }
    if (index && !quote) nodes.push(h("br"));
    quote = null;
    if (index === all.length - 1 && !line) {
      if (nodes.at(-1)?.tagName === "BR") nodes.pop();
      return;
    }
    nodes.push(...inline(line, who));
  });
  return nodes;
}

/** Nodes for one line. */
export function inline(text, who) {
  const nodes = [];
  let plain = "";
  const flush = () => {
    if (plain) nodes.push(document.createTextNode(unescape(plain)));
    plain = "";
  };
  for (let at = 0; at < text.length; ) {
    const found = code(text, at, who) || control(text, at, who) || marked(text, at, who) || emoji(text, at);
    if (found) {
      flush();
      nodes.push(found.node);
      at = found.end;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  flush();
  return nodes;
}

function code(text, at, who) {
  if (text[at] !== "`") return null;
  const end = text.indexOf("`", at + 1);
  if (end <= at + 1) return null;
  return { node: h("code", {}, ...plainSpans(text.slice(at + 1, end), who)), end: end + 1 };
}

// Inside code only what stands in angle brackets means something.
function plainSpans(text, who) {
  const nodes = [];
  let from = 0;
  for (let at = text.indexOf("<"); at >= 0; at = text.indexOf("<", at + 1)) {
    const found = control(text, at, who);
    if (!found) continue;
    nodes.push(unescape(text.slice(from, at)), found.node);
    from = found.end;
    at = found.end - 1;
  }
  nodes.push(unescape(text.slice(from)));
  return nodes;
}

function control(text, at, who) {
  if (text[at] !== "<") return null;
  const end = text.indexOf(">", at);
  if (end < 0) return null;
  const node = bracketed(text.slice(at + 1, end), who);
  return node ? { node, end: end + 1 } : null;
}

function bracketed(inside, who) {
  const bar = inside.indexOf("|");
  const [what, words] = bar < 0 ? [inside, ""] : [inside.slice(0, bar), unescape(inside.slice(bar + 1))];
  if (what.startsWith("@")) return mention("@" + who.nameOf(what.slice(1), words), what.slice(1) === who.user);
  if (what.startsWith("#")) return channel(what.slice(1), words, who);
  if (what.startsWith("!date^")) return date(what, words, who);
  if (what.startsWith("!subteam^")) return mention("@" + who.groupOf(what.slice(9), words), false);
  if (what.startsWith("!")) {
    const name = what.slice(1);
    return BROADCASTS.includes(name) ? mention("@" + name, true) : document.createTextNode(words || `<${inside}>`);
  }
  if (/^(https?:|mailto:)/i.test(what)) return link(unescape(what), words || unescape(what).replace(/^mailto:/, ""));
  return document.createTextNode(unescape(`<${inside}>`));
}

/** A name that somebody is called by. */
export function mention(text, own) {
  return h("span", { class: own ? "mention own" : "mention" }, text);
}

function channel(id, words, who) {
  return h("a", { class: "mention", href: "#" + id }, "#" + who.channelOf(id, words));
}

function date(what, words, who) {
  const [, seconds, format, address] = what.split("^");
  const shown = dateWords(Number(seconds), format || "", who) || words;
  const node = h("time", { title: words || null }, shown);
  return address ? link(unescape(address), node) : node;
}

function marked(text, at, who) {
  const mark = text[at];
  if (!(mark in MARKS) || (at && WORD.test(text[at - 1])) || !text[at + 1] || /\s/.test(text[at + 1])) return null;
  const end = closing(text, at, mark);
  if (end < 0) return null;
  return { node: h(MARKS[mark], {}, ...inline(text.slice(at + 1, end), who)), end: end + 1 };
}

function closing(text, at, mark) {
  let inCode = false;
  for (let i = at + 1; i < text.length; i += 1) {
    if (text[i] === "`") inCode = !inCode;
    else if (!inCode && text[i] === "<" && text.indexOf(">", i) > 0) i = text.indexOf(">", i);
    else if (!inCode && text[i] === mark && i > at + 1 && !/\s/.test(text[i - 1]) && !WORD.test(text[i + 1] || " ")) return i;
  }
  return -1;
}

function emoji(text, at) {
  if (text[at] !== ":") return null;
  const found = /^:([a-z0-9_+'-]+):(?::skin-tone-\d:)?/.exec(text.slice(at, at + 60));
  const sign = found && EMOJI[found[1]];
  return sign ? { node: emojiNode(sign, found[1]), end: at + found[0].length } : null;
}

/** An emoji that is read by its name. */
export function emojiNode(sign, name) {
  return h("span", { role: "img", "aria-label": name.replaceAll("_", " "), class: "emoji" }, sign);
}

/** Nodes for plain_text: emoji where it says so, and nothing else. */
export function plainText(object) {
  const text = object?.text ?? "";
  if (object?.emoji === false) return [text];
  const nodes = [];
  for (const part of text.split(/(:[a-z0-9_+'-]+:)/)) {
    const name = /^:(.+):$/.exec(part)?.[1];
    nodes.push(name && EMOJI[name] ? emojiNode(EMOJI[name], name) : part);
  }
  return nodes;
}

/** Nodes for a text object of either kind. */
export function textOf(object, who) {
  if (!object) return [];
  return object.type === "mrkdwn" ? mrkdwn(object.text, who) : plainText(object);
}
