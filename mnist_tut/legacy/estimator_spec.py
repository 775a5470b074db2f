"""tf.estimator's small classes: modes, what a model function returns, configuration.

Source:
    TensorFlow 1.15, tensorflow_estimator/python/estimator/model_fn.py, run_config.py,
    training.py and export/.
"""

import copy
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from mnist_tut import runtime  # noqa: F401  (TensorFlow, quietly)

import tensorflow.compat.v1 as tf


class ModeKeys:
    """What a model function is called for."""

    TRAIN = 'train'
    EVAL = 'eval'
    PREDICT = 'infer'


class EstimatorSpec(NamedTuple):
    """What a model function returns.

    Attributes:
        mode: One of `ModeKeys`.
        predictions: Tensor or dictionary of tensors.
        loss: Scalar.
        train_op: Op that takes a training step.
        eval_metric_ops: Pairs of value and update op, by name.
        export_outputs: By the names of the signatures.
        training_chief_hooks: Hooks for training.
        training_hooks: Hooks for training.
        scaffold: Initializers and saver.
        evaluation_hooks: Hooks for evaluation.
        prediction_hooks: Hooks for prediction.
    """

    mode: str
    predictions: Any = None
    loss: Any = None
    train_op: Any = None
    eval_metric_ops: dict | None = None
    export_outputs: dict | None = None
    training_chief_hooks: Sequence | None = None
    training_hooks: Sequence | None = None
    scaffold: Any = None
    evaluation_hooks: Sequence | None = None
    prediction_hooks: Sequence | None = None


class RunConfig:
    """How and where a model is trained and saved.

    Attributes:
        model_dir: Folder of the checkpoints.
        tf_random_seed: The graph's seed; None for random numbers.
        save_summary_steps: Steps between summaries.
        save_checkpoints_steps: Steps between checkpoints, or None.
        save_checkpoints_secs: Seconds between checkpoints, or None.
        session_config: Of the sessions.
        keep_checkpoint_max: How many checkpoints are kept.
        keep_checkpoint_every_n_hours: Of these, forever.
        log_step_count_steps: Steps between lines in the log.
        is_chief: Always True.
        master: Always empty.
    """

    def __init__(
        self,
        model_dir: str | None = None,
        tf_random_seed: int | None = None,
        save_summary_steps: int | None = 100,
        save_checkpoints_steps: int | None = None,
        save_checkpoints_secs: float | None = None,
        session_config: Any = None,
        keep_checkpoint_max: int = 5,
        keep_checkpoint_every_n_hours: float = 10000,
        log_step_count_steps: int | None = 100,
        **ignored: Any,
    ):
        del ignored  # strategies and clusters
        if save_checkpoints_steps is None and save_checkpoints_secs is None:
            save_checkpoints_secs = 600
        self.model_dir = model_dir
        self.tf_random_seed = tf_random_seed
        self.save_summary_steps = save_summary_steps
        self.save_checkpoints_steps = save_checkpoints_steps
        self.save_checkpoints_secs = save_checkpoints_secs
        self.session_config = session_config
        self.keep_checkpoint_max = keep_checkpoint_max
        self.keep_checkpoint_every_n_hours = keep_checkpoint_every_n_hours
        self.log_step_count_steps = log_step_count_steps
        self.is_chief = True
        self.master = self.evaluation_master = ''
        self.task_type, self.task_id = 'worker', 0
        self.num_worker_replicas, self.num_ps_replicas = 1, 0
        self.cluster_spec = tf.train.ClusterSpec({})

    def replace(self, **changes: Any) -> 'RunConfig':
        """Returns the configuration with some of its attributes changed."""
        other = copy.copy(self)
        for name, value in changes.items():
            setattr(other, name, value)
        return other


class TrainSpec(NamedTuple):
    """How `train_and_evaluate` trains."""

    input_fn: Callable
    max_steps: int | None = None
    hooks: Sequence = ()


class EvalSpec(NamedTuple):
    """How `train_and_evaluate` evaluates."""

    input_fn: Callable
    steps: int | None = 100
    name: str | None = None
    hooks: Sequence = ()
    exporters: Any = None
    start_delay_secs: float = 120
    throttle_secs: float = 600


class PredictOutput:
    """What an exported model gives: any tensors, by name."""

    method_name = 'tensorflow/serving/predict'

    def __init__(self, outputs: Any):
        self.outputs = outputs if isinstance(outputs, dict) else {'output': outputs}

    def signature(self, inputs: dict) -> Any:
        """Returns the signature for some inputs."""
        return tf.saved_model.build_signature_def(
            {
                name: tf.saved_model.build_tensor_info(tensor)
                for name, tensor in inputs.items()
            },
            {
                name: tf.saved_model.build_tensor_info(tensor)
                for name, tensor in self.outputs.items()
            },
            self.method_name,
        )


class ClassificationOutput(PredictOutput):
    """What an exported classifier gives: scores, classes or both."""

    method_name = 'tensorflow/serving/classify'

    def __init__(self, scores: Any = None, classes: Any = None):
        outputs = {'scores': scores, 'classes': classes}
        super().__init__({n: t for n, t in outputs.items() if t is not None})


class RegressionOutput(PredictOutput):
    """What an exported regressor gives."""

    method_name = 'tensorflow/serving/regress'

    def __init__(self, value: Any):
        super().__init__({'outputs': value})


class ServingInputReceiver(NamedTuple):
    """What an exported model is fed.

    Attributes:
        features: What the model function gets.
        receiver_tensors: What is fed, a tensor or a dictionary.
        receiver_tensors_alternatives: Ignored.
    """

    features: Any
    receiver_tensors: Any
    receiver_tensors_alternatives: Any = None


def build_raw_serving_input_receiver_fn(
    features: dict, default_batch_size: int | None = None
) -> Callable:
    """Returns a function whose placeholders are like some features."""

    def serving_input_receiver_fn() -> ServingInputReceiver:
        """Makes the placeholders."""
        placeholders = {
            name: tf.placeholder(
                tensor.dtype,
                [default_batch_size, *tensor.shape.as_list()[1:]],
                name=name,
            )
            for name, tensor in features.items()
        }
        return ServingInputReceiver(placeholders, placeholders)

    return serving_input_receiver_fn


def build_parsing_serving_input_receiver_fn(
    feature_spec: dict, default_batch_size: int | None = None
) -> Callable:
    """Returns a function that parses serialized examples."""

    def serving_input_receiver_fn() -> ServingInputReceiver:
        """Makes the placeholder and parses it."""
        examples = tf.placeholder(
            tf.string, [default_batch_size], name='input_example_tensor'
        )
        features = tf.parse_example(examples, feature_spec)
        return ServingInputReceiver(features, {'examples': examples})

    return serving_input_receiver_fn
