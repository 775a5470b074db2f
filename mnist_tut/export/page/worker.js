/**
 * Computes the answers of one model, so that the pen never waits for them.
 *
 * Receives {model, file}, its entry in models.json and its weights, and then {pixels} for
 * each picture; sends {probabilities, scores, first, milliseconds} for each.
 */

import { decode, products, run } from './network.js';

let network;

self.onmessage = ({ data: { model, file, pixels } }) => {
  if (model) {
    network = decode(model, file);
    return;
  }
  const start = performance.now();
  const answer = run(network, pixels);
  const milliseconds = performance.now() - start;
  if (network.layers.length === 1) answer.first = products(network, pixels);
  self.postMessage({ ...answer, milliseconds }, [answer.first.buffer]);
};
