"""JAX: a jit-compiled step, or fifty of them in one lax.scan."""

from typing import Any

from benchmark.peers.peer import CHUNK, Peer
from benchmark.problem import Problem

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax


class Jax(Peer):
    """Batches are in device memory, and each step takes its own out of it there."""

    def __init__(self, problem: Problem, dropout: float, scan: bool = False):
        super().__init__(problem, dropout)
        self._scan = scan
        self._one = jax.jit(self._step, donate_argnums=0)
        self._many = jax.jit(self._steps, donate_argnums=0, static_argnums=2)

    def reset(self) -> None:
        """Makes the parameters, and zeros for what the optimizer keeps."""
        p = [jnp.array(value) for value in self.problem.weights]
        number = {'sgd': 0, 'momentum': 1, 'adam': 2}[self.problem.model.optimizer]
        slots = [[jnp.zeros_like(value) for value in p] for _ in range(number)]
        self._state = p, slots, jnp.float32(0), jax.random.PRNGKey(0)

    def _forward(self, p: list, x: Any, key: Any) -> Any:
        pairs = list(zip(p[::2], p[1::2], strict=True))
        if pairs[0][0].ndim == 4:
            x = x.reshape(-1, 28, 28, 1)
        for i, (w, b) in enumerate(pairs):
            is_last = i == len(pairs) - 1
            if w.ndim == 4:
                numbers = 'NHWC', 'HWIO', 'NHWC'
                x = lax.conv_general_dilated(
                    x, w, (1, 1), 'SAME', dimension_numbers=numbers
                )
                x = jax.nn.relu(x + b)
                size = 1, 2, 2, 1
                x = lax.reduce_window(x, -jnp.inf, lax.max, size, size, 'VALID')
                continue
            x = x.reshape(len(x), -1)
            if is_last and key is not None and self.dropout:
                kept = jax.random.bernoulli(key, 1 - self.dropout, x.shape)
                x = jnp.where(kept, x / (1 - self.dropout), 0)
            x = x @ w + b
            if not is_last:
                is_tanh = self.problem.model.activation == 'tanh'
                x = jnp.tanh(x) if is_tanh else jax.nn.relu(x)
        return x

    def _loss(self, p: list, x: Any, y: Any, key: Any) -> Any:
        scores = self._forward(p, x, key)
        if self.problem.model.double_softmax:
            scores = jax.nn.softmax(scores)
        chosen = jnp.take_along_axis(jax.nn.log_softmax(scores), y[:, None], 1)
        loss = -chosen.mean()
        if self.problem.model.l2:
            dense = [i for i, value in enumerate(p[::2]) if value.ndim == 2]
            decayed = [p[2 * i + j] for i in dense for j in (0, 1)]
            loss += self.problem.model.l2 / 2 * sum((v**2).sum() for v in decayed)
        return loss

    def _step(self, state: Any, data: Any, index: Any) -> Any:
        p, slots, count, key = state
        key, drawn = jax.random.split(key) if self.dropout else (key, key)
        x, y = (lax.dynamic_index_in_dim(a, index, keepdims=False) for a in data)
        loss, grads = jax.value_and_grad(self._loss)(p, x, y, drawn)
        rate = self.problem.model.learning_rate
        count = count + 1
        if not slots:
            p = [v - rate * g for v, g in zip(p, grads, strict=True)]
        elif len(slots) == 1:
            moments = [0.9 * m + g for m, g in zip(slots[0], grads, strict=True)]
            p = [v - rate * m for v, m in zip(p, moments, strict=True)]
            slots = [moments]
        else:
            first = [0.9 * m + 0.1 * g for m, g in zip(slots[0], grads, strict=True)]
            second = [
                0.999 * s + 0.001 * g * g for s, g in zip(slots[1], grads, strict=True)
            ]
            step = rate * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
            p = [
                v - step * m / (jnp.sqrt(s) + 1e-8)
                for v, m, s in zip(p, first, second, strict=True)
            ]
            slots = [first, second]
        return (p, slots, count, key), loss

    def _steps(self, state: Any, data: Any, number: int, begin: Any) -> Any:
        indices = begin + jnp.arange(number)
        return lax.scan(lambda s, index: self._step(s, data, index), state, indices)

    def load(self, start: int, stop: int) -> None:
        """Puts the batches into device memory."""
        self._data = (
            jnp.asarray(self.problem.pixels(start, stop)),
            jnp.asarray(self.problem.labels(start, stop)),
        )

    def run(self, begin: int, end: int) -> list[float]:
        """Trains; the losses are waited for at the end."""
        state, losses = self._state, []
        if self._scan:
            for index in range(begin, end, CHUNK):
                number = min(CHUNK, end - index)
                state, some = self._many(state, self._data, number, index)
                losses.append(some)
        else:
            for index in range(begin, end):
                state, loss = self._one(state, self._data, index)
                losses.append(loss)
        self._state = state
        jax.block_until_ready(state)
        return np.concatenate([np.atleast_1d(loss) for loss in losses]).tolist()

    def scores(self, images: np.ndarray) -> np.ndarray:
        """Runs the network without dropout."""
        return np.asarray(jax.jit(self._forward)(self._state[0], images, None))

    def prepare(self) -> None:
        """Compiles, too."""
        super().prepare()
        self.run(0, CHUNK)
