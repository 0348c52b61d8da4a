// The event loop: how long it stood still, and that it goes on.

/** Starts watching; what it returns stops and says how long the loop stood still at most, milliseconds. */
export function watchEventLoop(): () => number {
  let worstMs = 0;
  let last = performance.now();
  const note = () => {
    const now = performance.now();
    worstMs = Math.max(worstMs, now - last);
    last = now;
  };
  const timer = setInterval(note, 2);
  return () => {
    clearInterval(timer);
    note();
    return worstMs;
  };
}

/** Waits for what only timers and threads bring about that keep no process alive: this one stays until it is settled. */
export async function stayingUntil<T>(settled: Promise<T>): Promise<T> {
  const staying = setInterval(() => {}, 1000);
  try {
    return await settled;
  } finally {
    clearInterval(staying);
  }
}
