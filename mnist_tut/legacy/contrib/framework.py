"""Stand-in for tensorflow.contrib.framework: variables, the global step, arg_scope.

Source:
    TensorFlow 1.2, contrib/framework/python/ops/variables.py and framework/.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from mnist_tut.legacy.contrib.scopes import (
    add_arg_scope,
    arg_scope,
    arg_scoped_arguments,
    has_arg_scope,
)

import tensorflow.compat.v1 as tf

__all__ = [
    'add_arg_scope',
    'add_model_variable',
    'arg_scope',
    'arg_scoped_arguments',
    'argsort',
    'assert_global_step',
    'assert_or_get_global_step',
    'assert_scalar',
    'assign_from_checkpoint',
    'assign_from_checkpoint_fn',
    'assign_from_values',
    'assign_from_values_fn',
    'create_global_step',
    'filter_variables',
    'get_global_step',
    'get_local_variables',
    'get_model_variables',
    'get_name_scope',
    'get_or_create_global_step',
    'get_trainable_variables',
    'get_unique_variable',
    'get_variable_full_name',
    'get_variables',
    'get_variables_by_name',
    'get_variables_by_suffix',
    'get_variables_to_restore',
    'has_arg_scope',
    'init_from_checkpoint',
    'is_tensor',
    'list_variables',
    'load_checkpoint',
    'load_variable',
    'local_variable',
    'model_variable',
    'nest',
    'sort',
    'variable',
    'zero_initializer',
]

nest = tf.nest
sort = tf.sort
argsort = tf.argsort
is_tensor = tf.is_tensor
init_from_checkpoint = tf.train.init_from_checkpoint
load_checkpoint = tf.train.load_checkpoint
load_variable = tf.train.load_variable
list_variables = tf.train.list_variables
create_global_step = tf.train.create_global_step
get_global_step = tf.train.get_global_step
get_or_create_global_step = tf.train.get_or_create_global_step
assert_global_step = tf.train.assert_global_step


def assert_or_get_global_step(
    graph: tf.Graph | None = None, global_step_tensor: Any = None
) -> Any:
    """Returns the global step; a given one is checked."""
    if global_step_tensor is None:
        return tf.train.get_global_step(graph)
    assert_global_step(global_step_tensor)
    return global_step_tensor


def assert_scalar(tensor: Any, name: str | None = None) -> tf.Tensor:
    """Returns a tensor, after checking that it has no dimensions."""
    tensor = tf.convert_to_tensor(tensor, name=name)
    if tensor.shape.ndims != 0:
        raise ValueError(f'Expected scalar shape, saw shape: {tensor.shape}.')
    return tensor


@add_arg_scope
def variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Callable | None = None,
    trainable: bool = True,
    collections: Any = None,
    caching_device: Any = None,
    device: Any = '',
    partitioner: Any = None,
    custom_getter: Any = None,
    use_resource: bool | None = None,
) -> tf.Variable:
    """Gets a variable, or creates it.

    The arguments are `tf.get_variable`'s, and `device`: where it is placed, as a name
    or as a function of the op.
    """
    keys = list(collections) if collections is not None else []
    keys = list(dict.fromkeys([*keys, tf.GraphKeys.GLOBAL_VARIABLES]))
    if tf.GraphKeys.LOCAL_VARIABLES in keys:
        keys.remove(tf.GraphKeys.GLOBAL_VARIABLES)
    getter = custom_getter or tf.get_variable
    optional = {} if use_resource is None else {'use_resource': use_resource}
    with tf.device(device or ''):
        return getter(
            name,
            shape=shape,
            dtype=dtype,
            initializer=initializer,
            regularizer=regularizer,
            trainable=trainable,
            collections=keys,
            caching_device=caching_device,
            partitioner=partitioner,
            **optional,
        )


@add_arg_scope
def model_variable(
    name: str,
    shape: Any = None,
    dtype: Any = tf.float32,
    initializer: Any = None,
    regularizer: Callable | None = None,
    trainable: bool = True,
    collections: Any = None,
    **options: Any,
) -> tf.Variable:
    """Gets or creates a variable that is also in the collection MODEL_VARIABLES.

    The arguments are those of `variable`.
    """
    keys = [*(collections or []), tf.GraphKeys.MODEL_VARIABLES]
    return variable(
        name,
        shape=shape,
        dtype=dtype,
        initializer=initializer,
        regularizer=regularizer,
        trainable=trainable,
        collections=keys,
        **options,
    )


def local_variable(
    initial_value: Any,
    validate_shape: bool = True,
    name: str | None = None,
    use_resource: bool | None = None,
) -> tf.Variable:
    """Creates a variable that is in LOCAL_VARIABLES and in no checkpoint."""
    return tf.Variable(
        initial_value,
        trainable=False,
        collections=[tf.GraphKeys.LOCAL_VARIABLES],
        validate_shape=validate_shape,
        name=name,
        use_resource=use_resource,
    )


def zero_initializer(ref: Any, use_locking: bool = True, name: str = '') -> Any:
    """Returns the op that sets a variable to zeros."""
    del use_locking
    return tf.assign(
        ref, tf.zeros(ref.shape, ref.dtype.base_dtype), name=name or 'zero_initializer'
    )


def add_model_variable(var: tf.Variable) -> None:
    """Adds a variable to MODEL_VARIABLES, once."""
    if all(var is not other for other in tf.model_variables()):
        tf.add_to_collection(tf.GraphKeys.MODEL_VARIABLES, var)


def get_variables(
    scope: Any = None,
    suffix: str | None = None,
    collection: str = tf.GraphKeys.GLOBAL_VARIABLES,
) -> list[tf.Variable]:
    """Returns the variables of a collection in a scope, or with a suffix.

    Args:
        scope: A variable scope, or the beginning of a name.
        suffix: The end of a name.
        collection: The collection's name.
    """
    if isinstance(scope, tf.VariableScope):
        scope = scope.name
    if suffix is not None:
        suffix = suffix if ':' in suffix else suffix + ':'
        scope = (scope or '') + '.*' + suffix
    return tf.get_collection(collection, scope)


def get_model_variables(
    scope: Any = None, suffix: str | None = None
) -> list[tf.Variable]:
    """Returns the variables that layers have made; see `get_variables`."""
    return get_variables(scope, suffix, tf.GraphKeys.MODEL_VARIABLES)


def get_local_variables(
    scope: Any = None, suffix: str | None = None
) -> list[tf.Variable]:
    """Returns the local variables; see `get_variables`."""
    return get_variables(scope, suffix, tf.GraphKeys.LOCAL_VARIABLES)


def get_trainable_variables(
    scope: Any = None, suffix: str | None = None
) -> list[tf.Variable]:
    """Returns the variables that are trained; see `get_variables`."""
    return get_variables(scope, suffix, tf.GraphKeys.TRAINABLE_VARIABLES)


def get_variables_by_suffix(suffix: str, scope: Any = None) -> list[tf.Variable]:
    """Returns the variables whose names end in `suffix`."""
    return get_variables(scope, suffix)


def get_variables_by_name(given_name: str, scope: Any = None) -> list[tf.Variable]:
    """Returns the variables of a name, in whatever scope."""
    return get_variables(scope, '/' + given_name + ':|^' + given_name + ':')


def get_unique_variable(var_op_name: str) -> tf.Variable:
    """Returns the variable of a full name.

    Raises:
        ValueError: If there is none, or more than one.
    """
    found = [v for v in get_variables() if v.op.name == var_op_name]
    if len(found) != 1:
        raise ValueError(
            f'Variable {var_op_name} does not uniquely identify a variable'
        )
    return found[0]


def get_variables_to_restore(
    include: Sequence[str] | None = None, exclude: Sequence[str] | None = None
) -> list[tf.Variable]:
    """Returns the variables in the scopes `include` and not in those of `exclude`."""
    wanted = get_variables()
    if include is not None:
        wanted = [v for scope in include for v in get_variables(scope)]
    unwanted = {v.op.name for scope in exclude or [] for v in get_variables(scope)}
    return [v for v in wanted if v.op.name not in unwanted]


def filter_variables(
    var_list: Sequence[tf.Variable],
    include_patterns: Sequence[str] | None = None,
    exclude_patterns: Sequence[str] | None = None,
    reg_search: bool = True,
) -> list[tf.Variable]:
    """Returns the variables whose names match; the patterns are regular expressions."""
    match = re.search if reg_search else re.match

    def fits(name: str, patterns: Sequence[str] | None, default: bool) -> bool:
        return any(match(p, name) for p in patterns) if patterns else default

    return [
        v
        for v in var_list
        if fits(v.op.name, include_patterns, True)
        and not fits(v.op.name, exclude_patterns, False)
    ]


def get_variable_full_name(var: tf.Variable) -> str:
    """Returns a variable's name without ':0'."""
    return var.op.name


def get_name_scope() -> str:
    """Returns the name of the open name scope."""
    return tf.get_default_graph().get_name_scope()


def _by_name(var_list: Any) -> dict[str, tf.Variable]:
    """Returns variables by their names in a checkpoint."""
    if isinstance(var_list, dict):
        return var_list
    return {v.op.name: v for v in var_list}


def assign_from_values(values_by_name: dict[str, Any]) -> tuple[tf.Operation, dict]:
    """Returns an op that sets variables, and what it has to be fed."""
    assigns, feeds = [], {}
    for name, value in values_by_name.items():
        var = get_unique_variable(name)
        placeholder = tf.placeholder(var.dtype.base_dtype, var.shape)
        assigns.append(tf.assign(var, placeholder))
        feeds[placeholder] = value
    return tf.group(*assigns), feeds


def assign_from_values_fn(values_by_name: dict[str, Any]) -> Callable:
    """Returns a function of a session that sets variables."""
    op, feeds = assign_from_values(values_by_name)
    return lambda session: session.run(op, feeds)


def assign_from_checkpoint(
    model_path: str, var_list: Any, ignore_missing_vars: bool = False
) -> tuple[tf.Operation, dict]:
    """Returns an op that sets variables from a checkpoint, and what it has to be fed.

    Args:
        model_path: The checkpoint.
        var_list: The variables, or a dictionary of them by the checkpoint's names.
        ignore_missing_vars: Leave out what the checkpoint lacks.

    Raises:
        ValueError: If it lacks one of them.
    """
    reader = tf.train.NewCheckpointReader(model_path)
    values = {}
    for name, var in _by_name(var_list).items():
        if reader.has_tensor(name):
            values[var.op.name] = reader.get_tensor(name).reshape(var.shape.as_list())
        elif not ignore_missing_vars:
            raise ValueError(
                f'Checkpoint is missing variable [{name}]; {model_path} has '
                f'{", ".join(sorted(reader.get_variable_to_shape_map()))}'
            )
    return assign_from_values(values)


def assign_from_checkpoint_fn(
    model_path: str,
    var_list: Any,
    ignore_missing_vars: bool = False,
    reshape_variables: bool = False,
) -> Callable:
    """Returns a function of a session that restores variables.

    The arguments are those of `assign_from_checkpoint`; `reshape_variables` also
    accepts other shapes of the same size.
    """
    by_name = _by_name(var_list)
    if ignore_missing_vars:
        reader = tf.train.NewCheckpointReader(model_path)
        by_name = {n: v for n, v in by_name.items() if reader.has_tensor(n)}
    saver = tf.train.Saver(by_name, reshape=reshape_variables)
    return lambda session: saver.restore(session, model_path)
