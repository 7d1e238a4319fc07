/** What a person began to write of a new task, kept over reloads until it is made or they sign out. */
import type { NewTask } from "../api/calls.ts";
import type { Assignee, Attachment } from "../api/types.ts";
import { unsaved } from "../store/draft.svelte.ts";

interface Saved {
  title: string;
  body: string;
  assignee: Assignee;
  attachments: Attachment[];
}

const EMPTY: Saved = { title: "", body: "", assignee: "agent", attachments: [] };

export class NewTaskDraft {
  title = $state("");
  body = $state("");
  assignee = $state<Assignee>("agent");
  attachments = $state.raw<Attachment[]>([]);
  readonly #name: string;

  /** One for each task that it may become a part of, and one for a task of its own. */
  constructor(
    workspaceId: string,
    private readonly parentId: string | null,
  ) {
    this.#name = parentId ? `${workspaceId}/new/${parentId}` : `${workspaceId}/new`;
    Object.assign(this, EMPTY, unsaved.get<Saved>(this.#name));
  }

  save(): void {
    const { title, body, assignee, attachments } = this;
    const isEmpty = !title.trim() && !body.trim() && attachments.length === 0;
    unsaved.set(this.#name, isEmpty ? null : { title, body, assignee, attachments });
  }

  clear(): void {
    const { title, body, attachments } = EMPTY;
    Object.assign(this, { title, body, attachments });
    this.save();
  }

  /** What it is called if nobody says so: files need no words. */
  get otherTitle(): string {
    return this.attachments[0]?.filename ?? "";
  }

  /** As the server takes it. */
  task(): NewTask {
    const attachments = this.attachments.map(({ id }) => ({ id }));
    const task = { title: this.title.trim() || this.otherTitle, body: this.body, assignee: this.assignee, attachments };
    return this.parentId ? { ...task, parent_id: this.parentId } : task;
  }
}
