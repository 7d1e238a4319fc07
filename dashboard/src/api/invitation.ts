/** The calls of whoever is invited. The secret stays out of addresses. */
import { call } from "./http.ts";
import type { InvitationPreview, Workspace } from "./types.ts";

export const invitation = {
  preview: (secret: string) => call<InvitationPreview>("POST", "/api/invitations/preview", { body: { secret } }),
  accept: (secret: string) => call<Workspace>("POST", "/api/invitations/acceptance", { body: { secret } }),
};
