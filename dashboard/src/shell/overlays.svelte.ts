/** The dialogs that belong to no view, one at a time. The code of each is loaded when it is first wanted. */
import type { Component } from "svelte";
import type { Entry } from "./entries.ts";
import { toasts } from "./toasts.svelte.ts";

/** What every one of them offers: it is there, closed, until this is called. */
export interface Opens {
  open: () => void;
}

type Dialog = Component<Record<string, unknown>, Opens & Record<string, unknown>>;

export const DIALOGS = {
  keys: () => import("./KeySheet.svelte"),
  menu: () => import("./PhoneMenu.svelte"),
  newTask: () => import("../parts/NewTask.svelte"),
  newWorkspace: () => import("../parts/NewWorkspace.svelte"),
  palette: () => import("./Palette.svelte"),
};

class Overlays {
  shown = $state.raw<{ View: Dialog; props: Record<string, unknown>; key: string } | null>(null);
  /** Moves on whenever the shown one is wanted, also when it is there already. */
  wanted = $state(0);
  #turn = 0;

  palette(): Promise<void> {
    return this.#show("palette", DIALOGS.palette, {});
  }

  /** The palette with nothing in it but these. */
  choose(label: string, choices: Entry[]): Promise<void> {
    return this.#show(`choose ${label}`, DIALOGS.palette, { label, choices });
  }

  keys(): Promise<void> {
    return this.#show("keys", DIALOGS.keys, {});
  }

  menu(): Promise<void> {
    return this.#show("menu", DIALOGS.menu, {});
  }

  newWorkspace(): Promise<void> {
    return this.#show("new workspace", DIALOGS.newWorkspace, {});
  }

  newTask(workspaceId: string, parentId: string | null = null): Promise<void> {
    return this.#show(`new task ${workspaceId} ${parentId}`, DIALOGS.newTask, { workspaceId, parentId });
  }

  async #show<Props extends object>(
    key: string,
    load: () => Promise<{ default: Component<Props> }>,
    props: Props,
  ): Promise<void> {
    const turn = (this.#turn += 1);
    try {
      const View = (await load()).default as unknown as Dialog;
      if (turn !== this.#turn) return;
      this.shown = { View, props: props as Record<string, unknown>, key };
      this.wanted += 1;
    } catch (error) {
      console.error(error);
      toasts.complain("This part of Handrail could not be loaded. Check your connection, then reload the page.");
    }
  }
}

export const overlays = new Overlays();
