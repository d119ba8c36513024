/** Stands in for Neon, which runs statements that it is sent over HTTP. */
import pg from "pg";

/** A server on a free port. */
export interface SqlServer extends AsyncDisposable {
  readonly url: string;
}

/** Starts a server that does what `neon()` asks of Neon. */
export function startSqlServer(databaseUrl: string): SqlServer {
  const pool = new pg.Pool({ connectionString: databaseUrl });
  pool.on("error", console.error);
  const types = { getTypeParser: () => String };

  async function answer(request: Request): Promise<Response> {
    const { query: text, params: values } = await request.json();
    try {
      const { fields, rows } = await pool.query({ text, values, rowMode: "array", types });
      return Response.json({ fields, rows });
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      return Response.json({ code, message }, { status: 400 });
    }
  }

  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, answer);
  return {
    url: `http://127.0.0.1:${server.addr.port}/sql`,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await pool.end();
    },
  };
}
