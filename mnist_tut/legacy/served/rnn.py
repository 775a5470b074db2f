"""Recurrent cells and networks, with the arguments and states of their time.

A cell of 1.x or later takes (num_units, activation); before 1.0 the second was
input_size. Before 0.11 an LSTM's state was one tensor, [B, 2 * num_units], unless
state_is_tuple said otherwise. A cell here takes either, and answers in kind.

Source:
    TensorFlow 0.5 to 1.0, python/ops/rnn_cell.py and rnn.py.
"""

import copy
import functools
from typing import Any

from mnist_tut.legacy import current
from mnist_tut.legacy.served import variables
from mnist_tut.legacy.served.registry import arguments, provides, serves

import tensorflow.compat.v1 as tf

# The parameters of today's cells.
_TODAY = {
    'BasicRNNCell': 'num_units activation reuse name',
    'GRUCell': 'num_units activation reuse kernel_initializer bias_initializer name',
    'BasicLSTMCell': 'num_units forget_bias state_is_tuple activation reuse name',
    'LSTMCell': 'num_units use_peepholes cell_clip initializer num_proj proj_clip '
    'num_unit_shards num_proj_shards forget_bias state_is_tuple activation reuse name',
}
# Those before 1.0, where they differ.
_BEFORE_1_0 = {
    'BasicRNNCell': 'num_units input_size activation',
    'GRUCell': 'num_units input_size activation',
    'BasicLSTMCell': 'num_units forget_bias input_size state_is_tuple activation',
    'LSTMCell': 'num_units input_size use_peepholes cell_clip initializer num_proj '
    'num_unit_shards num_proj_shards forget_bias state_is_tuple activation',
}


def is_one_tensor(state: Any) -> bool:
    """Returns whether a state is one tensor and not a tuple of two."""
    return isinstance(state, tf.Tensor | tf.Variable)


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _cell_arguments(name: str, args: tuple, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Returns a cell's arguments by today's names."""
    position = 2 if name == 'BasicLSTMCell' else 1
    second = args[position] if len(args) > position else False
    is_old = 'input_size' in kwargs or _is_size(second)
    if second is None and name != 'BasicLSTMCell':
        is_old = is_old or (len(args) > 2 and current.before('1.1'))
    given = arguments((_BEFORE_1_0 if is_old else _TODAY)[name], args, kwargs)
    if 'input_size' in given:
        given.pop('input_size')
        current.note(f'{name}(num_units, input_size)', f'{name}(num_units)', 'meaning')
    if isinstance(given.get('num_units'), float):
        given['num_units'] = int(given['num_units'])
    return given


def _remember(cell: Any, make: Any, *args: Any, **kwargs: Any) -> None:
    """Notes how to make a cell once more, for `_in_scope`."""
    # Not as an attribute: Keras would take what it holds for layers of the cell.
    cell.__dict__['_made_by'] = functools.partial(make, *args, **kwargs)


def _in_scope(cell: Any) -> Any:
    """Returns the cell to call in the current variable scope.

    Before 1.0 a cell held no weights: a call made them, or found them, in the scope
    around it, so that one cell in two scopes was two. Since then it keeps those of its
    first call.

    Source:
        TensorFlow 0.12, python/ops/rnn_cell.py.
    """
    make = cell.__dict__.get('_made_by')
    if make is None or make.func is not type(cell) or not current.before('1.0'):
        return cell
    scope = tf.get_variable_scope().name
    cells = cell.__dict__.setdefault('_by_scope', {scope: cell})
    if scope not in cells:
        current.note('one cell in two scopes', 'a cell for each scope', 'meaning')
        cells[scope] = make()
        cells[scope].__dict__['_made_by'] = None
    return cells[scope]


def _add_weight(base: Any) -> Any:
    """Returns `add_weight` of cells with the default initializer of the era."""

    def add_weight(self: Any, name: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get('initializer') is None:
            kwargs['initializer'] = variables.default_initializer(tf.float32)
        return base.add_weight(self, name, *args, **kwargs)

    return add_weight


def _make_lstm(name: str) -> Any:
    """Returns a class of LSTM cells that takes either kind of state."""
    base = getattr(tf.nn.rnn_cell, name)

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        given = _cell_arguments(name, args, kwargs)
        is_one = given.get('state_is_tuple') is False
        if 'state_is_tuple' not in given and current.before('0.11'):
            current.note(f'{name}(n)', f'{name}(n, state_is_tuple=False)', 'meaning')
            is_one = True
        given['state_is_tuple'] = True
        base.__init__(self, **given)
        self.state_is_one_tensor = is_one
        _remember(self, made, *args, **kwargs)

    @property  # type: ignore[misc]
    def state_size(self: Any) -> Any:
        size = base.state_size.fget(self)
        return sum(size) if getattr(self, 'state_is_one_tensor', False) else size

    def zero_state(self: Any, batch_size: Any, dtype: Any) -> Any:
        if not self.state_is_one_tensor:
            return base.zero_state(self, batch_size, dtype)
        return tf.zeros(tf.stack([batch_size, self.state_size]), dtype)

    def __call__(  # noqa: N807
        self: Any, inputs: Any, state: Any, *args: Any, **kwargs: Any
    ) -> Any:
        is_one = is_one_tensor(state)
        if is_one:
            sizes = list(base.state_size.fget(self))
            if not self.state_is_one_tensor:
                current.note('an LSTM state that is one tensor', 'a tuple', 'meaning')
            state = tf.nn.rnn_cell.LSTMStateTuple(*tf.split(state, sizes, 1))
        cell = _in_scope(self)
        output, state = base.__call__(cell, inputs, state, *args, **kwargs)
        return output, tf.concat(list(state), 1) if is_one else state

    made = type(
        name,
        (base,),
        {
            '__init__': __init__,
            '__call__': __call__,
            '__doc__': base.__doc__,
            'add_weight': _add_weight(base),
            'state_size': state_size,
            'zero_state': zero_state,
        },
    )
    return made


def _make_plain(name: str) -> Any:
    """Returns a class of cells whose second argument may be input_size."""
    base = getattr(tf.nn.rnn_cell, name)

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        base.__init__(self, **_cell_arguments(name, args, kwargs))
        _remember(self, made, *args, **kwargs)

    def __call__(self: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N807
        return base.__call__(_in_scope(self), *args, **kwargs)

    made = type(
        name,
        (base,),
        {
            '__init__': __init__,
            '__call__': __call__,
            '__doc__': base.__doc__,
            'add_weight': _add_weight(base),
        },
    )
    return made


@functools.cache
def cell_class(name: str) -> Any:
    """Returns the class that is served under the name of a cell."""
    make = _make_lstm if 'LSTM' in name else _make_plain
    return make(name)


def _serve_cells() -> None:
    for name in _TODAY:
        # Made when it is read: without tf-keras there are no cells.
        provides(
            f'tf.nn.rnn_cell.{name}',
            f'tf.contrib.rnn.{name}',
            f'tf.contrib.rnn.core_rnn_cell.{name}',
        )(lambda program, name=name: cell_class(name))


_serve_cells()


@functools.cache
def _multi_class() -> Any:
    base: Any = tf.nn.rnn_cell.MultiRNNCell

    class MultiRNNCell(base):
        """A stack of cells; before 1.1 a cell that is listed twice was two."""

        def __init__(self, cells: Any, state_is_tuple: bool | None = None):
            cells = list(cells)
            if len({id(cell) for cell in cells}) < len(cells):
                current.note(
                    'MultiRNNCell([cell] * n)',
                    'MultiRNNCell([make_cell() for _ in range(n)])',
                    'meaning',
                )
                cells = [cells[0], *(copy.deepcopy(cell) for cell in cells[1:])]
                for number, cell in enumerate(cells):
                    _rename(cell, number)
            if state_is_tuple is None:
                state_is_tuple = not current.before('0.11')
            self._one_tensor = not state_is_tuple
            base.__init__(self, cells, state_is_tuple=True)
            _remember(self, MultiRNNCell, cells, state_is_tuple)

        @property
        def state_size(self) -> Any:
            sizes = base.state_size.fget(self)
            return sum(_flat(sizes)) if self._one_tensor else sizes

        def zero_state(self, batch_size: Any, dtype: Any) -> Any:
            if self._one_tensor:
                return tf.zeros(tf.stack([batch_size, self.state_size]), dtype)
            return tuple(cell.zero_state(batch_size, dtype) for cell in self._cells)

        def __call__(self, inputs: Any, state: Any, *args: Any, **kwargs: Any) -> Any:
            cell = _in_scope(self)
            if not is_one_tensor(state):
                return base.__call__(cell, inputs, state, *args, **kwargs)
            sizes = [cell.state_size for cell in self._cells]
            flat = [sum(_flat(size)) for size in sizes]
            parts = []
            for size, part in zip(sizes, tf.split(state, flat, 1), strict=True):
                if isinstance(size, tuple):
                    part = tf.nn.rnn_cell.LSTMStateTuple(*tf.split(part, list(size), 1))
                parts.append(part)
            output, new = base.__call__(cell, inputs, tuple(parts), *args, **kwargs)
            return output, tf.concat(tf.nest.flatten(new), 1)

    return MultiRNNCell


def _flat(size: Any) -> list[int]:
    return [int(part) for part in tf.nest.flatten(size)]


def _rename(cell: Any, number: int) -> None:
    """Gives a copied cell a variable scope of its own."""
    inner = getattr(cell, 'cell', None) or getattr(cell, '_cell', None)
    if inner is not None:
        _rename(inner, number)
    elif hasattr(cell, '_name'):
        cell._name = f'{cell._name}_{number}'


provides('tf.nn.rnn_cell.MultiRNNCell', 'tf.contrib.rnn.MultiRNNCell')(
    lambda program: _multi_class()
)


@serves('tf.nn.rnn', 'tf.nn.static_rnn', 'tf.contrib.rnn.static_rnn')
def static_rnn(cell: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
    """Unrolls a network; called rnn before 1.0."""
    names = 'initial_state dtype sequence_length scope'
    given = arguments(names, args, kwargs)
    given['sequence_length'] = _as_int(given.get('sequence_length'))
    _fill_dtype(given, 'initial_state', inputs[0])
    return tf.nn.static_rnn(cell, inputs, **given)


def _as_int(length: Any) -> Any:
    return None if length is None else tf.cast(length, tf.int32)


def _fill_dtype(given: dict[str, Any], state: str, inputs: Any) -> None:
    if given.get(state) is None and given.get('dtype') is None:
        given['dtype'] = inputs.dtype


@serves('tf.nn.dynamic_rnn')
def dynamic_rnn(cell: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
    """Unrolls a network in a loop.

    Before 0.8 the third argument was sequence_length, as it is today.
    """
    names = (
        'sequence_length initial_state dtype parallel_iterations swap_memory '
        'time_major scope'
    )
    given = arguments(names, args, kwargs)
    _fill_dtype(given, 'initial_state', inputs)
    return tf.nn.dynamic_rnn(cell, inputs, **given)


@serves(
    'tf.nn.bidirectional_rnn',
    'tf.nn.static_bidirectional_rnn',
    'tf.contrib.rnn.static_bidirectional_rnn',
)
def bidirectional_rnn(
    cell_fw: Any, cell_bw: Any, inputs: Any, *args: Any, **kwargs: Any
) -> Any:
    """Unrolls two networks, forward and backward.

    Before 0.8 it returned the outputs alone, since then with the two last states.
    """
    names = 'initial_state_fw initial_state_bw dtype sequence_length scope'
    given = arguments(names, args, kwargs)
    given['sequence_length'] = _as_int(given.get('sequence_length'))
    _fill_dtype(given, 'initial_state_fw', inputs[0])
    result = tf.nn.static_bidirectional_rnn(cell_fw, cell_bw, inputs, **given)
    if _takes_three() or not current.before('0.8'):
        return result
    current.note(
        'outputs = bidirectional_rnn(...)',
        'outputs, _, _ = tf.nn.static_bidirectional_rnn(...)',
        'meaning',
    )
    return result[0]


def _takes_three() -> bool:
    """Returns whether the script's line unpacks the result into three."""
    program = current.program()
    return program is not None and program.unpacks() == 3


@serves('tf.nn.rnn_cell.linear', 'tf.nn.rnn_cell._linear', 'tf.nn.linear')
def linear(
    args: Any, output_size: int, bias: bool, bias_start: float = 0.0, scope: Any = None
) -> Any:
    """Multiplies the joined arguments by a matrix, and adds a bias.

    Source:
        TensorFlow 0.12, python/ops/rnn_cell.py, _linear.
    """
    inputs = args if isinstance(args, (list, tuple)) else [args]
    joined = tf.concat(list(inputs), 1) if len(inputs) > 1 else inputs[0]
    with tf.variable_scope(scope or 'Linear'):
        shape = [joined.shape[1], output_size]
        output = tf.matmul(joined, tf.get_variable('Matrix', shape, joined.dtype))
        if not bias:
            return output
        initializer = tf.constant_initializer(bias_start, dtype=joined.dtype)
        return output + tf.get_variable(
            'Bias', [output_size], joined.dtype, initializer=initializer
        )
