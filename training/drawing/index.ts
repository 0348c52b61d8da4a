// Drawing: sheets of images, text, and charts as SVG; the same input gives the same bytes.
export { captionSize, drawCaption, fillRect } from './caption.js';
export { barChart, type LineSeries, lineChart } from './charts.js';
export { imageSheet, pasteImage, spreadEvenly } from './sheet.js';
