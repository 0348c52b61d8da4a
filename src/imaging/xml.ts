// A scanner for untrusted XML: events in one pass over the text, in time and memory linear in its length. No entity is
// expanded but the five of XML itself and character references, document types are skipped, depth is bounded.

export interface XmlEvents {
  /** Names as written, with their prefix. */
  open(name: string, attributes: ReadonlyMap<string, string>): void;
  text(text: string): void;
  close(): void;
}

const MAX_DEPTH = 64;

/** Tells `events` what it reads. False as soon as something is not well-formed or too deep; what was told stays told. */
export function scanXml(xml: string, events: XmlEvents): boolean {
  const open: string[] = [];
  let at = 0;
  for (;;) {
    const tag = xml.indexOf('<', at);
    if (tag < 0) break;
    if (tag > at) events.text(plainText(xml.slice(at, tag)));
    const skipped = endOfSkipped(xml, tag);
    if (skipped !== undefined) {
      if (skipped < 0) return false;
      if (xml.startsWith('<![CDATA[', tag)) events.text(xml.slice(tag + 9, skipped - 3));
      at = skipped;
    } else if (xml[tag + 1] === '/') {
      at = xml.indexOf('>', tag) + 1;
      if (at === 0 || xml.slice(tag + 2, at - 1).trim() !== open.pop()) return false;
      events.close();
    } else {
      const start = readStartTag(xml, tag);
      if (!start || open.length >= MAX_DEPTH) return false;
      events.open(start.name, start.attributes);
      if (start.empty) events.close();
      else open.push(start.name);
      at = start.end;
    }
  }
  return open.length === 0;
}

/** Where a comment, CDATA section, processing instruction or document type ends; -1 where it does not; undefined at a tag. */
function endOfSkipped(xml: string, tag: number): number | undefined {
  const after = (end: string, from: number) => {
    const at = xml.indexOf(end, from);
    return at < 0 ? -1 : at + end.length;
  };
  if (xml.startsWith('<!--', tag)) return after('-->', tag + 4);
  if (xml.startsWith('<![CDATA[', tag)) return after(']]>', tag + 9);
  if (xml.startsWith('<?', tag)) return after('?>', tag + 2);
  if (!xml.startsWith('<!', tag)) return undefined;
  const close = xml.indexOf('>', tag);
  const subset = xml.slice(tag, close + 1).indexOf('[');
  if (close < 0 || subset < 0) return after('>', tag);
  const subsetEnd = xml.indexOf(']', tag + subset);
  return subsetEnd < 0 ? -1 : after('>', subsetEnd);
}

const NAME = /[^\s/>=<"'&]+/y;
const ATTRIBUTE = /\s+([^\s/>=<"'&]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
const END = /\s*(\/?)>/y;

function readStartTag(xml: string, tag: number) {
  const attributes = new Map<string, string>();
  NAME.lastIndex = tag + 1;
  const name = NAME.exec(xml)?.[0];
  if (name === undefined) return undefined;
  let end = tag + 1 + name.length;
  for (;;) {
    ATTRIBUTE.lastIndex = end;
    const found = ATTRIBUTE.exec(xml);
    if (!found) break;
    end = ATTRIBUTE.lastIndex;
    const [, key = '', double, single] = found;
    if (attributes.has(key)) return undefined;
    attributes.set(key, plainText(double ?? single ?? ''));
  }
  END.lastIndex = end;
  const last = END.exec(xml);
  return last ? { name, attributes, empty: last[1] === '/', end: END.lastIndex } : undefined;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Text with its predefined entities and character references resolved; any other stays as it is written. */
function plainText(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(
    /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(amp|lt|gt|quot|apos));/gi,
    (all, decimal, hex, name) => {
      if (name) return ENTITIES[String(name).toLowerCase()] ?? all;
      const code = decimal ? Number(decimal) : Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : all;
    },
  );
}
