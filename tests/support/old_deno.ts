/**
 * Whether this is the oldest release of Deno that is tested, 2.5. On it npm:postgres throws where
 * nobody can catch it when a connection is lost, and a pool of npm:pg may wait for ever for a server
 * that hangs up.
 */
export const isOldDeno: boolean = /^2\.[0-5]\./.test(Deno.version.deno);
