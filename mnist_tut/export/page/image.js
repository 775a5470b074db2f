/**
 * Converts a drawing to MNIST's format, as mnist_tut.inference.image does in Python.
 *
 * The drawing is fitted into a box of 20 x 20, which makes its edges gray, and placed in
 * 28 x 28 by its center of mass. A photo's ink has to be found first; here it is known.
 *
 * A picture is {width, height, values}: Float32Array, 0 for background to 1 for full ink.
 */

export const SIDE = 28; // pixels of the result
const BOX = 20; // pixels of it that the digit fits into

// Strokes thinner than this in the box of 20 x 20 are thickened to it.
const THINNEST_STROKE = 1.7;

/**
 * Converts a drawing.
 *
 * @param {object} drawing - A picture of any size.
 * @returns {Uint8Array} [28, 28], 0 is background; or null if there is no ink.
 */
export function toMnist(drawing) {
  if (!drawing.values.some((ink) => ink > 0.5)) return null;
  return center(fit(thicken(drawing)));
}

/** Returns the box of the ink; right and bottom are the first without any. */
function findBox({ width, height, values }) {
  const box = { left: width, top: height, right: 0, bottom: 0 };
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      if (values[i] <= 0.05) continue;
      box.left = Math.min(box.left, x);
      box.right = Math.max(box.right, x + 1);
      box.top = Math.min(box.top, y);
      box.bottom = y + 1;
    }
  }
  return box;
}

/** Returns the larger side of the ink's box. */
function sizeOf(box) {
  return Math.max(box.bottom - box.top, box.right - box.left);
}

/** Returns the picture with a margin of background. */
function pad({ width, height, values }, margin) {
  const padded = blank(width + 2 * margin, height + 2 * margin);
  for (let y = 0; y < height; y++) {
    const row = values.subarray(y * width, (y + 1) * width);
    padded.values.set(row, (y + margin) * padded.width + margin);
  }
  return padded;
}

function blank(width, height) {
  return { width, height, values: new Float32Array(width * height) };
}

/** Thickens strokes that would be too thin in the box. */
function thicken(drawing) {
  const thinnest = (THINNEST_STROKE * sizeOf(findBox(drawing))) / BOX;
  const picture = pad(drawing, 1);
  const growth = (thinnest - strokeWidth(picture)) / 2; // on each side
  if (growth <= 0) return picture;
  // Interpolate between two whole numbers of pixels.
  const whole = Math.floor(growth);
  const part = growth - whole;
  const padded = pad(picture, whole + 1);
  const less = maximumFilter(padded, whole).values;
  const more = maximumFilter(padded, whole + 1).values;
  const values = less.map((ink, i) => (1 - part) * ink + part * more[i]);
  return { ...padded, values };
}

/** Returns the width of the strokes; the picture has a margin. */
function strokeWidth({ width, height, values }) {
  const black = values.map((ink) => (ink > 0.5 ? 1 : 0));
  // Per pixel of its length, a stroke of width w has w pixels of ink and two edges.
  let area = 0;
  let edges = 0;
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      area += black[i];
      const across = slope(black, i, 1, x, width);
      const down = slope(black, i, width, y, height);
      edges += Math.sqrt(across * across + down * down);
    }
  }
  return (2 * area) / edges;
}

/** Returns the derivative at `place` of `length`, from neighbors `step` apart. */
function slope(values, i, step, place, length) {
  if (place === 0) return values[i + step] - values[i];
  if (place === length - 1) return values[i] - values[i - step];
  return (values[i + step] - values[i - step]) / 2;
}

/** Returns the maximum within `radius` rows and columns of each pixel. */
function maximumFilter({ width, height, values }, radius) {
  const across = new Float32Array(values.length);
  const result = new Float32Array(values.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const stop = Math.min(x + radius, width - 1);
      let most = 0;
      for (let near = Math.max(x - radius, 0); near <= stop; near++) {
        most = Math.max(most, values[y * width + near]);
      }
      across[y * width + x] = most;
    }
  }
  for (let y = 0; y < height; y++) {
    const stop = Math.min(y + radius, height - 1);
    for (let near = Math.max(y - radius, 0); near <= stop; near++) {
      for (let x = 0; x < width; x++) {
        const ink = across[near * width + x];
        if (ink > result[y * width + x]) result[y * width + x] = ink;
      }
    }
  }
  return { width, height, values: result };
}

/** Fits the ink into a box of 20 x 20, proportions kept and edges gray. */
function fit(picture) {
  const box = findBox(picture);
  const scale = sizeOf(box) / BOX;
  const height = Math.ceil((box.bottom - box.top) / scale);
  const width = Math.ceil((box.right - box.left) / scale);
  // The shorter side is not a whole number of pixels: include some background.
  const margin = Math.floor(scale) + 1;
  const left = margin + (box.left + box.right - width * scale) / 2;
  const top = margin + (box.top + box.bottom - height * scale) / 2;
  const padded = pad(picture, margin);
  const narrow = shrinkRows(padded, left, left + width * scale, width);
  return transpose(shrinkRows(transpose(narrow), top, top + height * scale, height));
}

/**
 * Resizes the part of each row from `start` to `stop` to `size` pixels.
 *
 * A pixel of the result is a weighted mean of those around its place, as Pillow's HAMMING
 * filter weighs them.
 */
function shrinkRows({ width, height, values }, start, stop, size) {
  start = Math.fround(start);
  const scale = Math.fround(Math.fround(stop) - start) / size;
  const reach = Math.max(scale, 1);
  const result = blank(size, height);
  for (let to = 0; to < size; to++) {
    const middle = start + (to + 0.5) * scale;
    const first = Math.max(Math.floor(middle - reach + 0.5), 0);
    const last = Math.min(Math.floor(middle + reach + 0.5), width) - 1;
    const weights = [];
    for (let x = first; x <= last; x++) weights.push(hamming((x + 0.5 - middle) / reach));
    const sum = weights.reduce((a, b) => a + b);
    for (let y = 0; y < height; y++) {
      let ink = 0;
      weights.forEach((weight, i) => {
        ink += (weight / sum) * values[y * width + first + i];
      });
      result.values[y * size + to] = ink;
    }
  }
  return result;
}

function hamming(x) {
  if (x === 0) return 1;
  if (Math.abs(x) >= 1) return 0;
  return (Math.sin(Math.PI * x) / (Math.PI * x)) * (0.54 + 0.46 * Math.cos(Math.PI * x));
}

function transpose({ width, height, values }) {
  const result = blank(height, width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) result.values[x * height + y] = values[y * width + x];
  }
  return result;
}

/** Places the digit in 28 x 28 by its center of mass, in whole pixels: Uint8Array. */
function center({ width, height, values }) {
  const digit = values.map((ink) => Math.min(Math.max(ink, 0), 1));
  let [sum, sumX, sumY] = [0, 0, 0];
  digit.forEach((ink, i) => {
    sum += ink;
    sumX += ink * (i % width);
    sumY += ink * Math.floor(i / width);
  });
  const left = corner(sumX / sum, width);
  const top = corner(sumY / sum, height);
  const image = new Uint8Array(SIDE * SIDE);
  digit.forEach((ink, i) => {
    const y = top + Math.floor(i / width);
    image[y * SIDE + left + (i % width)] = Math.round(255 * ink);
  });
  return image;
}

/** Returns where the digit begins so that its center of mass is at pixel 14. */
function corner(middle, length) {
  return Math.min(Math.max(Math.round(SIDE / 2 - middle), 0), SIDE - length);
}
