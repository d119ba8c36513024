/** Errors of connecting that decide what is tried next. */

/** An error after which libpq tries no other server. */
export class FatalConnectionError extends Error {}

/** The server has no TLS, or TLS could not be agreed on. */
export class TLSError extends FatalConnectionError {}
