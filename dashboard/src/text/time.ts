/** Times as people say them. The exact one goes into the title of the element. */

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "narrow" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
const DAYS_SAID_RELATIVELY = 14;

export function timeAgo(iso: string, now: number): string {
  const seconds = (Date.parse(iso) - now) / 1000;
  if (Math.abs(seconds) < 60) return "now";
  if (Math.abs(seconds) > DAYS_SAID_RELATIVELY * 86_400) return day.format(Date.parse(iso));
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ["minute", 60];
  return relative.format(Math.trunc(seconds / size), unit);
}

export function exactTime(iso: string): string {
  return exact.format(Date.parse(iso));
}
