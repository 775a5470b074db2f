/** Paints arrays of numbers on canvases, in the colors of the page. */

const SIDE = 28; // pixels of a picture
const GAP = 2; // pixels between two feature maps
const FAINT = 0.05; // opacity of a feature map where it is 0

/** Makes a canvas as fine as the screen, and clears it; returns its context. */
export function prepare(canvas) {
  const density = window.devicePixelRatio || 1;
  canvas.width = Math.round(canvas.clientWidth * density);
  canvas.height = Math.round(canvas.clientHeight * density);
  return canvas.getContext('2d');
}

/**
 * Paints numbers as opacity: 0 is transparent, 1 is full color.
 *
 * The canvas gets one pixel for each number, whatever its size on the screen.
 */
export function paint(canvas, { width, height, values }, color) {
  canvas.width = width;
  canvas.height = height;
  // A graphics card takes longer for so few pixels.
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const image = new ImageData(width, height);
  values.forEach((value, i) => {
    image.data[4 * i + 3] = Math.round(255 * value);
  });
  context.putImageData(image, 0, 0);
  context.globalCompositeOperation = 'source-in';
  context.fillStyle = color;
  context.fillRect(0, 0, width, height);
}

/** Returns a picture of 28 x 28 bytes, to be painted. */
export function fromPixels(pixels) {
  return { width: SIDE, height: SIDE, values: Array.from(pixels, (pixel) => pixel / 255) };
}

/**
 * Returns feature maps side by side, to be painted, each in a scale of its own.
 *
 * @param {Float32Array} maps - [28, 28, count].
 * @param {number} columns - Maps in a row.
 */
export function tile(maps, columns) {
  const count = maps.length / (SIDE * SIDE);
  const step = SIDE + GAP;
  const width = columns * step - GAP;
  const height = Math.ceil(count / columns) * step - GAP;
  const values = new Float32Array(width * height);
  for (let map = 0; map < count; map++) {
    let most = 1e-9;
    for (let i = map; i < maps.length; i += count) most = Math.max(most, maps[i]);
    const corner = Math.floor(map / columns) * step * width + (map % columns) * step;
    for (let i = 0; i < SIDE * SIDE; i++) {
      const place = corner + Math.floor(i / SIDE) * width + (i % SIDE);
      values[place] = FAINT + (1 - FAINT) * (maps[i * count + map] / most);
    }
  }
  return { width, height, values };
}

/**
 * Draws votes for and against as squares, the larger the stronger.
 *
 * Filled ones are for, hollow ones against, so that it can be read without colors.
 *
 * @param {HTMLCanvasElement} canvas - Where.
 * @param {Uint8Array} pixels - The picture, drawn faintly behind the votes.
 * @param {number[]} votes - [28, 28].
 * @param {object} colors - {ink, for, against}.
 */
export function drawVotes(canvas, pixels, votes, colors) {
  const context = prepare(canvas);
  const cell = canvas.width / SIDE;
  const most = votes.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-9);
  const line = Math.max(cell / 7, 1);
  votes.forEach((vote, i) => {
    const x = (i % SIDE) * cell;
    const y = Math.floor(i / SIDE) * cell;
    context.globalAlpha = (0.16 * pixels[i]) / 255;
    context.fillStyle = colors.ink;
    context.fillRect(x, y, cell, cell);
    context.globalAlpha = 1;
    const size = Math.sqrt(Math.abs(vote) / most) * cell * 0.94;
    if (size < 1) return;
    const margin = (cell - size) / 2;
    if (vote > 0) {
      context.fillStyle = colors.for;
      context.fillRect(x + margin, y + margin, size, size);
    } else {
      const inner = Math.max(size - line, 0.1);
      context.strokeStyle = colors.against;
      context.lineWidth = line;
      context.strokeRect(x + (cell - inner) / 2, y + (cell - inner) / 2, inner, inner);
    }
  });
}
