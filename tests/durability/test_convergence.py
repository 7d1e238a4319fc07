"""Dashboards that disconnect and reconnect at random end with exactly the server's state, whatever is done."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from chalicelib.onebox.program import Program
from tests.support.clients import Agent, EventStream, Json, Person
from tests.support.reducer import Reducer, load
from tests.support.streams import hang_up
from tests.support.waiting import everything_published

NUMBERS = st.integers(0, 50)
STATUSES = st.sampled_from(["notstarted", "ongoing", "blocked", "completed", "rejected"])
ASSIGNEES = st.sampled_from(["human", "agent"])
COMMANDS = st.sampled_from(["git status", "npm test", "rm -rf ~", "git status & ls"])
REFUSALS = {404, 409, 422}


class Dashboard:
    """Loads a snapshot once; from then on it lives on events alone."""

    def __init__(self, person: Person, ws: str) -> None:
        self.person, self.ws = person, ws
        self.known = load(person, ws)
        self.stream: EventStream | None = None
        self.connect()

    def connect(self) -> None:
        if self.stream is None:
            self.stream = self.person.events(self.ws, headers={"Last-Event-ID": str(self.known.seq)})

    def disconnect(self) -> None:
        """What had arrived counts; what had not comes with the next connection."""
        if self.stream is not None:
            hang_up(self.stream)
            self.known.apply_all(frame.json for frame in self.stream.frames)
            self.stream = None

    def catch_up(self, seq: int) -> Reducer:
        self.connect()
        assert self.stream is not None
        if seq > self.known.seq:
            self.stream.wait_for(lambda frame: frame.id == str(seq))
        frames = [frame for frame in self.stream.frames if int(frame.id or 0) > self.known.seq]
        assert not any(frame.event == "reset" for frame in frames)
        self.known.apply_all(frame.json for frame in frames)
        return self.known


class Convergence(RuleBasedStateMachine):
    program: Program
    person: Person

    @initialize()
    def begin(self) -> None:
        self.ws = self.person.create_workspace()["id"]
        self.agents = [self.person.agent(self.ws, name).initialize() for name in ("one", "two")]
        self.dashboards = [Dashboard(self.person, self.ws) for _ in range(2)]
        self.tasks: list[str] = []

    def path(self, rest: str) -> str:
        return f"/api/workspaces/{self.ws}{rest}"

    def try_to(self, method: str, rest: str, json: Json | None = None) -> Json | None:
        answer = self.person.http.request(method, self.path(rest), json=json)
        assert answer.status_code < 400 or answer.status_code in REFUSALS, answer.text
        done: Json | None = answer.json() if answer.status_code < 400 and answer.content else None
        return done

    def call(self, number: int, tool: str, **arguments: object) -> Json:
        agent: Agent = self.agents[number % 2]
        result = agent.result(tool, **arguments)
        content: Json = result["structuredContent"]
        assert not result["isError"] or content["status"] in REFUSALS, content
        return content

    def task(self, number: int) -> str:
        return self.tasks[number % len(self.tasks)] if self.tasks else "0" * 11

    def listed(self, what: str, number: int) -> str:
        items = self.person.ask("GET", self.path(f"/{what}"))["items"]
        return str(items[number % len(items)]["id"]) if items else "0" * 11

    # -- what people do -----------------------------------------------------------------

    @rule(assignee=ASSIGNEES)
    def create_task(self, assignee: str) -> None:
        task = self.try_to("POST", "/tasks", {"title": "t", "assignee": assignee})
        self.tasks += [task["id"]] if task else []

    @rule(number=NUMBERS, status=STATUSES)
    def move_task(self, number: int, status: str) -> None:
        self.try_to("PATCH", f"/tasks/{self.task(number)}", {"status": status})

    @rule(number=NUMBERS, assignee=ASSIGNEES, position=st.integers(0, 9))
    def edit_task(self, number: int, assignee: str, position: int) -> None:
        self.try_to("PATCH", f"/tasks/{self.task(number)}", {"assignee": assignee, "position": position})

    @rule(number=NUMBERS)
    def delete_task(self, number: int) -> None:
        self.try_to("DELETE", f"/tasks/{self.task(number)}")

    @rule(number=NUMBERS)
    def reply(self, number: int) -> None:
        self.try_to("POST", f"/tasks/{self.task(number)}/messages", {"text": "by a person"})

    @rule(number=NUMBERS)
    def read(self, number: int) -> None:
        self.try_to("PUT", f"/tasks/{self.task(number)}/read")

    @rule(number=NUMBERS, behavior=st.sampled_from(["allow", "deny", "allow_always"]))
    def decide(self, number: int, behavior: str) -> None:
        self.try_to("PUT", f"/permissions/{self.listed('permissions', number)}/decision", {"behavior": behavior})

    @rule(number=NUMBERS)
    def remove_rule(self, number: int) -> None:
        self.try_to("DELETE", f"/permission_rules/{self.listed('permission_rules', number)}")

    @rule()
    def generate_token(self) -> None:
        self.try_to("POST", "/tokens", {"name": "spare"})

    @rule(number=NUMBERS, rotated=st.booleans())
    def end_token(self, number: int, rotated: bool) -> None:
        id = self.listed("tokens", number)
        if id not in {agent.token_id for agent in self.agents}:
            self.try_to(*(("POST", f"/tokens/{id}/rotation") if rotated else ("DELETE", f"/tokens/{id}")))

    @rule(archived=st.booleans())
    def archive(self, archived: bool) -> None:
        self.try_to("PUT" if archived else "DELETE", "/archive")

    @rule(name=st.sampled_from(["a", "b"]))
    def rename(self, name: str) -> None:
        self.try_to("PATCH", "", {"name": name})

    # -- what agents do -----------------------------------------------------------------

    @rule(agent=NUMBERS, assignee=ASSIGNEES)
    def agent_creates(self, agent: int, assignee: str) -> None:
        made = self.call(agent, "createTask", title="t", body="", assignee=assignee)
        self.tasks += [made["task_id"]] if "task_id" in made else []

    @rule(agent=NUMBERS)
    def agent_claims(self, agent: int) -> None:
        self.call(agent, "getNextTask")

    @rule(agent=NUMBERS, number=NUMBERS, status=STATUSES)
    def agent_moves(self, agent: int, number: int, status: str) -> None:
        self.call(agent, "updateTaskStatus", task_id=self.task(number), status=status)

    @rule(agent=NUMBERS, number=NUMBERS)
    def agent_replies(self, agent: int, number: int) -> None:
        self.call(agent, "reply", chat_id=self.task(number), text="by an agent")

    @rule(agent=NUMBERS, number=NUMBERS)
    def agent_reads(self, agent: int, number: int) -> None:
        self.call(agent, "getTaskMessages", task_id=self.task(number))

    @rule(agent=NUMBERS)
    def agent_acknowledges(self, agent: int) -> None:
        entries = self.call(agent, "getInbox")["entries"]
        self.call(agent, "getInbox", ack=[entry["id"] for entry in entries])

    @rule(agent=NUMBERS, number=NUMBERS, command=COMMANDS, with_task=st.booleans())
    def agent_requests(self, agent: int, number: int, command: str, with_task: bool) -> None:
        params = {"request_id": f"r{number}", "tool_name": "Bash", "input_preview": f'{{"command": "{command}"}}'}
        params |= {"task_id": self.task(number)} if with_task else {}
        answer = self.agents[agent % 2].notify("notifications/claude/channel/permission_request", params)
        assert answer.status_code in {202, 400}, answer.text

    # -- what dashboards do -------------------------------------------------------------

    @rule(number=NUMBERS)
    def disconnect(self, number: int) -> None:
        self.dashboards[number % 2].disconnect()

    @rule(number=NUMBERS)
    def connect(self, number: int) -> None:
        self.dashboards[number % 2].connect()

    @rule(number=NUMBERS)
    def look(self, number: int) -> None:
        """The one dashboard is up to date; the other may be anywhere."""
        everything_published(self.program)
        server = load(self.person, self.ws)
        assert server.workspace["counts"]["agents"] == server.connected()
        assert self.dashboards[number % 2].catch_up(server.seq).state() == server.state()

    @invariant()
    def no_event_is_out_of_order(self) -> None:
        for dashboard in getattr(self, "dashboards", []):
            if dashboard.stream is not None:
                ids = [int(frame.id or 0) for frame in list(dashboard.stream.frames)]
                assert ids == list(range(ids[0], ids[0] + len(ids))) if ids else True

    def teardown(self) -> None:
        if hasattr(self, "dashboards"):
            for number in range(2):
                self.look(number)
                self.dashboards[number].disconnect()
            for agent in self.agents:
                agent.http.close()


def test_dashboards_end_with_the_servers_state(program: Program, person: Person) -> None:
    machine = type("Machine", (Convergence,), {"program": program, "person": person})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=18,
            stateful_step_count=40,
            deadline=None,
            # A run takes a second, so a failure is shown as it was found.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
