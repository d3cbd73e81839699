// Block Kit as nodes.

import { h, fresh, kept, link, picture } from "./dom.js";
import { control, isControl } from "./elements.js";
import { markdown } from "./markdown.js";
import { plainText, textOf } from "./mrkdwn.js";
import { richText } from "./richtext.js";

function section(block, surface) {
  const { who } = surface;
  const words = block.text ? h("div", { class: "words" }, ...textOf(block.text, who)) : null;
  const fields = block.fields
    ? h("div", { class: "fields" }, ...block.fields.map((field) => h("div", {}, ...textOf(field, who))))
    : null;
  const named = (block.text?.text || "").replace(/[*_`~<>]/g, "").slice(0, 80);
  return h("div", { class: "section" }, h("div", { class: "section-words" }, ...kept([words, fields])), accessory(block, surface, named));
}

function accessory(block, surface, named) {
  const element = block.accessory;
  if (!element) return null;
  if (element.type === "image") return picture(addressOf(element), element.alt_text, { class: "accessory-picture" });
  return h("div", { class: "accessory" }, control(block, element, surface, { "aria-label": named }));
}

function addressOf(given) {
  return given.image_url || given.slack_file?.url || "";
}

function context(block, { who }) {
  const part = (element) =>
    element.type === "image"
      ? picture(addressOf(element), element.alt_text, { class: "context-picture" })
      : h("span", {}, ...textOf(element, who));
  return h("div", { class: "context" }, ...block.elements.map(part));
}

function actions(block, surface) {
  return h("div", { class: "actions" }, ...block.elements.filter(isControl).map((element) => control(block, element, surface)));
}

function input(block, surface) {
  const id = fresh("input");
  const hint = block.hint ? h("p", { class: "hint", id: id + "-hint" }, ...plainText(block.hint)) : null;
  const problem = h("p", { class: "problem", id: id + "-problem", role: "alert", "data-problem": block.block_id });
  const naming = { id, "aria-describedby": [hint?.id, problem.id].filter(Boolean).join(" ") };
  if (!block.optional) naming["aria-required"] = "true";
  const grouped = ["checkboxes", "radio_buttons"].includes(block.element.type) || block.element.type.startsWith("multi_");
  const words = [...plainText(block.label), block.optional ? h("span", { class: "optional" }, " (optional)") : null];
  if (grouped) delete naming["aria-required"];
  const label = grouped
    ? h("p", { class: "label", id: id + "-label" }, ...words)
    : h("label", { class: "label", for: id }, ...words);
  if (grouped) naming["aria-labelledby"] = id + "-label";
  const shown = isControl(block.element)
    ? control(block, block.element, surface, naming)
    : h("p", { class: "hint", id }, "Files cannot be added here.");
  return h("div", { class: "input", "data-block": block.block_id }, ...kept([label, shown, hint, problem]));
}

function image(block, { who }) {
  const words = block.title ? h("figcaption", {}, ...textOf(block.title, who)) : null;
  return h("figure", { class: "image" }, words, picture(addressOf(block), block.alt_text));
}

function cell(given, tag, settings, who) {
  const number = given.type === "raw_number";
  const words = given.type === "rich_text" ? richText(given, who) : [number ? (given.text ?? String(given.value)) : given.text];
  const align = settings?.align || (number ? "right" : "left");
  const attributes = { class: `align-${align}${settings?.is_wrapped ? " wrapped" : ""}` };
  if (tag === "th") attributes.scope = "col";
  return h(tag, attributes, ...words);
}

function table(block, { who }) {
  const [head, ...body] = block.rows;
  const settings = Array.isArray(block.column_settings) ? block.column_settings : [];
  const row = (cells, tag) => h("tr", {}, ...cells.map((given, i) => cell(given, tag, settings[i], who)));
  const words = typeof block.caption === "string" ? block.caption : "";
  return h(
    "div",
    { class: "table", tabindex: "0", role: "region", "aria-label": words || "Table" },
    h(
      "table",
      {},
      words ? h("caption", {}, words) : null,
      h("thead", {}, row(head, "th")),
      h("tbody", {}, ...body.map((cells) => row(cells, "td"))),
    ),
  );
}

function card(block, surface) {
  const { who } = surface;
  const part = (name) => (block[name] ? h("div", { class: `card-${name}` }, ...textOf(block[name], who)) : null);
  const hero = block.hero_image ? picture(addressOf(block.hero_image), block.hero_image.alt_text) : null;
  const buttons = (block.actions || []).filter(isControl).map((element) => control(block, element, surface));
  return h("div", { class: "card" }, ...kept([hero, part("title"), part("subtitle"), part("body"), part("subtext"), ...buttons]));
}

function container(block, surface) {
  const title = block.title ? h("p", { class: "card-title" }, ...plainText(block.title)) : null;
  return h("div", { class: "card" }, title, ...blocks(block.child_blocks, surface));
}

function video(block, { who }) {
  return h("p", {}, link(block.title_url || block.video_url, ...textOf(block.title, who)));
}

const TASKS = { pending: "Waiting", in_progress: "Under way", complete: "Done", error: "Failed" };

function task(block, { who }) {
  const rich = [block.details, block.output].filter(Boolean).flatMap((given) => richText(given, who));
  return h("div", { class: "card" }, h("p", { class: "card-title" }, `${TASKS[block.status] || ""} ${block.title}`.trim()), ...rich);
}

const BLOCKS = {
  section,
  context,
  actions,
  input,
  image,
  table,
  data_table: table,
  card,
  container,
  video,
  task_card: task,
  header: (block, { level }) => h("p", { class: "header", role: "heading", "aria-level": level }, ...plainText(block.text)),
  divider: () => h("hr"),
  markdown: (block, { level }) => h("div", { class: "words markdown" }, ...markdown(block.text, level)),
  rich_text: (block, { who }) => h("div", { class: "words rich" }, ...richText(block, who)),
  alert: (block, { who }) => h("div", { class: `alert ${block.level || "default"}` }, ...textOf(block.text, who)),
  carousel: (block, surface) => h("div", { class: "carousel" }, ...block.elements.map((given) => card(given, surface))),
  plan: (block) => h("p", { class: "card-title" }, block.title),
  context_actions: () => null,
};

/** Nodes for a list of blocks; a block that this page does not know is named. */
export function blocks(given, surface) {
  return kept(
    given.map((block) => {
      const draw = BLOCKS[block.type];
      const node = draw ? draw(block, surface) : h("p", { class: "hint" }, `A ${block.type} block, which this page does not draw.`);
      node?.classList.add("block");
      return node;
    }),
  );
}
