/** A part of the page whose code is loaded when it is first wanted; from then on it is there at once. */
import { toasts } from "../shell/toasts.svelte.ts";
import { afterPaint } from "./after-paint.ts";

export class Late<T> {
  /** Undefined: not loaded yet. */
  value = $state.raw<T>();
  failed = $state(false);
  #loading: Promise<void> | undefined;

  constructor(private readonly code: () => Promise<{ default: T }>) {}

  /** Somebody is waiting for it. */
  want(): void {
    if (this.value) return;
    this.failed = false;
    this.load().catch((error: unknown) => {
      console.error(error);
      this.failed = true;
      toasts.complain("This part of Handrail could not be loaded. Check your connection, then reload the page.");
    });
  }

  /** For an `$effect`: wanted as soon as what is there now is on the screen. */
  wantSoon(): () => void {
    return afterPaint(() => this.want());
  }

  /** Perhaps it will be wanted. Throws if it cannot be had now. */
  load(): Promise<void> {
    return (this.#loading ??= this.code().then(
      (loaded) => void (this.value = loaded.default),
      (error: unknown) => {
        this.#loading = undefined;
        throw error;
      },
    ));
  }
}
