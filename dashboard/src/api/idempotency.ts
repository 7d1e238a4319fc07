/** Keys that make a repeated attempt the same request: one key as long as the content stays the same. */
export class IdempotencyKey {
  #content = "";
  #key = "";

  for(content: unknown): string {
    const serialised = JSON.stringify(content);
    if (serialised !== this.#content || !this.#key) {
      this.#content = serialised;
      this.#key = randomKey();
    }
    return this.#key;
  }

  /** The request was answered: the same content sent again is meant as a new one. */
  used(): void {
    this.#key = "";
  }
}

export function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
