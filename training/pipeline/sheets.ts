// The picture sheets of a run: panorama, BEV, view and tile side by side; first five answers; failures.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { distanceM, type RgbImage } from 'skyfix/geometry';
import { decodeImage, resizeImage } from 'skyfix/imaging';
import type { CrossViewDataset } from '../datasets/index.js';
import { spreadEvenly } from '../drawing/index.js';
import type { PreparedArea } from '../images/index.js';
import { type AnswerRow, failureSheet, topFiveSheet, triplesSheet, writeSheet } from '../report/index.js';
import { type ImageStore, imageOfStore } from '../stores/index.js';
import type { AreaFigures } from './evaluate-area.js';

const ROWS = 6;

/** Writes sheets/triples.png, sheets/top5.png and, where something was missed, sheets/failures.png. */
export async function writeSheets(
  dir: string,
  area: PreparedArea,
  dataset: CrossViewDataset,
  queries: { readonly bevs: ImageStore; readonly views?: ImageStore },
  { ranks, firstFive }: Pick<AreaFigures, 'ranks' | 'firstFive'>,
): Promise<void> {
  const pathOf = new Map(dataset.pairs.map(({ id, path }) => [id, path]));
  const { bevs, views } = queries;
  const shown = (store: ImageStore, row: number): RgbImage =>
    imageOfStore(store, row, (store.sizePx - area.gallery.sizePx) / 2);
  const rowOf = async (row: number, caption: string): Promise<AnswerRow> => {
    const panorama = await decodeImage(await readFile(pathOf.get(area.ids[row] ?? '') ?? ''));
    return {
      panorama: await resizeImage(panorama, 512, 256),
      bev: shown(bevs, row),
      ...(views && { view: shown(views, row) }),
      caption,
      answers: (firstFive[row] ?? []).map((tile) => {
        const [here, there] = [area.locations[row], area.galleryCentres[tile]];
        return {
          tile: imageOfStore(area.gallery, tile),
          right: tile === area.tileOf[row],
          ...(here && there && { distanceM: distanceM(here, there) }),
        };
      }),
    };
  };
  const truth = (row: number) => imageOfStore(area.gallery, area.tileOf[row] ?? 0);
  const captionOf = (row: number) => [area.ids[row], area.districts?.[row]].filter(Boolean).join(', ');
  const rows = spreadEvenly(area.ids.length, ROWS);
  const answers = await Promise.all(rows.map((row) => rowOf(row, captionOf(row))));
  const triples = answers.map(({ answers: _, ...images }, k) => ({ ...images, tile: truth(rows[k] ?? 0) }));
  await writeSheet(join(dir, 'sheets', 'triples.png'), await triplesSheet(triples));
  await writeSheet(join(dir, 'sheets', 'top5.png'), await topFiveSheet(answers));
  const missed = Array.from(ranks, (rank, row) => ({ rank, row })).filter(({ rank }) => rank > 0);
  const failures = spreadEvenly(missed.length, ROWS).flatMap((k) => missed[k] ?? []);
  if (failures.length === 0) return;
  const failed = await Promise.all(
    failures.map(async ({ row, rank }) => ({
      ...(await rowOf(row, `${captionOf(row)}, rank ${rank + 1}`)),
      truth: truth(row),
    })),
  );
  await writeSheet(join(dir, 'sheets', 'failures.png'), await failureSheet(failed));
}
