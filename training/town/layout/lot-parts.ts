// What a lot is made of, and of what colours and materials each district builds.
import { M } from '../scene/materials.js';
import type { TownDistrict } from './streets.js';

/** A rectangle of a lot in its own metres: a along the street from the middle, b away from the street. */
export interface Shape {
  readonly a0: number;
  readonly a1: number;
  readonly b0: number;
  readonly b1: number;
  readonly material: number;
  readonly heightCm: number;
}

/** A building of a lot, in the lot's metres. */
export interface House {
  readonly a: number;
  readonly b: number;
  readonly halfA: number;
  readonly halfB: number;
  readonly eaveM: number;
  readonly roof: 'flat' | 'gable' | 'hip';
  readonly ridgeAlongStreet: boolean;
  readonly roofMaterial: number;
  readonly wall: readonly [number, number, number];
  readonly style: number;
  /** Slope of the roof; drawn where absent. */
  readonly pitch?: number;
}

/** Everything a lot holds. */
export interface LotDesign {
  /** How many lots in a row look like this one. */
  readonly repeats?: number;
  /** Nothing is built: the ground stays what it is. */
  readonly empty?: boolean;
  /** How likely a car stands on each of its places. */
  readonly carChance?: number;
  readonly widthM: number;
  readonly depthM: number;
  readonly ground: number;
  readonly shapes: readonly Shape[];
  readonly houses: readonly House[];
  readonly trees: readonly {
    readonly a: number;
    readonly b: number;
    readonly r: number;
    readonly kind: number;
  }[];
  readonly cars: readonly {
    readonly a: number;
    readonly b: number;
    readonly across: boolean;
    readonly truck: boolean;
  }[];
}

/** Colours of walls. */
export const WALLS: Record<TownDistrict, readonly (readonly [number, number, number])[]> = {
  'old-town': [
    [214, 184, 140],
    [196, 150, 118],
    [222, 206, 176],
    [176, 196, 190],
    [206, 168, 150],
    [232, 214, 160],
  ],
  suburb: [
    [228, 222, 208],
    [214, 198, 170],
    [178, 100, 78],
    [236, 232, 226],
    [196, 204, 200],
  ],
  terraces: [
    [176, 96, 76],
    [166, 112, 90],
    [206, 188, 160],
    [188, 176, 160],
  ],
  blocks: [
    [196, 194, 188],
    [172, 182, 188],
    [214, 204, 186],
    [182, 160, 140],
  ],
  industry: [
    [180, 184, 186],
    [150, 164, 172],
    [196, 188, 172],
    [120, 132, 140],
  ],
};

/** Materials of roofs. */
export const ROOFS: Record<TownDistrict, readonly number[]> = {
  'old-town': [M.roofRed, M.roofBrown, M.roofOrange, M.roofRed],
  suburb: [M.roofRed, M.roofSlate, M.roofBrown, M.roofOrange, M.roofGrey],
  terraces: [M.roofSlate, M.roofRed, M.roofBrown],
  blocks: [M.roofGravel, M.roofGrey, M.roofTar, M.roofGreen, M.roofWhite],
  industry: [M.roofWhite, M.roofGrey, M.roofBlue, M.roofGravel, M.roofTar],
};

/** A rectangle of the lot, flat unless a height is given. */
export const shape = (
  a0: number,
  a1: number,
  b0: number,
  b1: number,
  material: number,
  heightCm = 0,
): Shape => ({
  a0,
  a1,
  b0,
  b1,
  material,
  heightCm,
});
