/** The code of each view, loaded when it is first wanted: nobody downloads what they do not look at. */
export const VIEWS = {
  "needs-me": () => import("./NeedsMe.svelte"),
  workspaces: () => import("./Workspaces.svelte"),
  workspace: () => import("./Workspace.svelte"),
  task: () => import("./Task.svelte"),
  settings: () => import("./Settings.svelte"),
  personal: () => import("./Personal.svelte"),
  signin: () => import("./SignIn.svelte"),
  invitation: () => import("./Invitation.svelte"),
};

/** What it is written in, which is loaded by whoever shows some. */
export const markdown = () => import("../text/markdown.ts");
