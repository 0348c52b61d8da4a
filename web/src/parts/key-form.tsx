// Where the server asks for a key: a field to put it into.
import { takeKey } from '../state/regions.js';
import { words } from '../words/index.js';

export function KeyForm() {
  const { key, keyAsked, keyUse } = words.value;
  return (
    <form
      class="choice region"
      onSubmit={(event) => {
        event.preventDefault();
        const typed = new FormData(event.currentTarget).get('key');
        if (typeof typed === 'string' && typed.trim() !== '') void takeKey(typed.trim());
      }}
    >
      <label class="choice">
        <span>{key}</span>
        <input type="password" name="key" autocomplete="off" required placeholder={keyAsked} />
      </label>
      <button type="submit" class="button">
        {keyUse}
      </button>
    </form>
  );
}
