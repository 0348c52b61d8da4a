// What a Weaviate cluster says of its collections and aliases over REST, and no more: a test sees what is removed.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export class FakeSchema {
  readonly collections: Set<string>;
  /** Collections by alias. */
  readonly aliases = new Map<string, string>();
  readonly #server: Server;

  private constructor(collections: Iterable<string>) {
    this.collections = new Set(collections);
    this.#server = createServer(({ method, url = '' }, response) => {
      const [, , kind, name = ''] = url.split('/');
      response.setHeader('content-type', 'application/json');
      if (method === 'DELETE' && kind === 'schema') {
        this.collections.delete(name);
        return void response.end();
      }
      if (method === 'GET' && kind === 'schema') {
        const classes = [...this.collections].map((collection) => ({ class: collection }));
        return void response.end(JSON.stringify({ classes }));
      }
      const named = this.aliases.get(name);
      if (method === 'GET' && kind === 'aliases' && named !== undefined) {
        return void response.end(JSON.stringify({ alias: name, class: named }));
      }
      response.statusCode = kind === 'aliases' ? 404 : 500;
      response.end('{}');
    });
  }

  /** Listens on loopback. */
  static async with(collections: Iterable<string>): Promise<FakeSchema> {
    const schema = new FakeSchema(collections);
    await new Promise<void>((resolve) => schema.#server.listen(0, '127.0.0.1', resolve));
    return schema;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): Promise<unknown> {
    return new Promise((resolve) => this.#server.close(resolve));
  }
}
