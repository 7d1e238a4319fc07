/** Short notes on what just happened, with a way back where there is one. */

export interface Toast {
  id: number;
  text: string;
  tone: "plain" | "problem";
  undo: (() => unknown) | null;
  /** Where it would be undone: once that is gone, there is nothing to undo. */
  workspaceId: string | undefined;
}

const MOST = 3;

class Toasts {
  shown = $state.raw<Toast[]>([]);
  #ids = 0;

  say(text: string, undo: Toast["undo"] = null, workspaceId?: string): void {
    this.#add({ text, tone: "plain", undo, workspaceId });
  }

  /** Something was refused or failed; it stays until it is dismissed. */
  complain(text: string): void {
    this.#add({ text, tone: "problem", undo: null, workspaceId: undefined });
  }

  dismiss(id: number): void {
    this.shown = this.shown.filter((toast) => toast.id !== id);
  }

  /** Takes back the latest thing that can be taken back. False: there is none. */
  undoLatest(): boolean {
    const toast = this.shown.findLast(({ undo }) => undo !== null);
    if (!toast) return false;
    this.dismiss(toast.id);
    toast.undo?.();
    return true;
  }

  #add(toast: Omit<Toast, "id">): void {
    this.#ids += 1;
    this.shown = [...this.shown, { ...toast, id: this.#ids }].slice(-MOST);
  }
}

export const toasts = new Toasts();
