/** Who is signed in. Signing out, here or elsewhere, leaves the page, and with it everything it held. */
import { auth } from "./api/calls.ts";
import { explain, onSignedOut, Problem } from "./api/http.ts";
import type { Person } from "./api/types.ts";
import { paths } from "./addresses.ts";
import { recent } from "./shell/recent.ts";
import { forgetDrafts, ownDrafts } from "./store/draft.svelte.ts";

const WHO = "handrail:person";
const RETRY_MS = 3_000;
const FORGETTING_MS = 2_000;

class Session {
  person = $state.raw<Person | null>(null);
  problem = $state("");
  #retry: ReturnType<typeof setTimeout> | undefined;

  async load(): Promise<void> {
    clearTimeout(this.#retry);
    try {
      const { person } = await auth.session();
      begins(person);
      this.person = person;
      this.problem = "";
      onSignedOut(leave);
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return leave();
      this.problem = explain(error);
      // The page may have come from the device while the server cannot be reached. It goes on when it can.
      this.#retry = setTimeout(() => void this.load(), RETRY_MS);
    }
  }

  async signOut(): Promise<void> {
    await auth.signOut().catch((error: unknown) => {
      // Signed out elsewhere already: as wanted.
      if (!(error instanceof Problem && error.status === 401)) throw error;
    });
    forgetPerson();
    await forgetDevice();
    window.location.assign("/signin");
  }
}

/** Whose page this is. The other pages of this browser hear of it: they may show what is somebody else's. */
function begins({ id }: Person): void {
  const before = localStorage.getItem(WHO);
  if (before !== null && before !== id) forgetPerson();
  localStorage.setItem(WHO, id);
  ownDrafts(id);
}

window.addEventListener("storage", ({ key, newValue }) => {
  if (key === WHO && newValue !== null && session.person && newValue !== session.person.id) window.location.reload();
});

function forgetPerson(): void {
  forgetDrafts();
  recent.forget();
  localStorage.removeItem(WHO);
}

/** What this browser shows and is told about the person. The door does the same for what could not be done here. */
async function forgetDevice(): Promise<void> {
  const forgotten = import("./device/forget.ts").then(({ forget }) => forget());
  const inTime = new Promise((resolve) => setTimeout(resolve, FORGETTING_MS));
  await Promise.race([forgotten.catch(() => undefined), inTime]);
}

function leave(): void {
  const { pathname, search, hash } = window.location;
  window.location.replace(paths.signIn(pathname + search + hash));
}

export const session = new Session();
