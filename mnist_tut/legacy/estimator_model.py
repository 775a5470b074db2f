"""What an Estimator trains: a model function, its checkpoints and its graphs.

Source:
    TensorFlow 1.15, tensorflow_estimator/python/estimator/estimator.py.
"""

import inspect
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

from mnist_tut.legacy.estimator_inputs import call_input_fn
from mnist_tut.legacy.estimator_spec import (
    EstimatorSpec,
    ModeKeys,
    PredictOutput,
    RunConfig,
    ServingInputReceiver,
)

import numpy as np
import tensorflow.compat.v1 as tf


class Model:
    """A model function, the folder of its checkpoints, and the graphs that it builds.

    Args:
        model_fn: Function of features, labels, mode, params and config, or of some of
            them, that builds the graph and returns an `EstimatorSpec`.
        model_dir: Folder of the checkpoints; a temporary one by default.
        config: A `RunConfig`.
        params: What the model function gets as `params`.
        warm_start_from: Checkpoint whose variables the training starts with.
    """

    def __init__(
        self,
        model_fn: Callable,
        model_dir: str | None = None,
        config: Any = None,
        params: Any = None,
        warm_start_from: str | None = None,
    ):
        self._model_fn = model_fn
        self._config = config or RunConfig()
        self._model_dir = model_dir or self._config.model_dir or tempfile.mkdtemp()
        if self._config.model_dir != self._model_dir:
            self._config = self._config.replace(model_dir=self._model_dir)
        self._params = params
        self._warm_start_from = warm_start_from

    @property
    def model_dir(self) -> str:
        """Folder of the checkpoints."""
        return self._model_dir

    @property
    def config(self) -> Any:
        """The configuration."""
        return self._config

    @property
    def params(self) -> Any:
        """What the model function gets as `params`."""
        return self._params

    @property
    def model_fn(self) -> Callable:
        """The model function, of features, labels, mode and config."""
        return self._model_fn

    def latest_checkpoint(self) -> str | None:
        """Returns the path of the newest checkpoint."""
        return tf.train.latest_checkpoint(self._model_dir)

    def get_variable_names(self) -> list[str]:
        """Returns the names of the checkpoint's variables."""
        return [name for name, _ in tf.train.list_variables(self._checkpoint(None))]

    def get_variable_value(self, name: str) -> np.ndarray:
        """Returns a variable of the checkpoint."""
        return tf.train.load_variable(self._checkpoint(None), name.split(':')[0])

    def _checkpoint(self, path: str | None) -> str:
        """Returns a path, or that of the newest checkpoint.

        Raises:
            ValueError: If there is none.
        """
        found = path or self.latest_checkpoint()
        if not found:
            raise ValueError(
                f'Could not find trained model in model_dir: {self._model_dir}.'
            )
        return found

    def _new_graph(self) -> tf.Graph:
        """Returns an empty graph with the configuration's seed."""
        graph = tf.Graph()
        with graph.as_default():
            if self._config.tf_random_seed is not None:
                tf.set_random_seed(self._config.tf_random_seed)
        return graph

    def _inputs(self, input_fn: Callable, mode: str) -> tuple[Any, Any]:
        """Returns the features and labels of an input function."""
        with tf.device('/cpu:0'):
            return call_input_fn(
                input_fn, mode=mode, params=self._params, config=self._config
            )

    def _call_model_fn(self, features: Any, labels: Any, mode: str) -> EstimatorSpec:
        """Builds the model, with the arguments that the model function has."""
        names = inspect.signature(self._model_fn).parameters
        every = any(p.kind is p.VAR_KEYWORD for p in names.values())
        given = {'labels': labels, 'mode': mode, 'params': self._params}
        given['config'] = self._config
        if labels is not None and not ('labels' in names or every):
            raise ValueError(
                'model_fn does not take labels, but input_fn returns labels.'
            )
        if 'params' not in names and self._params is None:
            del given['params']
        kwargs = {n: v for n, v in given.items() if n in names or every}
        return self._model_fn(features=features, **kwargs)

    def _scaffold(self, spec: EstimatorSpec) -> Any:
        """Returns the model's own scaffold, or one that keeps enough checkpoints."""
        if spec.scaffold is not None:
            return spec.scaffold
        saver = None
        if not tf.get_collection(tf.GraphKeys.SAVERS):
            saver = tf.train.Saver(
                sharded=False,
                max_to_keep=self._config.keep_checkpoint_max,
                keep_checkpoint_every_n_hours=self._config.keep_checkpoint_every_n_hours,
                defer_build=True,
                save_relative_paths=True,
            )
        return tf.train.Scaffold(saver=saver)

    def _session(self, spec: EstimatorSpec, path: str, hooks: Sequence) -> Any:
        """Returns a session with a checkpoint's variables."""
        return tf.train.MonitoredSession(
            tf.train.ChiefSessionCreator(
                scaffold=self._scaffold(spec),
                checkpoint_filename_with_path=path,
                config=self._config.session_config,
            ),
            hooks,
        )

    def export_savedmodel(
        self,
        export_dir_base: str,
        serving_input_receiver_fn: Callable,
        assets_extra: Any = None,
        as_text: bool = False,
        checkpoint_path: str | None = None,
        **ignored: Any,
    ) -> bytes:
        """Writes the trained model as a SavedModel, and returns its folder.

        Args:
            export_dir_base: The folder is made in this one, and named by the time.
            serving_input_receiver_fn: Returns what the model is fed.
            assets_extra: Ignored.
            as_text: Write the graph as text.
            checkpoint_path: The checkpoint; the newest by default.
            **ignored: Ignored.
        """
        del assets_extra, ignored
        path = self._checkpoint(checkpoint_path)
        stamp = int(time.time())
        while os.path.exists(os.path.join(export_dir_base, str(stamp))):
            stamp += 1
        folder = os.path.join(export_dir_base, str(stamp))
        with self._new_graph().as_default():
            tf.train.get_or_create_global_step()
            receiver: ServingInputReceiver = serving_input_receiver_fn()
            spec = self._call_model_fn(receiver.features, None, ModeKeys.PREDICT)
            outputs = dict(spec.export_outputs or {})
            default = 'serving_default'
            if not outputs:
                outputs[default] = PredictOutput(spec.predictions)
            elif default not in outputs:
                outputs[default] = next(iter(outputs.values()))
            fed = receiver.receiver_tensors
            fed = fed if isinstance(fed, dict) else {'input': fed}
            builder = tf.saved_model.Builder(folder)
            with tf.Session(config=self._config.session_config) as session:
                tf.train.Saver().restore(session, path)
                session.run(tf.local_variables_initializer())
                builder.add_meta_graph_and_variables(
                    session,
                    [tf.saved_model.SERVING],
                    {name: output.signature(fed) for name, output in outputs.items()},
                    main_op=tf.tables_initializer(),
                )
            builder.save(as_text)
        return folder.encode()

    export_saved_model = export_savedmodel
