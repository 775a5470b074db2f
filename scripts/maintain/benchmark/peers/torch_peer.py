"""PyTorch: eager or compiled, whichever is faster, on the best number of threads."""

import functools
import itertools
import os
from collections.abc import Callable
from typing import Any

from benchmark.peers.peer import Peer
from benchmark.problem import Problem

import numpy as np
import torch
from torch.nn import functional as F


class Torch(Peer):
    """The model as PyTorch users write it, with its fused optimizers.

    `ways` are eager, with a compiled loss, and, for plain gradient descent, with the
    whole step compiled; each with one thread and all cores in a dense net, with both
    layouts of images in a convolutional one.
    """

    def __init__(self, problem: Problem, dropout: float):
        super().__init__(problem, dropout)
        self._threads = os.cpu_count() or 1
        self._way = 'eager'
        self._layout = torch.contiguous_format
        self._compiled: dict[Any, Callable] = {}

    def reset(self) -> None:
        """Makes the parameters; filters are [D, C, h, w] here."""
        torch.set_num_threads(self._threads)
        torch.set_flush_denormal(True)  # as TensorFlow and JAX do by default
        model = self.problem.model
        self._parameters = []
        for value in self.problem.weights:
            tensor = torch.tensor(np.array(value))
            if tensor.ndim == 4:
                tensor = tensor.permute(3, 2, 0, 1)
                tensor = tensor.contiguous(memory_format=self._layout)
            self._parameters.append(tensor.requires_grad_())
        options: dict[str, Any] = {'lr': model.learning_rate, 'fused': True}
        # The gradient of l2_loss is what PyTorch calls weight decay.
        decayed = self._dense(self._parameters)
        others = [p for p in self._parameters if all(p is not d for d in decayed)]
        groups: list[dict[str, Any]] = [{'params': decayed, 'weight_decay': model.l2}]
        if others:
            groups.append({'params': others})
        if model.optimizer == 'adam':
            self._optimizer: Any = torch.optim.Adam(groups, **options)
        else:
            momentum = 0.9 if model.optimizer == 'momentum' else 0.0
            self._optimizer = torch.optim.SGD(groups, momentum=momentum, **options)
        self._step = self._make_step()

    def _forward(self, x: torch.Tensor, p: list, train: bool) -> torch.Tensor:
        pairs = list(zip(p[::2], p[1::2], strict=True))
        for i, (w, b) in enumerate(pairs):
            is_last = i == len(pairs) - 1
            if w.ndim == 4:
                x = F.max_pool2d(F.relu(F.conv2d(x, w, b, padding=2)), 2)
                continue
            if x.ndim == 4:
                x = x.permute(0, 2, 3, 1).reshape(len(x), -1)
            if is_last and train and self.dropout:
                x = F.dropout(x, self.dropout)
            x = torch.addmm(b, x, w)
            if not is_last:
                x = (
                    torch.tanh(x)
                    if self.problem.model.activation == 'tanh'
                    else F.relu(x)
                )
        return x

    def _loss(self, p: list, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        scores = self._forward(x, p, True)
        if self.problem.model.double_softmax:
            scores = torch.softmax(scores, 1)
        return F.cross_entropy(scores, y)

    def _dense(self, p: list) -> list[torch.Tensor]:
        """Returns the weights and biases of the dense layers."""
        pairs = zip(p[::2], p[1::2], strict=True)
        return [tensor for w, b in pairs if w.ndim == 2 for tensor in (w, b)]

    def _make_step(self) -> Callable:
        p, optimizer = self._parameters, self._optimizer
        if self._way == 'compiled step':
            if self._way not in self._compiled:
                learning_rate = self.problem.model.learning_rate
                gradients = torch.func.grad_and_value(self._loss)

                def whole(p: list, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
                    grads, loss = gradients(p, x, y)
                    for tensor, grad in zip(p, grads, strict=True):
                        tensor.sub_(learning_rate * grad)
                    return loss

                self._compiled[self._way] = torch.compile(whole)
            compiled = self._compiled[self._way]
            for tensor in p:
                tensor.requires_grad_(False)
            return lambda x, y: compiled(p, x, y)
        loss_function: Callable = self._loss
        if self._way == 'compiled loss':
            key = self._way, self._layout
            if key not in self._compiled:
                self._compiled[key] = torch.compile(self._loss)
            loss_function = self._compiled[key]

        def step(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            optimizer.zero_grad()
            loss = loss_function(p, x, y)
            loss.backward()
            optimizer.step()
            return loss.detach()

        return step

    def load(self, start: int, stop: int) -> None:
        """Makes the batches, as [B, 1, 28, 28] for a convolutional net."""
        images = torch.from_numpy(self.problem.pixels(start, stop))
        if self.problem.model.is_convolutional:
            images = images.reshape(*images.shape[:2], 1, 28, 28)
        self._images = list(images)
        self._labels = list(torch.from_numpy(self.problem.labels(start, stop)).long())

    def run(self, begin: int, end: int) -> list[float]:
        """Trains; the losses become numbers at the end."""
        step = self._step
        losses = [step(self._images[i], self._labels[i]) for i in range(begin, end)]
        return [loss.item() for loss in losses]

    def first_losses(self, num_steps: int) -> list[float]:
        """Adds the l2_loss, which the optimizer has as weight decay, to the losses."""
        self.reset()
        self.load(0, num_steps)
        losses = []
        for step in range(num_steps):
            squares = [p.detach().square().sum() for p in self._dense(self._parameters)]
            decay = self.problem.model.l2 / 2 * float(sum(squares))
            losses.append(self.run(step, step + 1)[0] + decay)
        return losses

    def scores(self, images: np.ndarray) -> np.ndarray:
        """Runs the network without dropout."""
        x = torch.from_numpy(images)
        if self.problem.model.is_convolutional:
            x = x.reshape(-1, 1, 28, 28)
        with torch.no_grad():
            return self._forward(x, self._parameters, False).numpy()

    def ways(self) -> dict[str, Callable[[], None]]:
        """Returns the combinations of compilation, threads and layout."""
        compilations = ['eager', 'compiled loss']
        if self.problem.model.optimizer == 'sgd':
            compilations.append('compiled step')
        cores = os.cpu_count() or 1
        threads, layouts = sorted({1, cores}), {'': torch.contiguous_format}
        if self.problem.model.is_convolutional:
            layouts = {', NCHW': torch.contiguous_format, ', NHWC': torch.channels_last}
            threads = [cores]

        def use(way: str, number: int, layout: torch.memory_format) -> None:
            self._way, self._threads, self._layout = way, number, layout

        return {
            f'{way}, {number} thread{"s" * (number > 1)}{name}': functools.partial(
                use, way, number, layout
            )
            for way, number, (name, layout) in itertools.product(
                compilations, threads, layouts.items()
            )
        }
