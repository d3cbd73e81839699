// Builds DOM nodes. Text is always a text node; nothing here reads markup.

const PROPERTIES = new Set(["value", "checked", "disabled", "selected", "hidden", "indeterminate"]);

/** A node with attributes, `on...` listeners and children; null and false are left out. */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "class") node.className = value;
    else if (PROPERTIES.has(name)) node[name] = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...kept(children));
  return node;
}

/** Children without nothing, flattened. */
export function kept(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/** Replace all that a node holds. */
export function fill(node, ...children) {
  node.replaceChildren(...kept(children));
  return node;
}

/** A link for http, https and mailto; anything else stays text. */
export function link(address, ...children) {
  const safe = safeAddress(address);
  if (!safe) return h("span", {}, ...children);
  const own = safe.startsWith(location.origin + "/");
  return h("a", own ? { href: safe } : { href: safe, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

/** The address if a person may follow it, else an empty text. */
export function safeAddress(address) {
  try {
    const found = new URL(address);
    return ["http:", "https:", "mailto:"].includes(found.protocol) ? found.href : "";
  } catch {
    return "";
  }
}

/** A picture of ours; pictures from elsewhere are named, not loaded. */
export function picture(address, alt, attributes = {}) {
  const safe = safeAddress(address);
  if (safe && safe.startsWith(location.origin + "/")) {
    return h("a", { href: safe, target: "_blank", rel: "noopener", title: "Open the picture" }, h("img", { src: safe, alt, ...attributes }));
  }
  return h("span", { class: "no-picture", title: "Pictures from elsewhere are not loaded here" }, alt || "picture");
}

let numbers = 0;

/** An id that no other node has. */
export function fresh(prefix) {
  numbers += 1;
  return `${prefix}-${numbers}`;
}
