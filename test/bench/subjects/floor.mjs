import { hash } from 'node:crypto';
import { createRequire } from 'node:module';

import { accounts, PLATFORMS } from '../accounts.mjs';
import { BODIES, hashUser, HEADERS, metaEvent, tiktokEvent } from '../payloads.mjs';

const fromRoot = createRequire(new URL('../../../package.json', import.meta.url));
/** As ours is driven. */
const WAVE = 200;
/** GA4 takes one visitor per request. */
const GA4_CONCURRENCY = 16;
const EVENTS = { meta: metaEvent, tiktok: tiktokEvent };

/**
 * Bare parts put together by hand for this one purchase, to see what nobody can save: a hash per field, texts, batches
 * as the platforms take them. It checks nothing, knows no consent, and one failure ends it.
 */
export function start(stubUrl, setUp) {
  return startOn(undefined, stubUrl, setUp);
}

/** @param store `add` keeps the texts of a wave; `remove` gets what it returned, when they have arrived. */
export function startOn(store, stubUrl, setUp) {
  const { Pool } = fromRoot('undici');
  const pool = new Pool(stubUrl, { connections: GA4_CONCURRENCY });
  const all = accounts(stubUrl);
  const platforms = PLATFORMS[setUp];
  const waiting = [];
  let underWay = 0;

  async function post(platform, body) {
    const account = all[platform];
    const path = account.url.slice(stubUrl.length);
    const { statusCode, body: answer } = await pool.request({
      method: 'POST',
      path,
      headers: HEADERS[platform](account),
      body,
    });
    await answer.text();
    if (statusCode >= 300) throw new Error(`${platform}: HTTP ${statusCode}`);
  }

  // For all waves together: what waits in the pool instead costs a third more.
  async function drain() {
    underWay += 1;
    while (waiting.length > 0) {
      const { body, done } = waiting.pop();
      await post('ga4', body);
      done();
    }
    underWay -= 1;
  }

  function postEach(bodies) {
    return new Promise((resolve) => {
      let left = bodies.length;
      const done = () => {
        left -= 1;
        if (left === 0) resolve();
      };
      for (const body of bodies) waiting.push({ body, done });
      while (underWay < GA4_CONCURRENCY) void drain();
    });
  }

  async function send(texts) {
    await Promise.all(
      platforms.map((platform) => {
        if (platform === 'ga4') return postEach(texts.ga4);
        const data = texts[platform].join(',');
        return post(
          platform,
          platform === 'meta'
            ? `{"data":[${data}],"access_token":"${all.meta.accessToken}"}`
            : `{"event_source":"web","event_source_id":"${all.tiktok.pixelId}","data":[${data}]}`,
        );
      }),
    );
  }

  return {
    async deliver(orders) {
      const sent = [];
      for (let at = 0; at < orders.length; at += WAVE) {
        const nowMs = Date.now();
        const texts = Object.fromEntries(platforms.map((platform) => [platform, []]));
        for (const order of orders.slice(at, at + WAVE)) {
          const hashes = hashUser(order, (text) => hash('sha256', text));
          for (const platform of platforms)
            texts[platform].push(
              platform === 'ga4'
                ? BODIES.ga4(undefined, order, hashes, nowMs)
                : JSON.stringify(EVENTS[platform](order, hashes, nowMs)),
            );
        }
        const ids = store?.add(texts);
        sent.push(send(texts).then(() => store?.remove(ids)));
        await new Promise((resolve) => setImmediate(resolve));
      }
      await Promise.all(sent);
    },
    async stop() {
      await pool.close();
      store?.close();
    },
  };
}
