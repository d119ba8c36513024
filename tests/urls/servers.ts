/** Servers of every kind for URLs to lead to. */
import {
  type CertificateAuthority,
  createCertificateAuthority,
  type IssuedCertificate,
} from "../support/certificates.ts";
import { execute } from "../support/database.ts";
import { populate } from "../support/populate.ts";
import { type PostgresServer, startPostgresServer } from "../support/postgres_server.ts";
import { until } from "../support/until.ts";

/** The password of all users. */
export const password = "p@ss/w:rd?%#& ü";
const encodedPassword = encodeURIComponent(password);
const databases = [
  ...["shop", "the shop", "größe", "50% off", "alice"],
  ...["neondb", "verceldb", "heroku"],
];

/** Who may connect how. */
const authentication = `
local all all trust
hostnossl all tls_only all reject
hostssl all tls_only all trust
hostssl all plain_only all reject
hostnossl all plain_only all trust
hostssl all carol all cert
hostnossl heroku all all reject
host all bob,postgres.abcdefgh,"bob@shop" all scram-sha-256
host all eve all password
host all mallory all reject
host all all all trust
`;
const users = [
  ...["alice", "bob", "eve", "carol", "tls_only", "plain_only", "mallory", "reader"],
  // As a pooler of Supabase and Azure's single server name them.
  ...["postgres.abcdefgh", "bob@shop"],
];

/** Makes databases with the tables of DBOS. */
async function createDatabases({ url }: PostgresServer, names: readonly string[]): Promise<void> {
  await execute(url, "create database migrated");
  await populate(changeDatabase(url, "migrated"), 0);
  for (const name of names) await execute(url, `create database "${name}" template migrated`);
}

async function createUsers({ url }: PostgresServer): Promise<void> {
  for (const user of users) {
    await execute(url, `create role "${user}" superuser login password '${password}'`);
  }
  await execute(url, "alter role reader set default_transaction_read_only = on");
}

function changeDatabase(url: string, name: string): string {
  return new URL(`/${name}`, url).href;
}

/** The servers, and what their URLs have in them. */
export interface Servers extends AsyncDisposable {
  /** Replaces `<port>`, `<plain port>`, `<standby port>`, `<ca>` and such in a URL. */
  fill(url: string): string;
  /** Has the server show another certificate. */
  useCertificate(certificate: IssuedCertificate): Promise<void>;
  readonly authority: CertificateAuthority;
}

/** Starts a server with TLS, one without, and a standby. */
export async function startServers(): Promise<Servers> {
  const resources = new AsyncDisposableStack();
  const authority = resources.use(await createCertificateAuthority());
  const other = resources.use(await createCertificateAuthority());
  const own = await authority.issue("own", "localhost", "DNS:localhost,IP:127.0.0.1,IP:::1");
  const client = await authority.issue("client", "carol");
  const passwords = resources.use(await writePasswordFiles());
  let folder = "";
  const secure = await startPostgresServer(async (data) => {
    folder = data;
    await Deno.copyFile(authority.file, `${data}/root.crt`);
    await copyCertificate(own, data);
    await Deno.writeTextFile(`${data}/pg_hba.conf`, authentication);
    return {
      listen_addresses: "127.0.0.1,::1",
      unix_socket_directories: data,
      ssl: "on",
      ssl_ca_file: "root.crt",
    };
  });
  resources.defer(() => secure.stop());
  const plain = await startPostgresServer();
  resources.defer(() => plain.stop());
  const standby = await startPostgresServer(async (data) => {
    await Deno.writeTextFile(`${data}/standby.signal`, "");
    return {};
  });
  resources.defer(() => standby.stop());
  await createDatabases(secure, databases);
  await createDatabases(plain, ["shop"]);
  for (const server of [secure, plain]) await createUsers(server);
  const portOf = ({ url }: PostgresServer) => new URL(url).port;
  const values: Record<string, string> = {
    port: portOf(secure),
    "plain port": portOf(plain),
    "standby port": portOf(standby),
    directory: encodeURIComponent(folder),
    ca: encodeURIComponent(authority.file),
    "other ca": encodeURIComponent(other.file),
    cert: encodeURIComponent(client.certificate),
    key: encodeURIComponent(client.key),
    passwords: encodeURIComponent(passwords.file),
    "open passwords": encodeURIComponent(passwords.openFile),
    password: encodedPassword,
  };

  async function useCertificate(certificate: IssuedCertificate): Promise<void> {
    await copyCertificate(certificate, folder);
    // Read by those that connect from now on: the server has to reload it first.
    const before = await readFingerprint(secure.url);
    await execute(secure.url, "select pg_reload_conf()");
    await until(async () => await readFingerprint(secure.url) !== before);
  }

  return {
    authority,
    useCertificate,
    fill: (url) => url.replace(/<([^>]+)>/g, (_, name: string) => values[name]!),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Writes a file of passwords, and one that others may read. */
async function writePasswordFiles() {
  const folder = await Deno.makeTempDir({ prefix: "test_passwords_" });
  const escaped = password.replaceAll(":", "\\:");
  const text = `#127.0.0.1:*:*:*:wrong
too:few:fields
127.0.0.1:1:*:*:wrong
127.0.0.1:*:shop:\\bob:${escaped}
localhost:*:*:*:wrong
`;
  const [file, openFile] = [`${folder}/passwords`, `${folder}/open`];
  await Deno.writeTextFile(file, text, { mode: 0o600 });
  await Deno.writeTextFile(openFile, text);
  await Deno.chmod(openFile, 0o644);
  return {
    file,
    openFile,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** Overwrites what is there, so that its owner stays. */
async function copyCertificate({ certificate, key }: IssuedCertificate, data: string) {
  await Deno.writeTextFile(`${data}/server.crt`, await Deno.readTextFile(certificate));
  await Deno.writeTextFile(`${data}/server.key`, await Deno.readTextFile(key), { mode: 0o600 });
}

/** Which certificate a server shows. */
async function readFingerprint(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const { stdout } = await new Deno.Command("openssl", {
    args: ["s_client", "-starttls", "postgres", "-connect", `${hostname}:${port}`],
    stdin: "null",
    stderr: "null",
  }).output();
  return /BEGIN CERTIFICATE-----([^-]*)/.exec(new TextDecoder().decode(stdout))?.[1] ?? "";
}
