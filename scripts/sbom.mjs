// npm run sbom [-- --out DIR] [--offline]: what ships, as people who answer for it need it: a CycloneDX bill of materials
// (DIR/skyfix.cdx.json), the licence of every package in it (DIR/licences.csv), and what the registry knows against them.
// Ships: what serves, and what the page is built of. Exit status 1 where a licence is unknown or not among those accepted here,
// or where an advisory is high or critical; where the registry does not answer, it says so.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: {
    out: { type: 'string', default: join(root, 'var/sbom') },
    offline: { type: 'boolean', default: false },
  },
});
const { name, version, dependencies, optionalDependencies, devDependencies } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
);

/** Development dependencies that the page is built of: their code is in web/dist. */
const IN_THE_PAGE = ['preact', '@preact/signals', 'maplibre-gl', 'pmtiles'];

/** Of SPDX identifiers. LGPL: libvips, a library of its own that sharp loads, and that may be exchanged. */
const ACCEPTED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'LGPL-3.0-or-later',
  'MIT',
  'MIT-0',
  'Unlicense',
  'Zlib',
]);

/** What packages say in words or not at all, as SPDX; each was looked up in the file named. */
const LOOKED_UP = {
  usearch: { licence: 'Apache-2.0', file: 'LICENSE' },
  '@mapbox/jsonlint-lines-primitives': { licence: 'MIT', file: 'README.md' },
};

const missing = IN_THE_PAGE.filter((page) => !(page in devDependencies) && !(page in dependencies));
if (missing.length > 0)
  throw new Error(`The page is not built of ${missing.join(', ')} any more: mend this script.`);

const all = JSON.parse(
  execFileSync('npm', ['sbom', '--sbom-format=cyclonedx', '--sbom-type=application'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  }),
);
const bill = shipped(all);
mkdirSync(values.out, { recursive: true });
writeFileSync(join(values.out, 'skyfix.cdx.json'), `${JSON.stringify(bill, undefined, 2)}\n`);
const rows = bill.components
  .map((component) => [component.name, component.version, licenceOf(component)])
  .sort(([a], [b]) => (a < b ? -1 : 1));
writeFileSync(
  join(values.out, 'licences.csv'),
  `package,version,licence\n${rows.map((row) => row.join(',')).join('\n')}\n`,
);
const refused = rows.filter(([, , licence]) => !isAccepted(licence));
console.log(`${rows.length} packages ship; their bill and licences are in ${values.out}`);
for (const [licence, count] of counted(rows.map(([, , licence]) => licence)))
  console.log(`  ${count} ${licence}`);
for (const row of refused) console.error(`licence not accepted: ${row.join(' ')}`);
const advisories = values.offline ? [] : serious();
for (const line of advisories) console.error(line);
process.exitCode = refused.length + advisories.length > 0 ? 1 : 0;

/** The bill of what can be reached from what is installed with --omit=dev, and from what the page is built of. */
function shipped({ components, dependencies: edges, metadata, ...rest }) {
  const own = metadata.component['bom-ref'];
  const after = new Map(edges.map(({ ref, dependsOn }) => [ref, dependsOn]));
  const wanted = new Set([...Object.keys({ ...dependencies, ...optionalDependencies }), ...IN_THE_PAGE]);
  const nameOf = new Map(components.map((component) => [component['bom-ref'], component.name]));
  const first = (after.get(own) ?? []).filter((ref) => wanted.has(nameOf.get(ref)));
  const reached = new Set(first);
  for (const ref of reached) for (const next of after.get(ref) ?? []) reached.add(next);
  return {
    ...rest,
    // npm names it after the folder that it lies in.
    metadata: { ...metadata, component: { ...metadata.component, name, version } },
    components: components
      .filter((component) => reached.has(component['bom-ref']))
      // "optional" is what npm calls development dependencies; of what ships, everything is in use.
      .map((component) => ({ ...component, scope: 'required' })),
    dependencies: [{ ref: own, dependsOn: first }, ...edges.filter(({ ref }) => reached.has(ref))],
  };
}

function licenceOf({ name: of, licenses = [] }) {
  const said = licenses.map(({ license, expression }) => expression ?? license?.id ?? license?.name ?? '');
  return said.filter(Boolean).join(' AND ') || LOOKED_UP[of]?.licence || 'unknown';
}

/** Of an expression with AND all, of one with OR any. */
function isAccepted(expression) {
  const plain = expression.replace(/[()]/g, '');
  return plain.split(' AND ').every((part) => part.split(' OR ').some((id) => ACCEPTED.has(id.trim())));
}

function counted(words) {
  const counts = new Map();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}

/** A line for each advisory that is high or critical; none where the registry does not answer. */
function serious() {
  const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { cwd: root, encoding: 'utf8' });
  let report;
  try {
    report = JSON.parse(stdout);
  } catch {
    report = {};
  }
  if (!report.vulnerabilities) {
    console.log(`The registry does not say what it knows against them (${report.message ?? 'no answer'}).`);
    return [];
  }
  const found = Object.values(report.vulnerabilities);
  console.log(`The registry knows ${found.length} packages with advisories.`);
  return found
    .filter(({ severity }) => ['high', 'critical'].includes(severity))
    .map(({ name: of, severity, range }) => `${severity}: ${of} ${range}`);
}
