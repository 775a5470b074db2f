# %% [markdown]
# # A trial on MNIST images
#
# A network like LeNet-5, trained for half an epoch: 27,456 digits, each seen once, are
# enough for an error of 2.4 % on digits never seen. This notebook follows a *MNIST
# Tutorial* of August 2017, a notebook made from TensorFlow's example
# `convolutional.py`, in its order. The code is that of `mnist_tut.convolutional`,
# imported and shown here.
#
# The same from a command line:
#
#     python -m mnist_tut.convolutional

# %%
# %matplotlib inline
from mnist_tut import convolutional, plots, runtime
from mnist_tut.data import locate

import excerpt
import numpy as np
import tensorflow.compat.v1 as tf

# %% tags=["parameters"]
DATA_DIR = 'MNIST_data'
MAX_STEPS = 429  # half an epoch

# %% [markdown]
# ## Parameters
#
# The parameters of the program are constants at its top: the shape of the data, the
# sizes of sets and batches, and the length of the training. A longer training gives a
# better network.

# %%
for name in (
    'IMAGE_SIZE',
    'NUM_CHANNELS',
    'PIXEL_DEPTH',
    'NUM_LABELS',
    'VALIDATION_SIZE',
    'SEED',
    'BATCH_SIZE',
    'NUM_EPOCHS',
    'EVAL_BATCH_SIZE',
    'EVAL_FREQUENCY',
):
    print(f'{name:16} {getattr(convolutional, name)}')

# %% [markdown]
# ## Functions
#
# ### From files to arrays
#
# `extract_data` unpacks a file of pictures and scales the bytes 0 to 255 to
# the range [-0.5, 0.5]. A mean near zero helps the first steps of training. The
# pictures keep their two dimensions, and have a third for the channels.

# %%
excerpt.show(convolutional.extract_data)

# %%
excerpt.show(convolutional.extract_labels)

# %% [markdown]
# `locate.locate` returns the paths of the four files, and downloads missing ones.

# %%
files = locate.locate(DATA_DIR).files
test_data = convolutional.extract_data(files[locate.TEST_IMAGES], 10_000)
test_labels = convolutional.extract_labels(files[locate.TEST_LABELS], 10_000)
print(test_data.shape, test_data.dtype, 'from', test_data.min(), 'to', test_data.max())
print(test_labels.shape, test_labels.dtype)

# %%
plots.digit_grid(test_data[:15] + 0.5, columns=15, labels=test_labels[:15]).figure

# %% [markdown]
# ### Data for a test of the program
#
# To test the program itself there is `fake_data`: pictures that are all black, with the
# label 0, or all white, with the label 1. A network that cannot distinguish these has a
# bug. (`--self_test` trains on them.)

# %%
fakes, fake_labels = convolutional.fake_data(4)
for fake, label in zip(fakes, fake_labels, strict=True):
    print(f'every pixel {fake.mean():4}, label {label}')

# %% [markdown]
# ### The error rate
#
# The percentage of pictures whose largest prediction is not that of the right digit.
# Three predictions as an example, the last of them wrong:

# %%
excerpt.show(convolutional.error_rate)

# %%
predictions = np.array([[0.1, 0.7, 0.2], [0.8, 0.1, 0.1], [0.4, 0.5, 0.1]])
print(f'{convolutional.error_rate(predictions, np.array([1, 0, 2])):.1f} %')

# %% [markdown]
# ## The program
#
# ### Data and placeholders
#
# The first 5,000 training pictures are set aside for validation. Of the three
# placeholders two are for training and one for evaluation; their batch size is fixed.

# %%
excerpt.show(convolutional.run_training, 'Placeholders')

# %% [markdown]
# ### Parameters of the network
#
# The variables are made first, apart from the network that uses them, because that is
# built twice. All weights come from a truncated normal distribution with standard
# deviation 0.1, and all from the same seed.

# %%
excerpt.show(convolutional.make_parameters)

# %%
with tf.Graph().as_default():
    parameters = convolutional.make_parameters()
for name, variable in parameters._asdict().items():
    print(f'{name:14} {variable.shape!s:18} {variable.shape.num_elements():>9,}')
total = sum(variable.shape.num_elements() for variable in parameters)
print(f'{"all":14} {"":18} {total:>9,}')

# %% [markdown]
# ### The model
#
# Twice a convolution, a ReLU and a pooling; then a fully connected layer, and the
# scores. With `train=True` half of the hidden units are dropped at random, different
# ones for every picture. The copy for evaluation has no dropout but the same variables,
# so that it is always the network that is being trained.

# %%
excerpt.show(convolutional.model)

# %% [markdown]
# ### Loss
#
# Cross-entropy, and L2 regularization: a term that grows with the squares of the fully
# connected weights. It keeps them from becoming large for the sake of a few odd
# pictures. (At the start that term is most of the loss, because of the 1.6 million
# random weights of the hidden layer.)

# %%
excerpt.show(convolutional.run_training, 'Loss')

# %% [markdown]
# ### Optimizer
#
# Gradient descent with momentum: each step keeps nine tenths of the last one. The
# learning rate begins at 0.01 and decays by 5 % after every epoch, so not within half
# an epoch. The variable `batch` counts the steps, and TensorFlow computes the learning
# rate from it.

# %%
excerpt.show(convolutional.run_training, 'Training op', 'Evaluation')

# %%
with tf.Graph().as_default(), tf.Session(config=runtime.session_config()) as sess:
    step = tf.placeholder(tf.float32)
    rate = tf.train.exponential_decay(0.01, step * 64, 55_000, 0.95, staircase=True)
    for epoch in (0, 0.5, 1, 5, 10):
        rate_value = sess.run(rate, {step: np.ceil(epoch * 55_000 / 64)})
        print(f'after {epoch:4} epochs: {rate_value:.6f}')

# %% [markdown]
# ### Evaluation in batches
#
# The evaluation takes 64 pictures at a time, which needs little memory. 10,000 is not a
# multiple of 64: the last batch is filled up with pictures from before it, and only the
# predictions of the last 16 are kept.

# %%
excerpt.show(convolutional.eval_in_batches)

# %% [markdown]
# A "network" that returns the first ten pixels of each picture shows that every picture
# is evaluated once and in its place:

# %%
with tf.Graph().as_default(), tf.Session(config=runtime.session_config()) as sess:
    eval_data = tf.placeholder(tf.float32, [64, 28, 28, 1])
    first_ten = tf.reshape(eval_data, [64, 784])[:, :10]
    numbered = np.zeros([100, 28, 28, 1], np.float32)
    numbered[:, 0, 0, 0] = range(100)
    found = convolutional.eval_in_batches(numbered, sess, first_ten, eval_data)
print(found.shape, np.array_equal(found[:, 0], range(100)))

# %% [markdown]
# ### The loop
#
# The batches come in the order of the file; nothing is shuffled.

# %%
excerpt.show(convolutional.run_training, 'Loop')

# %% [markdown]
# ## The run
#
# With the tutorial's seed, which is the default, the first lines are exactly the
# tutorial's, a minibatch loss of 8.334 and errors of 85.9 % and 84.6 %. It ended with
# 2.4 % on the test set; sums are rounded differently on another machine, and after a
# few hundred steps that shows in the last digit. (The time of a step is left out in the
# committed output.)

# %%
history = convolutional.run_training(data_dir=DATA_DIR, max_steps=MAX_STEPS)

# %%
plots.loss_curve(history.values('loss')).figure

# %% [markdown]
# The loss seems to stop far above zero. Nearly all of the rest is the L2 term, which
# falls slowly:

# %%
fully_connected = ('Variable_4', 'Variable_5', 'Variable_6', 'Variable_7')
squares = sum(
    np.sum(np.square(tf.train.load_variable(history.log_dir, name)))
    for name in fully_connected
)
print(f'term for large weights: {5e-4 * squares / 2:.2f}')
print(f'loss of the last batch: {history.last("loss"):.2f}')

# %% [markdown]
# The filters of the first layer. In half an epoch they have moved away from noise, but
# not far: the layers above have learned to use them.

# %%
conv1_weights = tf.train.load_variable(history.log_dir, 'Variable')
plots.conv_filters(conv1_weights).figure

# %% [markdown]
# ## Predictions
#
# `run_training` stores its prediction for every test digit in the history. Here are 180
# of them, chosen at random; a wrong one is white on black, with the true label in
# parentheses. (The tutorial drew with replacement, so that a digit could come twice.)

# %%
guesses = history.arrays['interp']
plots.prediction_grid(test_data + 0.5, guesses, test_labels, seed=0).figure

# %% [markdown]
# All 10,000 in a confusion matrix: rows are true labels, columns predicted ones.

# %%
plots.confusion_matrix(test_labels, guesses).figure
