/**
 * A trained network in plain JavaScript: 28 x 28 pixels to ten probabilities.
 *
 * Arrays are flat Float32Arrays in the order of NumPy: the last dimension is innermost.
 * A layer is {kind, shape, activation, weights, biases}, where shape is that of the
 * weights: [5, 5, inputs, outputs] of a convolution, [inputs, outputs] of a dense layer.
 */

const SIDE = 28; // pixels of the picture
const WINDOW = 5; // pixels of a convolution, in both directions
const MARGIN = 2; // zeros around the picture, so that its size stays the same
const BLOCK = 4; // numbers that an innermost loop handles together

/**
 * Finds the arrays of a model in its file of weights.
 *
 * Whole numbers stay as they are, and are scaled when they are used: nothing has to be
 * converted before the first answer, and half as much memory is read for each.
 *
 * @param {object} model - Entry of models.json: {type, pixelRange, layers}.
 * @param {ArrayBuffer} file - Content of the file.
 * @returns {object} The network: {pixelRange, layers}.
 */
export function decode(model, file) {
  const layers = model.layers.map((layer) => {
    if (layer.kind === 'max_pool') return layer;
    const outputs = layer.shape.at(-1);
    const size = layer.shape.reduce((product, length) => product * length);
    const biases = new Float32Array(file, layer.biases, outputs);
    const scales = new Float32Array(file, layer.scales, outputs);
    const Numbers = model.type === 'int16' ? Int16Array : Float32Array;
    const weights = new Numbers(file, layer.weights, size);
    const blocks = layer.kind === 'conv' ? inBlocks(weights, scales) : null;
    return { ...layer, weights: blocks ?? weights, biases, scales };
  });
  return { pixelRange: model.pixelRange, layers };
}

/**
 * Computes the probabilities of the ten digits.
 *
 * @param {object} network - From decode().
 * @param {Uint8Array} pixels - [28, 28]; 0 is background, 255 is full ink.
 * @returns {object} probabilities: Float64Array [10]; scores: Float32Array [10], the
 *   logits; first: Float32Array, what the first layer computes.
 */
export function run(network, pixels) {
  const [low, high] = network.pixelRange;
  const image = Float32Array.from(pixels, (pixel) => low + ((high - low) * pixel) / 255);
  let values = image;
  let side = SIDE;
  let first = null;
  for (const layer of network.layers) {
    if (layer.kind === 'conv') {
      values = conv(layer, values, side);
    } else if (layer.kind === 'max_pool') {
      values = maxPool(values, side);
      side /= 2;
    } else {
      values = dense(layer, values);
    }
    first ??= values;
  }
  return { probabilities: softmax(values), scores: values, first };
}

/** Returns the products of pixels and weights of a network of one layer: [784, 10]. */
export function products(network, pixels) {
  const { weights, scales } = network.layers[0];
  const outputs = scales.length;
  return Float32Array.from(weights, (weight, i) => {
    return (scales[i % outputs] * weight * pixels[Math.floor(i / outputs)]) / 255;
  });
}

/** Returns the softmax of the scores, Float64Array of the same length. */
export function softmax(scores) {
  const largest = Math.max(...scores);
  const powers = Float64Array.from(scores, (score) => Math.exp(score - largest));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

/** [inputs, outputs] -> [outputs / 4, inputs, 4], scaled, so that conv() reads in order. */
function inBlocks(weights, scales) {
  const outputs = scales.length;
  const inputs = weights.length / outputs;
  const blocks = new Float32Array(weights.length);
  let to = 0;
  for (let output = 0; output < outputs; output += BLOCK) {
    for (let input = 0; input < inputs; input++) {
      for (let j = 0; j < BLOCK; j++) {
        const weight = weights[input * outputs + output + j];
        blocks[to++] = scales[output + j] * weight;
      }
    }
  }
  return blocks;
}

/**
 * A convolution over the whole picture, a bias, and a ReLU.
 *
 * [side, side, inputs] -> [side, side, outputs]
 */
function conv({ shape, weights, biases }, values, side) {
  const [, , inputs, outputs] = shape;
  const width = side + 2 * MARGIN;
  const padded = new Float32Array(width * width * inputs);
  for (let y = 0; y < side; y++) {
    const row = values.subarray(y * side * inputs, (y + 1) * side * inputs);
    padded.set(row, ((y + MARGIN) * width + MARGIN) * inputs);
  }
  const result = new Float32Array(side * side * outputs);
  const plan = { padded, result, inputs, outputs, rowLength: width * inputs };
  const blockSize = WINDOW * WINDOW * inputs * BLOCK;
  for (let output = 0; output < outputs; output += BLOCK) {
    const place = (output / BLOCK) * blockSize;
    const block = weights.subarray(place, place + blockSize);
    const bias = biases.subarray(output, output + BLOCK);
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x += 2) {
        const from = (y * width + x) * inputs;
        const to = (y * side + x) * outputs + output;
        convTwoPixels(plan, from, to, block, bias);
      }
    }
  }
  return result;
}

/**
 * Computes four outputs of two neighboring pixels.
 *
 * Nearly all of the time is spent here. Eight sums fit into the processor's registers, and
 * each number that is read is used more than once.
 */
function convTwoPixels(plan, from, to, weights, biases) {
  const { padded, result, inputs, outputs, rowLength } = plan;
  let a0 = biases[0]; // the sums of one pixel
  let a1 = biases[1];
  let a2 = biases[2];
  let a3 = biases[3];
  let b0 = a0; // and of the one to its right
  let b1 = a1;
  let b2 = a2;
  let b3 = a3;
  let k = 0;
  for (let row = 0; row < WINDOW; row++) {
    const start = from + row * rowLength;
    const end = start + WINDOW * inputs;
    for (let i = start; i < end; i++) {
      const a = padded[i];
      const b = padded[i + inputs];
      const w0 = weights[k];
      const w1 = weights[k + 1];
      const w2 = weights[k + 2];
      const w3 = weights[k + 3];
      a0 += a * w0;
      a1 += a * w1;
      a2 += a * w2;
      a3 += a * w3;
      b0 += b * w0;
      b1 += b * w1;
      b2 += b * w2;
      b3 += b * w3;
      k += BLOCK;
    }
  }
  result[to] = Math.max(a0, 0);
  result[to + 1] = Math.max(a1, 0);
  result[to + 2] = Math.max(a2, 0);
  result[to + 3] = Math.max(a3, 0);
  result[to + outputs] = Math.max(b0, 0);
  result[to + outputs + 1] = Math.max(b1, 0);
  result[to + outputs + 2] = Math.max(b2, 0);
  result[to + outputs + 3] = Math.max(b3, 0);
}

/** The largest of each 2 x 2 pixels: [side, side, C] -> [side / 2, side / 2, C]. */
function maxPool(values, side) {
  const depth = values.length / (side * side);
  const result = new Float32Array(values.length / 4);
  let to = 0;
  for (let y = 0; y < side; y += 2) {
    for (let x = 0; x < side; x += 2) {
      for (let channel = 0; channel < depth; channel++) {
        const above = (y * side + x) * depth + channel;
        const below = above + side * depth;
        result[to++] = Math.max(
          values[above],
          values[above + depth],
          values[below],
          values[below + depth],
        );
      }
    }
  }
  return result;
}

/**
 * A fully connected layer: [inputs] -> [outputs].
 *
 * Inputs that are 0, background or units that a ReLU has switched off, are left out; the
 * others are added four at a time, so that the sums are read and written less often.
 */
function dense({ weights, scales, biases, activation }, values) {
  const outputs = biases.length;
  const inputs = [];
  values.forEach((value, input) => {
    if (value !== 0) inputs.push({ value, row: input * outputs });
  });
  while (inputs.length % BLOCK) inputs.push({ value: 0, row: 0 });
  const sums = new Float64Array(outputs);
  for (let i = 0; i < inputs.length; i += BLOCK) {
    const { value: a, row: rowA } = inputs[i];
    const { value: b, row: rowB } = inputs[i + 1];
    const { value: c, row: rowC } = inputs[i + 2];
    const { value: d, row: rowD } = inputs[i + 3];
    for (let j = 0; j < outputs; j++) {
      sums[j] +=
        a * weights[rowA + j] +
        b * weights[rowB + j] +
        c * weights[rowC + j] +
        d * weights[rowD + j];
    }
  }
  return Float32Array.from(sums, (sum, j) => {
    const result = scales[j] * sum + biases[j];
    if (activation === 'relu') return Math.max(result, 0);
    return activation === 'tanh' ? Math.tanh(result) : result;
  });
}
