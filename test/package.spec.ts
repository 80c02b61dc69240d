import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  Fixture,
  HOSTS,
  MANIFEST,
  NODE_16,
  OPTIONAL_PEERS,
  pack,
  type Packed,
} from './package/fixture';

const PROGRAMS = ['delivers', 'accounts-apart', 'quiet-process', 'unclosed-app'];
const TYPES = ['exact-types', 'open-options'];
const OPTIONAL_PROGRAM = 'optional-peers';
/** Said last, so that a program that never got there has not passed. */
const PASSED = { code: 0, output: expect.stringMatching(/^ok$/m) };

jest.setTimeout(300_000);

const folder = mkdtempSync(join(tmpdir(), 'nestjs-server-tracking-'));
let packed: Packed;

beforeAll(() => {
  packed = pack(folder);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the package', () => {
  it('holds every file that its entries name', () => {
    const entries = Object.values(MANIFEST.exports)
      .flatMap((target) => (typeof target === 'string' ? [target] : Object.values(target)))
      .concat(
        Object.values(MANIFEST.typesVersions).flatMap((paths) => Object.values(paths).flat()),
        Object.values(MANIFEST.bin),
      );
    expect(packed.files).toEqual(
      expect.arrayContaining(entries.map((entry) => entry.replace(/^\.\//, ''))),
    );
  });

  it('brings the sources that its source maps name', () => {
    expect(packed.files).toEqual(expect.arrayContaining(['dist/index.js.map', 'src/index.ts']));
  });

  it('leaves tests and fixtures at home', () => {
    expect(packed.files.filter((file) => /\.spec\.|^test\/|^examples\//.test(file))).toEqual([]);
  });
});

describe.each(HOSTS)('in a host: $name', (host) => {
  let fixture: Fixture;

  beforeAll(() => {
    fixture = Fixture.install(join(folder, 'host'), host, packed.tarball);
  });

  afterAll(() => {
    fixture.remove();
  });

  it('brings no optional peer along', () => {
    expect(OPTIONAL_PEERS.filter((name) => fixture.hasPackage(name))).toEqual([]);
  });

  it('has exact types without the optional peers, and none that is any', () => {
    expect(fixture.compile([...PROGRAMS, ...TYPES])).toEqual([]);
  });

  // Node16 lets no CommonJS import Nest 12, which has ES modules alone.
  if (host.nest === 11)
    it('has the same types as Node16 resolves them', () => {
      expect(fixture.compile([...PROGRAMS, ...TYPES], NODE_16)).toEqual([]);
    });

  it.each<[string, string]>([
    ['delivers a purchase by each way to give the options', 'delivers'],
    ['keeps two accounts apart, in one application and in two', 'accounts-apart'],
    ['leaves the process as it was, and lets it end after close()', 'quiet-process'],
    ['lets the process end even if nobody calls close()', 'unclosed-app'],
  ])('%s', (_rule, program) => {
    expect(fixture.run(program)).toMatchObject(PASSED);
  });

  it('installs its command line', () => {
    const version = fixture.runCommand('nestjs-server-tracking', '--version');
    expect(version).toMatchObject({ code: 0, output: `${MANIFEST.version}\n` });
    const typo = fixture.runCommand('nestjs-server-tracking', 'dead-leters', 'list');
    expect(typo).toMatchObject({ code: 2, output: expect.stringContaining('no command') });
  });

  it('offers /health, /metrics and /dto where their peers are installed', () => {
    fixture.installOptionalPeers();
    expect(fixture.compile([OPTIONAL_PROGRAM])).toEqual([]);
    expect(fixture.run(OPTIONAL_PROGRAM)).toMatchObject(PASSED);
  });

  it.each(['quiet-process', 'unclosed-app'])('keeps the rules of %s with undici too', (program) => {
    expect(fixture.run(program, 'undici')).toMatchObject(PASSED);
  });
});
