/** The pages of signal links. */

/**
 * What the page of a link says: `confirm` asks whether to send the message; `sent` says that it is sent, and
 * `answered` that another link of the same decision was used before; `expired`; `ended` if the workflow
 * has ended without the message, and `missing` if it does not exist; `invalid` if the link is not signed;
 * `failed` if an error keeps the message from being sent.
 */
export type SignalState =
  | "confirm"
  | "sent"
  | "answered"
  | "expired"
  | "ended"
  | "missing"
  | "invalid"
  | "failed";

/** What the page of a link shows. */
export interface SignalPage {
  /** What it says. */
  readonly state: SignalState;
  /** The label of the link. It is plain text: escape it in HTML. */
  readonly label?: string | undefined;
  /** The workflow of the link; undefined if the link is not valid. */
  readonly workflowID?: string | undefined;
}

/** The HTTP status of each page. */
export const pageStatuses: Readonly<Record<SignalState, number>> = {
  confirm: 200,
  sent: 200,
  answered: 409,
  expired: 410,
  ended: 410,
  missing: 404,
  invalid: 403,
  failed: 500,
};

const texts: Readonly<Record<Exclude<SignalState, "confirm">, string>> = {
  sent: "Your answer was sent.",
  answered: "This was answered before, in another way. Your answer was not sent.",
  expired: "This link has expired. Your answer was not sent.",
  ended: "This is over. Your answer was not sent.",
  missing: "This does not exist any more. Your answer was not sent.",
  invalid: "This link is not valid. Was it copied in full?",
  failed: "Your answer could not be sent. Please try again.",
};

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => escapes[character]!);
}

/** Writes the page as HTML. */
export function renderPage({ state, label = "Confirm" }: SignalPage): string {
  const title = escape(label);
  const isOpen = state === "confirm" || state === "failed";
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>
  body { font: 1.2rem/1.5 system-ui, sans-serif; max-width: 30rem; margin: 20vh auto; padding: 1rem }
  button { font: inherit; padding: .5rem 2rem }
</style>
<h1>${title}</h1>
${state === "confirm" ? "" : `<p>${texts[state]}</p>`}
${isOpen ? '<form method="post"><button>Confirm</button></form>' : ""}
</html>
`;
}
