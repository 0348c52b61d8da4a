// The page's built files, read once: what a request names is looked up, never searched for on the disk.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Of one file: as it is, and compressed where the build has made that. */
export interface PageFile {
  readonly mediaType: string;
  readonly plain: Buffer;
  readonly br?: Buffer;
  readonly gzip?: Buffer;
  readonly etag: string;
}

export interface PageFiles {
  readonly document: PageFile;
  /** By their name below assets/; each name holds a digest of the content. */
  readonly assets: ReadonlyMap<string, PageFile>;
}

/** Seen from dist/src/http/services/. */
const PAGE_FOLDER = fileURLToPath(new URL('../../../../web/dist', import.meta.url));
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Undefined where the page was not built. `styleUrl` is what the page's document says of its map. */
export function readPageFiles(styleUrl: string | undefined, folder = PAGE_FOLDER): PageFiles | undefined {
  if (!existsSync(join(folder, 'index.html'))) return undefined;
  const text = readFileSync(join(folder, 'index.html'), 'utf8').replace(
    '<meta name="skyfix-style" content=""',
    () => `<meta name="skyfix-style" content="${escapeAttribute(styleUrl ?? '')}"`,
  );
  const assets = readdirSync(join(folder, 'assets'))
    .filter((name) => extname(name) in MEDIA_TYPES)
    .map((name) => [name, readFile(join(folder, 'assets', name))] as const);
  return { document: fileOf('.html', Buffer.from(text)), assets: new Map(assets) };
}

function readFile(path: string): PageFile {
  const compressed = (ending: string) =>
    existsSync(`${path}.${ending}`) ? readFileSync(`${path}.${ending}`) : undefined;
  const [br, gzip] = [compressed('br'), compressed('gz')];
  return { ...fileOf(extname(path), readFileSync(path)), ...(br ? { br } : {}), ...(gzip ? { gzip } : {}) };
}

function fileOf(extension: string, plain: Buffer): PageFile {
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
  return { mediaType: MEDIA_TYPES[extension] ?? 'application/octet-stream', plain, etag };
}

function escapeAttribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
