/** How to start TLS as libpq's settings ask for it, in the terms of Node. */

import net from "node:net";
import type tls from "node:tls";
import { FatalConnectionError } from "./connection_error.ts";
import type { ConnectionSettings, Host } from "./connection_settings.ts";

// It verifies all servers, and takes no option that says otherwise.
const isCloudflare = globalThis.navigator?.userAgent === "Cloudflare-Workers";

async function readSettingsFile(
  parameter: string,
  path: string | undefined,
): Promise<string | undefined> {
  if (!path) return undefined;
  try {
    // Few connections need files: loading this takes Deno 6 ms.
    return await (await import("node:fs/promises")).readFile(path, "utf8");
  } catch (cause) {
    throw new FatalConnectionError(
      `Cannot connect to the system database: cannot read the file of ${parameter}`,
      { cause },
    );
  }
}

/** Whether a runtime may take a certificate for that of a host for which libpq does not. */
function isAmbiguous({ raw, subject, subjectaltname }: tls.PeerCertificate): boolean {
  // Deno shows one name with a comma like several names.
  if (/, (?:DNS|IP Address):/.test(new TextDecoder("latin1").decode(raw))) return true;
  // Node takes `d*.example.com` for `db.example.com`.
  const names = [subjectaltname?.split(", "), subject?.CN].flat();
  return names.some((name) => name?.includes("*") && !/^(?:DNS:)?\*\.[^*]+$/.test(name));
}

/** Whether a certificate is for a host, by libpq's rules. */
function checkIdentity(
  host: string,
  certificate: tls.PeerCertificate,
  checkServerIdentity: typeof tls.checkServerIdentity,
): Error | undefined {
  if (isAmbiguous(certificate)) return new Error("the certificate has an ambiguous name");
  const error = checkServerIdentity(host, certificate);
  if (!error || !net.isIP(host)) return error;
  // For an IP address, libpq also takes a name in its place. Node does not.
  const names = certificate.subjectaltname?.split(", ") ?? [];
  const hasAddresses = names.some((name) => name.startsWith("IP Address:"));
  const isNamed = names.includes(`DNS:${host}`) ||
    (!hasAddresses && certificate.subject?.CN === host);
  return isNamed ? undefined : error;
}

/** The options of `tls.connect()`. */
export async function readTLSOptions(
  { name }: Host,
  settings: ConnectionSettings,
): Promise<tls.ConnectionOptions> {
  const { sslMode, sslRootCert, maxTLSVersion } = settings;
  const isSystemTrusted = sslMode === "verify-full" && (sslRootCert ?? "system") === "system";
  const [ca, cert, key] = await Promise.all([
    isSystemTrusted ? undefined : readSettingsFile("sslrootcert", sslRootCert),
    readSettingsFile("sslcert", settings.sslCert),
    readSettingsFile("sslkey", settings.sslKey),
  ]);
  // As in libpq, a file of authorities counts in the modes that do not need it as well.
  const isVerified = isSystemTrusted || ca !== undefined;
  // Where the server has no TLS, nothing else loads it, which takes Node 3 ms.
  const check = sslMode === "verify-full" && (await import("node:tls")).checkServerIdentity;
  return {
    minVersion: settings.minTLSVersion as tls.SecureVersion,
    checkServerIdentity: (_, certificate) =>
      check ? checkIdentity(name, certificate, check) : undefined,
    // Without it, NODE_TLS_REJECT_UNAUTHORIZED decides.
    ...(!isCloudflare && { rejectUnauthorized: isVerified }),
    ...(name && !net.isIP(name) && { servername: name }),
    ...(maxTLSVersion && { maxVersion: maxTLSVersion as tls.SecureVersion }),
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(settings.sslPassword !== undefined && { passphrase: settings.sslPassword }),
  };
}
