// A list beside a folder of photos: what the photos themselves do not say, or say wrong.
import type { LonLat } from 'skyfix/geometry';
import {
  numberField,
  pathField,
  placeFields,
  RowError,
  readCsvList,
  readRows,
  unusable,
} from '../listing/lists.js';
import type { Problem } from '../listing/problems.js';
import type { ToldPose } from '../listing/types.js';

const REQUIRED = ['file', 'headingdeg'] as const;
const OPTIONAL = ['pitchdeg', 'rolldeg', 'lon', 'lat'] as const;

export interface ListedPhoto {
  readonly pose: ToldPose;
  readonly place?: LonLat;
  readonly listedAt: string;
}

export interface PhotoList {
  /** By the file's path from the folder of the photos, with slashes. */
  readonly photos: ReadonlyMap<string, ListedPhoto>;
  readonly problems: readonly Problem[];
}

/**
 * Reads a CSV with the header file,headingDeg and, in any order, pitchDeg, rollDeg, lon, lat; empty cells leave a value to the
 * photo, but for the heading. Throws DATASET_INVALID where it is missing or empty, or has another header.
 */
export async function readPhotoList(path: string): Promise<PhotoList> {
  const [header, ...rows] = await readCsvList(path);
  const names = (header?.fields ?? []).map((name) => name.trim().toLowerCase());
  const known: readonly string[] = [...REQUIRED, ...OPTIONAL];
  const unknown = names.filter((name) => !known.includes(name));
  const hasPlace = names.includes('lon') === names.includes('lat');
  if (REQUIRED.some((name) => !names.includes(name)) || unknown.length > 0 || !hasPlace) {
    throw unusable(
      path,
      `line 1 is "${header?.fields.join(',')}", not "file,headingDeg" with or without pitchDeg, rollDeg, and lon with lat`,
    );
  }
  const photos = new Map<string, ListedPhoto>();
  const at = (name: (typeof known)[number]) => names.indexOf(name);
  const { problems } = readRows(path, rows, (fields, where) => {
    const given = (name: string) => at(name) >= 0 && (fields[at(name)] ?? '').trim() !== '';
    const file = pathField(fields, at('file'), 'file').replace(/^\.\//, '');
    const earlier = photos.get(file);
    if (earlier) throw new RowError('duplicate-id', `"${file}" is also at ${earlier.listedAt}`);
    photos.set(file, {
      pose: {
        headingDeg: numberField(fields, at('headingdeg'), 'headingDeg'),
        ...(given('pitchdeg') && { pitchDeg: numberField(fields, at('pitchdeg'), 'pitchDeg') }),
        ...(given('rolldeg') && { rollDeg: numberField(fields, at('rolldeg'), 'rollDeg') }),
      },
      ...((given('lon') || given('lat')) && { place: placeFields(fields, at('lon'), at('lat')) }),
      listedAt: where,
    });
  });
  return { photos, problems };
}
