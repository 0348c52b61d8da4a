// What readCatalogue asks the thread that reads a large file.
import type { CatalogueParts } from './catalogue.js';

export interface CatalogueRequests {
  read(request: { readonly path: string; readonly pieceBytes: number }): CatalogueParts;
}
