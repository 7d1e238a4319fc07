/** What a page does for the device it runs on, once it is on the screen. */
import { untrack } from "svelte";
import { router } from "../router.svelte.ts";
import { session } from "../session.svelte.ts";
import { keyOf } from "../store/inbox-items.ts";
import { live } from "../store/live.svelte.ts";
import { forgetIfSignedOut } from "./forget.ts";
import { closeSettled, closeStale } from "./notifications.ts";
import { push } from "./push.svelte.ts";
import { hasWorkers, listen, register } from "./registration.ts";
import { Updates } from "./updates.ts";

const begun = Date.now();

if (hasWorkers()) {
  register().then(
    (registration) => begin(new Updates(registration)),
    // Private windows of some browsers have no workers: everything works there, but for notifications and being offline.
    (error: unknown) => console.warn("No service worker:", error),
  );
}

function begin(updates: Updates): void {
  listen((message) => {
    if (message.type === "newer") updates.offer();
    else router.go(message.url);
  });
  $effect.root(() => {
    $effect(() => {
      if (live.connection === "live") untrack(() => void updates.check());
    });
    keepToPerson();
    keepToInbox();
  });
}

/** What this device is told is for whoever is signed in, or for nobody. */
function keepToPerson(): void {
  $effect(() => {
    const { person } = session;
    // Whatever cannot be checked now is checked at the next start.
    if (person) untrack(() => void push.check(person.id).catch(() => undefined));
    else if (router.route.view === "signin") void forgetIfSignedOut();
  });
}

/** What is settled, here or elsewhere, is not asked by a notification any more. */
function keepToInbox(): void {
  let before: Set<string> | null = null;
  $effect(() => {
    if (!live.loaded) return;
    const now = new Set(live.inbox.items.map(keyOf));
    const gone = before && [...before].filter((key) => !now.has(key));
    if (!gone) void closeStale(now, begun);
    else if (gone.length > 0) void closeSettled(gone);
    before = now;
  });
}
