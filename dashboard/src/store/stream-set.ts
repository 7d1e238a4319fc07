/** The streams that this tab holds: those of the workspaces it was last told to follow, most wanted first. */
import { withSlot } from "./stream-slots.ts";

/** The rest is polled: no tab takes all the slots of the browser. */
const MOST = 3;

export class StreamSet {
  readonly #open = new Map<string, AbortController>();

  constructor(private readonly follow: (id: string, signal: AbortSignal) => Promise<void>) {}

  want(ids: string[]): void {
    const wanted = new Set(ids.slice(0, "locks" in navigator ? MOST : 1));
    for (const [id, controller] of [...this.#open]) {
      if (!wanted.has(id)) this.#close(id, controller);
    }
    for (const id of wanted) {
      if (!this.#open.has(id)) this.#start(id);
    }
  }

  #start(id: string): void {
    const controller = new AbortController();
    this.#open.set(id, controller);
    void withSlot(controller.signal, () => this.follow(id, controller.signal)).finally(() => {
      if (this.#open.get(id) === controller) this.#open.delete(id);
    });
  }

  #close(id: string, controller: AbortController): void {
    this.#open.delete(id);
    controller.abort();
  }
}
