// How long the event loop stood still.

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
