// Arguments of the programs behind npm run, such as benchmarks: their help, and what is wrong with an argument in one line.
import { type ParseArgsConfig, parseArgs } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;
type Parsed<T extends Options> = ReturnType<
  typeof parseArgs<{ options: T; allowPositionals: boolean; allowNegative: boolean }>
>;

/**
 * The arguments of the program that runs. `help` is printed for --help, and behind what is wrong: an option that is none or
 * has no value, or words where there are none. These end the program with 2, --help with 0.
 */
export function toolArguments<const T extends Options>(
  help: string,
  options: T,
  { positionals = false }: { readonly positionals?: boolean } = {},
): Parsed<T> {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(`${help}\n`);
    process.exit(0);
  }
  try {
    return parseArgs({ args, options, allowPositionals: positionals, allowNegative: true }) as Parsed<T>;
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (!code.startsWith('ERR_PARSE_ARGS')) throw error;
    return wrongArgument(`${message.split('. ')[0]}.\n${help}`);
  }
}

/** Ends the program with 2, having said what is wrong. */
export function wrongArgument(message: string): never {
  process.stderr.write(`error: ${message}\n`);
  process.exit(2);
}

/** A whole number from `least` to `most`. */
export function wholeArgument(name: string, text: string, most = Number.MAX_SAFE_INTEGER, least = 1): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
  const range = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
  return wrongArgument(`--${name} has "${text}"; it takes whole numbers ${range}.`);
}
