// The commands that README.md and docs/*.md show, for the tests that check and run them.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** README.md and the pages under docs/, as paths from the root. */
export function pages() {
  const under = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
  return ['README.md', ...under.map((name) => join('docs', name))];
}

/**
 * Commands of a page, in order, one an entry; && and continued lines are taken apart or joined.
 * `block` is true for lines of ```sh blocks, false for commands in running text.
 */
export function commandsOf(page) {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map((match) => match[1]);
  const inText = text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/`((?:npx |npm run )[^`]+)`/g);
  const lines = blocks.flatMap((block) => block.replace(/\\\n\s*/g, '').split('\n'));
  const entry = (block) => (command) => ({ page, block, command });
  return [
    ...lines.flatMap(statements).map(entry(true)),
    ...[...inText].map((match) => match[1].replace(/\s+/g, ' ')).map(entry(false)),
  ];
}

function statements(line) {
  const bare = line.replace(/(^|\s)#.*$/, '').trim();
  return bare === '' ? [] : bare.split(/\s*&&\s*/);
}

/** Words of a command with quotes removed and leading assignments (KEY=value) left out. */
export function wordsOf(command) {
  const words = [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((m) => m[1] ?? m[2] ?? m[3]);
  while (/^[A-Z_]+=/.test(words[0] ?? '')) words.shift();
  return words;
}

/** What is wrong with a command: an unknown npm script, subcommand, flag or file of the checkout; undefined where nothing is. */
export function faultOf(command, program) {
  const words = wordsOf(command);
  if (words[0] === 'npm' && words[1] === 'run') {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    if (!(words[2] in scripts)) return `package.json has no script ${words[2]}`;
  }
  if (words[0] === 'npx' && words[1] === program) {
    const fault = usageFault(program, words.slice(2));
    if (fault) return fault;
  }
  const shipped = words.filter((word) => /^(demo|models|ops|docs|src)\/[\w./-]*$/.test(word));
  const missing = shipped.find((path) => !existsSync(join(ROOT, path)));
  return missing && !/^docs\/my-/.test(missing) ? `${missing} does not exist` : undefined;
}

const helpTexts = new Map();

function helpOf(program, path) {
  const key = [program, ...path].join(' ');
  if (!helpTexts.has(key)) {
    const args = [join(ROOT, `bin/${program}.js`), ...path, '--help'];
    helpTexts.set(
      key,
      execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    );
  }
  return helpTexts.get(key);
}

function usageFault(program, args) {
  const path = [];
  for (const word of args) {
    const listed = helpOf(program, path).split(/^Commands:$/m)[1] ?? '';
    const names = [...listed.matchAll(/^ {2}([\w-]+)/gm)].map((match) => match[1]);
    if (!names.includes(word)) {
      if (names.length > 0 && /^[a-z-]+$/.test(word) && !word.startsWith('-'))
        return `${program} has no command ${word}`;
      break;
    }
    path.push(word);
  }
  const help = helpOf(program, path);
  const known = new Set([...help.matchAll(/(?<![\w-])(--?[a-z][\w-]*)/g)].map((match) => match[1]));
  const unknown = args
    .filter((word) => /^--?[a-z]/.test(word))
    .find((word) => !known.has(word.split('=')[0]));
  return unknown ? `${[program, ...path].join(' ')} knows no ${unknown}` : undefined;
}
