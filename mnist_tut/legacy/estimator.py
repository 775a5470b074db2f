"""Stand-in for tf.estimator, which left TensorFlow with 2.16.

Source:
    TensorFlow 1.15, tensorflow_estimator.
"""

import types
from typing import Any

from mnist_tut.legacy.estimator_canned import (
    DNNClassifier,
    DNNLinearCombinedClassifier,
    DNNLinearCombinedRegressor,
    DNNRegressor,
    LinearClassifier,
    LinearRegressor,
)
from mnist_tut.legacy.estimator_core import Estimator
from mnist_tut.legacy.estimator_inputs import numpy_input_fn, pandas_input_fn
from mnist_tut.legacy.estimator_spec import (
    ClassificationOutput,
    EstimatorSpec,
    EvalSpec,
    ModeKeys,
    PredictOutput,
    RegressionOutput,
    RunConfig,
    ServingInputReceiver,
    TrainSpec,
    build_parsing_serving_input_receiver_fn,
    build_raw_serving_input_receiver_fn,
)

import tensorflow.compat.v1 as tf

__all__ = [
    'CheckpointSaverHook',
    'DNNClassifier',
    'DNNLinearCombinedClassifier',
    'DNNLinearCombinedRegressor',
    'DNNRegressor',
    'Estimator',
    'EstimatorSpec',
    'EvalSpec',
    'FinalOpsHook',
    'LinearClassifier',
    'LinearRegressor',
    'LoggingTensorHook',
    'ModeKeys',
    'NanTensorHook',
    'ProfilerHook',
    'RunConfig',
    'SessionRunHook',
    'StepCounterHook',
    'StopAtStepHook',
    'SummarySaverHook',
    'TrainSpec',
    'export',
    'inputs',
    'train_and_evaluate',
]

CheckpointSaverHook = tf.train.CheckpointSaverHook
FinalOpsHook = tf.train.FinalOpsHook
LoggingTensorHook = tf.train.LoggingTensorHook
NanTensorHook = tf.train.NanTensorHook
ProfilerHook = tf.train.ProfilerHook
SessionRunHook = tf.train.SessionRunHook
StepCounterHook = tf.train.StepCounterHook
StopAtStepHook = tf.train.StopAtStepHook
SummarySaverHook = tf.train.SummarySaverHook

inputs = types.SimpleNamespace(
    numpy_input_fn=numpy_input_fn, pandas_input_fn=pandas_input_fn
)
export = types.SimpleNamespace(
    ClassificationOutput=ClassificationOutput,
    PredictOutput=PredictOutput,
    RegressionOutput=RegressionOutput,
    ServingInputReceiver=ServingInputReceiver,
    build_parsing_serving_input_receiver_fn=build_parsing_serving_input_receiver_fn,
    build_raw_serving_input_receiver_fn=build_raw_serving_input_receiver_fn,
)


def train_and_evaluate(
    estimator: Estimator, train_spec: TrainSpec, eval_spec: EvalSpec
) -> tuple[Any, Any]:
    """Trains a model to its last step, then evaluates it.

    The original also evaluated checkpoints on the way, every ten minutes at most.

    Returns:
        The metrics, and what the exporters returned (None).
    """
    estimator.train(
        train_spec.input_fn, hooks=train_spec.hooks, max_steps=train_spec.max_steps
    )
    metrics = estimator.evaluate(
        eval_spec.input_fn,
        steps=eval_spec.steps,
        hooks=eval_spec.hooks,
        name=eval_spec.name,
    )
    return metrics, None
