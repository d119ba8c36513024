import type { CustomDriver } from "./driver.ts";
import { codeOf } from "./error_codes.ts";
import { checkPostgres } from "./postgres_only.ts";

interface Prisma {
  $queryRawUnsafe(text: string, ...values: readonly unknown[]): Promise<object[]>;
  readonly _activeProvider?: string;
}

/** What an adapter of Prisma reports. */
interface AdapterError {
  readonly kind?: string;
  readonly originalCode?: string;
  readonly originalMessage?: string;
}

interface PrismaError {
  readonly meta?: {
    readonly driverAdapterError?: { readonly cause?: AdapterError };
    /** Before Prisma 7, those of the server. */
    readonly code?: string;
    readonly message?: string;
  };
}

function adapterErrorOf(error: unknown): AdapterError {
  const { meta } = (error ?? {}) as PrismaError;
  const { cause } = meta?.driverAdapterError ?? {};
  return cause ?? { originalCode: meta?.code, originalMessage: meta?.message } as AdapterError;
}

/** The error of the server, which an error of Prisma tells in other words. */
function toServerError(error: unknown): unknown {
  const { originalCode, originalMessage } = adapterErrorOf(error);
  if (!originalCode) return error;
  return Object.assign(new Error(originalMessage), { code: originalCode });
}

const lostConnectionKinds = new Set(["DatabaseNotReachable", "ConnectionClosed", "SocketTimeout"]);
// The server cannot be reached, does not answer, or has closed the connection.
const lostConnectionCodes = /^P10(01|02|08|17)$/;

/** Sends statements through a `PrismaClient`, or the client of an interactive transaction. */
export function toPrismaDriver(prisma: Prisma): CustomDriver {
  const { _activeProvider: provider = "postgresql" } = prisma;
  checkPostgres("a Prisma client", provider, /^(postgres(ql)?|cockroachdb)$/.test(provider));
  return {
    async query(text, values) {
      try {
        return await prisma.$queryRawUnsafe(text, ...values);
      } catch (error) {
        throw toServerError(error);
      }
    },
    isLostConnection: (error) =>
      lostConnectionCodes.test(codeOf(error)) ||
      lostConnectionKinds.has(adapterErrorOf(error).kind ?? ""),
  };
}
