// Who may ask: named keys with scopes and limits, in a file that holds their digests only.
export { addKey, type NewKey, revokeKey } from './change-keys.js';
export { type ApiKey, digestOf, KEY_SCOPES, type KeyScope, readKeys } from './key-file.js';
export { type KeyChanges, KeyRing } from './key-ring.js';
