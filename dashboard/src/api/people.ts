/** The calls about the people of a workspace: only its settings make them. */
import { at, enc, query, type Cursor } from "./paths.ts";
import { call } from "./http.ts";
import type { Invitation, IssuedInvitation, List, Member, Role } from "./types.ts";

export const members = {
  list: (ws: string, cursor: Cursor) => call<List<Member>>("GET", `${at(ws)}/members${query(cursor)}`),
  change: (ws: string, personId: string, body: { role: Role; version: number }) =>
    call<Member>("PATCH", `${at(ws)}/members/${enc(personId)}`, { body }),
  remove: (ws: string, personId: string) => call<void>("DELETE", `${at(ws)}/members/${enc(personId)}`),
};

export const invitations = {
  list: (ws: string, cursor: Cursor) => call<List<Invitation>>("GET", `${at(ws)}/invitations${query(cursor)}`),
  issue: (ws: string, body: { email: string; role: Role }, idempotencyKey: string) =>
    call<IssuedInvitation>("POST", `${at(ws)}/invitations`, { body, idempotencyKey }),
  revoke: (ws: string, id: string) => call<void>("DELETE", `${at(ws)}/invitations/${enc(id)}`),
};
