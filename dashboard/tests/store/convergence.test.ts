/** A server that changes all the time, a delivery that loses, repeats and swaps events, and what the page ends with. */
import { afterEach, describe, expect, it, vi } from "vitest";
import type { LogEvent, Message, Status, Task, Workspace } from "../../src/api/types.ts";
import { Collection } from "../../src/store/collection.ts";
import { WorkspaceStore } from "../../src/store/workspace-store.ts";
import { serve } from "../server.ts";
import { event, message, task, workspace } from "./events.ts";

afterEach(() => vi.unstubAllGlobals());

/** Seeded, so that a failure can be repeated. */
class Dice {
  constructor(private state: number) {}

  below(n: number): number {
    this.state = (this.state * 48_271) % 2_147_483_647;
    return this.state % n;
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

class Server {
  seq = 0;
  readonly tasks = new Map<string, Task>();
  readonly messages: Message[] = [];

  constructor(private readonly dice: Dice) {
    serve({
      "GET /api/workspaces/w1": () => this.head(),
      "GET /api/workspaces/w1/tasks": () => this.#list([...this.tasks.values()]),
      "GET /api/workspaces/w1/tasks/t1/messages": () => this.#list(this.messages),
      "GET /api/workspaces/w1/tasks/t1/activities": () => this.#list([]),
      "GET /api/workspaces/w1/permissions": () => this.#list([]),
    });
  }

  head(): Workspace {
    return workspace({ seq: this.seq, counts: { ...workspace().counts, ongoing: this.tasks.size } });
  }

  change(): LogEvent {
    this.seq += 1;
    const known = this.dice.of([...this.tasks.keys(), "new"]);
    if (known === "new") return this.#tell("task.created", this.#put(task(`t${this.seq}`, 1)));
    const before = this.tasks.get(known)!;
    if (known === "t1" && this.dice.below(2) === 0) {
      const said = message(`m${this.seq}`, "t1");
      this.messages.push(said);
      return this.#tell("reply.received", this.#put({ ...before, version: before.version + 1 }), said);
    }
    if (known !== "t1" && this.dice.below(5) === 0) {
      this.tasks.delete(known);
      return this.#tell("task.deleted", before);
    }
    const status = this.dice.of<Status>(["ongoing", "blocked", "completed"]);
    return this.#tell("status.updated", this.#put({ ...before, status, version: before.version + 1 }));
  }

  #put(changed: Task): Task {
    this.tasks.set(changed.id, changed);
    return changed;
  }

  #tell(type: string, changed: Task, said?: Message): LogEvent {
    return event(this.seq, type, { task: changed, counts: this.head().counts, ...(said ? { message: said } : {}) });
  }

  #list<T>(items: T[]): unknown {
    return { items: [...items], next_cursor: null, seq: this.seq };
  }
}

/** Loses some, repeats some, and holds some back until later ones were delivered. */
function deliver(events: LogEvent[], store: WorkspaceStore, dice: Dice, held: LogEvent[]): void {
  for (const each of events) {
    const fate = dice.below(10);
    if (fate === 0) continue;
    if (fate === 1) held.push(each);
    else store.log.receive(each);
    if (fate === 2) store.log.receive(each);
    if (fate === 3) held.splice(0).forEach((late) => store.log.receive(late));
  }
}

const byId = (a: { id: string }, b: { id: string }): number => a.id.localeCompare(b.id);

describe("a page", () => {
  it.each(Array.from({ length: 60 }, (_, index) => index + 1))(
    "ends with the server's state whatever happens to the events on their way (seed %i)",
    async (seed) => {
      const dice = new Dice(seed);
      const server = new Server(dice);
      server.tasks.set("t1", task("t1", 1));
      const workspaces = new Collection<Workspace>();
      workspaces.put(server.head(), 0);
      const store = new WorkspaceStore("w1", workspaces);
      store.tasks({}).use();
      store.thread("t1").use();
      const held: LogEvent[] = [];
      for (let round = 0; round < 8; round += 1) {
        deliver(Array.from({ length: dice.below(12) }, () => server.change()), store, dice, held);
        await new Promise((resolve) => setTimeout(resolve));
      }
      // The connection is sound again: the next event arrives, and shows what was missed.
      store.log.receive(server.change());
      await vi.waitFor(() => expect(store.log.cursor).toBe(server.seq));
      held.forEach((late) => store.log.receive(late));
      expect(store.log.tasks.values().sort(byId)).toEqual([...server.tasks.values()].sort(byId));
      expect(store.log.messages.values().sort(byId)).toEqual([...server.messages].sort(byId));
      expect(workspaces.get("w1")).toMatchObject({ seq: server.seq, counts: server.head().counts });
    },
  );
});
