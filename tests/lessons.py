"""Every lesson, described once; the generic tests run over these descriptions."""

import dataclasses
import importlib
import json
import types
from collections.abc import Callable
from typing import Any

from tests.support.paths import GOLDENS

import numpy as np


def fan_in(name: str, shape: tuple[int, ...], draw: Callable) -> Any:
    """The goldens' initial values of the dense models: 1/sqrt(fan_in), biases 0."""
    if len(shape) < 2:
        return np.zeros(shape)
    return np.clip(draw(*shape), -2, 2) * (1 / np.sqrt(shape[0]))


def tenth(name: str, shape: tuple[int, ...], draw: Callable) -> Any:
    """The goldens' initial values of the others: deviation 0.1, biases 0.1."""
    if len(shape) < 2:
        return np.full(shape, 0.1)
    return np.clip(draw(*shape), -2, 2) * 0.1


def tenth_but_conv1(name: str, shape: tuple[int, ...], draw: Callable) -> Any:
    """As `tenth`, with the biases of the first convolution 0, as the program has."""
    return np.zeros(shape) if shape == (32,) else tenth(name, shape, draw)


def zeros(name: str, shape: tuple[int, ...], draw: Callable) -> Any:
    """Softmax regression starts from nothing."""
    return np.zeros(shape)


@dataclasses.dataclass(frozen=True)
class Golden:
    """A recording of the original program.

    Attributes:
        file: Its JSON in tests/goldens.
        init: Initial values of a trainable variable by name and shape, or None for the
            program's own.
        flags: What the recording changed.
        without_dropout: Whether the recording took the dropout out.
        float32_steps: How many losses float32 can be held to; the conv nets amplify
            rounding.
    """

    file: str
    init: Callable | None
    flags: dict[str, Any]
    without_dropout: bool = False
    float32_steps: int = 200

    def losses(self, version: str) -> list[float]:
        """Returns the losses that `version` recorded."""
        return self.read(version)['losses']

    def read(self, version: str) -> dict[str, Any]:
        """Returns all that `version` recorded."""
        return json.loads((GOLDENS / self.file).read_text())[version]


@dataclasses.dataclass(frozen=True)
class Lesson:
    """One lesson: its module, what it takes, what it must say and leave.

    Attributes:
        name: Module in mnist_tut.
        document: File in the specification that the module reproduces.
        data_flag: Flag that names the data folder.
        num_parameters: Number of trained parameters.
        first_variable: Name and shape of the first variable.
        goldens: Recordings of the original.
        quick: Flags for a run of a few seconds that meets every branch of the loop.
        steps: Number of steps of the quick run.
        result: The metric that measures the trained model.
        drawn: Flags of the runs on drawn digits that tests/goldens/drawn.json holds.
        steps_alike: For how many steps float32 gives the same on every machine, to the
            rounding: the conv nets amplify it.
    """

    name: str
    document: str
    data_flag: str
    num_parameters: int
    first_variable: tuple[str, list[int]]
    goldens: tuple[Golden, ...]
    quick: dict[str, Any]
    steps: int
    result: str
    drawn: dict[str, dict[str, Any]]
    steps_alike: int = 200

    @property
    def module(self) -> types.ModuleType:
        """The module itself, imported when it is needed."""
        return importlib.import_module(f'mnist_tut.{self.name}')

    def train(self, data_dir: Any, log_dir: Any, **flags: Any) -> Any:
        """Calls the lesson's run_training."""
        return self.module.run_training(
            **{self.data_flag: data_dir, 'log_dir': log_dir, **flags}
        )


LESSONS = [
    Lesson(
        name='softmax',
        document='deep_mnist_for_experts.txt',
        data_flag='data_dir',
        num_parameters=7_850,
        first_variable=('Variable', [784, 10]),
        goldens=(Golden('softmax.json', zeros, {'seed': 0, 'max_steps': 200}),),
        quick={'max_steps': 12, 'accuracy_at': [5, 10]},
        steps=12,
        result='test_accuracy',
        drawn={
            'logits': {'seed': 1, 'max_steps': 60, 'accuracy_at': [20, 60]},
            'log': {'seed': 1, 'max_steps': 20, 'loss': 'log'},
        },
    ),
    Lesson(
        name='deep',
        document='deep_mnist_for_experts.txt',
        data_flag='data_dir',
        num_parameters=3_274_634,
        first_variable=('Variable', [5, 5, 1, 32]),
        goldens=(
            Golden(
                'mnist_deep.json',
                tenth,
                {'seed': 0, 'max_steps': 200, 'keep_prob': 1.0},
                float32_steps=6,
            ),
        ),
        quick={'max_steps': 104, 'batch_size': 4},
        steps=104,
        result='test_accuracy',
        drawn={
            'start': {'seed': 1, 'max_steps': 6},
            'prints': {'seed': 1, 'max_steps': 102, 'batch_size': 2},
        },
        steps_alike=6,
    ),
    Lesson(
        name='fully_connected_feed',
        document='tensorflow_mechanics_101.txt',
        data_flag='train_dir',
        num_parameters=104_938,
        first_variable=('hidden1/weights', [784, 128]),
        goldens=(
            Golden('fully_connected.json', fan_in, {'seed': 0, 'max_steps': 200}),
        ),
        quick={'max_steps': 103},
        steps=103,
        result='test_precision',
        drawn={
            'start': {'seed': 1, 'max_steps': 102},
            'thousand': {'seed': 1, 'max_steps': 1001},
            'fake': {'seed': 1, 'max_steps': 12, 'fake_data': True},
        },
    ),
    Lesson(
        name='tanh_mlp',
        document='mnist_classification_lecture.txt',
        data_flag='data_dir',
        num_parameters=50_890,
        first_variable=('W1', [784, 64]),
        goldens=(Golden('lecture.json', fan_in, {'seed': 0, 'max_steps': 200}),),
        quick={'max_steps': 12},
        steps=12,
        result='test_accuracy',
        drawn={
            'start': {'seed': 1, 'max_steps': 60},
            'epochs': {'seed': 1, 'epochs': 2, 'batch_size': 4000},
            'once': {'seed': 1, 'max_steps': 20, 'double_softmax': False},
        },
    ),
    Lesson(
        name='convolutional',
        document='convolutional_trial.txt',
        data_flag='data_dir',
        num_parameters=1_663_370,
        first_variable=('Variable', [5, 5, 1, 32]),
        goldens=(
            Golden(
                'convolutional.json',
                tenth_but_conv1,
                {'max_steps': 200},
                without_dropout=True,
                float32_steps=6,
            ),
            Golden(
                'convolutional_asis.json', None, {'max_steps': 200}, float32_steps=6
            ),
        ),
        quick={'max_steps': 27, 'batch_size': 8},
        steps=27,
        result='test_error',
        drawn={
            'start': {'max_steps': 6},
            'self test': {'self_test': True, 'max_steps': 251},
        },
        steps_alike=6,
    ),
    Lesson(
        name='with_summaries',
        document='tensorflow_mechanics_101.txt',
        data_flag='data_dir',
        num_parameters=397_510,
        first_variable=('layer1/weights/Variable', [784, 500]),
        goldens=(
            Golden(
                'mnist_with_summaries.json',
                tenth,
                # Each tenth step evaluates: 223 steps hold 200 of training.
                {'seed': 0, 'max_steps': 223, 'dropout': 1.0},
            ),
        ),
        quick={'max_steps': 22},
        steps=22,
        result='test_accuracy',
        drawn={'start': {'seed': 1, 'max_steps': 101}},
    ),
]
