/** What is shown: a view stays until the next one is there, so that nobody ever looks at an empty page. */
import type { Route } from "../addresses.ts";
import { sceneOf, type AnyView, type Scene } from "./scenes.ts";

export interface Shown extends Pick<Scene, "props"> {
  route: Route;
  View: AnyView;
  /** The view and what it is of. While it stays the same, nobody went anywhere. */
  place: string;
}

export class Stage {
  shown = $state.raw<Shown | null>(null);
  /** The code of the wanted view could not be had: a new version replaced it, or the network is gone. */
  failed = $state(false);
  loading = $state(false);
  #turn = 0;

  async show(route: Route): Promise<void> {
    const turn = (this.#turn += 1);
    const scene = sceneOf(route);
    if (scene.loaded) return this.#put(route, scene, scene.loaded);
    this.loading = true;
    try {
      const view = await scene.load();
      if (turn === this.#turn) this.#put(route, scene, view);
    } catch (error) {
      if (turn !== this.#turn) return;
      console.error(error);
      this.failed = true;
      this.loading = false;
    }
  }

  #put(route: Route, { key, props }: Scene, View: AnyView): void {
    this.shown = { route, View, props, place: `${route.view} ${key}` };
    this.failed = false;
    this.loading = false;
  }
}
