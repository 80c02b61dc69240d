import { burst } from './cases/burst.mjs';
import { damagedFiles } from './cases/damaged.mjs';
import { diskFullAtEnqueue, diskFullAtSettle } from './cases/disk-full.mjs';
import { frozenOwner } from './cases/frozen.mjs';
import { KILL_POINTS, killCase, LIMITED_KILL_POINT } from './cases/kill.mjs';
import { killLoop } from './cases/kill-loop.mjs';
import { networkCases } from './cases/network.mjs';
import { outage } from './cases/outage.mjs';
import { poisonCase } from './cases/poison.mjs';
import { forgetfulRedis, redisKilled, threeWorkers } from './cases/redis.mjs';
import { revokedToken } from './cases/revoked-token.mjs';
import { sigtermCases } from './cases/sigterm.mjs';
import { throttled } from './cases/throttle.mjs';
import { STORAGES } from './storages.mjs';

/** In the order of the report. */
export const CASES = [
  ...KILL_POINTS.map((point) => killCase(point, STORAGES.sqlite, { kills: 200, fastKills: 2 })),
  killCase(LIMITED_KILL_POINT, STORAGES.sqlite, { kills: 50, fastKills: 1 }),
  ...[STORAGES.redis, STORAGES.postgres].flatMap((storage) => [
    ...KILL_POINTS.map((point) => killCase(point, storage, { kills: 50, fastKills: 0 })),
    killCase(LIMITED_KILL_POINT, storage, { kills: 20, fastKills: 0 }),
  ]),
  killLoop,
  ...sigtermCases,
  frozenOwner,
  threeWorkers,
  redisKilled,
  ...forgetfulRedis,
  outage,
  throttled,
  ...networkCases,
  poisonCase,
  revokedToken,
  diskFullAtEnqueue,
  diskFullAtSettle,
  damagedFiles,
  burst,
];
