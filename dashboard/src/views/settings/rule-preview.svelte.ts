/** What a rule would do, asked of the server while it is being written: the last question is the one that counts. */
import { permissionRules } from "../../api/calls.ts";
import { explain, Problem } from "../../api/http.ts";
import type { RulePreview as Answer } from "../../api/types.ts";

const PAUSE_MS = 250;

export interface Question {
  tool_name: string;
  pattern: string;
  input?: string;
}

export class RulePreview {
  answer = $state.raw<Answer | null>(null);
  /** Why there can be no such rule. */
  objection = $state("");
  /** Why there is no answer. */
  problem = $state("");
  #timer: ReturnType<typeof setTimeout> | undefined;
  #turn = 0;

  constructor(private readonly workspaceId: string) {}

  ask(question: Question): void {
    clearTimeout(this.#timer);
    this.#turn += 1;
    if (!question.tool_name || !question.pattern) return this.#settle(null);
    this.#timer = setTimeout(() => void this.#send(question, this.#turn), PAUSE_MS);
  }

  async #send(question: Question, turn: number): Promise<void> {
    try {
      const answer = await permissionRules.preview(this.workspaceId, question);
      if (turn === this.#turn) this.#settle(answer);
    } catch (error) {
      if (turn !== this.#turn) return;
      const objection = objectionsOf(error);
      // What was answered before stays for who goes on typing.
      this.#settle(objection ? null : this.answer);
      this.objection = objection;
      if (!objection) this.problem = explain(error);
    }
  }

  #settle(answer: Answer | null): void {
    this.answer = answer;
    this.objection = this.problem = "";
  }
}

/** What the server says about the fields, if that is why it refused. */
export function objectionsOf(error: unknown): string {
  if (!(error instanceof Problem) || error.code !== "validation_failed") return "";
  return (error.body.errors ?? []).map(({ message }) => message).join(" ");
}

/** What agents send is JSON; of a shell tool one would rather write the command alone. */
export function asInput(text: string): string {
  return text.trim().startsWith("{") ? text.trim() : JSON.stringify({ command: text.trim() });
}
