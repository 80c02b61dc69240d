import { startOn } from './ours.mjs';

/** The same with requests through undici. */
export function start(stubUrl, setUp) {
  return startOn(undefined, stubUrl, setUp, 'undici');
}
