// skyfix index catalogue: the tiles of a version as a table for other programs.
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Command } from 'commander';
import { cataloguePieces, readCatalogue, writeCatalogue } from '../../src/search/index.js';
import { catalogueFileOf, readIndexManifest } from '../../src/versions/index.js';

export function catalogueCommand(): Command {
  return new Command('catalogue')
    .description(
      'Write the tiles of an index version as CSV: tile,lon,lat,sizeM,source; row by row as in the index.',
    )
    .argument('<dir>', 'index version folder')
    .option('-o, --out <file.csv>', 'file to write instead of the standard output')
    .action(async (dir: string, { out }: { out?: string }) => {
      const catalogue = await readCatalogue(join(dir, catalogueFileOf(await readIndexManifest(dir))));
      if (out !== undefined) await writeCatalogue(out, catalogue.tiles());
      else await pipeline(Readable.from(cataloguePieces(catalogue.tiles())), process.stdout, { end: false });
    });
}
