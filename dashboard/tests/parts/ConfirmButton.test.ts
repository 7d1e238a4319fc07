import { cleanup, fireEvent, render, screen } from "@testing-library/svelte";
import { afterEach, describe, expect, it, vi } from "vitest";
import ConfirmButton from "../../src/parts/ConfirmButton.svelte";

afterEach(cleanup);

const button = (name: string): HTMLElement => screen.getByRole("button", { name });

async function asked(onconfirm = vi.fn()) {
  render(ConfirmButton, { label: "Revoke", explanation: "For good.", busy: false, onconfirm });
  await fireEvent.click(button("Revoke"));
  return onconfirm;
}

describe("a button for what cannot be undone", () => {
  it("says what will happen, and does it when one says so again", async () => {
    const onconfirm = await asked();
    expect(screen.getByRole("group", { name: "Revoke?" }).textContent).toContain("For good.");
    expect(document.activeElement).toBe(button("Revoke now"));
    expect(onconfirm).not.toHaveBeenCalled();
    await fireEvent.click(button("Revoke now"));
    expect(onconfirm).toHaveBeenCalledOnce();
    await vi.waitFor(() => expect(document.activeElement).toBe(button("Revoke")));
  });

  it.each([
    ["Keep it", () => fireEvent.click(button("Keep it"))],
    ["Escape", () => fireEvent.keyDown(button("Revoke now"), { key: "Escape" })],
  ])("does nothing after %s, and the keyboard is where it was", async (_, leave) => {
    const onconfirm = await asked();
    await leave();
    await vi.waitFor(() => expect(document.activeElement).toBe(button("Revoke")));
    expect(onconfirm).not.toHaveBeenCalled();
  });
});
