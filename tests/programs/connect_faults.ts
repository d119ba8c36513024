/**
 * What connect() makes of servers and sockets that do not work, as a program for any runtime:
 * `connect_faults.js <URL of a system database> <URL of a standby> <certificate> <key>`, where the
 * certificate is one for 127.0.0.1 that nobody trusts. An error that nobody catches ends it before its
 * last line.
 */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { Buffer } from "node:buffer";
import { closeSync, openSync, readFileSync } from "node:fs";
import net from "node:net";
import process from "node:process";
import tls from "node:tls";
import { connect, getStatus } from "../../mod.ts";
import { authentication, loopback, serve, withServer, withTLSServer } from "./fake_servers.ts";

const [url, standby, ...files] = process.argv.slice(-4) as [string, string, string, string];
const [cert, key] = files.map((file) => readFileSync(file)) as [Buffer, Buffer];
const certificate = { cert, key };
const { host: server, username, pathname } = new URL(url);
const { host: standbyServer } = new URL(standby);
const soon = { retryTimeoutSeconds: 0 };

/** A URL of several hosts. */
function urlOf(hosts: string, parameters = ""): string {
  return `postgres://${username}@${hosts}${pathname}?connect_timeout=5&${parameters}`;
}

async function works(url: string): Promise<void> {
  const client = await connect(url, soon);
  try {
    assertEquals(await getStatus(client, "nobody"), null);
  } finally {
    await client.close();
  }
}

async function fails(url: string, reason: RegExp): Promise<Error> {
  const startedAt = performance.now();
  const error = await assertRejects(() => connect(url, soon), Error);
  assertMatch(`${(error as { code?: string }).code} ${error.message}`, reason);
  assert(performance.now() - startedAt < 20_000);
  return error;
}

const cleartextPassword = authentication(3);
// On Deno 2.5 a socket does not tell the protocol, so that direct TLS is refused.
const isProtocolKnown = !/^2\.[0-5]\./.test(process.versions.deno ?? "");
const boundOrNot = authentication(10, "SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0");
const unbound = authentication(10, "SCRAM-SHA-256\0\0");

/** What a server receives after it has sent these messages, each for one that it has received. */
async function receivedAfter(
  messages: readonly Buffer[],
  parameters: string,
  reason: RegExp,
): Promise<string> {
  let received = "";
  const closed: Promise<void>[] = [];
  const treat = (socket: tls.TLSSocket) => {
    const rest = [...messages];
    closed.push(new Promise((resolve) => socket.on("close", () => resolve())));
    socket.on("data", (data: Buffer) => {
      const message = rest.shift();
      if (message) socket.write(message);
      else received += data.toString("latin1");
    });
  };
  await withTLSServer(certificate, treat, async (host) => {
    await fails(urlOf(host, `sslmode=require&${parameters}`).replace("@", ":s3cret@"), reason);
    await Promise.all(closed);
  });
  return received;
}

const cases: Record<string, () => Promise<void>> = {
  "the first of several hosts that works serves": async () => {
    for (const bad of ["127.0.0.1:1", "127.0.0.1:99999", "nowhere.invalid", "255.255.255.255"]) {
      await works(urlOf(`${bad},${server}`));
      await works(urlOf(`${server},${bad}`));
    }
  },
  "several hosts none of which works": async () => {
    const error = await fails(urlOf("127.0.0.1:1,127.0.0.1:2"), /ECONNREFUSED .*no server will do/);
    assertEquals((error as AggregateError).errors.length, 2);
    await fails(urlOf("127.0.0.1:99999,127.0.0.1:1"), /no server will do/);
    await fails(urlOf("127.0.0.1:99999"), /invalid port/);
  },
  "several hosts of which one is a standby": async () => {
    await works(urlOf(`${standbyServer},${server}`, "target_session_attrs=primary"));
    await works(urlOf(`${standbyServer},${server}`, "target_session_attrs=read-write"));
    await fails(urlOf(server, "target_session_attrs=standby"), /is not standby/);
    await fails(urlOf(`${server},${server}`, "target_session_attrs=read-only"), /not read-only/);
  },
  "an address without a route": async () => {
    // The system refuses a stream to it, before anything is sent.
    await fails(urlOf("255.255.255.255"), /ENETUNREACH|EACCES|EHOSTUNREACH|ECONNREFUSED/);
    await fails(urlOf("[ff02::1]"), /ENETUNREACH|EHOSTUNREACH|EADDRNOTAVAIL|EINVAL|ECONNREFUSED/);
  },
  "a name without an address": async () => {
    await fails(urlOf("nowhere.invalid"), /ENOTFOUND|EAI_AGAIN/);
  },
  "a socket directory without a socket": async () => {
    await fails(urlOf("%2Fnonexistent"), /ENOENT/);
  },
  "no more files can be opened": async () => {
    const client = await connect(url, { ...soon, maxConnections: 2 });
    const files: number[] = [];
    try {
      // As many as there may be.
      while (true) files.push(openSync("/dev/null", "r"));
    } catch {
      // This is the last one.
    }
    try {
      await fails(url, /EMFILE|ECONNREFUSED/);
      // The second of these needs another connection.
      const calls = [getStatus(client, "a"), getStatus(client, "b")];
      await Promise.allSettled(calls);
    } finally {
      files.forEach((file) => closeSync(file));
    }
    assertEquals(await getStatus(client, "nobody"), null);
    await client.close();
    await works(url);
  },
  "a server that hangs up": async () => {
    await withServer((socket) => socket.destroy(), async (host) => {
      await fails(urlOf(host), /Connection terminated|ECONNRESET/);
      await works(urlOf(`${host},${server}`));
    });
    await withServer((socket) => socket.once("data", () => socket.end()), async (host) => {
      await fails(urlOf(host, "sslmode=disable"), /Connection terminated|ECONNRESET/);
    });
  },
  "a server that hangs up on TLS": async () => {
    const treat = (socket: net.Socket) =>
      socket.once("data", () => {
        socket.write("S");
        socket.once("data", () => socket.destroy());
      });
    await withServer(treat, async (host) => {
      await fails(urlOf(host, "sslmode=require"), /(ECONNRESET|ERR_SOCKET_CLOSED) .*over TLS/);
    });
  },
  "a server that adds to its answer about TLS": async () => {
    await withServer(
      (socket) => socket.once("data", () => socket.write("Snot encrypted")),
      (host) => fails(urlOf(host, "sslmode=require"), /over TLS/).then(() => {}),
    );
  },
  "a server that asks for authentication twice": async () => {
    for (const second of [cleartextPassword, unbound]) {
      for (const binding of ["disable", "prefer", "require"]) {
        // Where the runtime does not show the certificate, nothing can be bound.
        const reason = /asks for authentication twice|channel_binding=require needs/;
        const parameters = `channel_binding=${binding}`;
        assertEquals(await receivedAfter([boundOrNot, second], parameters, reason), "");
      }
    }
  },
  "a server that asks for an authentication that is not supported": async () => {
    const reason = /Cannot read a message of the server: /;
    // GSS, SSPI, and one that does not exist.
    for (const kind of [7, 9, 99]) {
      assertEquals(await receivedAfter([authentication(kind)], "sslmode=prefer", reason), "");
      await withServer(
        (socket) => socket.once("data", () => socket.write(authentication(kind))),
        (host) => fails(urlOf(host, "sslmode=disable"), reason).then(() => {}),
      );
    }
  },
  "a server that starts with TLS, and does not confirm the protocol": async () => {
    for (const isConfirmed of [false, true]) {
      const listener = tls.createServer({
        ...certificate,
        ...loopback,
        ...(isConfirmed && { ALPNProtocols: ["postgresql"] }),
      });
      await serve(
        listener,
        "secureConnection",
        (socket) => socket.once("data", () => socket.write(authentication(7))),
        async (host) => {
          const reason = isConfirmed && isProtocolKnown
            ? /Cannot read a message/
            : /does not confirm the protocol/;
          await fails(urlOf(host, "sslmode=require&sslnegotiation=direct"), reason);
        },
      );
    }
  },
  "variables that the URL overrides, or that only npm:pg reads": async () => {
    Object.assign(process.env, { PGREPLICATION: "database", PGOPTIONS: "-c nonsense=1" });
    try {
      await works(urlOf(server, "options="));
    } finally {
      delete process.env.PGREPLICATION;
      delete process.env.PGOPTIONS;
    }
  },
  "a certificate that nobody trusts, where the environment turns verification off": async () => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
    try {
      const parameters = "sslmode=verify-full";
      assertEquals(await receivedAfter([cleartextPassword], parameters, /over TLS/), "");
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    }
  },
  "a server that says nothing": async () => {
    await withServer(() => {}, async (host) => {
      const timeout = "connect_timeout=1";
      for (const sslMode of ["disable", "prefer", "require"]) {
        await fails(urlOf(host, `${timeout}&sslmode=${sslMode}`), /ETIMEDOUT/);
      }
      await works(urlOf(`${host},${server}`, timeout));
    });
  },
  "a server that hangs, and a client that is closed": async () => {
    const { hostname, port } = new URL(url);
    const open = new Set<net.Socket>();
    let hangs = false;
    const relay = (socket: net.Socket) => {
      open.add(socket);
      socket.on("close", () => open.delete(socket));
      if (hangs) return socket.resume();
      const target = net.connect(Number(port), hostname);
      target.on("error", () => {});
      socket.pipe(target).pipe(socket);
      socket.on("close", () => target.destroy());
    };
    await withServer(relay, async (host) => {
      const client = await connect(urlOf(host, "connect_timeout=0"), {
        ...soon,
        maxConnections: 2,
      });
      hangs = true;
      for (const socket of open) socket.unpipe().resume();
      // One waits for an answer, one for a connection, one for its turn.
      const calls = Promise.allSettled(["a", "b", "c"].map((id) => getStatus(client, id)));
      await client.close();
      for (const { status } of await calls) assertEquals(status, "rejected");
      while (open.size > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    });
  },
  "a server that talks of something else": async () => {
    await withServer((socket) => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n"), async (host) => {
      for (const sslMode of ["disable", "require"]) {
        await fails(urlOf(host, `connect_timeout=1&sslmode=${sslMode}`), /./);
      }
    });
  },
};

let passed = 0;
for (const [name, run] of Object.entries(cases)) {
  try {
    await run();
    passed++;
    console.log(`ok      ${name}`);
  } catch (error) {
    console.log(`FAILED  ${name}:`, error);
  }
}
console.log(`${passed} passed, ${Object.keys(cases).length - passed} failed`);
