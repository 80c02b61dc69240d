import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import net from 'node:net';
import { join } from 'node:path';

import { exitOf, keep } from './children.mjs';
import { eventually } from './expect.mjs';
import { makeFolder } from './workspace.mjs';

const POSTGRES_URL = process.env.FAULTS_POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/test';
/** Everything that was acknowledged is on the disk. */
export const REDIS_DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always'];

/** A fresh place for each trial; `remove` takes it away. `missing` says why there can be none here. */
export const STORAGES = {
  sqlite: {
    title: 'SQLite',
    missing: () => undefined,
    async make(query = '') {
      const folder = await makeFolder('sqlite');
      const path = join(folder, 'tracking.db');
      return {
        url: `file:${path}${query}`,
        folder,
        path,
        remove: () => rm(folder, { recursive: true, force: true }),
      };
    },
  },
  redis: {
    title: 'Redis (AOF)',
    missing: (library) =>
      notWired(library) ??
      (spawnSync('redis-server', ['--version']).error && 'redis-server is not installed'),
    make: (options = REDIS_DURABLE) => RedisServer.start(options),
  },
  postgres: {
    title: 'Postgres',
    missing: async (library) =>
      notWired(library) ??
      ((await answers(new URL(POSTGRES_URL))) ? undefined : 'no Postgres answers'),
    async make() {
      const prefix = `faults_${process.pid}_${(schemas += 1)}`;
      return {
        url: `${POSTGRES_URL}?prefix=${prefix}`,
        remove: () => dropSchema(prefix),
      };
    },
  },
};

let schemas = 0;

function notWired(library) {
  if (!existsSync(join(library, 'open-storage.js'))) return 'the library does not have it yet';
  const text = readFileSync(join(library, 'open-storage.js'), 'utf8');
  return text.includes('not available in this version')
    ? 'the library does not have it yet'
    : undefined;
}

/** A redis-server of this run, which may be killed and started again on what it has on disk. */
class RedisServer {
  static async start(options) {
    const folder = await makeFolder('redis');
    const server = new RedisServer(folder, await freePort(), options);
    await server.run();
    return server;
  }

  constructor(folder, port, options) {
    this.folder = folder;
    this.port = port;
    this.options = options;
    this.url = `redis://127.0.0.1:${port}/0`;
  }

  async run() {
    const base = ['--port', this.port, '--bind', '127.0.0.1', '--dir', this.folder, '--save', ''];
    this.child = keep(
      spawn('redis-server', [...base, ...this.options].map(String), { stdio: 'ignore' }),
    );
    const address = { hostname: '127.0.0.1', port: this.port };
    await eventually(() => answers(address), 10_000, 'redis-server answers');
  }

  async kill() {
    this.child.kill('SIGKILL');
    await exitOf(this.child);
  }

  async remove() {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

function answers({ hostname, port }) {
  return new Promise((resolve) => {
    const socket = net.connect(Number(port || 5432), hostname);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function dropSchema(schema) {
  const { Client } = createRequire(import.meta.url)('pg');
  const client = new Client({ connectionString: POSTGRES_URL });
  await client.connect();
  await client.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
  await client.end();
}
