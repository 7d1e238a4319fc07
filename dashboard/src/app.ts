/** Puts the dashboard on the page, when its code is here; see `main.ts`. */
import { mount } from "svelte";
import App from "./App.svelte";
import { idle } from "./parts/idle.ts";
import { router } from "./router.svelte.ts";
import { live } from "./store/live.svelte.ts";

if (router.route.view !== "signin") void live.begin();

const target = document.getElementById("app");
if (!target) throw new Error("index.html has no #app");
mount(App, { target });

// What the view itself still loads comes first.
const DEVICE_AFTER_MS = 1_000;
// Should it not come, everything works but for notifications and being offline.
const startDevice = (): Promise<unknown> => import("./device/start.svelte.ts").catch(() => {});
if (import.meta.env.PROD) setTimeout(() => void idle().then(startDevice), DEVICE_AFTER_MS);
