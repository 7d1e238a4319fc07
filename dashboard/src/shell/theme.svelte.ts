/**
 * Light, dark, or as the system is; kept on this device. `public/theme.js` does the same before the first
 * paint: the page's security policy allows no script in the page itself.
 */
export type ThemeChoice = "system" | "light" | "dark";

export const THEMES: ThemeChoice[] = ["system", "light", "dark"];
export const THEME_WORDS: Record<ThemeChoice, string> = { system: "Like the system", light: "Light", dark: "Dark" };

const KEY = "handrail:theme";

class Theme {
  choice = $state<ThemeChoice>(chosen());

  constructor() {
    // Chosen in another tab.
    window.addEventListener("storage", ({ key }) => {
      if (key === KEY || key === null) this.#show(chosen());
    });
  }

  choose(choice: ThemeChoice): void {
    if (choice === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, choice);
    this.#show(choice);
  }

  #show(choice: ThemeChoice): void {
    this.choice = choice;
    if (choice === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = choice;
    for (const meta of document.querySelectorAll<HTMLMetaElement>("meta[name=theme-color]")) {
      const scheme = meta.dataset["scheme"];
      meta.media = choice === "system" ? `(prefers-color-scheme: ${scheme})` : choice === scheme ? "all" : "not all";
    }
  }
}

function chosen(): ThemeChoice {
  const kept = localStorage.getItem(KEY);
  return kept === "light" || kept === "dark" ? kept : "system";
}

export const theme = new Theme();
