"""The metrics that the documents report, and the commands that measure the same.

Used by reproduce.py, which runs the experiments, and by write_reproduction.py, which
compares the documents' metrics with ours.
"""

import dataclasses
import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULTS = ROOT / 'docs' / 'results'

DOCUMENTS = {
    'D': 'Deep MNIST for Experts (TensorFlow, June 2017)',
    'B': 'Tensorflow MNIST Beginner notes (a blog, 2018)',
    'M': 'TensorFlow Mechanics 101 (slides, November 2016)',
    'L': 'MNIST classification (a lecture)',
    'C': 'A trial ML program on MNIST images (August 2017)',
}


# The flag for the data folder, of lessons where it is not --data_dir.
DATA_FLAGS = {'fully_connected_feed': '--train_dir'}


@dataclasses.dataclass(frozen=True)
class Experiment:
    """A command, run once for each seed.

    Attributes:
        lesson: Module in mnist_tut.
        flags: Its flags; the seed is added to them.
        seeds: One run each.
    """

    lesson: str
    flags: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (1,)

    def command(self) -> str:
        """Returns the command line, without the seed."""
        return ' '.join(['python -m mnist_tut.' + self.lesson, *self.flags])


EXPERIMENTS = {
    'softmax': Experiment('softmax', (), tuple(range(1, 11))),
    'softmax_notes': Experiment(
        'softmax',
        (
            '--learning_rate=0.05',
            '--loss=log',
            '--max_steps=10000',
            '--accuracy_at=500,1000,2000,5000,10000',
        ),
        (1, 2, 3, 4, 5),
    ),
    'softmax_long': Experiment(
        'softmax',
        (
            '--loss=log',
            '--max_steps=10000',
            '--accuracy_at=500,1000,2000,5000,10000',
        ),
        (1, 2, 3, 4, 5),
    ),
    'fully_connected_feed': Experiment(
        'fully_connected_feed', ('--max_steps=2000',), tuple(range(1, 11))
    ),
    'tanh_mlp': Experiment('tanh_mlp', (), (1, 2, 3, 4, 5)),
    'tanh_mlp_once': Experiment('tanh_mlp', ('--nodouble_softmax',), (1, 2, 3, 4, 5)),
    'convolutional': Experiment('convolutional', (), (66478,)),
    'convolutional_seeds': Experiment('convolutional', (), (1, 2, 3, 4, 5)),
    'convolutional_10': Experiment('convolutional', ('--num_epochs=10',), (66478,)),
    'with_summaries': Experiment('with_summaries', (), (1, 2, 3)),
    'deep_2000': Experiment('deep', ('--max_steps=2000',), (1, 2, 3)),
    'deep_20000': Experiment('deep', (), (1, 2)),
}


@dataclasses.dataclass(frozen=True)
class Metric:
    """A metric that a document prints, and where ours is stored.

    Attributes:
        document: Key of DOCUMENTS.
        what: Description of the metric.
        reported: The document's value, as printed there.
        experiment: Key of EXPERIMENTS.
        name: Name of the record in the run's history.
        step: Step of the record, or None for the newest.
        form: Format of our value.
        headline: Whether it is in the README's table, one metric of each document.
        original: Key of the original program's values in docs/results/originals.json;
            those in originals_1.15.5.json are found by experiment, name and step.
    """

    document: str
    what: str
    reported: str
    experiment: str
    name: str
    step: int | None = None
    form: str = '.4f'
    headline: bool = False
    original: str | None = None


def _printed(key: str) -> list[tuple[int, float]]:
    """Returns the (step, value) lines of a document's listing."""
    return json.loads((RESULTS / 'documents.json').read_text())[key]


METRICS = [
    Metric('D', 'softmax regression, test accuracy', '0.9215', 'softmax',
           'test_accuracy', original='softmax'),
    Metric('B', 'softmax regression, test accuracy', '0.9188', 'softmax',
           'test_accuracy', headline=True, original='softmax'),
    *(
        Metric('B', f'table: accuracy after {steps:,} steps', reported, 'softmax_notes',
               'test_accuracy', steps)
        for steps, reported in (
            (500, '0.8908'), (1000, '0.901'), (2000, '0.9143'), (5000, '0.9181'),
            (10000, '0.9213'),
        )
    ),
    *(
        Metric('B', f'the same with learning rate 0.5: after {steps:,} steps', reported,
               'softmax_long', 'test_accuracy', steps)
        for steps, reported in (
            (500, '0.8908'), (1000, '0.901'), (2000, '0.9143'), (5000, '0.9181'),
            (10000, '0.9213'),
        )
    ),
    Metric('D', 'conv net, test accuracy after 20,000 steps', '0.9917', 'deep_20000',
           'test_accuracy', headline=True),
    Metric('B', 'conv net, test accuracy after 2,000 steps', '0.9745', 'deep_2000',
           'test_accuracy', original='deep_2000'),
    Metric('M', 'training precision after 1,000 steps', '0.8530',
           'fully_connected_feed', 'training_precision', 999),
    Metric('M', 'validation precision after 1,000 steps', '0.8630',
           'fully_connected_feed', 'validation_precision', 999),
    Metric('M', 'test precision after 1,000 steps', '0.8605', 'fully_connected_feed',
           'test_precision', 999, original='fully_connected_feed_1000'),
    Metric('M', 'training precision after 2,000 steps', '0.8941',
           'fully_connected_feed', 'training_precision', 1999),
    Metric('M', 'validation precision after 2,000 steps', '0.9000',
           'fully_connected_feed', 'validation_precision', 1999),
    Metric('M', 'test precision after 2,000 steps', '0.8975', 'fully_connected_feed',
           'test_precision', 1999, headline=True, original='fully_connected_feed_2000'),
    Metric('L', 'accuracy on training data after 5 epochs', '0.97026664', 'tanh_mlp',
           'training_accuracy'),
    Metric('L', 'accuracy on test data after 5 epochs', '0.9615', 'tanh_mlp',
           'test_accuracy', headline=True, original='tanh_mlp'),
    *(
        Metric('L', f'test digit {j}: probability of the right class', reported,
               'tanh_mlp', f'digit_{j}_probability', form='.5f')
        for j, reported in enumerate(
            ('0.99999404', '0.99993718', '0.99993539', '0.99999261', '0.99859494')
        )
    ),
    Metric('C', 'step 0: minibatch loss', '8.334', 'convolutional', 'minibatch_loss',
           0, '.3f'),
    Metric('C', 'step 0: learning rate', '0.010000', 'convolutional', 'learning_rate',
           0, '.6f'),
    Metric('C', 'step 0: minibatch error, %', '85.9', 'convolutional',
           'minibatch_error', 0, '.1f'),
    Metric('C', 'step 0: validation error, %', '84.6', 'convolutional',
           'validation_error', 0, '.1f'),
    Metric('C', 'step 250: minibatch loss', '3.250', 'convolutional', 'minibatch_loss',
           250, '.3f'),
    Metric('C', 'step 250: learning rate', '0.010000', 'convolutional',
           'learning_rate', 250, '.6f'),
    Metric('C', 'step 250: minibatch error, %', '9.4', 'convolutional',
           'minibatch_error', 250, '.1f'),
    Metric('C', 'step 250: validation error, %', '3.3', 'convolutional',
           'validation_error', 250, '.1f'),
    Metric('C', 'test error after half an epoch, %', '2.4', 'convolutional',
           'test_error', form='.2f', headline=True, original='convolutional'),
    Metric('C', 'the same with other seeds, %', '2.4', 'convolutional_seeds',
           'test_error', form='.2f'),
]  # fmt: skip

# The documents' long listings: a row for each line.
LISTINGS = [
    *(
        Metric('D', f'step {step}, training accuracy', f'{value:g}', 'deep_20000',
               'training_accuracy', step, '.3f')
        for step, value in _printed('deep_20000')
    ),
    *(
        Metric('B', f'step {step}, training accuracy', f'{value:g}', 'deep_2000',
               'training_accuracy', step, '.3f')
        for step, value in _printed('deep_2000')
    ),
    *(
        Metric('M', f'step {step}: loss', f'{value:.2f}', 'fully_connected_feed',
               'loss', step, '.2f')
        for step, value in _printed('fully_connected_feed')
    ),
]  # fmt: skip

# Metrics of ours that no document prints.
BEYOND = [
    Metric('L', 'test accuracy with one softmax instead of two', '', 'tanh_mlp_once',
           'test_accuracy'),
    Metric('C', 'test error after ten epochs, %', '', 'convolutional_10', 'test_error',
           form='.2f'),
    Metric('M', 'with_summaries, test accuracy at step 990', '', 'with_summaries',
           'test_accuracy', 990, original='with_summaries'),
]  # fmt: skip

# (document, name that it uses, ours)
NAMES = [
    ('D', '`mnist_softmax.py`', '[softmax](mnist_tut/softmax.py)'),
    ('D', '`mnist_deep.py`', '[deep](mnist_tut/deep.py)'),
    ('D, B', '`tensorflow.examples.tutorials.mnist.input_data`',
     '[input_data](mnist_tut/input_data.py)'),
    ('B', 'the notebook of tutorial 1',
     '[softmax](mnist_tut/softmax.py), with `--learning_rate=0.05 --loss=log`'),
    ('B', 'the notebook of tutorial 2', '[deep](mnist_tut/deep.py), with '
     '`--max_steps=2000`'),
    ('B', '`export_model/saved_model.pb`', '`python -m mnist_tut.export`'),
    ('B', '`export_model/my_model.mlmodel`',
     '`python -m mnist_tut.export --format=coreml`'),
    ('M', '`BUILD`', '[pyproject.toml](pyproject.toml), which names the packages'),
    ('M', '`__init__.py`', '[\\_\\_init\\_\\_](mnist_tut/__init__.py)'),
    ('M', '`fully_connected_feed.py`',
     '[fully_connected_feed](mnist_tut/fully_connected_feed.py)'),
    ('M', '`input_data.py`', '[input_data](mnist_tut/input_data.py)'),
    ('M', '`mnist.py`', '[mnist](mnist_tut/mnist.py)'),
    ('M', '`mnist_softmax.py`', '[softmax](mnist_tut/softmax.py)'),
    ('M', '`mnist_with_summaries.py`', '[with_summaries](mnist_tut/with_summaries.py)'),
    ('L', "the lecture's notebook", '[tanh_mlp](mnist_tut/tanh_mlp.py)'),
    ('L', '`mnist_data.npz`', 'read if it is there; '
     '[scripts/idx_to_npz.py](scripts/idx_to_npz.py) makes it'),
    ('C', 'the notebook, "adapted from TensorFlow Authors example"',
     '[convolutional](mnist_tut/convolutional.py), the name of that example'),
]  # fmt: skip

# (document, what it does, what we do, how to get the other behavior)
QUIRKS = [
    ('L', 'Takes the softmax twice in the loss, which therefore cannot fall below '
     'log(1 + 9/e) = 1.4612 nats.', 'The same.', '`--nodouble_softmax`'),
    ('L', 'Waits for the Enter key after each of the five single digits.',
     'Prints them one after the other.', 'none: a program that waits cannot be tested'),
    ('L', 'Shows pictures in windows.', 'Writes none.', '`--plots_dir=DIR` writes PNGs'),
    ('D', 'Calls `tf.argmax` in one place and `tf.arg_max`, its older name, in another.',
     '`tf.argmax`; both make the same op.', 'none'),
    ('D, B', 'Build the conv net in the graph of the regression, and go on with the '
     'batches where the regression stopped.', 'A lesson of its own: a fresh graph, so that '
     'its first variable is `Variable` and not `Variable_2`, and batches from the first one '
     'on.', '`python -m mnist_tut.export --faithful` writes the graph that holds both'),
    ('D, B, L, C', 'Open an InteractiveSession, which becomes the default one and is never '
     'closed.', 'Each run has a graph and a session of its own: the default ones while it '
     'lasts, so that `accuracy.eval(...)` works, and closed at its end.',
     'the checkpoint holds the weights; `python -m mnist_tut.legacy` runs an '
     'InteractiveSession'),
    ('D, B, M', '`mnist.train.images` can be written to, which changes what is trained on.',
     'It is read-only: writing raises a ValueError.', '`mnist.train.images.copy()`'),
    ('D, B, L, M', 'Evaluate 10,000 images at once (L: 60,000; M: in with_summaries), which '
     'takes gigabytes in the conv net.',
     'A thousand at a time, with the same result.', 'none'),
    ('D', 'Measures the training accuracy on the whole batch, whatever its size.',
     'The same.', '`--batch_size` of at most 1,000'),
    ('D', 'Runs the training op alone.', 'Fetches its loss too, which changes nothing '
     'and lets a run stop at a nan.', 'none'),
    ('B', 'Computes the cross-entropy from log(y), which is nan once a y is 0.',
     'From the logits, as D does.', '`softmax --loss=log`'),
    ('B', 'Has `softmax_cross_entropy_with_logits_v2`, which has a gradient for the labels, '
     'too.', 'The one without `_v2`, as D has: labels are fed, so nothing differs.', 'none'),
    ('B', 'Says 0.5 and writes 0.05 for the learning rate; its table is that of 0.05.',
     '0.5, as D does.', '`softmax --learning_rate=0.05`'),
    ('B', 'Calls training steps epochs in its table.', 'Calls them steps.', 'none'),
    ('B', "Prints as Python 2 (`print 'Exporting ...'`) between lines of Python 3, and "
     'does not train the conv net (`if False:`).', 'Python 3, and it trains.', 'none'),
    ('B', "Exports the regression's `y`, untrained in that session, instead of the conv "
     "net's `y_conv`, with a signature that serving refuses, and `keep_prob` has to be fed.",
     '`python -m mnist_tut.export` exports the trained scores, with nothing else to '
     'feed.', '`python -m mnist_tut.export --faithful`'),
    ('B', 'Exports the weights as variables, in files beside the graph.',
     'They are constants in the graph, which therefore cannot be trained further.',
     '`python -m mnist_tut.export --faithful`'),
    ('C', 'Trains for half an epoch.', 'The same.', '`--num_epochs=10`'),
    ('C', 'Its parameters are constants in a cell, which the reader edits.',
     'They are the defaults of flags. Edited in Python they act as well: '
     '`convolutional.NUM_EPOCHS = 3` before `convolutional.run_training()`.',
     'the flags'),
    ('C', 'Says to set SEED to None for a random seed.', 'The same with '
     '`convolutional.SEED = None`; `--seed` takes whole numbers only.',
     '`--seed=$RANDOM`'),
    ('C', 'Sets FLAGS to None: the flags of the example are gone.',
     'FLAGS holds them, `--use_fp16` and `--self_test` included.', 'none'),
    ('C', 'Prints the loss after the update, with a second dropout mask.',
     'The same; the History also has the loss before it.', 'none'),
    ('C', 'With 16-bit floats the step counter has 16 bits too and stops at 2,048.',
     'It has 32.', 'none'),
    ('C', 'Downloads to ../MNIST_data.', 'Looks there first, writes to MNIST_data.',
     '`--data_dir=DIR`'),
    ('C', 'Nests `model` and `eval_in_batches` in its main body.',
     'Functions of the module, with what they used as arguments.', 'none'),
    ('C', 'Draws the 180 digits of its picture with replacement, so that one may appear '
     'twice.', 'Without replacement, with a fixed seed.',
     '`plots.prediction_grid(..., seed=None)` draws others each time'),
    ('M', 'One folder for data, checkpoints and event files.',
     'Data in --train_dir, each run in a new folder under logs/.',
     '`--train_dir=data --log_dir=data`'),
    ('M', 'Has names of TensorFlow 0.11 (`tf.scalar_summary`, '
     '`tf.initialize_all_variables`, logits and labels by position).',
     'Those of TensorFlow 1.0 on.', '`python -m mnist_tut.legacy` runs the old ones'),
    ('M', "Names its checkpoints checkpoint-N, and the loss's tag after its op.",
     'model.ckpt-N and `loss`, as the program did from TensorFlow 1.0 on.', 'none'),
    ('M', 'Evaluates a batch at a time, whatever its size.', 'The same: the batch size '
     'is part of the placeholders.', '`--batch_size` of at most 1,000'),
    ('M', 'Requires a batch size that divides the sets evenly.',
     'Takes any; the evaluation leaves out the remainder, as the original did, and '
     'prints the number that it evaluated.', 'none'),
    ('M', 'An evaluation draws batches and shuffles again, so it changes the order of '
     'later training batches.', 'The same.', 'none'),
    ('M', 'Its TensorFlow 0.11 did not shuffle the first epoch and dropped the tail of '
     'each.', 'The order of TensorFlow 1.2 to 1.15.', 'none'),
    ('M', 'Downloads and extracts the files in turn, with a line for each.',
     'Downloads all four files first.', 'none'),
    ('M', 'The program with_summaries wipes its log folder.', 'Refuses one that holds '
     'a run.', '`--overwrite`'),
    ('M', 'The program with_summaries summarizes a variable before or after the update of '
     'a step, whichever thread comes first: the same seed gives other events each time.',
     'Always before it.', 'none'),
    ('M', 'The program with_summaries gives its traces no step: all are events of step 0.',
     'Each is an event of its own step, so that a resumed run repeats none.', 'none'),
    ('all', 'Seeds numpy\'s global generator in the constructor of DataSet, so a seed '
     'set before it is ignored.', '`--seed` reaches batches, initial values and '
     'dropout.', 'none'),
    ('all', 'Accepts damaged, swapped and wrong data files.', 'Verifies each by its '
     'SHA-256 sum or, where it is not MNIST, by all of its content.', 'none'),
]  # fmt: skip
