import type { ClickIdSource } from '../events/click-id-source';

/** Click IDs that no destination claims yet, or that several need. Destinations add their own. */
export const CLICK_ID_SOURCES: readonly ClickIdSource[] = [
  { name: 'gclid', query: 'gclid', cookies: ['_gcl_aw'], fromCookie: readGclCookie },
  { name: 'gbraid', query: 'gbraid' },
  { name: 'wbraid', query: 'wbraid', cookies: ['_gcl_gb'], fromCookie: readGclCookie },
  { name: 'dclid', query: 'dclid', cookies: ['_gcl_dc'], fromCookie: readGclCookie },
  { name: 'msclkid', query: 'msclkid', cookies: ['_uetmsclkid'], fromCookie: readUetCookie },
  { name: 'scCid', query: 'ScCid', cookies: ['_scclid', '_ScCid'] },
  { name: 'epik', query: 'epik', cookies: ['_epik'] },
  { name: 'rdtCid', query: 'rdt_cid', cookies: ['_rdt_cid'] },
  { name: 'liFatId', query: 'li_fat_id', cookies: ['li_fat_id'] },
];

/** `GCL.<unix s>.<click ID>`, where the ID may hold dots. */
function readGclCookie(value: string): string | undefined {
  return /^GCL\.\d+\.(.+)$/.exec(value)?.[1];
}

/** Microsoft's tag writes `_uet<msclkid>`. */
function readUetCookie(value: string): string | undefined {
  return value.startsWith('_uet') ? value.slice(4) : value;
}
