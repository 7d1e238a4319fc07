import { describe, expect, it } from "vitest";
import { noticeOf, outcomeOf, payloadOf, type Payload } from "../../src/worker/notice.ts";

const ORIGIN = "https://handrail.test";
const PERMISSION: Payload = {
  kind: "permission",
  tag: "permission p1",
  title: "laptop asks to use Bash · api",
  body: '{"command":"git status"}',
  url: "/w/w1/t/t1",
  workspace_id: "w1",
  task_id: "t1",
  permission_id: "p1",
  complete: true,
  waiting: 3,
};
const actions = (changes: Partial<Payload>): string[] | undefined =>
  noticeOf({ ...PERMISSION, ...changes }, ORIGIN).options.actions?.map(({ title }) => title);

describe("what a push becomes", () => {
  it("says what the message says, and remembers where it leads", () => {
    const notice = noticeOf(payloadOf(JSON.stringify(PERMISSION)), ORIGIN);
    expect(notice).toMatchObject({
      title: "laptop asks to use Bash · api",
      options: {
        body: '{"command":"git status"}',
        tag: "permission p1",
        data: { url: "/w/w1/t/t1", workspaceId: "w1", permissionId: "p1" },
      },
    });
  });

  it("offers to decide only what it shows in full", () => {
    expect(actions({})).toEqual(["Allow once", "Deny"]);
    expect(actions({ complete: false })).toBeUndefined();
    expect(actions({ permission_id: null })).toBeUndefined();
    expect(actions({ kind: "question" })).toBeUndefined();
    expect(actions({ kind: "task" })).toBeUndefined();
  });

  it("offers to decide nothing that a notification cuts on its way to the eye", () => {
    expect(actions({ body: "x".repeat(240) })).toHaveLength(2);
    expect(actions({ body: "x".repeat(241) })).toBeUndefined();
    expect(actions({ body: "a\n".repeat(4) })).toBeUndefined();
  });

  it.each([null, "", "hello", "null", "[]", "{}", '{"title":"only"}', JSON.stringify({ ...PERMISSION, tag: "" })])(
    "says honestly that something came when the message is %j",
    (text) => {
      const notice = noticeOf(payloadOf(text), ORIGIN);
      expect(notice.title).toBe("Handrail");
      expect(notice.options.data.url).toBe("/");
      expect(notice.options.actions).toBeUndefined();
    },
  );

  it.each(["https://elsewhere.test/x", "//elsewhere.test", "javascript:alert(1)", "http://["])(
    "leads to no other site, such as %s",
    (url) => expect(noticeOf({ ...PERMISSION, url }, ORIGIN).options.data.url).toBe("/"),
  );

  it("makes no sound for somebody who looks at the page", () => {
    expect(noticeOf(PERMISSION, ORIGIN, true).options.silent).toBe(true);
    expect(noticeOf(PERMISSION, ORIGIN).options.silent).toBe(false);
  });
});

it("an outcome asks for nothing", () => {
  const notice = outcomeOf("Bash denied", "laptop has been told.", "permission p1", "/w/w1/t/t1");
  expect(notice.options).toMatchObject({ tag: "permission p1", silent: true, data: { url: "/w/w1/t/t1", outcome: true } });
  expect(notice.options.actions).toBeUndefined();
});
