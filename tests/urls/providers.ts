import type { Cases } from "./cases.ts";

/** What hosted providers hand out. */
export const providers: readonly (readonly [form: string, ...Cases[number]])[] = [
  [
    "Neon",
    "postgresql://bob:<password>@ep-cool-rain-a1b2c3.eu-central-1.aws.neon.tech/neondb?sslmode=require&channel_binding=require",
    "neondb bob TLS",
  ],
  [
    "Neon's pooler",
    "postgresql://bob:<password>@ep-cool-rain-a1b2c3-pooler.eu-central-1.aws.neon.tech/neondb?sslmode=require&channel_binding=require",
    "neondb bob TLS",
  ],
  [
    "Neon, verified",
    "postgresql://bob:<password>@ep-cool-rain-a1b2c3.eu-central-1.aws.neon.tech/neondb?sslmode=verify-full&sslrootcert=<ca>",
    "neondb bob TLS",
  ],
  [
    // The server there takes the name of the endpoint out of the options.
    "Neon with an endpoint, for clients without SNI",
    "postgresql://bob:<password>@ep-cool-rain-a1b2c3.eu-central-1.aws.neon.tech/neondb?options=endpoint%3Dep-cool-rain&sslmode=require",
    /invalid command-line argument/,
  ],
  [
    "Supabase, direct",
    "postgresql://bob:<password>@db.abcdefgh.supabase.co/shop",
    "shop bob TLS",
  ],
  [
    "Supabase, session pooler",
    "postgresql://postgres.abcdefgh:<password>@aws-0-eu-central-1.pooler.supabase.com/shop",
    "shop postgres.abcdefgh TLS",
  ],
  [
    "Supabase, transaction pooler",
    "postgresql://postgres.abcdefgh:<password>@aws-0-eu-central-1.pooler.supabase.com/shop?sslmode=require",
    "shop postgres.abcdefgh TLS",
  ],
  [
    "Supabase, transaction pooler for Prisma",
    "postgresql://postgres.abcdefgh:<password>@aws-0-eu-central-1.pooler.supabase.com/shop?pgbouncer=true&connection_limit=1",
    "shop postgres.abcdefgh TLS",
    { psql: { outcome: "refused", because: "these are Prisma's" } },
  ],
  [
    "Supabase by Vercel",
    "postgres://postgres.abcdefgh:<password>@aws-0-eu-central-1.pooler.supabase.com/shop?sslmode=require&supa=base-pooler.x",
    /the parameter "supa", which is not supported/,
  ],
  [
    "Vercel",
    "postgres://bob:<password>@ep-cool-rain-a1b2c3-pooler.us-east-1.postgres.vercel-storage.com/verceldb?sslmode=require",
    "verceldb bob TLS",
  ],
  [
    "Vercel for Prisma",
    "postgres://bob:<password>@ep-cool-rain-a1b2c3-pooler.us-east-1.postgres.vercel-storage.com/verceldb?pgbouncer=true&connect_timeout=15&sslmode=require",
    "verceldb bob TLS",
    { psql: { outcome: "refused", because: "pgbouncer is Prisma's" } },
  ],
  [
    "Amazon RDS",
    "postgresql://bob:<password>@shop.c9akciq32.eu-central-1.rds.amazonaws.com/shop?sslmode=verify-full&sslrootcert=<ca>",
    "shop bob TLS",
  ],
  [
    "Amazon RDS, of another name than its certificate",
    "postgresql://bob:<password>@shop.c9akciq32.us-east-1.rds.amazonaws.com/shop?sslmode=verify-full&sslrootcert=<ca>",
    /over TLS/,
  ],
  [
    "Heroku, which requires TLS and does not say so",
    "postgres://bob:<password>@ec2-54-1-2-3.compute-1.amazonaws.com/heroku",
    "heroku bob TLS",
  ],
  [
    "Heroku without TLS",
    "postgres://bob:<password>@ec2-54-1-2-3.compute-1.amazonaws.com/heroku?sslmode=disable",
    /pg_hba.conf rejects/,
  ],
  [
    "Azure",
    "postgres://bob:<password>@shop.postgres.database.azure.com/shop?sslmode=require",
    "shop bob TLS",
  ],
  [
    "Azure, single server",
    "postgres://bob%40shop:<password>@shop.postgres.database.azure.com/shop?sslmode=require",
    "shop bob@shop TLS",
  ],
  [
    "Azure, verified",
    "postgres://bob:<password>@shop.postgres.database.azure.com/shop?sslmode=verify-full&sslrootcert=<ca>",
    "shop bob TLS",
  ],
  [
    "Prisma Postgres, which Deno Deploy has",
    "postgres://bob:<password>@db.prisma.io/shop?sslmode=require",
    "shop bob TLS",
  ],
  [
    "Prisma Postgres without a database",
    "postgresql://alice@db.prisma.io/?sslmode=require",
    "alice alice TLS",
  ],
];

/** What the certificate of the test server is for, while it stands in for the providers'. */
export const providerNames: readonly string[] = [
  "*.eu-central-1.aws.neon.tech",
  "*.pooler.supabase.com",
  "*.supabase.co",
  "*.eu-central-1.rds.amazonaws.com",
  "*.c9akciq32.eu-central-1.rds.amazonaws.com",
  "*.postgres.database.azure.com",
  "*.prisma.io",
];
