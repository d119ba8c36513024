/** Opens sockets to Postgres servers, with TLS as libpq asks for it. */

import net from "node:net";
import tls from "node:tls";
import type { ConnectionSettings, Host } from "./connection_settings.ts";

/** An error after which libpq tries no other server. */
export class FatalConnectionError extends Error {}

/** TLS could not be agreed on. Where TLS is only preferred, the connection goes without it. */
export class TLSError extends FatalConnectionError {}

/** Whether a connection has TLS: `preferred` means if the server has it. */
export type Encryption = "none" | "preferred" | "required";

export type Socket = net.Socket;

/** What is told to a socket that was closed too early. It is a lost connection, worth a retry. */
function hangUpError(): Error {
  const error = new Error("Cannot connect to the system database: the server hung up");
  return Object.assign(error, { code: "ECONNRESET" });
}

/** Waits for an event of a socket, and for what `react` makes of it at once. */
function until<Result>(
  socket: Socket,
  event: string,
  react: (value: unknown) => Result,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const fail = (error?: unknown) => reject(error instanceof Error ? error : hangUpError());
    const settle = (value: unknown) => {
      socket.off("error", fail).off("close", fail);
      try {
        resolve(react(value));
      } catch (error) {
        reject(error);
      }
    };
    socket.once(event, settle).once("error", fail).once("close", fail);
  });
}

/**
 * A socket that is still connecting. It may fail before anybody else listens, which would end a
 * process of Node.
 */
export function createSocket(
  { address, port }: Host,
  { keepalives, keepalivesIdleSeconds }: ConnectionSettings,
): Socket {
  if (port < 1 || port > 65535) {
    throw new RangeError("Cannot connect to the system database: invalid port number");
  }
  const target = address.startsWith("/")
    ? { path: `${address}/.s.PGSQL.${port}` }
    // Without noDelay, a small packet waits for the acknowledgement of the one before it.
    : { host: address, port, noDelay: true };
  const socket = net.connect(target);
  socket.on("error", () => {});
  if (keepalives) socket.setKeepAlive(true, keepalivesIdleSeconds * 1000);
  return socket;
}

/** Waits until a socket is connected. */
export async function whenConnected(socket: Socket): Promise<void> {
  await until(socket, "connect", () => {});
}

async function readSettingsFile(parameter: string, path: string | undefined) {
  if (!path) return undefined;
  try {
    // Few connections need files: it takes Deno 6 ms.
    return await (await import("node:fs/promises")).readFile(path, "utf8");
  } catch (cause) {
    throw new FatalConnectionError(
      `Cannot connect to the system database: cannot read the file of ${parameter}`,
      { cause },
    );
  }
}

/** Whether a certificate is for a host, by libpq's rules. */
function checkIdentity(host: string, certificate: tls.PeerCertificate): Error | undefined {
  const error = tls.checkServerIdentity(host, certificate);
  if (!error || !net.isIP(host)) return error;
  // For an IP address, libpq also takes a name in its place. Node does not.
  const names = certificate.subjectaltname?.split(", ") ?? [];
  const hasAddresses = names.some((name) => name.startsWith("IP Address:"));
  const isNamed = names.includes(`DNS:${host}`) ||
    (!hasAddresses && certificate.subject?.CN === host);
  return isNamed ? undefined : error;
}

// It verifies all servers, and takes no option that says otherwise.
const isCloudflare = globalThis.navigator?.userAgent === "Cloudflare-Workers";

async function readTLSOptions(
  socket: Socket,
  { name }: Host,
  settings: ConnectionSettings,
): Promise<tls.ConnectionOptions> {
  const { sslMode, sslRootCert, isDirectTLS, maxTLSVersion } = settings;
  const isSystemTrusted = sslMode === "verify-full" && (sslRootCert ?? "system") === "system";
  const [ca, cert, key] = await Promise.all([
    isSystemTrusted ? undefined : readSettingsFile("sslrootcert", sslRootCert),
    readSettingsFile("sslcert", settings.sslCert),
    readSettingsFile("sslkey", settings.sslKey),
  ]);
  // As in libpq, a file of authorities counts in the modes that do not need it as well.
  const isVerified = isSystemTrusted || ca !== undefined || isCloudflare;
  const isName = name !== "" && net.isIP(name) === 0;
  return {
    socket,
    host: name,
    minVersion: settings.minTLSVersion as tls.SecureVersion,
    checkServerIdentity: (_, certificate) =>
      sslMode === "verify-full" ? checkIdentity(name, certificate) : undefined,
    ...(!isVerified && { rejectUnauthorized: false }),
    ...(isName && settings.sslSNI && { servername: name }),
    ...(maxTLSVersion && { maxVersion: maxTLSVersion as tls.SecureVersion }),
    ...(isDirectTLS && { ALPNProtocols: ["postgresql"] }),
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(settings.sslPassword !== undefined && { passphrase: settings.sslPassword }),
  };
}

const sslRequest = Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 47);

async function startTLS(options: tls.ConnectionOptions): Promise<tls.TLSSocket> {
  try {
    const secure = tls.connect(options);
    secure.on("error", () => {});
    await until(secure, "secureConnect", () => {});
    return secure;
  } catch (cause) {
    const { code, message } = cause as Error & { code?: string };
    // Node adds the certificate to the error, which would be printed with it, byte by byte.
    delete (cause as { cert?: unknown }).cert;
    const error = new TLSError(`Cannot connect to the system database over TLS: ${message}`, {
      cause,
    });
    throw code ? Object.assign(error, { code }) : error;
  }
}

/** Starts TLS if the server has it; undefined if it has not. */
async function requestTLS(
  socket: Socket,
  options: tls.ConnectionOptions,
): Promise<tls.TLSSocket | undefined> {
  const started = until(socket, "data", (data) => {
    const answer = new TextDecoder().decode(data as Uint8Array);
    // At once: Cloudflare cannot start TLS on a socket that reads on.
    if (answer === "S") return startTLS(options);
    if (answer === "N") return undefined;
    // More than a letter is an error message, or injected by somebody.
    throw new TLSError(
      "Cannot connect to the system database over TLS: unexpected answer of the server",
    );
  });
  socket.write(sslRequest);
  return await started;
}

/** Whether the runtime shows the server's certificate, which channel binding needs. */
export function hasCertificate(socket: Socket | tls.TLSSocket): boolean {
  try {
    // Deno 2.4 shows only a part of it, and Cloudflare throws.
    return "getPeerCertificate" in socket && socket.getPeerCertificate().raw !== undefined;
  } catch {
    return false;
  }
}

/** The socket on which the session starts: the one given, or one with TLS on top of it. */
export async function negotiateTLS(
  socket: Socket,
  host: Host,
  encryption: Encryption,
  settings: ConnectionSettings,
): Promise<Socket> {
  if (encryption === "none") return socket;
  const options = await readTLSOptions(socket, host, settings);
  if (settings.isDirectTLS) return await startTLS(options);
  const secure = await requestTLS(socket, options);
  if (secure) return secure;
  if (encryption === "preferred") return socket;
  throw new TLSError(
    `Cannot connect to the system database: sslmode=${settings.sslMode} needs TLS, which the ` +
      "server does not have",
  );
}
