// npm run bench:train: what a training step takes on this machine, by its parts, and how that compares with the same
// networks in PyTorch, where that is installed (--python names an interpreter that has it). Rounds alternate, so that
// whatever else the machine does slows both; the ratios, of time and of processor time, are medians over the rounds.
import { cpus } from 'node:os';
import { toolArguments, wholeArgument, wrongArgument } from 'skyfix/cli';
import { configureRuntime, runtimeText } from '../runtime/index.js';
import { type BenchStep, CASES, type Case, PHASES, type StepTimes } from './cases.js';
import { Reference, type TimedStep } from './reference.js';

const HELP = `npm run bench:train -- [options]
  --only TEXT       cases whose profile (small, paper) or name has TEXT in it
  --rounds N        timed steps of each case, default 5, after one that is not timed
  --threads N       for both, default 2
  --math MODE       float32 or bf16 (PyTorch stays at float32), default float32
  --python FILE     interpreter with PyTorch, default python3
  --no-reference    without PyTorch
  --json            one JSON object a case`;

const { values } = toolArguments(HELP, {
  only: { type: 'string', default: '' },
  rounds: { type: 'string', default: '5' },
  threads: { type: 'string', default: '2' },
  math: { type: 'string', default: 'float32' },
  python: { type: 'string', default: process.env.SKYFIX_PYTHON ?? 'python3' },
  reference: { type: 'boolean', default: true },
  json: { type: 'boolean', default: false },
});

const total = (times: StepTimes): number => PHASES.reduce((sum, phase) => sum + times[phase], 0);

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? Number.NaN) + (sorted[sorted.length >> 1] ?? Number.NaN)) / 2;
}

interface Result {
  readonly case: string;
  readonly stepMs: number;
  readonly imagesPerSecond: number;
  readonly partsMs: StepTimes;
  readonly pytorchMs?: number;
  readonly pytorchPartsMs?: StepTimes;
  /** Without data, which PyTorch's script does not cut and augment. */
  readonly ratio?: number;
  /** Of the processor time of all threads, which hardly depends on what else the machine does. */
  readonly cpuRatio?: number;
  readonly target: number;
}

function timed(step: BenchStep): TimedStep {
  const before = process.cpuUsage();
  const times = step.run();
  const { user, system } = process.cpuUsage(before);
  return { times, cpuMs: (user + system) / 1000 };
}

async function measure(each: Case, rounds: number, reference: Reference | undefined): Promise<Result> {
  const step = each.make();
  await reference?.make(each.reference);
  step.run();
  await reference?.run();
  const own: TimedStep[] = [];
  const other: TimedStep[] = [];
  for (let round = 0; round < rounds; round++) {
    own.push(timed(step));
    if (reference) other.push(await reference.run());
  }
  step.dispose();
  const middle = (steps: readonly TimedStep[]) =>
    Object.fromEntries(
      PHASES.map((phase) => [phase, median(steps.map(({ times }) => times[phase]))]),
    ) as unknown as StepTimes;
  const stepMs = median(own.map(({ times }) => total(times)));
  const computed = ({ times }: TimedStep) => total(times) - times.data;
  const ratioOf = (value: (step: TimedStep) => number) =>
    median(own.map((step, i) => value(step) / value(other[i] as TimedStep)));
  return {
    case: each.name,
    stepMs,
    imagesPerSecond: (1000 * each.images) / stepMs,
    partsMs: middle(own),
    target: each.target,
    ...(reference && {
      pytorchMs: median(other.map(({ times }) => total(times))),
      pytorchPartsMs: middle(other),
      ratio: ratioOf(computed),
      cpuRatio: ratioOf(({ cpuMs }) => cpuMs),
    }),
  };
}

function row(result: Result): string {
  const { pytorchMs, ratio, cpuRatio } = result;
  const cells = [result.stepMs, ...PHASES.map((phase) => result.partsMs[phase])].map((ms) => ms.toFixed(1));
  cells.push(result.imagesPerSecond.toFixed(1));
  cells.push(pytorchMs?.toFixed(1) ?? '-', cpuRatio?.toFixed(2) ?? '-');
  cells.push(ratio ? `${ratio.toFixed(2)} (≤ ${result.target})` : '-');
  return `${result.case.padEnd(38)}${cells.map((cell) => ` ${cell.padStart(11)}`).join('')}`;
}

const { math, only } = values;
if (math !== 'float32' && math !== 'bf16') wrongArgument(`--math is ${math}, not float32 or bf16.`);
const threads = wholeArgument('threads', values.threads, 1024);
const rounds = wholeArgument('rounds', values.rounds);
const cases = CASES.filter(({ profile, name }) => profile === only || name.includes(only));
if (cases.length === 0) {
  wrongArgument(`--only ${only} fits none of: ${CASES.map(({ name }) => name).join('; ')}.`);
}
configureRuntime({ threads, math });
const tell = values.json ? console.error : console.log;
tell(`${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${cpus().length} cores, Node ${process.version}`);
tell(runtimeText());
const reference = values.reference
  ? await Reference.start(values.python, threads, (reason) => {
      tell(`No comparison with PyTorch: ${values.python}: ${reason}`);
    })
  : undefined;
if (reference) tell(reference.version);
const heads = ['step', ...PHASES, 'images/s', 'PyTorch', 'CPU ratio', 'ratio'];
tell(`${'milliseconds, median'.padEnd(38)}${heads.map((head) => ` ${head.padStart(11)}`).join('')}`);
for (const each of cases) {
  const result = await measure(each, rounds, reference);
  console.log(values.json ? JSON.stringify(result) : row(result));
}
reference?.stop();
