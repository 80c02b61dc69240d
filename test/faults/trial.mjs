import { eventually, expect, expectIntact } from './expect.mjs';
import { System } from './system-client.mjs';

export const PLATFORMS = ['meta', 'tiktok', 'ga4'];

/** Recovery after a kill, and a fresh event after a fault, may take so long. */
export const RECOVERY_MS = 10_000;
/**
 * What has been answered is stored within this, on a busy disk or server too; until then it is in flight. SQLite waits 15 ms
 * for company and 10 ms for the disk's turn. What became of a part of a job is told to BullMQ's server after 200 ms.
 */
const SETTLE_MS = 1_000;
let nextEvent = 1;

/** Every system of a run has it, or none could read what another left. */
const ENCRYPTION_KEY = '00112233445566778899aabbccddeeff'.repeat(2);

/**
 * One system on one storage, with its room at the oracle, and the judge's ledger of what the system said
 * that it has stored.
 */
export class Trial {
  /** By platform: the event IDs that a receipt called queued. */
  accepted;
  /** Calls that a kill cut off: nobody knows whether they were stored. */
  unknown = new Set();
  /** Calls whose receipt said that the storage was out of reach: it may have stored them all the same. */
  refused = new Set();
  kills = [];
  systems = [];

  /** @param delivery as the option of the module. */
  constructor({ library, oracle, storage, platforms = PLATFORMS, delivery }) {
    this.library = library;
    this.room = oracle.room();
    this.storage = storage;
    this.platforms = platforms;
    this.delivery = delivery;
    this.accepted = new Map(platforms.map((platform) => [platform, new Set()]));
  }

  get system() {
    return this.systems.at(-1);
  }

  async boot(options = {}) {
    const { url } = this.room;
    const accounts = {
      meta: { pixelId: '1234567890123456', accessToken: 'EAAtokenexample', baseUrl: url },
      tiktok: {
        pixelId: 'C0EXAMPLEPIXEL',
        accessToken: 'tiktok-token-example',
        baseUrl: `${url}/open_api`,
      },
      ga4: { measurementId: 'G-EXAMPLE1', apiSecret: 'ga4-secret-example', baseUrl: url },
    };
    const system = await System.start({
      library: this.library,
      options: {
        storage: this.storage.url,
        encryptionKey: ENCRYPTION_KEY,
        ...Object.fromEntries(this.platforms.map((name) => [name, accounts[name]])),
        delivery: this.delivery,
        ...options,
      },
    });
    this.systems.push(system);
    return system;
  }

  /** New event IDs, which no other trial of this run has. */
  newIds(count) {
    return Array.from({ length: count }, () => `o${nextEvent++}`);
  }

  /** One call for each event, all at once; the ledger has what came of them. */
  track(ids = this.newIds(1), system = this.system) {
    return Promise.all(ids.map((id) => this.trackOne(id, system)));
  }

  /** @returns the receipt, or `undefined` where the call was cut off. */
  async trackOne(id, system = this.system) {
    this.unknown.add(id);
    try {
      const receipt = await system.track(id);
      this.enter(id, receipt);
      return receipt;
    } catch {
      return undefined;
    }
  }

  async trackMany(count) {
    const ids = this.newIds(count);
    const receipts = await this.system.trackMany(ids);
    for (const [at, id] of ids.entries()) this.enter(id, receipts[at]);
    return receipts;
  }

  /** What a shop does with a call that was cut off: it calls again, with the same event ID. */
  async trackUnknownAgain() {
    let wereStored = 0;
    const ids = [...this.unknown];
    while (ids.length > 0) {
      const receipts = await this.track(ids.splice(0, 50));
      wereStored += receipts.filter((receipt) => receipt?.status === 'duplicate').length;
    }
    return wereStored;
  }

  enter(id, receipt) {
    this.unknown.delete(id);
    this.refused.delete(id);
    for (const platform of this.platforms) {
      const { kind } = receipt.destinations[platform] ?? {};
      if (kind === 'queued' || kind === 'duplicate') this.accepted.get(platform).add(id);
      else this.refused.add(id);
    }
  }

  async kill() {
    const kill = { atMs: Date.now() };
    await this.system.end('SIGKILL');
    kill.goneAtMs = Date.now();
    this.kills.push(kill);
  }

  async lanes() {
    const stats = await this.system.get('stats');
    return this.platforms.map((platform) => stats.find((lane) => lane.destination === platform));
  }

  /** Waits until nothing is pending. @returns milliseconds since then. */
  async settled(timeoutMs = RECOVERY_MS) {
    let pending;
    return eventually(
      async () => {
        const lanes = await this.lanes();
        pending = lanes.map((lane) => lane?.pending ?? 0);
        return pending.every((count) => count === 0);
      },
      timeoutMs,
      async () => {
        const { storageHealth } = (await this.system.get('status')).details;
        return `nothing is pending (${this.platforms.map((name, at) => `${name} ${pending[at]}`).join(', ')}; storage ${JSON.stringify(storageHealth)})`;
      },
    );
  }

  /** An event that is taken now reaches every platform. @returns milliseconds that it took. */
  async deliversFresh(platforms = this.platforms, timeoutMs = RECOVERY_MS) {
    const [id] = this.newIds(1);
    const receipt = await this.trackOne(id);
    expect(receipt?.status === 'accepted', `a fresh event is accepted: ${JSON.stringify(receipt)}`);
    return eventually(
      () => platforms.every((platform) => this.room.takenBy(platform).has(id)),
      timeoutMs,
      'a fresh event arrives everywhere',
    );
  }

  /**
   * The rule of every case: accepted = delivered + pending + dead-lettered + expired + dropped for each
   * destination, in the counters and event by event; what came twice was in flight at a kill and came with
   * the same bytes.
   *
   * @returns figures for the report.
   */
  async check() {
    const lanes = await this.lanes();
    const letters = await this.system.get('dead-letters');
    for (const [at, platform] of this.platforms.entries())
      this.#checkLane(
        platform,
        lanes[at],
        letters.filter((one) => one.destination === platform),
      );
    return this.#checkRepeats();
  }

  #checkLane(platform, lane, letters) {
    const ids = this.accepted.get(platform);
    if (lane === undefined) return expectIntact(ids.size === 0, `${platform}: counted ${ids.size}`);
    const { accepted, delivered, pending, deadLettered, expired, dropped } = lane;
    const said = `${platform}: ${JSON.stringify(lane)}`;
    expectIntact(accepted === ids.size, `${said}, and the ledger has ${ids.size}`);
    const sum = delivered + pending + deadLettered + expired + dropped;
    expectIntact(accepted === sum, `${said} adds up to ${sum}`);
    expectIntact(letters.length === deadLettered, `${said}, and ${letters.length} dead letters`);
    const taken = this.room.takenBy(platform);
    const buried = new Set(letters.map(({ id }) => id));
    const missing = [...ids].filter((id) => !taken.has(id) && !buried.has(id));
    const excused = pending + expired + dropped;
    expectIntact(
      missing.length <= excused,
      `${said}: ${missing.length} events are nowhere, such as ${missing[0]}`,
    );
    return undefined;
  }

  #checkRepeats() {
    let repeated = 0;
    /** By kill and platform. */
    const requestsInFlight = new Map();
    for (const platform of this.platforms) {
      const arrivals = new Map();
      for (const request of this.room.requestsTo(platform))
        for (const [id, hash] of request.events)
          arrivals.set(id, [...(arrivals.get(id) ?? []), { hash, request }]);
      for (const [id, [first, ...others]] of arrivals) {
        expectIntact(
          others.every(({ hash }) => hash === first.hash),
          `${platform}: ${id} came again with other bytes`,
        );
        const counted = [first, ...others].filter(({ request }) => this.#counts(request));
        for (const { request } of counted.slice(0, -1)) {
          const kill = this.kills.findIndex((one) => this.#wasInFlight(request, one));
          expect(
            kill >= 0,
            `${platform}: ${id} came twice, and was answered ${this.#sinceAnswerMs(request)} ms before the next kill`,
          );
          repeated += 1;
          const key = `${platform} ${kill}`;
          requestsInFlight.set(key, (requestsInFlight.get(key) ?? new Set()).add(request));
        }
      }
    }
    const mostInFlight = Math.max(0, ...[...requestsInFlight.values()].map(({ size }) => size));
    return { repeated, mostInFlight };
  }

  #sinceAnswerMs({ answeredAtMs }) {
    return Math.min(...this.kills.map(({ atMs }) => atMs - answeredAtMs).filter((ms) => ms >= 0));
  }

  /** Whether the event may count at the platform: it was taken, and nobody gave up on the answer. */
  #counts(request) {
    const wasCut = this.kills.some((kill) => this.#wasInFlight(request, kill));
    return request.isTaken && (request.answeredAtMs !== undefined || wasCut);
  }

  async end() {
    for (const system of this.systems) if (system.isAlive) await system.end('SIGKILL');
    await this.storage.remove();
  }

  /** Sent, and its end not stored yet. */
  #wasInFlight({ arrivedAtMs, answeredAtMs = Infinity }, { atMs, goneAtMs }) {
    return arrivedAtMs <= goneAtMs && answeredAtMs >= atMs - SETTLE_MS;
  }
}
