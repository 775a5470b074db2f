/** The board: draws with finger, pen or mouse on a canvas. */

import { Drawing, PEN_WIDTH, SIDE } from './drawing.js';
import { paint, prepare } from './pictures.js';

export class Board {
  /**
   * @param {HTMLCanvasElement} canvas - Where to draw.
   * @param {Function} changed - Called after each change.
   */
  constructor(canvas, changed) {
    this.canvas = canvas;
    this.changed = changed;
    this.drawing = new Drawing();
    this.pointer = null; // the one that draws; others, such as a palm, are ignored
    canvas.addEventListener('pointerdown', (event) => this.begin(event));
    canvas.addEventListener('pointermove', (event) => this.move(event));
    for (const type of ['pointerup', 'pointercancel', 'lostpointercapture']) {
      canvas.addEventListener(type, (event) => this.end(event));
    }
    new ResizeObserver(() => this.render()).observe(canvas);
  }

  get isDrawing() {
    return this.pointer !== null;
  }

  begin(event) {
    if (this.isDrawing || event.button !== 0) return;
    event.preventDefault();
    this.pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.drawing.begin(this.place(event));
    this.changed();
  }

  move(event) {
    if (event.pointerId !== this.pointer) return;
    // A fast pen moves several times between two events.
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length ? events : [event]) {
      this.drawing.extend(this.place(each));
    }
    this.changed();
  }

  end(event) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    this.changed();
  }

  /** Applies 'undo', 'clear' or 'show' unless a stroke is being drawn. */
  apply(action, ...values) {
    if (this.isDrawing) return;
    this.drawing[action](...values);
    this.changed();
  }

  /** Returns the place of an event in units of the drawing. */
  place({ clientX, clientY }) {
    const box = this.canvas.getBoundingClientRect();
    const scale = SIDE / this.canvas.clientWidth;
    return {
      x: (clientX - box.left - this.canvas.clientLeft) * scale,
      y: (clientY - box.top - this.canvas.clientTop) * scale,
    };
  }

  render() {
    const context = prepare(this.canvas);
    const { color } = getComputedStyle(this.canvas);
    context.scale(this.canvas.width / SIDE, this.canvas.height / SIDE);
    context.strokeStyle = color;
    context.lineWidth = PEN_WIDTH;
    context.lineCap = context.lineJoin = 'round';
    for (const { points, ink } of this.drawing.visible) {
      if (ink) {
        const enlarged = document.createElement('canvas');
        paint(enlarged, ink, color);
        context.drawImage(enlarged, 0, 0, SIDE, SIDE);
      }
      if (!points) continue;
      context.beginPath();
      context.moveTo(points[0].x, points[0].y);
      context.lineTo(points[0].x + 0.01, points[0].y); // a dot has a length, too
      for (const { x, y } of points.slice(1)) context.lineTo(x, y);
      context.stroke();
    }
  }
}
