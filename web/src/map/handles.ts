// What is taken hold of on the map, by pointer or by keys: the heading, and the centre of the prior circle.
import { type Map as MapLibre, Marker } from 'maplibre-gl';
import { type LonLat, normalDeg, offsetBy } from '../answers/geodesy.js';

const SVG = 'http://www.w3.org/2000/svg';
const STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -15,
  PageUp: 15,
};

/** An arrow around a place that one turns: a slider of degrees, for whoever does not see it. */
export class HeadingHandle {
  readonly #marker: Marker;
  readonly #knob: HTMLElement;
  readonly #map: MapLibre;
  readonly #onTurn: (deg: number) => void;
  #deg = 0;
  #shown = false;

  constructor(map: MapLibre, onTurn: (deg: number) => void) {
    this.#map = map;
    this.#onTurn = onTurn;
    const dial = document.createElement('div');
    dial.className = 'dial';
    dial.append(arrow());
    this.#knob = document.createElement('div');
    this.#knob.className = 'knob';
    this.#knob.tabIndex = 0;
    this.#knob.setAttribute('role', 'slider');
    this.#knob.setAttribute('aria-valuemin', '0');
    this.#knob.setAttribute('aria-valuemax', '359');
    dial.append(this.#knob);
    this.#marker = new Marker({ element: dial, rotationAlignment: 'map', pitchAlignment: 'map' });
    this.#marker.getElement().removeAttribute('aria-label');
    this.#marker.getElement().setAttribute('role', 'presentation');
    this.#knob.addEventListener('keydown', (event) => this.#onKey(event));
    this.#knob.addEventListener('pointerdown', (event) => this.#onDown(event));
  }

  show(at: LonLat | undefined, deg: number | undefined, label: string, text: string): void {
    if (!at || deg === undefined) {
      if (this.#shown) this.#marker.remove();
      this.#shown = false;
      return;
    }
    this.#deg = normalDeg(deg);
    this.#marker.setLngLat([at.lon, at.lat]).setRotation(this.#deg);
    this.#knob.setAttribute('aria-label', label);
    this.#knob.setAttribute('aria-valuenow', String(Math.round(this.#deg) % 360));
    this.#knob.setAttribute('aria-valuetext', text);
    if (!this.#shown) this.#marker.addTo(this.#map);
    this.#shown = true;
  }

  #onKey(event: KeyboardEvent): void {
    const step = STEPS[event.key];
    if (step === undefined && event.key !== 'Home') return;
    event.preventDefault();
    event.stopPropagation();
    this.#onTurn(step === undefined ? 0 : normalDeg(this.#deg + step));
  }

  #onDown(event: PointerEvent): void {
    event.preventDefault();
    event.stopPropagation();
    this.#knob.focus();
    this.#knob.setPointerCapture(event.pointerId);
    const move = (moved: PointerEvent) => {
      const frame = this.#map.getContainer().getBoundingClientRect();
      const centre = this.#map.project(this.#marker.getLngLat());
      const [x, y] = [moved.clientX - frame.left - centre.x, moved.clientY - frame.top - centre.y];
      this.#onTurn(normalDeg((Math.atan2(x, -y) * 180) / Math.PI + this.#map.getBearing()));
    };
    this.#knob.addEventListener('pointermove', move);
    const end = () => this.#knob.removeEventListener('pointermove', move);
    this.#knob.addEventListener('lostpointercapture', end, { once: true });
  }
}

function arrow(): SVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '-60 -60 120 120');
  svg.setAttribute('aria-hidden', 'true');
  const ring = document.createElementNS(SVG, 'circle');
  ring.setAttribute('r', '46');
  const shaft = document.createElementNS(SVG, 'path');
  shaft.setAttribute('d', 'M0-16V-38');
  svg.append(ring, shaft);
  return svg;
}

/** As long as the stem in map.css: the handle hangs below the centre, beside places and the heading. */
const PRIOR_STEM_PX = 84;

/** A handle at the middle of a circle that one drags. */
export class PriorHandle {
  readonly #marker: Marker;
  readonly #map: MapLibre;
  #shown = false;

  constructor(map: MapLibre, onMove: (to: LonLat) => void) {
    this.#map = map;
    const element = document.createElement('button');
    element.type = 'button';
    element.className = 'prior-centre';
    this.#marker = new Marker({ element, draggable: true, offset: [0, PRIOR_STEM_PX] });
    const at = (): LonLat => ({ lon: this.#marker.getLngLat().lng, lat: this.#marker.getLngLat().lat });
    this.#marker.on('drag', () => onMove(at()));
    element.addEventListener('keydown', (event) => {
      const stepM = event.shiftKey ? 50 : 5;
      const steps: Readonly<Record<string, readonly [number, number]>> = {
        ArrowLeft: [-stepM, 0],
        ArrowRight: [stepM, 0],
        ArrowUp: [0, stepM],
        ArrowDown: [0, -stepM],
      };
      const step = steps[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      const [lon, lat] = offsetBy(at(), ...step);
      onMove({ lon, lat });
    });
  }

  show(at: LonLat | undefined, label: string): void {
    if (!at) {
      if (this.#shown) this.#marker.remove();
      this.#shown = false;
      return;
    }
    this.#marker.setLngLat([at.lon, at.lat]);
    if (!this.#shown) this.#marker.addTo(this.#map);
    this.#shown = true;
    this.#marker.getElement().setAttribute('aria-label', label);
  }
}
