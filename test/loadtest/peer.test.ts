// The peer beside the server: found, left out with the command that installs it, and figures put into a page.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startPeer, writeSection } from '../../loadtest/index.js';
import { peerPython } from '../../loadtest/peer-process.js';

const ROOT = join(import.meta.dirname, '../../..');

test('without its packages, or without Python, the peer is left out and says what installs it', async () => {
  const before = process.env.SKYFIX_PYTHON;
  process.env.SKYFIX_PYTHON = '/nonexistent/python';
  try {
    const peer = await startPeer(ROOT, 'openvino', 1, { bundleDir: 'models/small-town', indexDir: 'none' });
    assert.ok('why' in peer);
    assert.match(peer.why, /does not run.*pip install -r loadtest\/peer\/requirements\.txt/);
  } finally {
    if (before === undefined) delete process.env.SKYFIX_PYTHON;
    else process.env.SKYFIX_PYTHON = before;
  }
});

test('the interpreter is the one that is named, else one that is there', () => {
  assert.equal(peerPython(ROOT, { SKYFIX_PYTHON: '/usr/bin/python3.9' }), '/usr/bin/python3.9');
  assert.match(peerPython(ROOT, {}), /python3?$/);
});

test('a section of a page is replaced, and nothing beside it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'skyfix-section-'));
  try {
    const page = join(folder, 'page.md');
    await writeFile(page, 'before\n\n<!-- a -->\nold\n<!-- /a -->\n\nafter\n');
    await writeSection(page, 'a', 'new');
    assert.equal(await readFile(page, 'utf8'), 'before\n\n<!-- a -->\n\nnew\n\n<!-- /a -->\n\nafter\n');
    const words = 'word '.repeat(50).trim();
    await writeSection(page, 'a', `| ${words} |\n\n${words}`);
    const [row, , ...lines] = (await readFile(page, 'utf8')).split('\n').slice(4, -5);
    assert.equal(row, `| ${words} |`);
    assert.deepEqual(lines, ['word '.repeat(30).trim(), 'word '.repeat(20).trim()]);
    await assert.rejects(writeSection(page, 'b', 'new'), /has no <!-- b -->/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
