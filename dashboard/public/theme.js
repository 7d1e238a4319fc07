// The chosen theme, before anything is painted. src/shell/theme.svelte.ts changes it later.
(() => {
  const choice = localStorage.getItem("handrail:theme");
  if (choice !== "light" && choice !== "dark") return;
  document.documentElement.dataset.theme = choice;
  for (const meta of document.querySelectorAll("meta[name=theme-color]")) {
    meta.media = choice === meta.dataset.scheme ? "all" : "not all";
  }
})();
