// Ports for programs that are killed and started again on the same ones.
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';

/** Under it are those of well-known services. */
const LOWEST = 10_240;
/** A prime: processes whose numbers follow one another begin far apart. */
const APART = 977;

/** Where Linux takes the ports of outgoing connections from (ip(7), ip_local_port_range); what IANA says elsewhere. */
function lowestOutgoing(): number {
  try {
    return Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'), 10);
  } catch {
    return 49_152;
  }
}

/**
 * The first ones of `count` rows of `each` ports that are free now, since nodes on one machine look for each other's second ports
 * behind the first ones. They lie below those of outgoing connections: whoever calls a node that was killed would otherwise get
 * its port as his own one day, be connected with himself, and keep the node from ever starting again. Throws where a machine
 * leaves no such ports.
 */
export async function freePortRows(
  count: number,
  each: number,
  below = lowestOutgoing(),
  seed = process.pid,
): Promise<number[]> {
  const places = Math.floor((below - LOWEST) / each);
  const rows: number[] = [];
  for (let k = 0; k < places && rows.length < count; k++) {
    const first = LOWEST + ((seed * APART + k) % places) * each;
    if (await areFree(first, each)) rows.push(first);
  }
  if (rows.length === count) return rows;
  throw new Error(`between ${LOWEST} and ${below} there are not ${count} rows of ${each} free ports`);
}

async function areFree(first: number, many: number): Promise<boolean> {
  const held: Server[] = [];
  try {
    for (let k = 0; k < many; k++) held.push(await listening(first + k));
    return true;
  } catch {
    return false;
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

/** On all interfaces, as some ports of a node are. */
function listening(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(port, () => resolve(server));
  });
}
