/** A day's work, hostile names included, for `npm run mock`. */
import { ADA, AGENT, type MockApi } from "./api.ts";

export function seed(api: MockApi): void {
  const shop = api.newWorkspace("Corner shop", "Rebuild the checkout without losing an order. Ask before touching payments.");
  api.newWorkspace("Field notes", "");
  const room = api.rooms.get(shop.id);
  if (!room) return;
  api.newToken(room, "laptop");
  for (const token of room.tokens.values()) {
    Object.assign(token, { connected: true, client: { name: "claude-code", version: "2.1.329" }, last_used_at: new Date().toISOString(), version: 2 });
  }

  const question = api.newTask(
    room,
    { title: "Which currency do receipts round in?", body: "Orders mix **EUR** and **CHF**.\n\n1. Round each line\n2. Round the total\n\nSwiss law wants 5 centimes for cash:\n\n```py\ndef round_cash(amount):\n    return round(amount * 20) / 20\n```", assignee: "human", status: "ongoing" },
    AGENT,
  );
  api.say(room, question, "Tests pass with both. Which one do customers expect?", AGENT);

  const deploy = api.newTask(room, { title: "Move the order export to the nightly job", body: "Keep the old endpoint until Friday.", status: "ongoing" }, ADA);
  api.say(room, deploy, "Started. I read `export.py` and its tests.\n\n| step | state |\n|---|---|\n| job | done |\n| endpoint | kept |", AGENT);
  api.say(room, deploy, "Good. Mind the time zone.", ADA);
  api.ask(room, deploy, { tool_name: "Bash", description: "Check what changed before committing", input: "git diff --stat HEAD~1 -- src/export.py && git status --short", rule: null });
  api.ask(room, deploy, { tool_name: "Bash", description: "Run the export's tests", input: "npm test -- --filter export", rule: "npm test *" });

  api.newTask(room, { title: "Safe title \u202Etxt.exe <script>alert(1)</script>", body: "<script>alert(1)</script><img src=x onerror=alert(1)> [x](javascript:alert(1)) ![track](https://example.org/p.png)", assignee: "human" }, ADA);
  api.newTask(room, { title: "Update the dependencies that the audit named", status: "blocked" }, ADA);
  api.newTask(room, { title: "Write the release note", status: "completed" }, ADA);
  for (const title of ["Show stock levels on the product page", "Retry webhooks with a growing pause", "Let the customer change the delivery address until it is packed"]) {
    api.newTask(room, { title }, ADA);
  }
}
