import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const APP = join(__dirname, 'app');

interface Manifest {
  readonly version: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly typesVersions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
}

export const MANIFEST = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
export const OPTIONAL_PEERS = Object.keys(MANIFEST.peerDependenciesMeta);

/** An application of a host: which Nest, which module system, which compiler. */
export interface Host {
  readonly name: string;
  readonly nest: 11 | 12;
  readonly type: 'commonjs' | 'module';
  readonly typescript: string;
  readonly compilerOptions: Readonly<Record<string, unknown>>;
}

const TYPESCRIPT = MANIFEST.devDependencies.typescript!;
export const NODE_16 = { module: 'Node16', moduleResolution: 'Node16' };
const NODE_NEXT = { module: 'NodeNext', moduleResolution: 'NodeNext' };

export const HOSTS: readonly Host[] = [
  {
    name: 'CommonJS, Nest 11, TypeScript 5.9, node10',
    nest: 11,
    type: 'commonjs',
    typescript: '5.9.3',
    compilerOptions: { module: 'CommonJS', moduleResolution: 'node10' },
  },
  {
    name: 'ES modules, Nest 12, NodeNext',
    nest: 12,
    type: 'module',
    typescript: TYPESCRIPT,
    compilerOptions: NODE_NEXT,
  },
  {
    name: 'CommonJS, Nest 12, NodeNext',
    nest: 12,
    type: 'commonjs',
    typescript: TYPESCRIPT,
    compilerOptions: NODE_NEXT,
  },
];

/** Lines of Nest's family that go with Nest 11. */
const NEST_11: Readonly<Record<string, string>> = {
  '@nestjs/axios': '^4.0.0',
  '@nestjs/common': '^11.0.0',
  '@nestjs/config': '^4.0.0',
  '@nestjs/core': '^11.0.0',
  '@nestjs/terminus': '^11.0.0',
};

const APP_PACKAGES = [
  '@nestjs/axios',
  '@nestjs/common',
  '@nestjs/config',
  '@nestjs/core',
  '@types/node',
  'axios',
  'reflect-metadata',
  'rxjs',
];

export interface Finished {
  readonly code: number | null;
  /** Both streams. */
  readonly output: string;
}

/** What a host's application would do, in a folder of its own. */
export class Fixture {
  private constructor(
    private readonly folder: string,
    private readonly host: Host,
  ) {}

  /** Installs the tarball as a host would: without what is optional. */
  static install(folder: string, host: Host, tarball: string): Fixture {
    const fixture = new Fixture(folder, host);
    mkdirSync(folder, { recursive: true });
    cpSync(APP, join(folder, 'src'), { recursive: true });
    const versions = APP_PACKAGES.map((name) => [name, fixture.versionOf(name)]);
    fixture.write('package.json', {
      name: 'host',
      private: true,
      type: host.type,
      dependencies: {
        ...Object.fromEntries(versions),
        typescript: host.typescript,
        'nestjs-server-tracking': `file:${tarball}`,
      },
    });
    fixture.npm('install');
    return fixture;
  }

  installOptionalPeers(): void {
    this.npm('install', ...OPTIONAL_PEERS.map((name) => `${name}@${this.versionOf(name)}`));
  }

  hasPackage(name: string): boolean {
    return existsSync(join(this.folder, 'node_modules', name));
  }

  /**
   * Checks the types of these programs with those of every package, and compiles them.
   *
   * @param compilerOptions go over those of the host.
   * @returns the errors that are not another package's own.
   */
  compile(
    programs: readonly string[],
    compilerOptions: Host['compilerOptions'] = this.host.compilerOptions,
  ): string[] {
    this.write('tsconfig.json', {
      compilerOptions: {
        target: 'ES2022',
        lib: ['ES2023'],
        types: ['node'],
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: false,
        esModuleInterop: true,
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
        rootDir: 'src',
        outDir: 'out',
        ...compilerOptions,
      },
      files: programs.map((program) => `src/${program}.ts`),
    });
    const { output } = this.node('node_modules/typescript/bin/tsc', '--pretty', 'false');
    return output
      .split('\n')
      .filter((line) => line.includes('error TS'))
      .filter((line) => !/^node_modules\/(?!nestjs-server-tracking\/)/.test(line));
  }

  run(program: string, ...args: readonly string[]): Finished {
    return this.node(`out/${program}.js`, ...args);
  }

  /** As `npx` does it with a command that a package has installed. */
  runCommand(name: string, ...args: readonly string[]): Finished {
    return execute(join('node_modules/.bin', name), args, this.folder, 60_000);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private versionOf(name: string): string {
    const version = MANIFEST.devDependencies[name]!;
    return this.host.nest === 11 ? (NEST_11[name] ?? version) : version;
  }

  private npm(...command: readonly string[]): void {
    npm(this.folder, ...command, '--prefer-offline', '--no-audit', '--no-fund');
  }

  private node(...command: readonly string[]): Finished {
    return execute(process.execPath, command, this.folder, 60_000);
  }

  private write(file: string, content: object): void {
    writeFileSync(join(this.folder, file), JSON.stringify(content, undefined, 2));
  }
}

export interface Packed {
  readonly tarball: string;
  /** Paths in the package. */
  readonly files: readonly string[];
}

/** Builds the package and packs it into a folder. */
export function pack(folder: string): Packed {
  npm(ROOT, 'run', 'build');
  // The scripts would build again and mix their words into the answer.
  const answer = npm(ROOT, 'pack', '--ignore-scripts', '--json', '--pack-destination', folder);
  const [packed] = JSON.parse(answer) as [{ filename: string; files: { path: string }[] }];
  return {
    tarball: join(folder, packed.filename),
    files: packed.files.map(({ path }) => path),
  };
}

/** @returns what npm printed to its standard output. */
function npm(folder: string, ...command: readonly string[]): string {
  const { code, output, answer } = execute('npm', command, folder, 280_000);
  if (code !== 0) throw new Error(`npm ${command.join(' ')} failed:\n${output}`);
  return answer;
}

function execute(
  command: string,
  args: readonly string[],
  folder: string,
  timeoutMs: number,
): Finished & { readonly answer: string } {
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, {
    cwd: folder,
    env: hostEnvironment(),
    encoding: 'utf8',
    timeout: timeoutMs,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = [error?.message, signal].filter((part) => part != null).join(' ');
  return { code: status, answer: stdout, output: `${stdout}${stderr}${end}` };
}

/** Ours, without what a test runner and the npm around it have left there. */
function hostEnvironment(): NodeJS.ProcessEnv {
  const left = /^(?:NODE_ENV|NODE_OPTIONS|JEST_.*|INIT_CWD|npm_package_.*|npm_lifecycle_.*)$/;
  const entries = Object.entries(process.env).filter(([name]) => !left.test(name));
  return Object.fromEntries(entries);
}
