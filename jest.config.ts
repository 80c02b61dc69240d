/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';

const config: Config = {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/test', '<rootDir>/examples'],
  testMatch: ['**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/test/bench/', '/test/package\\.spec\\.ts$'],
  setupFiles: ['reflect-metadata'],
  // What hangs fails; a slow machine does not.
  testTimeout: 30_000,
  moduleNameMapper: {
    // One Nest for all, also for packages that bring another one.
    '^@nestjs/(common|core)$': '<rootDir>/node_modules/@nestjs/$1',
    '^@nestjs/(common|core)/(.*)$': '<rootDir>/node_modules/@nestjs/$1/$2',
    '^nestjs-server-tracking$': '<rootDir>/src/index.ts',
    '^nestjs-server-tracking/(audit|dto|health|metrics/opentelemetry|metrics/prometheus|stripe|testing)$':
      '<rootDir>/src/$1/index.ts',
  },
  transform: {
    '^.+\\.[cm]?[jt]s$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: {
            legacyDecorator: true,
            decoratorMetadata: true,
            useDefineForClassFields: false,
          },
          keepClassNames: true,
        },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  // Nest 12 is ESM-only: compile @nestjs/* to CommonJS (harmless on Nest 11).
  transformIgnorePatterns: ['/node_modules/(?!(?:\\.pnpm/[^/]+/node_modules/)?@nestjs/)'],
  collectCoverageFrom: ['src/**/*.ts', '!src/**/index.ts'],
  coverageProvider: 'v8',
};

module.exports = config;
