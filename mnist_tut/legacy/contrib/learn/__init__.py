"""Stand-in for tensorflow.contrib.learn; the sources are in its modules."""

from mnist_tut.legacy.contrib.learn import datasets, models, monitors, ops
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
    'infer',
    'infer_real_valued_columns_from_input',
    'infer_real_valued_columns_from_input_fn',
    'learn_runner',
    'models',
    'monitors',
    'ops',
    'run_feeds',
    'run_n',
]
