# %% [markdown]
# # A beginner's notes
#
# From one line of softmax regression to a convolutional network that is saved for
# other programs. This notebook follows a blog, *Tensorflow MNIST Beginner notes*, whose
# author works through two tutorials and then runs the result on a telephone. The code
# is that of `mnist_tut.softmax`, `mnist_tut.deep` and `mnist_tut.export`, imported and
# shown here.
#
# The same from a command line:
#
#     python -m mnist_tut.softmax --learning_rate=0.05 --loss=log --max_steps=10000 \
#         --accuracy_at=500,1000,2000,5000,10000
#     python -m mnist_tut.deep --max_steps=2000
#     python -m mnist_tut.export

# %%
# %matplotlib inline
import os
import tempfile

from mnist_tut import deep, input_data, plots, predict, runtime, softmax
from mnist_tut.export import faithful, saved_model

import excerpt
import numpy as np
import tensorflow.compat.v1 as tf

# %% tags=["parameters"]
DATA_DIR = 'MNIST_data'
ACCURACY_AT = [500, 1_000, 2_000, 5_000, 10_000]
DEEP_STEPS = 2_000

# %% [markdown]
# ## 1. MNIST for beginners
#
# ### Inputs and placeholders
#
# A picture of 28 x 28 pixels is flattened to a vector of 784 numbers. The number of
# pictures is `None`, which leaves it open until they are fed.

# %%
digits = input_data.read_data_sets(DATA_DIR, one_hot=True, seed=1)
batch_xs, batch_ys = digits.train.next_batch(10)
print(batch_xs.shape, batch_ys.shape)
plots.digit_grid(batch_xs, columns=10, labels=batch_ys.argmax(axis=1)).figure

# %%
excerpt.show(softmax.run_training, 'Placeholders')

# %% [markdown]
# ### Weights, biases and the model
#
# Training changes variables. `W` has a column of 784 weights for each digit, `b` one
# number for each. The evidence for a digit is the sum of the pixel values times their
# weights; for a whole batch that is a product of matrices.

# %%
excerpt.show(softmax.run_training, 'Model')

# %% [markdown]
# Evidence can be any number. The softmax turns ten such numbers into probabilities: it
# takes the exponential of each and divides by the sum, so that all are positive and add
# up to one.

# %%
evidence = np.array([2.0, 1.0, 0.0, -1.0])
y = np.exp(evidence) / np.exp(evidence).sum()
print('evidence     ', evidence)
print('probabilities', y.round(3), 'sum', y.sum().round(6))

# %% [markdown]
# ### Training
#
# The cross-entropy measures how badly the probabilities $y$ describe the truth $y'$:
#
# $$H_{y'}(y) = -\sum_i y'_i \log y_i$$
#
# The truth is a single 1, so that only one term is left: minus the logarithm of the
# probability of the right digit.

# %%
for right in range(4):
    truth = np.eye(4)[right]
    print(f'right class {right}: cross-entropy {-np.sum(truth * np.log(y)):.3f}')

# %% [markdown]
# The notes write it as the formula has it, `-sum(y_ * log(y))`, and warn of it at once.
# A probability that is too small for a float32 becomes 0, its logarithm is minus
# infinity, and zero times infinity is not a number. Computing it from the scores
# themselves avoids that:

# %%
with tf.Graph().as_default(), tf.Session(config=runtime.session_config()) as sess:
    scores = tf.constant([[200.0, 0.0]])
    truth = tf.constant([[1.0, 0.0]])
    as_written = -tf.reduce_sum(truth * tf.log(tf.nn.softmax(scores)), axis=1)
    from_scores = tf.nn.softmax_cross_entropy_with_logits(labels=truth, logits=scores)
    print('-sum(y_ * log(y)):', sess.run(as_written))
    print('from the scores:  ', sess.run(from_scores))

# %% [markdown]
# The lesson has both: `loss='logits'` is the default, `loss='log'` is the notes'. If a
# loss is not a number, the run stops with an error.

# %%
excerpt.show(softmax.run_training, 'Loss', 'Training op')

# %% [markdown]
# ### Running the model
#
# A session, the initial values, and then batches of 100. The notes give the step length
# as 0.05, where the tutorial that they quote has 0.5.

# %%
excerpt.show(softmax.run_training, 'Session', 'Loop')

# %%
slow = softmax.run_training(
    data_dir=DATA_DIR,
    learning_rate=0.05,
    loss='log',
    max_steps=ACCURACY_AT[-1],
    accuracy_at=ACCURACY_AT,
    seed=1,
)

# %% [markdown]
# The same with the tutorial's step length:

# %%
fast = softmax.run_training(
    data_dir=DATA_DIR,
    learning_rate=0.5,
    loss='log',
    max_steps=ACCURACY_AT[-1],
    accuracy_at=ACCURACY_AT,
    seed=1,
)

# %% [markdown]
# ### Evaluation
#
# The notes close their first part with a table of accuracy by number of steps (which
# they call epochs). Here it stands beside our two runs:

# %%
notes = {500: 0.8908, 1_000: 0.901, 2_000: 0.9143, 5_000: 0.9181, 10_000: 0.9213}
print(' steps   the notes   rate 0.05   rate 0.5')
for i, steps in enumerate(ACCURACY_AT):
    reported = notes.get(steps, np.nan)
    slow_accuracy = slow.values('test_accuracy')[i]
    fast_accuracy = fast.values('test_accuracy')[i]
    print(f'{steps:6,} {reported:11.4f} {slow_accuracy:11.4f} {fast_accuracy:10.4f}')

# %% [markdown]
# The notes' accuracies fit the step length that they give. More steps help less and
# less: a model that treats every pixel separately ends near 92 %, at whatever pace. The
# losses of the two runs, the slow one first:

# %%
plots.loss_curve(slow.values('loss')).figure

# %%
plots.loss_curve(fast.values('loss')).figure

# %% [markdown]
# The weights after the slow run. A stroke on blue counts for the digit, one on red
# against it.

# %%
plots.weights_grid(tf.train.load_variable(slow.log_dir, 'Variable')).figure

# %% [markdown]
# ## 2. A deeper network
#
# The second tutorial keeps inputs, loss and evaluation, and puts layers in between:
# two convolutions with pooling, a dense layer with dropout, and the readout.
# `deep_mnist.ipynb` explains how they work; here the comments of the lesson give their
# shapes.

# %%
excerpt.show(
    deep.run_training,
    'Model',
    'Second convolutional layer',
    'Densely connected layer',
    'Dropout',
    'Readout layer',
)

# %% [markdown]
# ### The run
#
# The notes take 2,000 steps, a tenth of the tutorial's, and get 0.9745.

# %%
network = deep.run_training(data_dir=DATA_DIR, max_steps=DEEP_STEPS, seed=2)

# %%
plots.loss_curve(network.values('loss')).figure

# %% [markdown]
# Which digits does it confuse?

# %%
pixels = (255 * digits.test.images).round().astype(np.uint8).reshape(-1, 28, 28)
labels = digits.test.labels.argmax(axis=1)
with predict.load(network.log_dir) as predictor:
    predicted = predictor.probabilities(pixels).argmax(axis=1)
plots.confusion_matrix(labels, predicted).figure

# %% [markdown]
# ## 3. Saving the model
#
# A SavedModel is a folder that other programs can load: the graph, the weights, and a
# signature with the names of inputs and outputs.
#
# The notes build theirs inside the training script, where two models exist at the same
# time, and the signature `predict_images` returns the wrong one: its scores are `y`,
# those of the softmax regression, which is not even trained in that session. And
# `y_conv` would need `keep_prob` to be fed. `export.faithful` makes that export again,
# from our run; every score of every picture is zero:

# %%
tags = [tf.saved_model.tag_constants.SERVING]
with tempfile.TemporaryDirectory() as folder:
    faithful.export(network.log_dir, os.path.join(folder, 'export_model'))
    with tf.Graph().as_default(), tf.Session() as sess:
        saved = tf.saved_model.loader.load(
            sess, tags, os.path.join(folder, 'export_model')
        )
        signature = saved.signature_def['predict_images']
        scores = sess.run(
            signature.outputs['scores'].name,
            {signature.inputs['images'].name: digits.test.images[:100]},
        )
print(np.abs(scores).max())

# %% [markdown]
# Our own export takes a finished run, so that there is only one model, and needs
# nothing but pictures. The weights are constants of the graph, so that one file holds
# all, in a folder with the number of the version, as TensorFlow Serving wants it.

# %%
with tempfile.TemporaryDirectory() as folder:
    export_dir = os.path.join(folder, 'export_model')
    saved_model.export(network.log_dir, export_dir)
    for path, _, names in sorted(os.walk(export_dir)):
        for name in sorted(names):
            print(os.path.relpath(os.path.join(path, name), folder))

    with tf.Graph().as_default(), tf.Session() as sess:
        saved = tf.saved_model.loader.load(sess, tags, os.path.join(export_dir, '1'))
    for key, signature in sorted(saved.signature_def.items()):
        for way, tensors in (('in', signature.inputs), ('out', signature.outputs)):
            for name in sorted(tensors):
                dtype = tf.as_dtype(tensors[name].dtype).name
                shape = [size.size for size in tensors[name].tensor_shape.dim]
                print(f'{key:16} {way:4} {name:14} {dtype:8} {shape}')

    with predict.load(saved_model=export_dir) as predictor:
        reloaded = predictor.probabilities(pixels[:100])
print(
    'same predictions as the run itself:',
    np.array_equal(reloaded.argmax(1), predicted[:100]),
)

# %% [markdown]
# One digit, and the probabilities of the loaded SavedModel for it:

# %%
plots.digit_grid(pixels[:1], labels=labels[:1]).figure

# %%
print(predict.format_probabilities(reloaded[0]))

# %% [markdown]
# ### On to the telephone
#
# The notes continue in two ways: run the model on the telephone with TensorFlow's own
# library, or convert it to Core ML, which Xcode reads. The converter that they used,
# `tfcoreml`, is no longer maintained. Today, for the run above:
#
#     python -m mnist_tut.export --log_dir=RUN --format=litert --export_dir=lite
#     python -m mnist_tut.export --log_dir=RUN --format=coreml --export_dir=coreml
#
# And without any application, in the browser of the telephone or here:
#
#     python -m mnist_tut.draw RUN
