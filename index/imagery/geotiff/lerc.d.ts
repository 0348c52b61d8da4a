// What is used of Esri's LERC decoder, which comes without types.
declare module 'lerc' {
  interface LercImage {
    readonly width: number;
    readonly height: number;
    readonly pixels: readonly (ArrayLike<number> & ArrayBufferView)[];
    /** 1 where there is a value; absent where there is one everywhere. */
    readonly maskData?: Uint8Array | null;
    readonly mask?: Uint8Array | null;
  }
  const Lerc: {
    decode(bytes: ArrayBuffer, options?: { returnPixelInterleavedDims?: boolean }): LercImage;
  };
  export default Lerc;
}
