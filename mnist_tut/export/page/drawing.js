/**
 * A drawing: strokes and examples, which can be undone, and the ink that they leave.
 *
 * Lengths are in units of the drawing, which is SIDE of them wide and high, however large
 * it is on the screen.
 */

export const SIDE = 280;
export const PEN_WIDTH = 20;
const EXAMPLE_SIDE = 28; // pixels
const PIXEL = SIDE / EXAMPLE_SIDE;

export class Drawing {
  constructor() {
    // Each is {points: [{x, y}, ...]}, {pixels: Uint8Array [28, 28], ink} or {} for "clear".
    this.actions = [];
    this.ink = blank(); // what all of them leave, a picture as in image.js
  }

  /** The actions that are to be seen: none before the last "clear" or example. */
  get visible() {
    const isStart = (action) => !action.points;
    return this.actions.slice(Math.max(this.actions.findLastIndex(isStart), 0));
  }

  get isEmpty() {
    return !this.visible.some((action) => action.points || action.pixels);
  }

  /** The pixels of an example that nothing was drawn on; otherwise null. */
  get example() {
    return this.actions.at(-1)?.pixels ?? null;
  }

  /** Begins a stroke. */
  begin(point) {
    this.actions.push({ points: [point] });
    stamp(this.ink, point, point);
  }

  /** Continues the stroke. */
  extend(point) {
    const { points } = this.actions.at(-1);
    stamp(this.ink, points.at(-1), point);
    points.push(point);
  }

  /** Replaces the drawing by an example. */
  show(pixels) {
    this.actions.push({ pixels, ink: enlarge(pixels) });
    this.redraw();
  }

  clear() {
    if (this.isEmpty) return;
    this.actions.push({});
    this.redraw();
  }

  /** Takes back the last stroke, example or "clear". */
  undo() {
    this.actions.pop();
    this.redraw();
  }

  redraw() {
    this.ink = blank();
    for (const { points, ink } of this.visible) {
      if (ink) this.ink.values.set(ink.values);
      points?.forEach((point, i) => stamp(this.ink, points[Math.max(i - 1, 0)], point));
    }
  }
}

function blank() {
  return { width: SIDE, height: SIDE, values: new Float32Array(SIDE * SIDE) };
}

/** Adds the ink of a pen that moves in a straight line; its edge fades over one unit. */
function stamp({ width, height, values }, from, to) {
  const radius = PEN_WIDTH / 2;
  const left = Math.max(Math.floor(Math.min(from.x, to.x) - radius - 1), 0);
  const right = Math.min(Math.ceil(Math.max(from.x, to.x) + radius + 1), width);
  const top = Math.max(Math.floor(Math.min(from.y, to.y) - radius - 1), 0);
  const bottom = Math.min(Math.ceil(Math.max(from.y, to.y) + radius + 1), height);
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const squared = dx * dx + dy * dy;
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const [px, py] = [x + 0.5 - from.x, y + 0.5 - from.y];
      const along = squared && Math.min(Math.max((px * dx + py * dy) / squared, 0), 1);
      const distance = Math.hypot(px - along * dx, py - along * dy);
      const ink = Math.min(Math.max(radius + 0.5 - distance, 0), 1);
      const i = y * width + x;
      if (ink > values[i]) values[i] = ink;
    }
  }
}

/** Returns the ink of an example, enlarged smoothly and then sharpened. */
function enlarge(pixels) {
  const { width, height, values } = blank();
  const at = (x, y) => (pixels[y * EXAMPLE_SIDE + x] ?? 0) / 255;
  for (let y = 0; y < height; y++) {
    const [above, partY] = between(y);
    for (let x = 0; x < width; x++) {
      const [left, partX] = between(x);
      const upper = (1 - partX) * at(left, above) + partX * at(left + 1, above);
      const lower = (1 - partX) * at(left, above + 1) + partX * at(left + 1, above + 1);
      const ink = (1 - partY) * upper + partY * lower;
      values[y * width + x] = Math.min(Math.max(2 * ink - 0.5, 0), 1);
    }
  }
  return { width, height, values };
}

/** Returns the pixel at or before a place, and how far it is on the way to the next. */
function between(place) {
  const exact = Math.min(Math.max((place + 0.5) / PIXEL - 0.5, 0), EXAMPLE_SIDE - 1.001);
  return [Math.floor(exact), exact - Math.floor(exact)];
}
