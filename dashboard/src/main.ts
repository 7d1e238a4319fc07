import { mount } from "svelte";
import App from "./App.svelte";
import "./app.css";
import { keepSecret } from "./invitation-secret.ts";
import { router } from "./router.svelte.ts";
import { sceneOf } from "./shell/scenes.ts";
import "./shell/shell.css";
import { live } from "./store/live.svelte.ts";

keepSecret();

// On their way while we ask who is there; whether they come is noticed where they are shown.
sceneOf(router.route).load().catch(() => {});
if (router.route.view !== "signin") void live.begin();

const target = document.getElementById("app");
if (!target) throw new Error("index.html has no #app");
mount(App, { target });

// Not before the page is there and the browser has nothing better to do. Safari knows no idle callbacks.
const whenIdle = window.requestIdleCallback ?? ((work: () => void) => setTimeout(work, 500));
// Should it not come, everything works but for notifications and being offline.
const startDevice = (): void => void import("./device/start.svelte.ts").catch(() => {});
if (import.meta.env.PROD) window.addEventListener("load", () => whenIdle(startDevice));
