// The left pane: who one is, and where one can go, with what is unread.

import { h } from "./dom.js";
import { avatar } from "./messages.js";
import { directOf } from "./store.js";
import { stepNodes } from "./workflows.js";

/** How many messages a person has not seen, everywhere. */
export function unreadOf(store, user) {
  return store.places(user).reduce((sum, id) => sum + store.unread(id, user), 0);
}

function countNode(count, words) {
  return h("span", { class: "count" }, h("span", { "aria-hidden": "true" }, count), h("span", { class: "visually-hidden" }, words));
}

/** The switch between people; arrows move it, as radio buttons do. */
export function peopleNodes(store, user, become) {
  const people = store.people();
  const step = (person, by) => {
    const next = people[(people.indexOf(person) + by + people.length) % people.length];
    become(next.id);
    document.getElementById(`person-${next.id}`).focus();
  };
  return people.map((person) => personNode(store, person, user, { become, step }));
}

function personNode(store, person, user, { become, step }) {
  const own = person.id === user;
  const unread = own ? 0 : unreadOf(store, person.id);
  const asked = !own && (store.state.views[person.id] || []).length;
  const [name, role = ""] = person.real_name.split(" (");
  return h(
    "button",
    {
      type: "button",
      id: `person-${person.id}`,
      class: "person",
      role: "radio",
      "aria-checked": String(own),
      tabindex: own ? 0 : -1,
      onclick: () => become(person.id),
      onkeydown: (event) => {
        const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
        if (!by) return;
        event.preventDefault();
        step(person, by);
      },
    },
    avatar(person, store.state.bot),
    h(
      "span",
      { class: "person-words" },
      h("span", { class: "person-name" }, name),
      h("span", { class: "person-role" }, role.replace(")", "")),
    ),
    unread || asked ? countNode(unread || "…", unread ? `${unread} unread` : "a form is open") : null,
  );
}

/** Channels, direct messages and the app. */
export function placeNodes(store, now, open, openStep) {
  const channels = store.state.channels.filter((channel) => channel.name);
  const hash = () => h("span", { class: "sign", "aria-hidden": "true" }, "#");
  const bot = () => h("span", { class: "sign tile", "aria-hidden": "true" }, "ml");
  const house = () => h("span", { class: "sign house", "aria-hidden": "true" }, "⌂");
  const group = (id, title, ...places) => [h("h2", { id }, title), h("ul", { "aria-labelledby": id }, ...places)];
  return [
    ...group("nav-channels", "Channels", ...channels.map(({ id, name }) => placeNode(store, now, open, { id, sign: hash(), name }))),
    ...group("nav-direct", "Direct messages", placeNode(store, now, open, { id: directOf(now.user), sign: bot(), name: "mlbot" })),
    ...group("nav-apps", "Apps", placeNode(store, now, open, { id: "home", sign: house(), name: "mlbot Home" })),
    ...(store.state.app.steps.length ? group("nav-steps", "Workflow steps", ...stepNodes(store.state.app.steps, openStep)) : []),
  ];
}

function placeNode(store, now, open, { id, sign, name }) {
  const here = id === now.channel;
  const unread = id === "home" || here ? 0 : store.unread(id, now.user);
  return h(
    "li",
    {},
    h(
      "button",
      {
        type: "button",
        id: `place-${id}`,
        class: unread ? "place unread" : "place",
        "aria-current": here ? "page" : null,
        onclick: () => open(id),
      },
      sign,
      h("span", { class: "place-name" }, name),
      unread ? countNode(unread, `${unread} unread`) : null,
    ),
  );
}
