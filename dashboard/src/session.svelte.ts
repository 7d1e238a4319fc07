/** Who is signed in. Signing out, here or elsewhere, leaves the page, and with it everything it held. */
import { auth } from "./api/calls.ts";
import { explain, onSignedOut, Problem } from "./api/http.ts";
import type { Person } from "./api/types.ts";
import { paths } from "./router.svelte.ts";
import { forgetDrafts } from "./store/draft.svelte.ts";

class Session {
  person = $state.raw<Person | null>(null);
  problem = $state("");

  async load(): Promise<void> {
    this.problem = "";
    try {
      this.person = (await auth.session()).person;
      onSignedOut(leave);
    } catch (error) {
      if (error instanceof Problem && error.status === 401) leave();
      else this.problem = explain(error);
    }
  }

  async signOut(): Promise<void> {
    await auth.signOut().catch((error: unknown) => {
      // Signed out elsewhere already: as wanted.
      if (!(error instanceof Problem && error.status === 401)) throw error;
    });
    forgetDrafts();
    window.location.assign("/signin");
  }
}

function leave(): void {
  const { pathname, search, hash } = window.location;
  window.location.replace(paths.signIn(pathname + search + hash));
}

export const session = new Session();
