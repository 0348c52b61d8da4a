#!/usr/bin/env node
import { existsSync } from 'node:fs';

if (existsSync(new URL('../dist/cli/skyfix.js', import.meta.url))) {
  const { main } = await import('../dist/cli/skyfix.js');
  await main(process.argv);
} else {
  console.error('skyfix is not compiled: run "npm ci" (or "npm run build") in its folder first.');
  process.exitCode = 1;
}
