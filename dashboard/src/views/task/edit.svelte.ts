/**
 * What a person is changing in a task's words, kept over reloads until they save or leave it. A field that they did
 * not touch follows the task; one that they did remembers what it said when they began, so that nobody's words are
 * written over unseen.
 */
import { edit as save } from "../../acts/tasks.ts";
import { Problem } from "../../api/http.ts";
import type { Task } from "../../api/types.ts";
import { unsaved } from "../../store/draft.svelte.ts";

export type Field = "title" | "body";

interface Change {
  typed: string;
  before: string;
}

type Changes = Partial<Record<Field, Change>>;

const nameOf = ({ workspace_id, id }: Task): string => `edit/${workspace_id}/${id}`;

/** Whether an edit of it was begun and never ended. */
export function isBegun(task: Task): boolean {
  return unsaved.get(nameOf(task)) !== null;
}

export class Edit {
  #changes = $state.raw<Changes>({});

  constructor(private readonly task: () => Task) {
    this.#changes = unsaved.get<Changes>(nameOf(task())) ?? {};
  }

  get title(): string {
    return this.#shown("title");
  }

  set title(typed: string) {
    this.#type("title", typed);
  }

  get body(): string {
    return this.#shown("body");
  }

  set body(typed: string) {
    this.#type("body", typed);
  }

  get isUnsaved(): boolean {
    return this.title !== this.task().title || this.body !== this.task().body;
  }

  /** What somebody else made of what one has typed over since. */
  theirs(field: Field): string | null {
    const change = this.#changes[field];
    const now = this.task()[field];
    return change && change.before !== now && change.typed !== now ? now : null;
  }

  get isOvertaken(): boolean {
    return this.theirs("title") !== null || this.theirs("body") !== null;
  }

  /** One's own goes; theirs stays. */
  useTheirs(field: Field): void {
    const { [field]: _, ...others } = this.#changes;
    this.#keep(others);
  }

  /** Throws what the server refuses. What somebody else wrote in the meantime is in the task then, to be seen. */
  async save(): Promise<void> {
    try {
      await this.#send();
    } catch (error) {
      const isConflict = error instanceof Problem && error.code === "version_conflict";
      if (!isConflict || this.isOvertaken) throw error;
      // They changed the other field: both changes stand.
      await this.#send();
    }
    this.discard();
  }

  /** Returns how to have it back. */
  discard(): () => void {
    const changes = this.#changes;
    this.#keep({});
    return () => this.#keep(changes);
  }

  async #send(): Promise<void> {
    await save(this.task(), { title: this.title.trim(), body: this.body });
  }

  #shown(field: Field): string {
    return this.#changes[field]?.typed ?? this.task()[field];
  }

  #type(field: Field, typed: string): void {
    const { [field]: known, ...others } = this.#changes;
    const before = known?.before ?? this.task()[field];
    this.#keep(typed === before ? others : { ...others, [field]: { typed, before } });
  }

  #keep(changes: Changes): void {
    this.#changes = changes;
    unsaved.set(nameOf(this.task()), Object.keys(changes).length > 0 ? changes : null);
  }
}
