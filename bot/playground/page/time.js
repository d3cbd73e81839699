// Times in the zone of whoever looks, by the bot's clock.

const FORMS = {
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
  time: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  time_secs: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
};

function formatted(at, form, zone) {
  return new Intl.DateTimeFormat("en-GB", { ...form, timeZone: zone }).format(at);
}

/** The day as YYYY-MM-DD in a zone. */
export function dayOf(at, zone) {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(at);
}

/** Today, Yesterday, Tomorrow, or an empty text. */
export function near(at, who) {
  const days = { [dayOf(who.now(), who.zone)]: "Today" };
  days[dayOf(new Date(who.now().getTime() - 86400000), who.zone)] = "Yesterday";
  days[dayOf(new Date(who.now().getTime() + 86400000), who.zone)] = "Tomorrow";
  return days[dayOf(at, who.zone)] || "";
}

/** Slack's date tokens filled in; an empty text where the date is none. */
export function dateWords(seconds, format, who) {
  const at = new Date(seconds * 1000);
  if (!Number.isFinite(seconds) || !seconds || Number.isNaN(at.getTime())) return "";
  return format.replace(/\{(\w+)\}/g, (token, name, where) => {
    if (name === "ago") return ago(at, who);
    if (name === "day_divider_pretty") name = "date_long_pretty";
    const pretty = name.endsWith("_pretty");
    const form = FORMS[name.replace("_pretty", "")];
    if (!form) return token;
    const close = pretty && near(at, who);
    if (close) return where ? close.toLowerCase() : close;
    return formatted(at, form, who.zone);
  });
}

function ago(at, who) {
  const minutes = Math.round((at - who.now()) / 60000);
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  if (Math.abs(minutes) < 60) return words.format(minutes, "minute");
  if (Math.abs(minutes) < 48 * 60) return words.format(Math.round(minutes / 60), "hour");
  return words.format(Math.round(minutes / 1440), "day");
}

/** HH:MM of a message. */
export function clockOf(ts, zone) {
  return formatted(new Date(Number(ts) * 1000), FORMS.time, zone);
}

/** The words of the line between two days. */
export function dayWords(ts, who) {
  const at = new Date(Number(ts) * 1000);
  return near(at, who) || formatted(at, { weekday: "long", month: "long", day: "numeric" }, who.zone);
}

/** The bot's clock, for the bar. */
export function barClock(who) {
  const form = { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return `${formatted(who.now(), form, who.zone)} ${who.zone.split("/").pop().replaceAll("_", " ")}`;
}
