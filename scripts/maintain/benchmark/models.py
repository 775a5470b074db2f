"""The five models that are measured, as their lessons have them.

Everything else about a model (its graph, initial values and batches) is taken from the
lesson itself, see `observe`. What stands here is what another framework needs to be
told: the layers follow from the shapes of the variables.
"""

import dataclasses
from typing import Any

SEED = 1  # of every run


@dataclasses.dataclass(frozen=True)
class Model:
    """One lesson's model.

    Attributes:
        lesson: Module of mnist_tut.
        data_flag: The lesson's flag for the data folder.
        batch_size: The lesson's default.
        num_steps: Training steps before the test accuracies are compared.
        metric: What the lesson's history calls its result on the test set.
        tolerance: How far two test accuracies may be apart: 0.002 where only rounding
            differs, more where each framework draws its own dropout.
        options: Arguments of run_training() for these steps, besides max_steps.
        optimizer: 'sgd', 'momentum' or 'adam'.
        learning_rate: Its step length.
        activation: Of the dense layers but the last: 'relu' or 'tanh'.
        double_softmax: Whether the loss takes the softmax of the softmax.
        dropout: Rate before the last layer.
        evaluates_first: Whether the lesson evaluates the first batch before it trains
            on it, and so draws dropout once more.
        l2: Factor of l2_loss of the dense layers, in the loss.
        lowest_pixel: Pixel value of the background; white is 1 more.
    """

    lesson: str
    batch_size: int
    num_steps: int
    data_flag: str = 'data_dir'
    metric: str = 'test_accuracy'
    tolerance: float = 0.002
    options: dict[str, Any] = dataclasses.field(default_factory=dict)
    optimizer: str = 'sgd'
    learning_rate: float = 0.5
    activation: str = 'relu'
    double_softmax: bool = False
    dropout: float = 0.0
    evaluates_first: bool = False
    l2: float = 0.0
    lowest_pixel: float = 0.0

    @property
    def is_convolutional(self) -> bool:
        """Whether it has convolutions; these lessons have dropout, too."""
        return self.dropout > 0

    def accuracy(self, value: float) -> float:
        """Returns the lesson's own result as a fraction of right answers."""
        return 1 - value / 100 if self.metric == 'test_error' else value


MODELS = {
    model.lesson: model
    for model in (
        Model('softmax', 100, 1000),
        Model(
            'fully_connected_feed',
            100,
            2000,
            data_flag='train_dir',
            metric='test_precision',
            learning_rate=0.01,
        ),
        Model('tanh_mlp', 32, 9375, activation='tanh', double_softmax=True),
        Model(
            'convolutional',
            64,
            429,
            metric='test_error',
            tolerance=0.01,
            optimizer='momentum',
            learning_rate=0.01,
            dropout=0.5,
            l2=5e-4,
            lowest_pixel=-0.5,
        ),
        Model(
            'deep',
            50,
            500,
            tolerance=0.01,
            optimizer='adam',
            learning_rate=1e-4,
            dropout=0.5,
            evaluates_first=True,
        ),
    )
}
