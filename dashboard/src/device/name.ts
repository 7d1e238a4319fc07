/** What a person would call this browser: "Chrome on Windows". */
const BROWSERS: [RegExp, string][] = [
  [/Edg(e|A|iOS)?\//, "Edge"],
  [/OPR\/|Opera/, "Opera"],
  [/SamsungBrowser/, "Samsung Internet"],
  [/Firefox|FxiOS/, "Firefox"],
  [/Chrome|CriOS|Chromium/, "Chrome"],
  [/Safari/, "Safari"],
];
const SYSTEMS: [RegExp, string][] = [
  [/iPhone/, "iPhone"],
  [/iPad/, "iPad"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/CrOS/, "ChromeOS"],
  [/Mac OS X|Macintosh/, "Mac"],
  [/Linux|X11/, "Linux"],
];

export function deviceName(userAgent: string): string {
  const among = (known: [RegExp, string][]): string | undefined => known.find(([mark]) => mark.test(userAgent))?.[1];
  const browser = among(BROWSERS) ?? "Browser";
  const system = among(SYSTEMS);
  return system ? `${browser} on ${system}` : browser;
}

/** On these, only what was put on the home screen may notify. */
export function needsInstalling(userAgent: string): boolean {
  return /iPhone|iPad/.test(userAgent);
}
