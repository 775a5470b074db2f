# %% [markdown]
# # TensorFlow Mechanics 101
#
# How a small neural network for the MNIST digits is put together and trained, one
# function at a time. This notebook follows the slides *TensorFlow Mechanics 101* (2016)
# in their order. The functions are those of `mnist_tut.mnist` and
# `mnist_tut.fully_connected_feed`; they are imported and shown here, not written again.
#
# The same training run from a command line:
#
#     python -m mnist_tut.fully_connected_feed --max_steps=2000
#
# The data are read from `MNIST_data`, in the folder where the notebook runs. If they
# are missing they are downloaded, and without a connection digits drawn by code are
# used instead; the first line of the output says which.

# %%
# %matplotlib inline
from mnist_tut import fully_connected_feed, input_data, mnist, plots, predict

import excerpt
import numpy as np
import tensorflow.compat.v1 as tf

# %% tags=["parameters"]
DATA_DIR = 'MNIST_data'
MAX_STEPS = 2_000

# %% [markdown]
# ## The MNIST data set
#
# MNIST has 70,000 gray pictures of handwritten digits, 28 pixels high and 28 wide, each
# labeled with the digit that its writer meant. They come in four files, images and
# labels of a training set and of a test set. `read_data_sets` reads the four and sets
# the first 5,000 training examples aside for validation. A picture becomes a row of 784
# pixel values in [0, 1]; 0 is background.

# %%
data_sets = input_data.read_data_sets(DATA_DIR, seed=1)
for name in ('train', 'validation', 'test'):
    images = getattr(data_sets, name).images
    print(f'{name:10}  {images.shape}  {images.dtype}')

# %%
test_images, test_labels = data_sets.test.images, data_sets.test.labels
plots.digit_grid(test_images[:30], columns=10, labels=test_labels[:30]).figure

# %% [markdown]
# ## Four words
#
# **Tensor.** An array of numbers of one type, with any number of dimensions. A batch of
# pictures is one, with the dimensions [batch, pixels], or [batch, height, width,
# channels] for a network that uses which pixels are neighbors.
#
# **Graph.** A description of a computation. Its nodes are operations, and tensors flow
# along its edges. Adding something to a graph computes nothing.
#
# **Session.** Executes a graph on the available devices. To compute a tensor it runs
# all operations that this tensor depends on, and no others.
#
# **Variable.** A tensor that keeps its value from one run of the session to the next.
# The weights of a network are variables, because training changes them little by
# little.
#
# All four in a few lines: a graph that adds the numbers it is fed to a variable.

# %%
with tf.Graph().as_default():
    amount = tf.placeholder(tf.float32, shape=(), name='amount')
    total = tf.Variable(0.0, name='total')
    add = tf.assign_add(total, amount)
    print('Type and shape, but no value yet:', amount)

    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for value in (1.0, 2.5, 4.0):
            print(f'add {value}:', sess.run(add, feed_dict={amount: value}))

# %% [markdown]
# ## Preparation
#
# ### Constants
#
# Some numbers are those of the data set: ten classes, and pictures of 28 x 28 pixels,
# which this network takes as one row of 784.

# %%
mnist.NUM_CLASSES, mnist.IMAGE_SIZE, mnist.IMAGE_PIXELS

# %% [markdown]
# ### Flags
#
# A parameter that a user may change is a flag. On the command line it is written
# `--hidden1=256`, in a notebook it is a keyword argument, `run_training(hidden1=256)`.
# These are the flags of the slides, with their defaults:

# %%
FLAGS = fully_connected_feed.FLAGS
for name in ('learning_rate', 'max_steps', 'hidden1', 'hidden2', 'batch_size'):
    print(f'{name:14} {FLAGS[name].default:<6} {FLAGS[name].help}')

# %% [markdown]
# ### Placeholders
#
# The network is described before there is any batch. A placeholder stands for the
# batch: it has a type and a shape, and gets its value each time the session runs.

# %%
excerpt.show(fully_connected_feed.placeholder_inputs)

# %% [markdown]
# From here on we build a graph, step by step; the lesson does the same in one function.

# %%
graph = tf.Graph()
with graph.as_default():
    tf.set_random_seed(1)
    images_pl, labels_pl = fully_connected_feed.placeholder_inputs(100)
images_pl, labels_pl

# %% [markdown]
# ## Building the model
#
# Four functions, each of which adds its part to the graph.
#
# ### `inference`: from pixels to scores
#
# Two hidden layers and a linear one. Each multiplies its input by a matrix of weights
# (`tf.matmul`) and adds a row of biases; the hidden layers then set negative values to
# zero (`tf.nn.relu`). Without that step three layers could do no more than one, since a
# product of matrices is a matrix again.
#
# The weights start as small random numbers (`tf.truncated_normal`, which draws again
# when a number is more than two standard deviations out). The more inputs a layer has,
# the smaller they are, so that the sums are about as large in every layer.
# `tf.name_scope` gives the nodes of a layer a common prefix, which is why three
# variables can all be called `weights`.

# %%
excerpt.show(mnist.inference)

# %%
with graph.as_default():
    logits = mnist.inference(images_pl, FLAGS.hidden1, FLAGS.hidden2)
    variables = tf.trainable_variables()

for variable in variables:
    print(f'{variable.op.name:24} {variable.shape}')
count = sum(variable.shape.num_elements() for variable in variables)
print(f'{count:,} parameters; logits: {logits.shape}')

# %% [markdown]
# ### `loss`: how wrong the scores are
#
# The ten scores of a picture are logits: the softmax turns them into ten probabilities.
# The loss of a picture is minus the logarithm of the probability of its right digit:
# zero if that probability is 1, and large if it is near 0. The batch's loss is the
# mean. One op computes softmax and logarithm together, which stays exact even if a
# probability is too small for a float32.

# %%
excerpt.show(mnist.loss)

# %% [markdown]
# ### `training`: the step downhill
#
# From the graph of the loss TensorFlow derives the graph of its gradient. `minimize`
# adds that, and the ops that subtract `learning_rate` times the gradient from every
# variable. The step counter is a variable too, but not one to be trained.

# %%
excerpt.show(mnist.training)

# %% [markdown]
# ### `evaluation`: counting what is right
#
# A picture counts as right if its label's score is the largest of the ten.

# %%
excerpt.show(mnist.evaluation)

# %% [markdown]
# The three functions complete our graph. One line of Python can add many nodes, as the
# count shows: most of them compute gradients.

# %%
with graph.as_default():
    loss = mnist.loss(logits, labels_pl)
    before = len(graph.get_operations())
    train_op = mnist.training(loss, FLAGS.learning_rate)
    after = len(graph.get_operations())
    eval_correct = mnist.evaluation(logits, labels_pl)
    init = tf.global_variables_initializer()
print(f'{before} operations up to the loss, {after} with the training op')

# %% [markdown]
# ### `fill_feed_dict`: the next batch
#
# A feed dictionary says which array each placeholder stands for in one run. Every call
# takes the next examples of the set; after the last one the set is shuffled and starts
# again.

# %%
excerpt.show(fully_connected_feed.fill_feed_dict)

# %% [markdown]
# ### One step by hand
#
# Before any training the probabilities of all ten digits are about equal, and the loss
# is near log 10 = 2.303. After one step on a batch, the loss of that same batch is a
# little smaller. Training repeats that.

# %%
feed_dict = fully_connected_feed.fill_feed_dict(data_sets.train, images_pl, labels_pl)
with tf.Session(graph=graph) as sess:
    sess.run(init)
    print('loss before  %.4f' % sess.run(loss, feed_dict=feed_dict))
    print('right before %d of 100' % sess.run(eval_correct, feed_dict=feed_dict))
    sess.run(train_op, feed_dict=feed_dict)
    print('loss after   %.4f' % sess.run(loss, feed_dict=feed_dict))

# %% [markdown]
# ## Training the model
#
# `run_training` does what was done above, in the same order: it reads the data and
# builds the graph.

# %%
excerpt.show(
    fully_connected_feed.run_training,
    'Placeholders',
    'Model',
    'Loss',
    'Training op',
    'Evaluation',
)

# %% [markdown]
# Then it prepares the session. The `Saver` writes variables to checkpoints and reads
# them back, the `FileWriter` writes events for TensorBoard, and `merge_all` merges all
# summaries of the graph in one op. (`run` is this project's: it manages the folder, the
# seed and the metrics of a run.)

# %%
excerpt.show(fully_connected_feed.run_training, 'Session')

# %% [markdown]
# And the loop itself. Each step fills a feed dictionary and runs the training op and
# the loss together. Every 100 steps it prints the loss and writes the summary; every
# 1,000 steps it saves a checkpoint and evaluates all three sets.

# %%
excerpt.show(fully_connected_feed.run_training, 'Loop')

# %% [markdown]
# ### The run
#
# `Precision @ 1` is the fraction of pictures whose most probable digit is right. The
# time of a step is left out in the committed output, because it differs from run to
# run.

# %%
history = fully_connected_feed.run_training(
    train_dir=DATA_DIR, max_steps=MAX_STEPS, seed=1
)

# %% [markdown]
# `run_training` returns a `History`: every metric of the run by name, with its step.
# The loss of single batches is noisy; its mean over 40 steps shows the trend.

# %%
print(', '.join(history.names()))
plots.loss_curve(history.values('loss')).figure

# %% [markdown]
# The slides report a precision on the test set of 0.8605 after 1,000 steps and of
# 0.8975 after 2,000. Initial weights and the order of the batches are random, so two
# runs differ in the last digits. These are ours:

# %%
for step, precision in zip(
    history.steps('test_precision'), history.values('test_precision'), strict=True
):
    print(f'test precision after {step + 1:,} steps: {precision:.4f}')

# %% [markdown]
# ## Looking at the result
#
# The checkpoint holds the trained network. `predict.load` turns it into a function from
# pictures, as bytes, to probabilities. In the confusion matrix below, rows are true
# labels and columns predicted ones; only mistakes are colored.

# %%
pixels = (255 * test_images).round().astype(np.uint8).reshape(-1, 28, 28)
with predict.load(history.log_dir) as predictor:
    probabilities = predictor.probabilities(pixels)
guesses = probabilities.argmax(axis=1)
plots.confusion_matrix(test_labels, guesses).figure

# %% [markdown]
# The twenty mistakes with the highest probabilities. Above each picture: the predicted
# label, and in parentheses the true one.

# %%
certainty = probabilities.max(axis=1)
wrong = np.flatnonzero(guesses != test_labels)
worst = wrong[np.argsort(-certainty[wrong])][:20]
titles = [f'{guesses[i]} ({test_labels[i]})' for i in worst]
plots.digit_grid(test_images[worst], columns=10, labels=titles).figure

# %% [markdown]
# ## Where to go from here
#
# * `--hidden1`, `--hidden2`, `--learning_rate`: how accurate is it after 20,000 steps?
# * The command that the run printed shows its loss curve, its graph and its second
#   layer's activations for the test digits in TensorBoard.
# * `deep_mnist.ipynb` keeps the two-dimensional shape of the pictures, and makes a
#   fifth of the mistakes.
