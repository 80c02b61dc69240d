// Rewrites the package.json of the current folder, so that an install brings the newest Nest 11.
import { readFileSync, writeFileSync } from 'node:fs';

/** Members of Nest's family that count differently. */
const LINES = {
  '@nestjs/apollo': '^13.0.0',
  '@nestjs/axios': '^4.0.0',
  '@nestjs/config': '^4.0.0',
  '@nestjs/graphql': '^13.0.0',
};

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
for (const name of Object.keys(manifest.devDependencies)) {
  if (name.startsWith('@nestjs/')) manifest.devDependencies[name] = LINES[name] ?? '^11.0.0';
}
writeFileSync('package.json', JSON.stringify(manifest, undefined, 2));
