// skyfix keys: who may ask a server that has SKYFIX_KEYS_FILE.
import { Command, InvalidArgumentError } from 'commander';
import { SkyfixError } from '../../src/errors/index.js';
import { addKey, KEY_SCOPES, type KeyScope, readKeys, revokeKey } from '../../src/keys/index.js';

const HELP = `
A running server takes a change up by itself within seconds; SIGHUP makes it at once. A file that is broken leaves it with
the keys it had. To replace a key: add another one, give it to whoever had the old one, then revoke that.
`;

interface FileOption {
  readonly file?: string;
}

interface AddOptions extends FileOption {
  readonly scope: readonly KeyScope[];
  readonly expires?: string;
  readonly requestsPerMinute?: number;
  readonly uploads?: number;
}

export function keysCommand(): Command {
  const command = new Command('keys').description('Keys of a server: add, list, revoke.');
  const sub = (usage: string, description: string) => {
    const made = command.command(usage).description(description).addHelpText('after', HELP);
    return made.option('--file <path>', 'the keys file; default: SKYFIX_KEYS_FILE');
  };
  sub('add', 'Make a key, write its digest into the file, and print the key: it is shown this once.')
    .argument('<name>', 'as logs and metrics will call it')
    .requiredOption('--scope <scopes>', `with commas in between: ${KEY_SCOPES.join(', ')}`, parseScopes)
    .option('--expires <date>', 'from then on it is refused, for example 2027-12-31', parseDate)
    .option('--requests-per-minute <n>', "instead of the server's SKYFIX_REQUESTS_PER_MINUTE", parseCount)
    .option('--uploads <n>', "at once, instead of the server's SKYFIX_UPLOADS_PER_KEY", parseCount)
    .action(async (name: string, { scope, expires, requestsPerMinute, uploads, file }: AddOptions) => {
      const key = await addKey(fileOf({ file }), {
        name,
        scopes: scope,
        ...(expires !== undefined && { expiresAt: expires }),
        ...(requestsPerMinute !== undefined && { requestsPerMinute }),
        ...(uploads !== undefined && { uploads }),
      });
      console.log(key);
    });
  sub('list', 'The keys by name, with scopes and limits; never the keys themselves.').action(
    async (options: FileOption) => {
      const keys = await readKeys(fileOf(options));
      console.log('name,scopes,created,expires,requestsPerMinute,uploads');
      for (const { name, scopes, createdAt, expiresAt, requestsPerMinute, uploads } of keys) {
        const limits = [expiresAt, requestsPerMinute, uploads].map((value) => value ?? '');
        console.log([name, scopes.join(' '), createdAt, ...limits].join(','));
      }
    },
  );
  sub('revoke', 'Take a key away.')
    .argument('<name>')
    .action(async (name: string, options: FileOption) => {
      await revokeKey(fileOf(options), name);
      console.error(`"${name}" is revoked; running servers refuse it within seconds.`);
    });
  return command;
}

function fileOf({ file = process.env.SKYFIX_KEYS_FILE }: { readonly file?: string | undefined }): string {
  if (file) return file;
  throw new SkyfixError('CONFIG_INVALID', 'Neither --file nor SKYFIX_KEYS_FILE says where the keys are.');
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number, 1 or more.');
}

function parseScopes(text: string): readonly KeyScope[] {
  return text.split(',').map((part) => {
    const scope = KEY_SCOPES.find((known) => known === part.trim());
    if (scope) return scope;
    throw new InvalidArgumentError(`The scopes are ${KEY_SCOPES.join(', ')}.`);
  });
}

/** As the file has it; a day without a time begins at midnight, UTC. */
function parseDate(text: string): string {
  if (/^\d{4}-\d{2}-\d{2}(T[\d:.]+Z)?$/.test(text) && !Number.isNaN(Date.parse(text)))
    return new Date(text).toISOString();
  throw new InvalidArgumentError('It must be a date such as 2027-12-31 or 2027-12-31T18:00:00Z.');
}
