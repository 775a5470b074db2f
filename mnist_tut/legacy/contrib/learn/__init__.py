"""Stand-in for tensorflow.contrib.learn; the sources are in its modules."""

import types

from mnist_tut.legacy.contrib.learn import (
    datasets,
    estimators,
    models,
    monitors,
    ops,
)
from mnist_tut.legacy.contrib.learn.canned import (
    DNNClassifier,
    DNNLinearCombinedClassifier,
    DNNRegressor,
    LinearClassifier,
    LinearRegressor,
    LogisticRegressor,
)
from mnist_tut.legacy.contrib.learn.estimators import (
    BaseEstimator,
    Estimator,
    MetricSpec,
    ModeKeys,
    ModelFnOps,
    NotFittedError,
    RunConfig,
    SKCompat,
    infer_real_valued_columns_from_input,
    infer_real_valued_columns_from_input_fn,
)
from mnist_tut.legacy.contrib.learn.monitors import NanLossDuringTrainingError
from mnist_tut.legacy.contrib.learn.runs import (
    Experiment,
    infer,
    learn_runner,
    run_feeds,
    run_n,
)
from mnist_tut.legacy.contrib.learn.skflow import (
    TensorFlowClassifier,
    TensorFlowDNNClassifier,
    TensorFlowDNNRegressor,
    TensorFlowEstimator,
    TensorFlowLinearClassifier,
    TensorFlowLinearRegressor,
    TensorFlowRegressor,
    TensorFlowRNNClassifier,
)

# A module of the original.
metric_spec = types.SimpleNamespace(MetricSpec=MetricSpec)

__all__ = [
    'BaseEstimator',
    'DNNClassifier',
    'DNNLinearCombinedClassifier',
    'DNNRegressor',
    'Estimator',
    'Experiment',
    'LinearClassifier',
    'LinearRegressor',
    'LogisticRegressor',
    'MetricSpec',
    'ModeKeys',
    'ModelFnOps',
    'NanLossDuringTrainingError',
    'NotFittedError',
    'RunConfig',
    'SKCompat',
    'TensorFlowClassifier',
    'TensorFlowDNNClassifier',
    'TensorFlowDNNRegressor',
    'TensorFlowEstimator',
    'TensorFlowLinearClassifier',
    'TensorFlowLinearRegressor',
    'TensorFlowRNNClassifier',
    'TensorFlowRegressor',
    'datasets',
    'estimators',
    'infer',
    'infer_real_valued_columns_from_input',
    'infer_real_valued_columns_from_input_fn',
    'learn_runner',
    'metric_spec',
    'models',
    'monitors',
    'ops',
    'run_feeds',
    'run_n',
]
