import { EventEmitter } from 'node:events';

import { start } from './children.mjs';

/** The judge's side of the oracle. */
export class Oracle {
  rooms = new Map();
  #child;
  #waiting = [];
  #isOver = false;

  /** @param backlog connections that wait to be taken; default 511. */
  static async start(library, backlog) {
    const { child, hello } = await start('oracle.mjs', { library, backlog });
    return new Oracle(child, hello.url);
  }

  constructor(child, url) {
    this.#child = child;
    this.url = url;
    child.on('message', (message) => {
      if (message.kind === 'done') this.#waiting.shift()();
      else this.rooms.get(message.room)?.note(message);
    });
    child.once('exit', () => {
      if (!this.#isOver) throw new Error('the oracle has ended before the judge');
    });
  }

  room() {
    const room = new Room(this, `room-${this.rooms.size + 1}`);
    this.rooms.set(room.name, room);
    return room;
  }

  signal(name) {
    this.#child.kill(name);
  }

  end() {
    this.#isOver = true;
    this.#child.kill('SIGKILL');
  }

  /** Resolves when the oracle goes by it. */
  tell(message) {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#child.send(message);
    });
  }
}

/** What arrived from one system; emits `arrived` and `answered`. */
class Room extends EventEmitter {
  /** In the order of their arrival. */
  requests = [];
  #byId = new Map();
  /** By platform: how often each event was taken. */
  #taken = new Map();

  constructor(oracle, name) {
    super();
    this.oracle = oracle;
    this.name = name;
    this.url = `${oracle.url}/${name}`;
    this.setMaxListeners(0);
  }

  behave(platform, fault) {
    return this.oracle.tell({ command: 'behave', lane: `${this.name} ${platform}`, fault });
  }

  /** The next requests get these, one each. */
  script(platform, faults) {
    return this.oracle.tell({ command: 'script', lane: `${this.name} ${platform}`, faults });
  }

  /** Answers what is held. */
  release(platform) {
    return this.oracle.tell({ command: 'release', lane: `${this.name} ${platform}` });
  }

  requestsTo(platform) {
    return this.requests.filter((request) => request.platform === platform);
  }

  /** Event IDs that the platform took. */
  takenBy(platform) {
    return this.#taken.get(platform) ?? new Map();
  }

  note({ kind, ...message }) {
    if (kind === 'arrived') {
      this.requests.push(message);
      this.#byId.set(message.id, message);
      if (message.isTaken) this.#take(message);
    } else {
      const request = this.#byId.get(message.id);
      if (kind === 'answered') request.answeredAtMs = message.atMs;
      else request.closedAtMs = message.atMs;
    }
    this.emit(kind, this.#byId.get(message.id));
  }

  #take({ platform, events }) {
    const taken = this.#taken.get(platform) ?? new Map();
    this.#taken.set(platform, taken);
    for (const [eventId] of events) taken.set(eventId, (taken.get(eventId) ?? 0) + 1);
  }
}
