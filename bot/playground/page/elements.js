// Interactive elements. A control tells its surface what was chosen; the surface decides what becomes of it.

import { h, fill, fresh, safeAddress } from "./dom.js";
import { menu } from "./menus.js";
import { plainText, textOf } from "./mrkdwn.js";

/** What stands in an element, from its state as Slack writes it: a value, a list of values, or nothing. */
export function valueOf(state) {
  if (!state) return null;
  if ("selected_option" in state) return state.selected_option?.value ?? null;
  if ("selected_options" in state) return (state.selected_options || []).map((option) => option.value);
  const [name] = Object.keys(state).filter((key) => key !== "type");
  const value = state[name] ?? null;
  if (name !== "rich_text_value" || !value) return value;
  return value.elements.flatMap((part) => part.elements.map((piece) => piece.text || "")).join("");
}

function button(block, element, surface) {
  const look = ["button", element.style].filter(Boolean).join(" ");
  const attributes = {
    class: look,
    "aria-label": element.accessibility_label,
    "data-action": element.action_id,
    onclick: (event) => surface.press(block, element, element.value ?? null, event.currentTarget),
  };
  const words = h("span", { class: "button-words" }, ...plainText(element.text));
  const address = safeAddress(element.url);
  if (!address) return h("button", { type: "button", ...attributes }, words);
  return h("a", { ...attributes, href: address, target: "_blank", rel: "noopener noreferrer" }, words);
}

function select(block, element, surface, naming) {
  const chosen = surface.value(block, element);
  const offer = (option) =>
    h("option", { value: option.value, selected: option.value === chosen }, option.text.text);
  const groups = (element.option_groups || []).map((group) =>
    h("optgroup", { label: group.label.text }, ...group.options.map(offer)),
  );
  const node = h(
    "select",
    { class: "field", ...naming, "data-action": element.action_id, onchange: () => surface.changed(block, element, node.value || null, node) },
    h("option", { value: "", selected: chosen === null }, element.placeholder?.text || "Choose an option"),
    ...(element.options || []).map(offer),
    ...groups,
  );
  return node;
}

function listed(values) {
  return (block, element, surface, naming) => {
    const options = values(surface.who, element).map(([value, text]) => ({ value, text: { text } }));
    const words = element.placeholder ?? { text: "Choose one" };
    return select(block, { ...element, options, placeholder: words }, surface, naming);
  };
}

function several(options) {
  return (block, element, surface, naming) => {
    const offered = options(surface.who, element);
    const chosen = new Set(surface.value(block, element) || []);
    const read = () => offered.map((option) => option.value).filter((value) => chosen.has(value));
    const line = (option) => {
      const box = h("input", {
        type: "checkbox",
        checked: chosen.has(option.value),
        "data-action": element.action_id,
        onchange: () => {
          chosen[box.checked ? "add" : "delete"](option.value);
          surface.changed(block, element, read(), box);
        },
      });
      return h("label", { class: "choice" }, box, h("span", {}, ...textOf(option.text, surface.who), ...described(option, surface.who)));
    };
    const long = offered.length > 10 ? " long" : "";
    return h("div", { class: "choices" + long, role: "group", ...naming }, ...offered.map(line));
  };
}

function described(option, who) {
  return option.description ? [h("span", { class: "choice-note" }, ...textOf(option.description, who))] : [];
}

function radios(block, element, surface, naming) {
  const chosen = surface.value(block, element);
  const name = fresh("radio");
  const line = (option) => {
    const dot = h("input", {
      type: "radio",
      name,
      checked: option.value === chosen,
      "data-action": element.action_id,
      onchange: () => surface.changed(block, element, option.value, dot),
    });
    return h("label", { class: "choice" }, dot, h("span", {}, ...textOf(option.text, surface.who), ...described(option, surface.who)));
  };
  return h("div", { class: "choices", role: "radiogroup", ...naming }, ...element.options.map(line));
}

function input(type, extra = () => ({})) {
  return (block, element, surface, naming) => {
    const node = h("input", {
      class: "field",
      type,
      value: surface.value(block, element) ?? "",
      placeholder: element.placeholder?.text,
      "data-action": element.action_id,
      ...naming,
      ...extra(element),
      oninput: () => surface.typed(block, element, node.value, node),
      onchange: () => surface.changed(block, element, node.value, node),
      onkeydown: (event) => event.key === "Enter" && surface.entered(block, element, node.value, node, event),
    });
    return node;
  };
}

function text(block, element, surface, naming) {
  if (!element.multiline && element.type !== "rich_text_input") {
    return input("text", () => ({ maxlength: element.max_length }))(block, element, surface, naming);
  }
  const node = h("textarea", {
    class: "field",
    rows: 4,
    placeholder: element.placeholder?.text,
    maxlength: element.max_length,
    "data-action": element.action_id,
    ...naming,
    value: surface.value(block, element) ?? "",
    oninput: () => surface.typed(block, element, node.value, node),
    onchange: () => surface.changed(block, element, node.value, node),
  });
  return node;
}

function moment(block, element, surface, naming) {
  const seconds = surface.value(block, element);
  const local = seconds ? new Date(seconds * 1000 - new Date(seconds * 1000).getTimezoneOffset() * 60000) : null;
  const node = h("input", {
    class: "field",
    type: "datetime-local",
    "data-action": element.action_id,
    value: local ? local.toISOString().slice(0, 16) : "",
    ...naming,
    onchange: () => surface.changed(block, element, node.value ? Math.floor(new Date(node.value) / 1000) : null, node),
  });
  return node;
}

function overflow(block, element, surface) {
  const items = element.options.map((option) => ({
    words: plainText(option.text),
    note: option.description?.text,
    act: (node) => {
      if (safeAddress(option.url)) window.open(safeAddress(option.url), "_blank", "noopener,noreferrer");
      return surface.press(block, element, option.value, node);
    },
  }));
  return menu("More actions", "⋯", items, { class: "button overflow", "data-action": element.action_id });
}

/** A select whose options the bot looks up: typed into, walked with the arrows, chosen with Enter or a press. */
function external(block, element, surface, naming) {
  const list = h("div", { class: "suggestions", role: "listbox", id: fresh("suggestions"), "aria-label": "Options", hidden: true });
  const state = { text: chosenText(block, element, surface), asked: 0, waiting: 0 };
  const rows = () => [...list.querySelectorAll("[role=option]")];
  const marked = () => rows().find((row) => row.getAttribute("aria-selected") === "true");
  const open = (yes) => {
    list.hidden = !yes;
    node.setAttribute("aria-expanded", String(yes));
    if (!yes) node.removeAttribute("aria-activedescendant");
  };
  const pick = (option) => {
    state.text = node.value = option.text.text;
    node.setSelectionRange(0, 0); // the beginning of the words is what is read
    open(false);
    surface.changed(block, element, option, list); // the list: what is typed into the field is no choice yet
  };
  const mark = (row) => {
    rows().forEach((other) => other.setAttribute("aria-selected", String(other === row)));
    node.setAttribute("aria-activedescendant", row.id);
    row.scrollIntoView({ block: "nearest" });
  };
  const show = (options) => {
    const line = (option) =>
      h("div", { role: "option", class: "suggestion", id: fresh("option"), "aria-selected": "false", onmousedown: (event) => event.preventDefault(), onclick: () => pick(option) }, option.text.text);
    const none = h("p", { class: "hint" }, "Nothing fits.");
    fill(list, ...(options.length ? options.map(line) : [none]));
    rows().forEach((row, i) => (row.option = options[i]));
    open(true);
  };
  const ask = async () => {
    const mine = (state.asked += 1);
    const typed = node.value === state.text ? "" : node.value;
    const options = await surface.suggest(element, typed);
    if (mine === state.asked && document.activeElement === node) show(options);
  };
  const look = (pause) => {
    clearTimeout(state.waiting);
    if (node.value.length >= (element.min_query_length ?? 3)) state.waiting = setTimeout(ask, pause);
  };
  const step = (by) => {
    if (list.hidden) return look(0);
    const all = rows();
    const at = all.indexOf(marked());
    if (all.length) mark(all[(at + by + all.length) % all.length]);
  };
  const keys = {
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    Enter: () => !list.hidden && marked() && pick(marked().option),
    Escape: () => open(false),
  };
  const node = h("input", {
    class: "field",
    type: "text",
    role: "combobox",
    autocomplete: "off",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": list.id,
    "data-action": element.action_id,
    "data-external": "",
    value: state.text,
    placeholder: element.placeholder?.text || "Type to search",
    ...naming,
    onfocus: () => node.select(),
    onclick: () => element.min_query_length === 0 && list.hidden && look(0), // not on focus: a redrawn form gives that back
    oninput: () => look(200),
    onkeydown: (event) => {
      if (!(event.key in keys) || (event.key === "Escape" && list.hidden)) return;
      event.preventDefault();
      event.stopPropagation();
      keys[event.key]();
    },
    onblur: () => {
      open(false);
      node.value = state.text; // letters that chose nothing are no value
    },
  });
  return h("div", { class: "combo" }, node, list);
}

/** The words of an external select's choice: of what was chosen here, else of what the form came with. */
function chosenText(block, element, surface) {
  const value = surface.value(block, element);
  if (value && typeof value === "object") return value.text?.text || value.value;
  const first = element.initial_option;
  return first && first.value === value ? first.text.text : value || "";
}

const people = (who) => who.people.map((person) => [person.id, person.real_name]);
const channels = (who) => who.channels.map((channel) => [channel.id, "#" + channel.name]);
const conversations = (who) => [...channels(who), ...people(who)];
const asOptions = (values) => (who) => values(who).map(([value, text]) => ({ value, text: { type: "plain_text", text } }));
const own = (_, element) => [...(element.options || []), ...(element.option_groups || []).flatMap((group) => group.options)];

const CONTROLS = {
  button,
  workflow_button: button,
  overflow,
  static_select: select,
  external_select: external,
  users_select: listed(people),
  channels_select: listed(channels),
  conversations_select: listed(conversations),
  multi_static_select: several(own),
  multi_users_select: several(asOptions(people)),
  multi_channels_select: several(asOptions(channels)),
  multi_conversations_select: several(asOptions(conversations)),
  checkboxes: several(own),
  radio_buttons: radios,
  datepicker: input("date"),
  timepicker: input("time"),
  datetimepicker: moment,
  plain_text_input: text,
  rich_text_input: text,
  email_text_input: input("email"),
  url_text_input: input("url"),
  number_input: input("number", (element) => ({
    min: element.min_value,
    max: element.max_value,
    step: element.is_decimal_allowed ? "any" : "1",
  })),
};

/** Whether a node is typed into, so that leaving it says nothing new. */
export function isTyped(node) {
  return node.tagName === "TEXTAREA" || ["text", "email", "url", "number"].includes(node.type);
}

/** Whether an element is one that people can act on. */
export function isControl(element) {
  return element?.type in CONTROLS;
}

/** The node of an interactive element; *naming* holds its id and label. */
export function control(block, element, surface, naming = {}) {
  const words = element.placeholder?.text || naming["aria-label"] || element.action_id.replaceAll("_", " ");
  const named = naming.id ? naming : { ...naming, "aria-label": words };
  return CONTROLS[element.type](block, element, surface, named);
}
