/** Makes certificates with openssl. */
import { join } from "node:path";
import { isInstalled } from "./is_installed.ts";

/** Why there can be no certificates here. */
export const unavailable: string | undefined = isInstalled("openssl")
  ? undefined
  : "openssl is not installed";

const newKey = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes".split(" ");

async function openssl(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", { args }).output();
  if (!success) throw new Error(`Cannot make a certificate:\n${new TextDecoder().decode(stderr)}`);
}

/** An authority, and the files of what it has signed. */
export interface CertificateAuthority extends AsyncDisposable {
  /** The file of its own certificate. */
  readonly file: string;
  /**
   * Makes `name.crt` and `name.key`.
   *
   * @param alternativeNames Such as `DNS:localhost,IP:127.0.0.1`; empty for none.
   */
  issue(name: string, commonName: string, alternativeNames?: string): Promise<IssuedCertificate>;
}

/** The files of a certificate and its key. */
export interface IssuedCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** Makes an authority in a temporary folder. */
export async function createCertificateAuthority(): Promise<CertificateAuthority> {
  const folder = await Deno.makeTempDir({ prefix: "test_certificates_" });
  const pathOf = (name: string) => join(folder, name);
  const [file, key] = [pathOf("ca.crt"), pathOf("ca.key")];
  const subject = ["-subj", "/CN=Test Authority"];
  await openssl("req", "-x509", ...newKey, "-days", "2", ...subject, "-keyout", key, "-out", file);
  return {
    file,
    async issue(name, commonName, alternativeNames = "") {
      const issued = { certificate: pathOf(`${name}.crt`), key: pathOf(`${name}.key`) };
      const [request, extensions] = [pathOf(`${name}.csr`), pathOf(`${name}.ext`)];
      const subject = ["-subj", `/CN=${commonName}`];
      await openssl("req", ...newKey, ...subject, "-keyout", issued.key, "-out", request);
      await Deno.writeTextFile(
        extensions,
        `basicConstraints=CA:FALSE${alternativeNames && `\nsubjectAltName=${alternativeNames}`}`,
      );
      await openssl(
        ...["x509", "-req", "-days", "2", "-in", request, "-out", issued.certificate],
        ...["-CA", file, "-CAkey", key, "-CAcreateserial", "-extfile", extensions],
      );
      // libpq refuses a key that others may read.
      await Deno.chmod(issued.key, 0o600);
      return issued;
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}
