/** Opens sockets to Postgres servers, with TLS as libpq asks for it. */

import { readFile } from "node:fs/promises";
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

/** Waits for an event of a socket. */
function until(socket: Socket, event: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const fail = (error?: unknown) => reject(error instanceof Error ? error : hangUpError());
    const settle = (value: unknown) => {
      socket.off("error", fail).off("close", fail);
      resolve(value);
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
  await until(socket, "connect");
}

const sslRequest = Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 47);

/** Asks the server whether it has TLS. */
async function askForTLS(socket: Socket): Promise<boolean> {
  const answered = until(socket, "data");
  socket.write(sslRequest);
  const answer = new TextDecoder().decode(await answered as Uint8Array);
  if (answer === "S" || answer === "N") return answer === "S";
  // More than a letter has been injected by somebody, or is an error message.
  throw new TLSError("Cannot connect to the system database: unexpected answer about TLS");
}

async function readSettingsFile(parameter: string, path: string | undefined) {
  try {
    return path && await readFile(path, "utf8");
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

async function startTLS(
  socket: Socket,
  { name }: Host,
  settings: ConnectionSettings,
): Promise<tls.TLSSocket> {
  const { sslMode, sslRootCert, isDirectTLS, maxTLSVersion } = settings;
  const isSystemTrusted = sslMode === "verify-full" && (sslRootCert ?? "system") === "system";
  const [ca, cert, key] = await Promise.all([
    isSystemTrusted ? undefined : readSettingsFile("sslrootcert", sslRootCert),
    readSettingsFile("sslcert", settings.sslCert),
    readSettingsFile("sslkey", settings.sslKey),
  ]);
  const isName = name !== "" && net.isIP(name) === 0;
  const options: tls.ConnectionOptions = {
    socket,
    host: name,
    minVersion: settings.minTLSVersion as tls.SecureVersion,
    // As in libpq, a file of authorities is not ignored by the modes that do not need it.
    ...(!isSystemTrusted && !ca && { rejectUnauthorized: false }),
    checkServerIdentity: (_, certificate) =>
      sslMode === "verify-full" ? checkIdentity(name, certificate) : undefined,
    ...(isName && settings.sslSNI && { servername: name }),
    ...(maxTLSVersion && { maxVersion: maxTLSVersion as tls.SecureVersion }),
    ...(isDirectTLS && { ALPNProtocols: ["postgresql"] }),
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(settings.sslPassword !== undefined && { passphrase: settings.sslPassword }),
  };
  try {
    const secure = tls.connect(options);
    secure.on("error", () => {});
    await until(secure, "secureConnect");
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

/** The socket on which the session starts: the one given, or one with TLS on top of it. */
export async function negotiateTLS(
  socket: Socket,
  host: Host,
  encryption: Encryption,
  settings: ConnectionSettings,
): Promise<Socket> {
  if (encryption === "none") return socket;
  if (settings.isDirectTLS || await askForTLS(socket)) {
    return await startTLS(socket, host, settings);
  }
  if (encryption === "preferred") return socket;
  throw new TLSError(
    `Cannot connect to the system database: sslmode=${settings.sslMode} needs TLS, which the ` +
      "server does not have",
  );
}
