// Common Markdown, as far as Slack's markdown block takes it.

import { h, kept, link } from "./dom.js";

const RULES = [
  [/^`([^`]+)`/, (m) => h("code", {}, m[1])],
  [/^\*\*(.+?)\*\*/, (m) => h("strong", {}, ...spans(m[1]))],
  [/^__(.+?)__/, (m) => h("strong", {}, ...spans(m[1]))],
  [/^~~(.+?)~~/, (m) => h("s", {}, ...spans(m[1]))],
  [/^\*(\S(?:.*?\S)?)\*/, (m) => h("em", {}, ...spans(m[1]))],
  [/^\[([^\]]+)\]\(([^)\s]+)\)/, (m) => link(m[2], ...spans(m[1]))],
  [/^https?:\/\/[^\s)]+/, (m) => link(m[0], m[0])],
];

function spans(text) {
  const nodes = [];
  let plain = "";
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at);
    const rule = RULES.find(([pattern]) => pattern.test(rest));
    if (rule) {
      const found = rule[0].exec(rest);
      nodes.push(plain, rule[1](found));
      plain = "";
      at += found[0].length;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  return kept([...nodes, plain]);
}

/** Nodes for a markdown text; *level* is that of its headings. */
export function markdown(text, level) {
  const nodes = [];
  const lines = text.split("\n");
  while (lines.length) nodes.push(block(lines, level));
  return kept(nodes);
}

function block(lines, level) {
  const line = lines[0];
  const heading = /^(#{1,6})\s+(.*)/.exec(line);
  if (/^```/.test(line)) return fence(lines);
  if (heading) return lines.shift() && h("p", { class: "md-heading", role: "heading", "aria-level": level }, ...spans(heading[2]));
  if (/^(-{3,}|\*{3,})\s*$/.test(line)) return lines.shift() && h("hr");
  if (/^\s*[-*+]\s/.test(line)) return list(lines, "ul", /^\s*[-*+]\s+/);
  if (/^\s*\d+[.)]\s/.test(line)) return list(lines, "ol", /^\s*\d+[.)]\s+/);
  if (/^>\s?/.test(line)) return h("blockquote", {}, ...markdown(taken(lines, /^>\s?/).join("\n"), level));
  if (/^\|.*\|\s*$/.test(line) && /^\|[\s:|-]+\|\s*$/.test(lines[1] || "")) return table(lines);
  if (!line.trim()) return void lines.shift();
  const words = [];
  while (lines.length && lines[0].trim() && !/^(#{1,6}\s|```|>|\||\s*[-*+]\s|\s*\d+[.)]\s)/.test(lines[0])) words.push(lines.shift());
  if (!words.length) words.push(lines.shift());
  return h("p", {}, ...words.flatMap((words, i) => (i ? [h("br"), ...spans(words)] : spans(words))));
}

function taken(lines, pattern) {
  const found = [];
  while (lines.length && pattern.test(lines[0])) found.push(lines.shift().replace(pattern, ""));
  return found;
}

function fence(lines) {
  lines.shift();
  const found = [];
  while (lines.length && !/^```/.test(lines[0])) found.push(lines.shift());
  lines.shift();
  return h("pre", {}, h("code", {}, found.join("\n")));
}

function list(lines, tag, pattern) {
  return h(tag, {}, ...taken(lines, pattern).map((words) => h("li", {}, ...spans(words))));
}

function table(lines) {
  const rows = taken(lines, /^\|/).map((row) => row.replace(/\|\s*$/, "").split("|"));
  const [head, , ...body] = rows;
  const cells = (row, tag) => h("tr", {}, ...row.map((cell) => h(tag, tag === "th" ? { scope: "col" } : {}, ...spans(cell.trim()))));
  return h("div", { class: "table" }, h("table", {}, h("thead", {}, cells(head, "th")), h("tbody", {}, ...body.map((row) => cells(row, "td")))));
}
