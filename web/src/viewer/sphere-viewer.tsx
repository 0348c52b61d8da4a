// The panorama, to look around in: by mouse, finger or keys. Along its upper edge a compass under the heading of the draft.
import { useEffect, useRef, useState } from 'preact/hooks';
import { normalDeg } from '../answers/geodesy.js';
import type { Item } from '../state/items.js';
import { look } from '../state/look.js';
import { words } from '../words/index.js';
import { Compass } from './compass.js';
import { type Coverage, coverageOf } from './coverage.js';
import { SphereDrawing, type SphereView } from './sphere-shader.js';

const FIRST: SphereView = { yawDeg: 0, pitchDeg: -5, fovDeg: 75 };
const FOV_DEG: readonly [number, number] = [25, 110];
const KEY_TURN_DEG = 10;
const ZOOM = 1.15;

/** Moves come faster than they are drawn: each begins where the one before ended. */
type Turn = (change: (before: SphereView) => Partial<SphereView>) => void;

interface Props {
  readonly item: Item;
  /** Where the centre column looks. */
  readonly headingDeg: number | undefined;
}

export function SphereViewer({ item, headingDeg }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawing = useRef<SphereDrawing | undefined>(undefined);
  const [view, setView] = useState(FIRST);
  const [shown, setShown] = useState<Coverage | 'loading' | 'flat' | 'unreadable'>('loading');
  const coverage = typeof shown === 'object' ? shown : undefined;

  useEffect(() => {
    let current = true;
    setView(FIRST);
    setShown('loading');
    const element = canvas.current;
    if (!element || !item.file) return;
    drawing.current ??= SphereDrawing.on(element);
    const sphere = drawing.current;
    void load(item, sphere).then((next) => {
      if (current) setShown(next);
    });
    return () => {
      current = false;
      look.value = undefined;
    };
  }, [item.id, item.question]);
  useEffect(() => () => drawing.current?.free(), []);

  useEffect(() => {
    const element = canvas.current;
    if (!element || !coverage) return;
    const draw = () => {
      const { clientWidth, clientHeight } = element;
      const scale = Math.min(2, devicePixelRatio);
      element.width = Math.max(1, Math.round(clientWidth * scale));
      element.height = Math.max(1, Math.round(clientHeight * scale));
      drawing.current?.draw(view, coverage);
    };
    draw();
    look.value = { yawDeg: view.yawDeg, fovDeg: horizontalFov(view.fovDeg, element) };
    const observer = new ResizeObserver(draw);
    observer.observe(element);
    return () => observer.disconnect();
  }, [view, coverage]);

  const turn: Turn = (change) =>
    setView((before) => {
      const next = { ...before, ...change(before) };
      return {
        yawDeg: normalDeg(next.yawDeg),
        pitchDeg: Math.max(-90, Math.min(90, next.pitchDeg)),
        fovDeg: Math.max(FOV_DEG[0], Math.min(FOV_DEG[1], next.fovDeg)),
      };
    });

  const { panorama, panoramaHelp, noPreview, photo } = words.value;
  return (
    <div class="viewer">
      <div
        class="around"
        // What takes keys of its own says so; its label says which.
        role="application"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: one looks around in it with the keys
        tabIndex={0}
        aria-label={`${panorama}: ${item.name}. ${panoramaHelp}`}
        hidden={!coverage}
        onKeyDown={(event) => onKey(event, turn)}
        onWheel={(event) => {
          event.preventDefault();
          turn(({ fovDeg }) => ({ fovDeg: fovDeg * ZOOM ** Math.sign(event.deltaY) }));
        }}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={(event) => onDrag(event, turn)}
      >
        <canvas ref={canvas} />
      </div>
      {coverage && headingDeg !== undefined && <Compass bearingDeg={headingDeg + view.yawDeg} />}
      {shown === 'flat' && <img class="flat" src={item.imageUrl} alt={`${photo}: ${item.name}`} />}
      {shown === 'unreadable' && <p class="empty">{noPreview}</p>}
    </div>
  );
}

/** What there is to show, after the image is in the drawing. */
async function load(
  item: Item,
  sphere: SphereDrawing | undefined,
): Promise<Coverage | 'flat' | 'unreadable'> {
  if (!item.file) return 'unreadable';
  try {
    let image = await createImageBitmap(item.file);
    const coverage = coverageOf(image.width, image.height, item.question);
    if (!coverage || !sphere) return 'flat';
    const scale = Math.min(1, sphere.largestPx / Math.max(image.width, image.height));
    if (scale < 1) {
      const smaller = await createImageBitmap(image, {
        resizeWidth: Math.floor(image.width * scale),
        resizeHeight: Math.floor(image.height * scale),
      });
      image.close();
      image = smaller;
    }
    sphere.setImage(image);
    image.close();
    return coverage;
  } catch {
    return 'unreadable';
  }
}

function horizontalFov(verticalDeg: number, { clientWidth, clientHeight }: HTMLElement): number {
  const half = Math.tan((verticalDeg * Math.PI) / 360) * (clientWidth / Math.max(1, clientHeight));
  return (Math.atan(half) * 360) / Math.PI;
}

function onDrag(event: PointerEvent & { currentTarget: HTMLElement }, turn: Turn): void {
  if (event.buttons === 0) return;
  const { movementX, movementY } = event;
  const heightPx = event.currentTarget.clientHeight;
  turn(({ yawDeg, pitchDeg, fovDeg }) => ({
    yawDeg: yawDeg - (movementX * fovDeg) / heightPx,
    pitchDeg: pitchDeg + (movementY * fovDeg) / heightPx,
  }));
}

const KEYS: Readonly<Record<string, (before: SphereView) => Partial<SphereView>>> = {
  ArrowLeft: ({ yawDeg }) => ({ yawDeg: yawDeg - KEY_TURN_DEG }),
  ArrowRight: ({ yawDeg }) => ({ yawDeg: yawDeg + KEY_TURN_DEG }),
  ArrowUp: ({ pitchDeg }) => ({ pitchDeg: pitchDeg + KEY_TURN_DEG }),
  ArrowDown: ({ pitchDeg }) => ({ pitchDeg: pitchDeg - KEY_TURN_DEG }),
  '+': ({ fovDeg }) => ({ fovDeg: fovDeg / ZOOM }),
  '-': ({ fovDeg }) => ({ fovDeg: fovDeg * ZOOM }),
  Home: () => FIRST,
};

function onKey(event: KeyboardEvent, turn: Turn): void {
  const change = KEYS[event.key];
  if (!change) return;
  event.preventDefault();
  turn(change);
}
