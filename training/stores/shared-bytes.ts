// Bytes that all threads of the process see without a copy.

/** The same bytes in shared memory: themselves where they are shared already, else a copy made once. */
export function sharedBytes(data: Uint8Array): Uint8Array {
  if (data.buffer instanceof SharedArrayBuffer) return data;
  const shared = new Uint8Array(new SharedArrayBuffer(data.length));
  shared.set(data);
  return shared;
}
