/** How one can sign in here, and so whether anybody but the owner of this machine can. */
import { auth } from "./api/calls.ts";

class Offer {
  providers = $state.raw<string[] | null>(null);
  names = $state.raw<Record<string, string>>({});
  readonly toOthers = $derived(!!this.providers?.some((provider) => provider !== "local"));
  /** What people call the provider that is not this machine. */
  readonly name = $derived(this.names.google ?? "Google");

  async load(): Promise<void> {
    if (this.providers) return;
    const { providers, names } = await auth.config();
    this.names = names;
    this.providers = providers;
  }
}

export const offer = new Offer();
