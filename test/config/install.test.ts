// What npm reads of this repository: no key that it does not know, and no install script that needs more than a registry.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const read = (name: string) => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');

test('the lock file runs one install script, that of what has to be compiled', () => {
  const { packages } = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { hasInstallScript?: boolean; optional?: boolean }>;
  };
  const scripts = Object.entries(packages)
    .filter(([name, { hasInstallScript, optional }]) => name !== '' && hasInstallScript && !optional)
    .map(([name]) => name);
  // "npm install" after a new version of onnxruntime-node, koffi or usearch may bring their lines back: take them out again.
  // onnxruntime-node's script downloads CUDA libraries from a host that closed networks don't reach, and npm ci then
  // fails; koffi's compiles where there is no binary of it for the machine, which then has one engine less instead; so does
  // usearch's, without which large regions are searched by hnswlib-node.
  assert.deepEqual(scripts, ['node_modules/hnswlib-node']);
  const { allowScripts } = JSON.parse(read('package.json')) as { allowScripts: Record<string, boolean> };
  assert.deepEqual(allowScripts, {
    'hnswlib-node': true,
    koffi: false,
    'onnxruntime-node': false,
    usearch: false,
  });
});

test('npm finds no key here that it would warn of', () => {
  const path = new URL('../../../.npmrc', import.meta.url);
  assert.doesNotMatch(existsSync(path) ? readFileSync(path, 'utf8') : '', /onnxruntime/);
});

test('npm start hands its process on, so that a signal to npm reaches the server', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  assert.match(scripts.start ?? '', /^exec node /);
});

test("the fuzzer's folders are nobody's source", () => {
  const ignored = read('.gitignore').split('\n');
  for (const folder of ['.schemathesis/', '.hypothesis/', 'var/'])
    assert.ok(ignored.includes(folder), folder);
});
