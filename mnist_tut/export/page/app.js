/** The page: a drawing, and the models that answer while it is drawn. */

import { Board } from './board.js';
import { SIDE, toMnist } from './image.js';
import { Model } from './model.js';
import { fromPixels, paint } from './pictures.js';

const PIXELS = SIDE * SIDE;
const QUIET = 700; // milliseconds without a change, after which answers are read out

const find = (id) => document.getElementById(id);
const board = new Board(find('drawing'), changed);
const examples = []; // {pixels, canvas} of each digit
const workers = [newWorker()]; // the first starts while the list of models is loaded
let models = [];
let frame = 0;
let timer = 0;

function newWorker() {
  return new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
}

/** Renders all changes before the next frame at once. */
function changed() {
  frame ||= requestAnimationFrame(render);
}

function render() {
  frame = 0;
  const { drawing } = board;
  const pixels = drawing.example ?? toMnist(drawing.ink);
  const label = pixels ? 'Your drawing in 28 × 28 pixels' : 'Nothing yet';
  board.render();
  find('invitation').hidden = !drawing.isEmpty;
  find('seen').setAttribute('aria-label', label);
  show(find('seen'), pixels ?? new Uint8Array(PIXELS));
  for (const model of models) model.ask(pixels);
  if (!pixels) readOutLater();
}

/** Shows 28 x 28 bytes on a canvas in its color. */
function show(canvas, pixels) {
  paint(canvas, fromPixels(pixels), getComputedStyle(canvas).color);
}

/** Gives screen readers the answers, once they have stopped changing. */
function readOutLater() {
  clearTimeout(timer);
  timer = setTimeout(() => {
    if (board.isDrawing) return readOutLater();
    const answers = models
      .filter((model) => model.answer)
      .map(({ about, summary }) => (models.length > 1 ? `${about.title}: ${summary}.` : summary));
    find('summary').textContent = answers.join(' ');
  }, QUIET);
}

/** Adds the shelf of examples. */
function addExamples(bytes) {
  for (let digit = 0; digit < 10; digit++) {
    const pixels = bytes.subarray(digit * PIXELS, (digit + 1) * PIXELS);
    const button = document.createElement('button');
    button.type = 'button';
    button.setAttribute('aria-label', `Example of a ${digit}`);
    button.setAttribute('aria-keyshortcuts', digit);
    button.addEventListener('click', () => board.apply('show', pixels));
    const canvas = button.appendChild(document.createElement('canvas'));
    find('examples').append(button);
    show(canvas, pixels);
    examples.push({ pixels, canvas });
  }
}

/** Handles the keyboard's shortcuts. */
function press(event) {
  if (event.target.matches('select') || event.altKey) return;
  const withControl = event.ctrlKey || event.metaKey;
  const example = examples[event.key];
  if (withControl && event.key === 'z') {
    board.apply('undo');
  } else if (event.key === 'Escape') {
    board.apply('clear');
  } else if (example && !withControl) {
    board.apply('show', example.pixels);
  } else {
    return;
  }
  event.preventDefault();
}

async function load(name) {
  const response = await fetch(name);
  if (!response.ok) throw new Error(`${name}: the server says ${response.status}`);
  return response;
}

async function start() {
  find('unserved').remove();
  for (const action of ['undo', 'clear']) {
    find(action).addEventListener('click', () => board.apply(action));
  }
  document.addEventListener('keydown', press);
  // Canvases do not follow the colors of the page by themselves.
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    for (const { canvas, pixels } of examples) show(canvas, pixels);
    for (const model of models) model.render();
    changed();
  });
  const [list, drawn] = await Promise.all([
    load('models.json').then((response) => response.json()),
    load('examples.bin').then((response) => response.arrayBuffer()),
  ]);
  models = list.models.map((about) => {
    return new Model(about, workers.pop() ?? newWorker(), readOutLater);
  });
  document.documentElement.style.setProperty('--models', models.length);
  find('models').append(...models.map((model) => model.element));
  addExamples(new Uint8Array(drawn));
  changed();
}

start().catch((error) => {
  const message = document.createElement('p');
  message.className = 'notice';
  message.setAttribute('role', 'alert');
  message.textContent = `The page is incomplete: ${error.message}. Export it again.`;
  document.body.prepend(message);
});
