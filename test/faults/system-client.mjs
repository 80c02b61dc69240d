import http from 'node:http';

import { exitOf, start } from './children.mjs';

/** The judge's side of one system. */
export class System {
  #child;
  #agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  #said;

  static async start(settings) {
    const startedAtMs = Date.now();
    const { child, hello, said } = await start('system.mjs', settings);
    const system = new System(child, hello.port, said);
    system.startedAtMs = startedAtMs;
    system.bootMs = Date.now() - startedAtMs;
    return system;
  }

  constructor(child, port, said) {
    this.#child = child;
    this.#said = said;
    this.port = port;
    this.exited = exitOf(child);
  }

  get isAlive() {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** What it has logged lately. */
  get log() {
    return this.#said();
  }

  signal(name) {
    this.#child.kill(name);
  }

  /** Closes the kept connections of the judge, for which the host's server would wait. */
  hangUp() {
    this.#agent.destroy();
  }

  /** Ends it, and resolves when it is gone. */
  async end(signal = 'SIGKILL') {
    if (this.isAlive) this.signal(signal);
    const exit = await this.exited;
    this.hangUp();
    return exit;
  }

  track(id) {
    return this.#ask('POST', '/track', { id });
  }

  trackMany(ids) {
    return this.#ask('POST', '/track-many', { ids });
  }

  /** One of `stats`, `status`, `dead-letters`, `activity`, `figures`. */
  get(name) {
    return this.#ask('GET', `/${name}`);
  }

  #ask(method, path, body) {
    return new Promise((resolve, reject) => {
      const headers = { 'Content-Type': 'application/json' };
      const options = {
        host: '127.0.0.1',
        port: this.port,
        method,
        path,
        headers,
        agent: this.#agent,
      };
      const request = http.request(options, (response) => {
        const chunks = [];
        response.on('error', reject);
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          if (response.statusCode >= 300)
            reject(
              new Error(`${method} ${path}: HTTP ${response.statusCode} ${text.slice(0, 200)}`),
            );
          else resolve(JSON.parse(text));
        });
      });
      request.on('error', reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
