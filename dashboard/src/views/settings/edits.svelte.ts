/**
 * What a person is changing in a workspace's wording, kept until they save or discard it. A field that they did not
 * touch follows the workspace; one that they did remembers what it said when they began.
 */
import type { Wording } from "../../acts/workspaces.ts";
import type { Workspace } from "../../api/types.ts";
import { Draft } from "../../store/draft.svelte.ts";

export type Field = "name" | "mission";
export const FIELDS: Field[] = ["name", "mission"];
export const LIMITS: Record<Field, number> = { name: 100, mission: 4_000 };

interface Edit {
  typed: string;
  before: string;
}

export class Edits {
  #edits = $state.raw<Partial<Record<Field, Edit>>>({});
  readonly #draft: Draft;

  /** `workspace`: as it is now; nothing once it is gone. */
  constructor(
    workspaceId: string,
    private readonly workspace: () => Workspace | undefined,
  ) {
    this.#draft = new Draft(`${workspaceId}/settings`);
    this.#edits = saved(this.#draft.text);
  }

  shown(field: Field): string {
    return this.#edits[field]?.typed ?? this.#now(field);
  }

  type(field: Field, typed: string): void {
    const now = this.#now(field);
    const { [field]: known, ...others } = this.#edits;
    this.#keep(typed === now ? others : { ...others, [field]: { typed, before: known?.before ?? now } });
  }

  /** What would be saved. */
  get wording(): Wording {
    const changed = FIELDS.filter((field) => this.shown(field) !== this.#now(field));
    return Object.fromEntries(changed.map((field) => [field, this.shown(field)]));
  }

  get unsaved(): boolean {
    return Object.keys(this.wording).length > 0;
  }

  /** Somebody else changed this field since the person began. */
  overtaken(field: Field): boolean {
    const edit = this.#edits[field];
    const now = this.#now(field);
    return edit !== undefined && edit.before !== now && edit.typed !== now;
  }

  discard(): void {
    this.#keep({});
  }

  #now(field: Field): string {
    return this.workspace()?.[field] ?? this.#edits[field]?.typed ?? "";
  }

  #keep(edits: Partial<Record<Field, Edit>>): void {
    this.#edits = edits;
    this.#draft.text = Object.keys(edits).length > 0 ? JSON.stringify(edits) : "";
    this.#draft.save();
  }
}

export function tooLong(field: Field, text: string): number {
  return Math.max(0, [...text].length - LIMITS[field]);
}

function saved(text: string): Partial<Record<Field, Edit>> {
  try {
    return JSON.parse(text) as Partial<Record<Field, Edit>>;
  } catch {
    // Nothing was kept.
    return {};
  }
}
