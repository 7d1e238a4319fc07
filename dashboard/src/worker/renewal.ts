/** The browser gave up its push subscription: it gets a new one, if whoever is signed in had asked for it here. */
import type { Device, Push } from "../api/types.ts";

type Send = (path: string, init?: RequestInit) => Promise<Response>;
type Subscribe = (key: string) => Promise<Pick<PushSubscription, "toJSON">>;

export async function renew(subscribe: Subscribe, send: Send, name: string): Promise<void> {
  const answer = await send("/api/push");
  if (!answer.ok) return;
  const { public_key, devices } = (await answer.json()) as Push;
  // Devices belong to a session: where none is of this one, its person did not ask for anything here.
  const old = devices.filter(({ current }) => current);
  if (!public_key || old.length === 0) return;
  const { endpoint, keys } = (await subscribe(public_key)).toJSON();
  const added = await send("/api/push/devices", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ endpoint, keys, name }),
  });
  if (!added.ok) return;
  const { id } = (await added.json()) as Device;
  const ended = old.filter((device) => device.id !== id);
  await Promise.all(ended.map((device) => send(`/api/push/devices/${device.id}`, { method: "DELETE" })));
}
