// What the page knows, and what can be read from it. No drawing here.

/** The workspace as the server told it, kept up to date by its events. */
export class Store {
  constructor() {
    this.state = null;
    this.messages = new Map(); // channel -> ts -> message
    this.read = new Map(); // "user channel" -> ts
    this.users = new Map();
    this.skew = 0;
  }

  /** Take the whole state; what is ephemeral and still on the screen stays. */
  reset(state) {
    const whispered = [...this.all()].filter((message) => message.only_for);
    this.state = state;
    this.users = new Map(state.users.map((user) => [user.id, user]));
    this.messages = new Map();
    this.read = new Map(state.read.map(([user, channel, ts]) => [`${user} ${channel}`, ts]));
    for (const message of [...state.messages, ...whispered]) this.put(message);
    this.setClock(state.now);
  }

  *all() {
    for (const channel of this.messages.values()) yield* channel.values();
  }

  setClock(now) {
    this.skew = Date.parse(now) - Date.now();
  }

  now() {
    return new Date(Date.now() + this.skew);
  }

  put(message) {
    if (!this.messages.has(message.channel)) this.messages.set(message.channel, new Map());
    this.messages.get(message.channel).set(message.ts, message);
  }

  remove(channel, ts) {
    this.messages.get(channel)?.delete(ts);
  }

  channel(id) {
    return this.state.channels.find((channel) => channel.id === id);
  }

  addChannel(channel) {
    if (!this.channel(channel.id)) this.state.channels.push(channel);
  }

  people() {
    return this.state.users.filter((user) => user.shown);
  }

  /** What *user* sees in *channel*, oldest first. */
  visible(channel, user) {
    const found = [...(this.messages.get(channel)?.values() || [])].filter((m) => !m.only_for || m.only_for === user);
    return found.sort((a, b) => Number(a.ts) - Number(b.ts));
  }

  /** The same without the answers in threads. */
  roots(channel, user) {
    return this.visible(channel, user).filter((m) => !m.thread_ts || m.thread_ts === m.ts || m.subtype === "thread_broadcast");
  }

  replies(channel, ts, user) {
    return this.visible(channel, user).filter((m) => m.thread_ts === ts && m.ts !== ts);
  }

  /** How many messages in *channel* *user* has not seen. */
  unread(channel, user) {
    const seen = Number(this.read.get(`${user} ${channel}`) || 0);
    return this.visible(channel, user).filter((m) => Number(m.ts) > seen && m.user !== user).length;
  }

  /** The channels that *user* has, own direct message included. */
  places(user) {
    return [...this.state.channels.filter((channel) => channel.name).map((channel) => channel.id), directOf(user)];
  }

  /** Who looks: names, zone and clock, as drawing needs them. */
  who(user) {
    const person = this.users.get(user);
    const channels = this.state.channels.filter((channel) => channel.name);
    return {
      user,
      zone: person.tz,
      people: this.people(),
      channels,
      now: () => this.now(),
      nameOf: (id, words) => this.users.get(id)?.real_name || words || id,
      channelOf: (id, words) => this.channel(id)?.name || words || id,
      groupOf: (id, words) => this.state.groups[id] || words || id,
    };
  }
}

/** The bot's direct message with *user*. */
export function directOf(user) {
  return "D" + user.slice(1);
}

/** One or two letters for a person's picture. */
export function initials(name) {
  return name.replace(/\(.*/, "").trim().slice(0, 2);
}
