/** The streams that this tab holds: those of the workspaces it was last told to follow, most wanted first. */
import { withSlot, type Rank } from "./stream-slots.ts";

/** The rest is polled: no tab takes all the slots of the browser. */
const MOST = 3;

interface Stream {
  controller: AbortController;
  rank: Rank;
  open: boolean;
}

export class StreamSet {
  readonly #streams = new Map<string, Stream>();

  constructor(private readonly follow: (id: string, signal: AbortSignal) => Promise<void>) {}

  want(ids: string[]): void {
    const wanted = ids.slice(0, "locks" in navigator ? MOST : 1);
    for (const [id, stream] of [...this.#streams]) {
      if (!wanted.includes(id)) this.#close(id, stream);
    }
    wanted.forEach((id, place) => this.#ensure(id, place === 0 ? "foreground" : "background"));
  }

  #ensure(id: string, rank: Rank): void {
    const known = this.#streams.get(id);
    // A change of rank is a change of slot: the foreground's are for what is on the screen now. Only one
    // that runs in the background stays there when it comes to the front.
    if (known && (known.rank === rank || (known.open && rank === "foreground"))) return;
    if (known) this.#close(id, known);
    const stream: Stream = { controller: new AbortController(), rank, open: false };
    const { signal } = stream.controller;
    this.#streams.set(id, stream);
    const work = (): Promise<void> => {
      stream.open = true;
      return this.follow(id, signal);
    };
    void withSlot(rank, signal, work).finally(() => {
      if (this.#streams.get(id) === stream) this.#streams.delete(id);
    });
  }

  #close(id: string, stream: Stream): void {
    this.#streams.delete(id);
    stream.controller.abort();
  }
}
