/** One model on the page: its worker, its bars, and what its first layer does. */

import { drawVotes, paint, tile } from './pictures.js';

/** Returns a copy of what is in a template of the page. */
function fromTemplate(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

export class Model {
  /**
   * @param {object} about - Entry of models.json.
   * @param {Worker} worker - A new one, of worker.js.
   * @param {Function} answered - Called after each answer.
   */
  constructor(about, worker, answered) {
    this.about = about;
    this.worker = worker;
    this.answered = answered;
    this.answer = null; // the newest one, with the pixels that it is for
    this.question = null; // pixels that the worker has not been given yet
    this.element = fromTemplate('model');
    this.state = 'loading'; // then 'idle' or 'busy', or 'failed'
    this.element.setAttribute('aria-label', about.title);
    this.find('h2').textContent = about.title;
    this.rows = Array.from({ length: 10 }, (_, digit) => this.addRow(digit));
    this.view = chooseView(about);
    if (this.view) this.element.append(this.view.element);
    this.say(`Loading ${(about.bytes / 1e6).toFixed(1)} MB of weights.`);
    worker.onmessage = ({ data }) => this.receive(data);
    worker.onerror = ({ message }) => this.fail(message ?? 'worker.js is missing');
    this.load().catch((error) => this.fail(error.message));
  }

  get state() {
    return this.element.dataset.state;
  }

  set state(state) {
    this.element.dataset.state = state;
    const isBusy = state === 'loading' || state === 'busy';
    this.element.setAttribute('aria-busy', isBusy);
  }

  find(selector) {
    return this.element.querySelector(selector);
  }

  addRow(digit) {
    const row = this.find('tbody').insertRow();
    const header = document.createElement('th');
    header.scope = 'row';
    header.textContent = digit;
    row.append(header);
    const track = row.insertCell().appendChild(document.createElement('div'));
    track.className = 'bar';
    const bar = track.appendChild(document.createElement('span'));
    return { row, bar, percent: row.insertCell() };
  }

  /** Gives the worker its weights. */
  async load() {
    const { file, bytes } = this.about;
    const response = await fetch(file);
    if (!response.ok) throw new Error(`the server says ${response.status}`);
    const content = await response.arrayBuffer();
    if (content.byteLength !== bytes) {
      throw new Error(`it has ${content.byteLength} bytes instead of ${bytes}`);
    }
    this.worker.postMessage({ model: this.about, file: content }, [content]);
    this.say('');
    this.state = 'idle';
    this.send();
  }

  fail(reason) {
    this.state = 'failed';
    const { file } = this.about;
    this.find('.message').setAttribute('role', 'alert');
    this.say(`${file} cannot be used: ${reason}. Reload the page, or export it again.`);
  }

  say(text) {
    const message = this.find('.message');
    message.textContent = text;
    message.hidden = !text;
  }

  /** Asks for an answer to a picture, Uint8Array [28, 28], or null for none. */
  ask(pixels) {
    this.question = pixels;
    if (pixels) return this.send();
    this.answer = null;
    this.asked = null;
    this.render();
  }

  send() {
    if (!this.question || this.state !== 'idle') return;
    this.state = 'busy';
    this.asked = this.question;
    this.question = null;
    this.worker.postMessage({ pixels: this.asked });
  }

  receive(answer) {
    this.state = 'idle';
    if (this.asked) { // and not cleared since
      this.answer = { ...answer, pixels: this.asked };
      this.render();
      this.answered();
    }
    this.send();
  }

  /** The digit with the largest probability, or null without an answer. */
  get digit() {
    if (!this.answer) return null;
    const { probabilities } = this.answer;
    return probabilities.indexOf(Math.max(...probabilities));
  }

  /** Percentage of a digit, rounded. */
  percent(digit) {
    return Math.round(100 * this.answer.probabilities[digit]);
  }

  /** The answer in words, '' without one. */
  get summary() {
    return this.answer ? `${this.digit}, ${this.percent(this.digit)} percent` : '';
  }

  render() {
    const leading = this.digit;
    this.element.classList.toggle('waiting', !this.answer);
    this.find('.digit').textContent = leading ?? '–';
    this.find('.percent').textContent = this.answer ? `${this.percent(leading)} %` : '';
    this.rows.forEach(({ row, bar, percent }, digit) => {
      const probability = this.answer?.probabilities[digit] ?? 0;
      row.classList.toggle('leading', digit === leading);
      bar.style.width = `${100 * probability}%`;
      percent.textContent = this.answer ? `${this.percent(digit)} %` : '';
    });
    const time = this.answer ? ` Answered in ${format(this.answer.milliseconds)} ms.` : '';
    this.find('.facts').textContent = `${this.about.facts}.${time}`;
    this.view?.render(this.answer, leading);
  }
}

function format(milliseconds) {
  return milliseconds < 1 ? 'less than 1' : Math.round(milliseconds);
}

/** Returns the view of a model's first layer, if there is one to see. */
function chooseView({ layers }) {
  if (layers.length === 1) return new Votes();
  return layers[0].kind === 'conv' ? new Maps(layers[0].shape) : null;
}

/** Where the strokes speak for and against a digit: weight times pixel. */
class Votes {
  constructor() {
    this.element = fromTemplate('votes');
    this.canvas = this.element.querySelector('canvas');
    this.select = this.element.querySelector('select');
    for (let digit = 0; digit < 10; digit++) this.select.add(new Option(digit, digit));
    this.select.addEventListener('change', () => this.render(...this.last));
    new ResizeObserver(() => this.last && this.render(...this.last)).observe(this.canvas);
  }

  render(answer, leading) {
    this.last = [answer, leading];
    const digit = this.select.value === '' ? leading : Number(this.select.value);
    const style = getComputedStyle(this.canvas);
    const colors = {
      ink: style.color,
      for: style.getPropertyValue('--accent'),
      against: style.getPropertyValue('--against'),
    };
    const pixels = answer?.pixels ?? new Uint8Array(784);
    const votes = Array.from(pixels, (_, i) => answer?.first[10 * i + digit] ?? 0);
    drawVotes(this.canvas, pixels, votes, colors);

    const sum = (sign) => votes.reduce((a, b) => a + Math.max(sign * b, 0), 0);
    const [plus, minus] = [sum(1), sum(-1)];
    const score = answer?.scores[digit] ?? 0;
    const numbers = [plus, -minus, score - plus + minus, score];
    this.element.querySelectorAll('.legend b').forEach((place, i) => {
      place.textContent = answer ? signed(numbers[i]) : '';
    });
    this.canvas.setAttribute(
      'aria-label',
      answer
        ? `Your strokes speak for ${digit} with ${signed(plus)}, against it with ${
          signed(-minus)}`
        : 'Nothing yet',
    );
  }
}

function signed(value) {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(1)}`;
}

/** The feature maps of the first convolution. */
class Maps {
  constructor(shape) {
    this.count = shape.at(-1);
    this.element = fromTemplate('maps');
    this.canvas = this.element.querySelector('canvas');
    this.element.querySelector('.hint').textContent =
      `${this.count} filters, each of ${shape[0]} × ${shape[1]} pixels, look at every ` +
      'place of the picture; a map stands out where its filter finds what it has learned.';
  }

  render(answer) {
    const maps = answer?.first ?? new Float32Array(784 * this.count);
    paint(this.canvas, tile(maps, 8), getComputedStyle(this.canvas).color);
    this.canvas.setAttribute(
      'aria-label',
      answer ? `${this.count} feature maps of your drawing` : 'Nothing yet',
    );
  }
}
