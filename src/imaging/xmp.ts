// XMP packets (ISO 16684-1): RDF in XML, of which skyfix wants simple properties of the picture itself. What a packet
// says of other pictures (xmpMM:Pantry, DerivedFrom, History) stands deeper and is passed over.
import { scanXml } from './xml.js';

/** A JPEG segment holds 64 kB; what is longer than all this together carries pictures or audio. */
export const MAX_XMP_BYTES = 256 * 1024;

const RDF = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';
/** Prefixes that writers use without declaring them. */
const WELL_KNOWN: Readonly<Record<string, string>> = {
  rdf: RDF,
  GPano: 'http://ns.google.com/photos/1.0/panorama/',
  xmpNote: 'http://ns.adobe.com/xmp/note/',
};

export interface XmpProperty {
  readonly namespace: string;
  readonly name: string;
  readonly text: string;
}

/** The packet's text in whatever form of Unicode it is (XMP part 1, 7.3.2: UTF-8, UTF-16, UTF-32, any byte order). */
export function xmpText(bytes: Uint8Array): string {
  const [a = 1, b = 1, c = 1, d = 1] = bytes;
  if (
    (a === 0 && b === 0) ||
    (b === 0 && c === 0 && d === 0) ||
    (a === 0xff && b === 0xfe && c === 0 && d === 0)
  ) {
    return utf32Text(bytes, a !== 0);
  }
  if (a === 0xfe || a === 0) return new TextDecoder('utf-16be').decode(bytes);
  if (a === 0xff || b === 0) return new TextDecoder('utf-16le').decode(bytes);
  return new TextDecoder('utf-8').decode(bytes);
}

function utf32Text(bytes: Uint8Array, littleEndian: boolean): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const characters: string[] = [];
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const code = view.getUint32(at, littleEndian);
    if (code !== 0xfeff) characters.push(code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd');
  }
  return characters.join('');
}

/**
 * Hands on the simple properties of the packet's top-level rdf:Description elements, written as attributes or as
 * elements. False where the packet is not well-formed; what was read before stays read.
 */
export function readXmpProperties(xml: string, found: (property: XmpProperty) => void): boolean {
  const resolver = new PrefixResolver();
  /** Depth of the rdf:RDF element, of which there is one; Description lies one under it, its properties two. */
  let rdfDepth = 0;
  let depth = 0;
  let inDescription = false;
  let property: { namespace: string; name: string; text: string; simple: boolean } | undefined;
  return scanXml(xml, {
    open(name, attributes) {
      depth++;
      resolver.enter(attributes);
      const element = resolver.resolve(name);
      if (rdfDepth === 0) {
        if (element.namespace === RDF && element.name === 'RDF') rdfDepth = depth;
      } else if (depth === rdfDepth + 1) {
        inDescription = element.namespace === RDF && element.name === 'Description';
        if (!inDescription) return;
        for (const [key, text] of attributes) found({ ...resolver.resolve(key), text });
      } else if (depth === rdfDepth + 2 && inDescription) {
        property = { ...element, text: '', simple: true };
      } else if (property) {
        property.simple = false;
      }
    },
    text(text) {
      if (property && depth === rdfDepth + 2) property.text += text;
    },
    close() {
      if (property && depth === rdfDepth + 2) {
        const { simple, ...rest } = property;
        if (simple) found(rest);
        property = undefined;
      }
      if (depth === rdfDepth) rdfDepth = Number.POSITIVE_INFINITY;
      resolver.leave();
      depth--;
    },
  });
}

/** Namespaces of prefixes, element by element. */
class PrefixResolver {
  readonly #scopes: (ReadonlyMap<string, string> | undefined)[] = [];

  enter(attributes: ReadonlyMap<string, string>): void {
    let scope: Map<string, string> | undefined;
    for (const [name, value] of attributes) {
      if (!name.startsWith('xmlns')) continue;
      scope ??= new Map();
      scope.set(name.slice(6), value);
    }
    this.#scopes.push(scope);
  }

  leave(): void {
    this.#scopes.pop();
  }

  resolve(qualified: string): { namespace: string; name: string } {
    const colon = qualified.indexOf(':');
    const prefix = colon < 0 ? '' : qualified.slice(0, colon);
    const declared = this.#scopes.findLast((scope) => scope?.has(prefix))?.get(prefix);
    return { namespace: declared ?? WELL_KNOWN[prefix] ?? '', name: qualified.slice(colon + 1) };
  }
}
