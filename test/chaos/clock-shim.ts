// Preloaded into a process (--import): its clock goes back by SHIFT_MS some time after the start, as when somebody sets it.
const shiftMs = Number(process.env.SHIFT_MS ?? 0);
const afterMs = Number(process.env.SHIFT_AFTER_MS ?? 0);
const RealDate = Date;
const offsetMs = () => (performance.now() > afterMs ? -shiftMs : 0);

class ShiftedDate extends RealDate {
  constructor(...args: [] | [string | number | Date]) {
    if (args.length === 0) super(RealDate.now() + offsetMs());
    else super(...args);
  }

  static override now(): number {
    return RealDate.now() + offsetMs();
  }
}
globalThis.Date = ShiftedDate as DateConstructor;
