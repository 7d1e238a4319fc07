/** Takes from this device what belongs to a person: after signing out, and where nobody is signed in any more. */
import { auth } from "../api/calls.ts";
import { Problem } from "../api/http.ts";
import { closeAll } from "./notifications.ts";
import { subscribed, unsubscribe } from "./push.svelte.ts";
import { registration } from "./registration.ts";

export async function forget(): Promise<void> {
  await Promise.all([closeAll(), unsubscribe(), clearBadge()]);
}

/** At the door: a session may have ended anywhere. */
export async function forgetIfSignedOut(): Promise<void> {
  const shown = await (await registration())?.getNotifications();
  if (!shown?.length && !(await subscribed())) return;
  await auth.session().catch((error: unknown) => {
    if (error instanceof Problem && error.status === 401) return forget();
    // Not reachable: nobody can sign in now either.
    return undefined;
  });
}

async function clearBadge(): Promise<void> {
  // Where the page is not installed, there is none to clear.
  await navigator.clearAppBadge?.().catch(() => undefined);
}
