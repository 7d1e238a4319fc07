/** What went wrong on the way back from the identity provider, by the code that the server sends the browser back with. */
const WORDS = new Map<string, (provider: string) => string>(Object.entries({
  not_offered: () => "This Handrail does not offer that way to sign in.",
  stale: () => "That sign-in took too long, or was begun in another browser. Try again.",
  denied: (provider: string) => `You did not let ${provider} say who you are, so you are not signed in.`,
  unreachable: (provider: string) => `${provider} cannot be reached right now. Try again in a moment.`,
  refused: (provider: string) => `${provider} did not confirm who you are. Try again; if it stays, tell whoever runs this Handrail.`,
  email_unverified: (provider: string) => `${provider} has not verified your e-mail address. Have it verified there, then try again.`,
  not_allowed: () =>
    "This account may not sign in here. Ask somebody who works here to invite its e-mail address, or choose another account.",
  nobody_yet: () =>
    "Nobody may sign in here yet. Whoever runs this Handrail sets HANDRAIL_SIGN_IN_ALLOWED to the first person's e-mail address, or to a domain.",
}));

export function signInProblem(code: string, provider: string): string {
  if (!code) return "";
  return WORDS.get(code)?.(provider) ?? "Something went wrong while signing in. Try again.";
}
