/** For a modal dialog, `{@attach closesOutside}`: pressing beside it closes it, as Escape does. */
export function closesOutside(dialog: HTMLDialogElement): () => void {
  const pressed = ({ target }: Event): void => {
    if (target === dialog) dialog.close();
  };
  dialog.addEventListener("pointerdown", pressed);
  return () => dialog.removeEventListener("pointerdown", pressed);
}
