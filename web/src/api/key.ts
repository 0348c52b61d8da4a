// The key that the server asks for, where it does: as long as this tab is open, and nowhere else.

const NAME = 'skyfix.key';

export function rememberKey(key: string): void {
  try {
    sessionStorage.setItem(NAME, key);
  } catch {
    // Without storage it is asked for again.
  }
  kept = key;
}

let kept: string | undefined;

/** Headers of every request. */
export function authorization(): Readonly<Record<string, string>> {
  const key = kept ?? recalled();
  return key ? { authorization: `Bearer ${key}` } : {};
}

function recalled(): string | undefined {
  try {
    return sessionStorage.getItem(NAME) ?? undefined;
  } catch {
    return undefined;
  }
}
