// The pictures of an answer, as far as there are any.
import type { Answer, Picture, PictureName } from '../api/types.js';

export function pictureOf(answer: Answer | undefined, name: PictureName): Picture | undefined {
  const picture = answer?.pictures?.[name];
  return picture && 'data' in picture ? picture : undefined;
}

export function dataUrlOf({ mediaType, data }: Picture): string {
  return `data:${mediaType};base64,${data}`;
}
