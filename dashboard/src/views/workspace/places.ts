/**
 * Where one was among a workspace's tasks, for the way back to them: how far each part was scrolled, and the task
 * that the keyboard was on. Kept as long as the page is.
 */
import type { VirtualizerHandle } from "virtua/svelte";
import { router } from "../../router.svelte.ts";

interface Place {
  top: number;
  /** The heights that were measured, where there are many tasks; so many there were. */
  sizes?: ReturnType<VirtualizerHandle["getCache"]>;
  amount: number;
}

const places = new Map<string, Place>();
const currents = new Map<string, string>();

export class Places {
  constructor(private readonly workspaceId: string) {}

  /** Undefined: one comes here anew, or there are not as many as there were. */
  of(part: string, amount: number): Place | undefined {
    const place = places.get(`${this.workspaceId} ${part}`);
    return router.isReturning && place?.amount === amount ? place : undefined;
  }

  keep(part: string, place: Place): void {
    places.set(`${this.workspaceId} ${part}`, place);
  }

  get current(): string | undefined {
    return router.isReturning ? currents.get(this.workspaceId) : undefined;
  }

  keepCurrent(id: string): void {
    currents.set(this.workspaceId, id);
  }
}
