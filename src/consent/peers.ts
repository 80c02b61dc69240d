import type * as GppPackage from '@iabgpp/cmpapi';
import type * as TcfPackage from '@iabtcf/core';

import type { ConsentReader } from './consent-reader';

/** A reader without the package that it needs. */
export interface MissingPeer {
  readonly reader: ConsentReader;
  readonly packageName: string;
}

type Tcf = typeof TcfPackage;
type Gpp = typeof GppPackage;

// Reading a request does not wait, so what is optional is not imported but required, when first needed.
/* eslint-disable @typescript-eslint/no-require-imports */
export function loadTcf(): Tcf {
  return require('@iabtcf/core') as Tcf;
}

export function loadGpp(): Gpp {
  return require('@iabgpp/cmpapi') as Gpp;
}
/* eslint-enable @typescript-eslint/no-require-imports */

/** Which of the readers cannot work here; loads the packages of the others. */
export function missingPeers(readers: readonly ConsentReader[]): readonly MissingPeer[] {
  return readers.flatMap((reader) => {
    const peer = PEERS[reader];
    if (peer === undefined || canLoad(peer.load)) return [];
    return [{ reader, packageName: peer.packageName }];
  });
}

const PEERS: Readonly<
  Partial<Record<ConsentReader, { readonly packageName: string; readonly load: () => unknown }>>
> = {
  tcf: { packageName: '@iabtcf/core', load: loadTcf },
  gpp: { packageName: '@iabgpp/cmpapi', load: loadGpp },
};

function canLoad(load: () => unknown): boolean {
  try {
    load();
    return true;
  } catch {
    return false;
  }
}
