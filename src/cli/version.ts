/** The version of the package, as in deno.json, which the package for npm does not contain. */
export const version = "0.1.0";
