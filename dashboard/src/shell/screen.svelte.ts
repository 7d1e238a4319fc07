/** Whether there is room for a rail beside the view. The same bound is written in the styles. */
import { MediaQuery } from "svelte/reactivity";

const narrow = new MediaQuery("max-width: 52rem");

export const screen = {
  get phone(): boolean {
    return narrow.current;
  },
};
