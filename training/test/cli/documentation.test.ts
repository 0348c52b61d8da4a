// The skyfix-train commands that README.md and docs/*.md show exist, with their flags and files.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { PACKAGE_ROOT } from 'skyfix/cli';

interface Shown {
  readonly page: string;
  readonly command: string;
}

test('every training command in the documentation exists', async () => {
  const module = pathToFileURL(join(PACKAGE_ROOT, 'docs/commands.mjs')).href;
  const { commandsOf, faultOf, pages } = (await import(module)) as {
    commandsOf(page: string): Shown[];
    faultOf(command: string, program: string): string | undefined;
    pages(): string[];
  };
  const shown = pages()
    .flatMap(commandsOf)
    .filter(({ command }) => command.includes('skyfix-train'));
  assert.ok(shown.length > 5, `only ${shown.length} commands were found`);
  const faults = shown.flatMap(({ page, command }) => {
    const fault = faultOf(command, 'skyfix-train');
    return fault ? [`${page}: ${command}: ${fault}`] : [];
  });
  assert.deepEqual(faults, []);
  assert.match(faultOf('npx skyfix-train run town --sett x=1', 'skyfix-train') ?? '', /knows no --sett/);
});
