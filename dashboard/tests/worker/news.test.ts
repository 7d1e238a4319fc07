import { describe, expect, it } from "vitest";
import { News } from "../../src/worker/news.ts";
import type { Notice } from "../../src/worker/notice.ts";

const notice = (tag: string, body: string): Notice => ({
  title: "laptop waits",
  options: { tag, body, data: { url: "/", workspaceId: null, permissionId: null } },
});

describe("news", () => {
  it("is the same message once, however often it arrives", () => {
    const news = new News();
    expect(news.includes(notice("task 1", "Which?"))).toBe(true);
    expect(news.includes(notice("task 1", "Which?"))).toBe(false);
    expect(news.includes(notice("task 2", "Which?"))).toBe(true);
    expect(news.includes(notice("task 1", "Which one?"))).toBe(true);
    expect(news.includes(notice("task 1", "Which?"))).toBe(true);
  });

  it("remembers no more than the latest", () => {
    const news = new News();
    for (let number = 0; number <= 50; number += 1) news.includes(notice(`task ${number}`, "Which?"));
    expect(news.includes(notice("task 50", "Which?"))).toBe(false);
    expect(news.includes(notice("task 0", "Which?"))).toBe(true);
  });
});
