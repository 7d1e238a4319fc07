import { describe, expect, it } from "vitest";
import { Arrivals } from "../../src/shell/arrivals.ts";
import type { InboxItem } from "../../src/api/types.ts";
import { BOT, event, permission, question, task } from "../store/events.ts";

const AT = "2026-11-20T10:00:00Z";
const LATER = "2026-11-20T10:05:00Z";

const asked: InboxItem = {
  kind: "permission",
  workspace: { id: "w1", name: "my-saas-backend" },
  since: AT,
  task: null,
  permission: permission("r1", { agent: { id: "a1", name: "claude on laptop" } }),
};

function begun(items: InboxItem[] = []): Arrivals {
  const arrivals = new Arrivals();
  arrivals.news(items);
  return arrivals;
}

describe("what arrives in the inbox", () => {
  it("is told once, in words that say who wants what", () => {
    const arrivals = begun();
    expect(arrivals.news([asked])).toBe("claude on laptop asks to use Bash in my-saas-backend");
    expect(arrivals.news([asked])).toBe("");
  });

  it("is not told when the page is opened", () => {
    expect(new Arrivals().news([asked])).toBe("");
  });

  it("names the task that is asked about, and who asks", () => {
    const last_message = { id: "m1", sender: BOT, text: "Which?", files: 0, created_at: AT };
    const item = { ...question("t1", AT), task: task("t1", 1, { title: "Ship it", last_message }) };
    expect(begun().news([item])).toBe("laptop asks about “Ship it” in Shop");
    expect(begun().news([{ ...item, kind: "task" }])).toBe("New for you: “Ship it” in Shop");
  });

  it("is told again when the same task asks again", () => {
    const arrivals = begun([question("t1", AT)]);
    expect(arrivals.news([question("t1", LATER)])).not.toBe("");
  });

  it("is counted when there is much at once", () => {
    expect(begun([question("t0", AT)]).news([question("t0", AT), question("t1", AT), asked])).toBe("2 new things need you");
  });

  it("is not told when the person put it there", () => {
    const arrivals = begun();
    const own = question("t1", AT);
    arrivals.expect(event(1, "task.created", { task: own.task! }));
    expect(arrivals.news([own, asked])).toBe("claude on laptop asks to use Bash in my-saas-backend");
  });

  it("hides nothing in a name", () => {
    const item = { ...asked, permission: permission("r2", { tool_name: "Ba\u202Esh" }) };
    expect(begun().news([item])).toContain("Ba[U+202E]sh");
  });
});
