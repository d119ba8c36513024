/**
 * A client of Prisma without models. `prisma generate`, which makes one of a schema, downloads programs
 * of Prisma's own. What it writes calls the same function with the same settings.
 */
import * as runtime from "@prisma/client/runtime/client";
import * as compiler from "@prisma/client/runtime/query_compiler_fast_bg.postgresql.mjs";
import { wasm } from "@prisma/client/runtime/query_compiler_fast_bg.postgresql.wasm-base64.mjs";
import type { PrismaPg } from "@prisma/adapter-pg";

type Values = readonly unknown[];

/** What the tests and the examples use of it. */
export interface PrismaClient {
  $queryRawUnsafe(text: string, ...values: Values): Promise<object[]>;
  $executeRawUnsafe(text: string, ...values: Values): Promise<number>;
  $executeRaw(text: TemplateStringsArray, ...values: Values): Promise<number>;
  $transaction<Result>(body: (transaction: PrismaClient) => Promise<Result>): Promise<Result>;
  $disconnect(): Promise<void>;
}

export const PrismaClient: new (options: { adapter: PrismaPg }) => PrismaClient = runtime
  .getPrismaClient({
    previewFeatures: [],
    clientVersion: "7.10.0",
    engineVersion: "",
    activeProvider: "postgresql",
    inlineSchema: 'datasource db {\n  provider = "postgresql"\n}\n',
    runtimeDataModel: { models: {}, enums: {}, types: {} },
    parameterizationSchema: { strings: [], graph: "AAAA" },
    compilerWasm: {
      getRuntime: () => Promise.resolve(compiler),
      getQueryCompilerWasmModule: () =>
        Promise.resolve(
          new WebAssembly.Module(Uint8Array.from(atob(wasm), (char) => char.charCodeAt(0))),
        ),
      importName: "./query_compiler_fast_bg.js",
    },
    // deno-lint-ignore no-explicit-any -- the types of the runtime leave out nothing of the settings
  } as any) as any;
