// What a MAT-file holds, in whichever form it is written.

/** An array of a MAT-file. Data and elements are column-major, as in the file. */
export type MatArray =
  | { readonly kind: 'numeric'; readonly shape: readonly number[]; readonly data: Float64Array }
  /** A character matrix, one string a row, blanks at the end kept. */
  | { readonly kind: 'char'; readonly rows: readonly string[] }
  | { readonly kind: 'cell'; readonly shape: readonly number[]; readonly cells: readonly MatArray[] }
  | { readonly kind: 'struct'; readonly shape: readonly number[]; readonly elements: readonly MatStruct[] }
  /** Sparse arrays, objects and function handles: their class number only. */
  | { readonly kind: 'unsupported'; readonly classNumber: number };

/** One element of a struct array: its fields by name. */
export type MatStruct = ReadonlyMap<string, MatArray>;
