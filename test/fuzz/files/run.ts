// npm run fuzz:files: broken image files against the real server with a heap of 256 MB. FUZZ_FILES (default 10000), FUZZ_SEED
// (default 1). Prints what was answered, how /healthz answered meanwhile, and memory; fails for any crash, server error,
// health check over 250 ms, or memory that grows. FUZZ_OUT names a folder that takes the files that failed.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FuzzReport, fuzzFiles } from './fuzz-files.js';

const HEAP_MB = 256;
const SLOWEST_HEALTH_MS = 250;
/** Of the last quarter's memory over that of the second: buffers come and go. */
const MOST_GROWTH = 1.3;

const count = Number(process.env.FUZZ_FILES ?? 10_000);
const seed = Number(process.env.FUZZ_SEED ?? 1);
const started = performance.now();
const report = await fuzzFiles({
  count,
  seed,
  heapMb: HEAP_MB,
  onProgress: (done) => process.stderr.write(`\r${done} of ${count} files`),
});
process.stderr.write('\n');
print(report);
keepFailures(report);
const growth = growthOf(report.residentMb);
const faults = [
  report.ended === undefined ? '' : `the server ended (${report.ended})`,
  report.sent < count ? `only ${report.sent} of ${count} files were sent` : '',
  report.failures.length > 0 ? `${report.failures.length} files got no answer or a server error` : '',
  report.health.failed > 0 ? `${report.health.failed} health checks failed` : '',
  report.health.longest > SLOWEST_HEALTH_MS
    ? `a health check took ${Math.round(report.health.longest)} ms`
    : '',
  growth > MOST_GROWTH ? `memory grew by ${growth.toFixed(2)}` : '',
].filter(Boolean);
console.log(faults.length === 0 ? 'Nothing got through.' : `FAILED: ${faults.join('; ')}.`);
process.exitCode = faults.length === 0 ? 0 : 1;

function print({ sent, answers, health, residentMb }: FuzzReport): void {
  const totals = new Map<string, number>();
  console.log('| files | answers |\n|---|---|');
  for (const [key, counts] of [...answers].sort(([a], [b]) => a.localeCompare(b))) {
    const sorted = [...counts].sort(([, a], [, b]) => b - a);
    for (const [answer, times] of sorted) totals.set(answer, (totals.get(answer) ?? 0) + times);
    console.log(`| ${key} | ${sorted.map(([answer, times]) => `${times} x ${answer}`).join(', ')} |`);
  }
  const all = [...totals].sort(([, a], [, b]) => b - a);
  console.log(`| **all ${sent}** | ${all.map(([answer, times]) => `${times} x ${answer}`).join(', ')} |`);
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  console.log(
    `/healthz: ${health.asked} asked, ${health.failed} failed, median ${ms(health.median)}, p99 ${ms(health.p99)}, ` +
      `longest ${ms(health.longest)}`,
  );
  console.log(`resident memory, MB: ${residentMb.map((value) => Math.round(value)).join(' ')}`);
  console.log(`seed ${seed}, ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

function keepFailures({ failures }: FuzzReport): void {
  for (const { number, file, answer } of failures.slice(0, 20)) {
    console.log(`file ${number} (${file.format} ${file.kind}, ${file.bytes.length} bytes): ${answer}`);
    const { FUZZ_OUT: folder } = process.env;
    if (!folder) continue;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${seed}-${number}.${file.format}`), file.bytes);
  }
}

function growthOf(residentMb: readonly number[]): number {
  const quarter = residentMb.length >> 2;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return mean(residentMb.slice(-quarter)) / mean(residentMb.slice(quarter, 2 * quarter));
}
