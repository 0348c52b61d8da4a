// Which collections of a cluster go when a version is published, and which stay.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { test } from 'node:test';
import fc from 'fast-check';
import { pruneCollections } from '../../index/publish-weaviate.js';
import { type SearchPlace, versionDir, writeSearchPlace } from '../../src/versions/index.js';
import { aliasOf, collectionOf, generationOf } from '../../src/weaviate/index.js';
import { FakeSchema } from '../support/fake-schema.js';
import { withTemporaryFolder } from '../support/tiny-region.js';

const REGION = 'old-town';
const first = (version: string) => collectionOf(REGION, version);
const placeAt = (collection: string): SearchPlace => ({
  engine: 'weaviate',
  collection,
  shards: { one: 1 },
  cellLength: 7,
});

interface Situation {
  /** By version on disk, where it is searched; undefined: not published to the cluster yet. */
  readonly onDisk: Readonly<Record<string, string | undefined>>;
  readonly inCluster: readonly string[];
  readonly alias?: string;
  /** What this publish took the place of. */
  readonly replaced?: string;
}

/** What is in the cluster afterwards. */
async function left({ onDisk, inCluster, alias, replaced }: Situation): Promise<readonly string[]> {
  let collections: readonly string[] = [];
  await withTemporaryFolder(async (dataDir) => {
    for (const [version, collection] of Object.entries(onDisk)) {
      const dir = versionDir(dataDir, REGION, version);
      await mkdir(dir, { recursive: true });
      await writeSearchPlace(dir, collection === undefined ? undefined : placeAt(collection));
    }
    const schema = await FakeSchema.with(inCluster);
    if (alias !== undefined) schema.aliases.set(aliasOf(REGION), alias);
    try {
      const before = replaced === undefined ? undefined : placeAt(replaced);
      await pruneCollections({ urls: [schema.url] }, dataDir, REGION, before);
      collections = [...schema.collections];
    } finally {
      await schema.close();
    }
  });
  return collections;
}

test('collections of versions that are no longer on disk go, with all of their generations; those on disk stay', async () => {
  const [gone, kept, current] = [first('1'), first('2'), first('3')];
  const inCluster = [gone, generationOf(gone, 2), generationOf(gone, 12), kept, current];
  const onDisk = { 2: kept, 3: current };
  assert.deepEqual(await left({ onDisk, inCluster, alias: current }), [kept, current]);
});

test('of a version written anew the generation that is searched stays, and for servers the one that it replaced', async () => {
  const generations = [1, 2, 3].map((generation) => generationOf(first('1'), generation));
  const [one = '', two = '', three = ''] = generations;
  const onDisk = { 1: three };
  assert.deepEqual(await left({ onDisk, inCluster: generations, alias: three, replaced: two }), [two, three]);
  assert.deepEqual(await left({ onDisk, inCluster: generations, alias: three }), [three]);
  // Published again and found whole: nothing was replaced.
  assert.deepEqual(await left({ onDisk: { 1: one }, inCluster: generations, replaced: one }), [one]);
});

test('an import that has begun stays with its generations: the next publish of the version goes on with it', async () => {
  const begun = first('2');
  const inCluster = [first('1'), begun, generationOf(begun, 2), `${begun}__g02`, `${begun}__gx`];
  const onDisk = { 1: first('1'), 2: undefined };
  // What is no generation of it is nothing that a publish goes on with.
  assert.deepEqual(await left({ onDisk, inCluster, alias: first('1') }), inCluster.slice(0, 3));
});

test('what the alias names stays, also where its version is not on this disk', async () => {
  const inCluster = [first('1'), first('2')];
  assert.deepEqual(await left({ onDisk: {}, inCluster, alias: first('2') }), [first('2')]);
  assert.deepEqual(await left({ onDisk: {}, inCluster }), []);
});

test('collections of other regions and of others in the cluster are nothing to it', async () => {
  const others = ['old', 'old-town-2', 'old-town--2', 'old-town-', '-old-town', 'old--town', 'oldtown'].map(
    (region) => collectionOf(region, '1'),
  );
  const strangers = ['Skyfix_old_town', 'SkyfixV_old_town', 'Documents', 'SkyfixV_old_town_'];
  const inCluster = [...others, first('1'), ...strangers];
  assert.deepEqual(await left({ onDisk: {}, inCluster }), [...others, ...strangers]);
});

test('no two regions have one alias, and no collection of one begins as those of another do', () => {
  const region = fc.string({ unit: fc.constantFrom('a', 'b', '1', '-'), minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(region, region, fc.constantFrom('1', '-1', '2026-01-02.a'), (one, other, version) => {
      fc.pre(one !== other);
      assert.notEqual(aliasOf(one), aliasOf(other));
      const beginning = collectionOf(one, 'v').replace(/__v__[0-9a-f]{8}$/, '__');
      assert.ok(!collectionOf(other, version).startsWith(beginning), `${one} and ${other}`);
      assert.match(collectionOf(one, version), /^[A-Z][0-9A-Za-z_]*$/);
    }),
    { seed: 1, numRuns: 2000 },
  );
});
