// A panorama as a camera writes it: JPEG with GPano XMP (Google's Photo Sphere schema) and EXIF GPS.
import { sharp } from 'skyfix/imaging';

/** What the camera believes about itself. */
export interface CameraClaim {
  /** Clockwise from true north, 0..360. */
  readonly headingDeg: number;
  readonly pitchDeg: number;
  readonly rollDeg: number;
  readonly lon: number;
  readonly lat: number;
}

/** How a panorama is kept. */
export interface PanoramaFile {
  /** JPEG's 1..100. */
  readonly quality: number;
  /** Rows of the sphere that are kept, from above; all of them where absent. */
  readonly rows?: { readonly top: number; readonly count: number };
}

const TOWN_FILE: PanoramaFile = { quality: 88 };

function gpano(width: number, claim: CameraClaim, rows: { top: number; count: number }): string {
  const height = width / 2;
  const fields = {
    ProjectionType: 'equirectangular',
    UsePanoramaViewer: 'True',
    PoseHeadingDegrees: claim.headingDeg.toFixed(2),
    PosePitchDegrees: claim.pitchDeg.toFixed(2),
    PoseRollDegrees: claim.rollDeg.toFixed(2),
    FullPanoWidthPixels: width,
    FullPanoHeightPixels: height,
    CroppedAreaImageWidthPixels: width,
    CroppedAreaImageHeightPixels: rows.count,
    CroppedAreaLeftPixels: 0,
    CroppedAreaTopPixels: rows.top,
  };
  const attributes = Object.entries(fields).map(([name, value]) => `GPano:${name}="${value}"`);
  return (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>' +
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
    `<rdf:Description rdf:about="" xmlns:GPano="http://ns.google.com/photos/1.0/panorama/" ${attributes.join(' ')}/>` +
    '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
  );
}

function degreesMinutesSeconds(value: number): string {
  const hundredths = Math.round(Math.abs(value) * 3600 * 10_000);
  const degrees = Math.floor(hundredths / 36_000_000);
  const minutes = Math.floor((hundredths % 36_000_000) / 600_000);
  return `${degrees}/1 ${minutes}/1 ${hundredths % 600_000}/10000`;
}

/** The JPEG file of a panorama of width x width/2 pixels RGB, cut to the rows that are kept. */
export async function encodePanorama(
  rgb: Uint8Array,
  width: number,
  claim: CameraClaim,
  file: PanoramaFile = TOWN_FILE,
): Promise<Uint8Array> {
  const rows = file.rows ?? { top: 0, count: width / 2 };
  const kept = rgb.subarray(rows.top * width * 3, (rows.top + rows.count) * width * 3);
  return sharp(kept, { raw: { width, height: rows.count, channels: 3 } })
    .jpeg({ quality: file.quality })
    .withExif({
      IFD0: { Make: 'skyfix', Model: 'procedural town' },
      IFD3: {
        GPSLatitudeRef: claim.lat < 0 ? 'S' : 'N',
        GPSLatitude: degreesMinutesSeconds(claim.lat),
        GPSLongitudeRef: claim.lon < 0 ? 'W' : 'E',
        GPSLongitude: degreesMinutesSeconds(claim.lon),
      },
    })
    .withXmp(gpano(width, claim, rows))
    .toBuffer();
}
