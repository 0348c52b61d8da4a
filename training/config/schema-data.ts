// The part of a configuration's schema that says what is trained on: data sets, and imagery.
import { FIELD_OF_VIEW_SCHEMA } from 'skyfix/bundles';
import { SPLITS } from '../common/index.js';
import { DEFAULT_PHOTOS, FORMATS, VIGOR_AREAS } from '../datasets/index.js';
import { STYLE_NAMES, TOWN_GAPS } from '../town/index.js';
import {
  between,
  count,
  listOf,
  nonNegative,
  object,
  oneOf,
  other,
  positive,
  seed,
  text,
  yes,
} from './schema-fields.js';

export const fieldOfView = (description: string) => {
  const { horizontalDeg, verticalDeg, horizonShare } = FIELD_OF_VIEW_SCHEMA.properties;
  return object(description, {
    '?horizontalDeg': other(horizontalDeg)('Angle that the columns cover, degrees.', 360),
    verticalDeg: other(verticalDeg)('Angle that the rows cover, degrees.'),
    '?horizonShare': other(horizonShare)('Share of the rows above the horizon.', 0.5),
  });
};

export const imageryFields = {
  '?zoom': between(0, 30, 'integer')('Zoom level of a folder of tiles; the deepest when absent.'),
  '?tms': yes('Rows of the folder of tiles count from the south.', false),
  '?proj4': text('Coordinate system of a GeoTIFF, where it is not known by its code.'),
};

export const source = object('A data set on disk.', {
  format: oneOf(FORMATS)('Format of the data set, see docs/data.md.'),
  root: text('Its folder; of format csv the file, or a folder with pairs.csv.'),
  '?area': oneOf(VIGOR_AREAS)(
    "VIGOR's protocol: train and test in the same four cities, or in two and two.",
    'same',
  ),
  '?imagery': text('Format photos: where tiles are cut from, a GeoTIFF file or a folder of XYZ/TMS tiles.'),
  ...imageryFields,
  '?metadata': text(
    'Format photos: a CSV file,headingDeg[,pitchDeg,rollDeg,lon,lat] with what the photos themselves do not say, or say wrong.',
  ),
  '?splitSeed': seed(
    "Format photos: draws which blocks of ground are for training, validation and test, whatever the run's seed.",
    DEFAULT_PHOTOS.seed,
  ),
  '?blockM': positive(
    'Format photos: side of a block of ground that goes to one split as a whole, metres; 4 tiles when absent.',
  ),
  '?unlabelledStrideM': positive(
    'Format photos: distance of the unlabelled tiles that self-training looks at, metres; half a tile when absent.',
  ),
  '?dropInvalid': yes(
    'Entries that cannot be used are left out and counted, instead of ending the run.',
    false,
  ),
  '?fieldOfView': fieldOfView(
    'What panoramas show whose files have no GPano crop, instead of what the format says (cvusa: ' +
      'strips of 65.45 degrees, horizon at 0.585). Of data.source it is geometry.fieldOfView too, where that is absent.',
  ),
  '?tileFileM': positive(
    'Ground along a side of a tile file, metres, instead of what the format says; tiles are cropped to ' +
      'geometry.tileSizeM. Of format csv where the column tile_size_m is empty.',
  ),
  '?make': object('Format town: the town is made with these where root does not exist.', {
    seed: seed('Seed of the town.'),
    places: between(4, 5000, 'integer')('Panoramas to take.'),
    '?panoramaWidthPx': between(
      256,
      4096,
      'integer',
    )('Width of a panorama, pixels; its height is half of it.', 1024),
    '?style': oneOf(STYLE_NAMES)('A world of this style instead of a town, see "skyfix-train world --help".'),
    ...Object.fromEntries(
      TOWN_GAPS.map((name) => [
        `?${name}`,
        yes('A difference of the two views, see "skyfix-train town --help".', true),
      ]),
    ),
  }),
});

export const data = object('What is trained on.', {
  source,
  '?further': listOf(source)('Further data sets for G and the encoder, all their splits; none when absent.'),
  encoderOnly: listOf(source)(
    'Further data sets for the encoder alone, all their splits. G never sees them.',
  ),
  nearM: object('Places this far apart are look-alikes, except where they are the same place.', {
    low: nonNegative('From, metres.'),
    high: positive('To, metres.'),
  }),
  '?samePlaceM': nonNegative(
    'Labelled pairs of one data set at most so far apart are the same place, never negatives ' +
      'of each other, metres; 0: by their tiles alone. 10 suits geotagged photos.',
    0,
  ),
  cacheDir: text('Folder of prepared images, shared by runs.'),
});

const area = object('Places that a trained run is measured on.', {
  name: text('Its name in reports.'),
  '?source': source,
  splits: listOf({ enum: [...SPLITS] }, { minItems: 1, uniqueItems: true })('Splits of it.'),
});

export const evaluation = object(
  'What the trained networks are measured on. May change when a run is continued.',
  {
    '?areas': listOf(area)(
      "The areas, each with a source (the run's own when absent); when absent, the first of " +
        'preferredSplits that the data set has.',
    ),
    '?preferredSplits': listOf({ enum: [...SPLITS] }, { uniqueItems: true })(
      'Without areas: splits of the own data set to be measured on, the best first.',
      ['test', 'validation'],
    ),
    gridStrideM: nonNegative(
      'Stride of the grid of tiles that is searched as a server does, metres; 0: pairs only.',
    ),
    robustness: yes(
      'Also with wrong camera heights, headings and tilts, slopes, occlusion, holes below the camera and strips, on the ' +
        'first area.',
    ),
    sheets: yes('Also sheets of pictures, of the first area.'),
  },
);

export const publish = object(
  'Where the bundle goes when it is trained: an index over imagery, as a region of a server. May change when a run is continued.',
  {
    dataDir: text('SKYFIX_DATA of the server.'),
    region: other({ type: 'string', pattern: '^[a-z0-9][a-z0-9-]*$' })('Name of the region.'),
    imagery: text('GeoTIFF, or folder of tiles.'),
    ...imageryFields,
    '?area': text('GeoJSON of the ground to cover; all of the imagery when absent.'),
    strideM: positive('Distance of neighbouring tiles, metres.'),
  },
);

export const geometry = object(
  'What BEVs and tiles show. In the presets paper and small, what is known of cvusa, cvact, vigor and cv-cities where absent.',
  {
    tileSizeM: positive('Side of a tile and of a BEV on the ground, metres.'),
    inputSizePx: other({ type: 'integer', minimum: 32, multipleOf: 4 })(
      'Side of what the networks are given, pixels.',
    ),
    bevSizePx: count(
      'Side at which BEVs are projected before they are averaged down, pixels; a multiple of inputSizePx.',
    ),
    cameraHeightM: positive('Height of the camera over the ground, metres.'),
    '?cameraHeightsM': listOf(
      { type: 'number', exclusiveMinimum: 0 },
      { minItems: 1, maxItems: 8, uniqueItems: true },
    )(
      'Heights that are tried where a request says none, metres: descriptors are averaged; cameraHeightM alone when ' +
        'absent. May change when a run is continued.',
    ),
    '?searchMarginPx': other({ type: 'integer', minimum: 0, multipleOf: 2 })(
      'How much more ground than a tile the view shows on every side when it is served, input ' +
        'pixels. May change when a run is continued.',
      0,
    ),
    '?searchStepPx': count(
      'Distance of neighbouring looks, input pixels; divides searchMarginPx, which it is when ' +
        'absent. May change when a run is continued.',
    ),
    '?fieldOfView': fieldOfView(
      'What a server assumes that panoramas show whose files do not say it, unless they are 2:1; ' +
        "data.source.fieldOfView, or the format's, when absent; null: none.",
    ),
  },
);
