# %% [markdown]
# # Deep MNIST
#
# Two ways to read handwritten digits. The first treats each pixel separately and gets
# 92 of 100 digits right; the second uses pixels together with their neighbors and gets
# 98 right after 2,000 steps, and 99 after 20,000. This notebook follows the tutorial
# *Deep MNIST for Experts* (2017) in its order, with its lines. Both models are built in
# the cells: change a filter, a layer or the loss, and run on. At the end are three
# exercises.
#
# The same from a command line, with checkpoints and without a notebook:
#
#     python -m mnist_tut.softmax
#     python -m mnist_tut.deep --max_steps=2000

# %%
# %matplotlib inline
from mnist_tut import input_data, plots, predict, runtime
from mnist_tut.inference import image
from mnist_tut.training.evaluation import accuracy_in_batches

import matplotlib.pyplot as plt
import numpy as np
import tensorflow.compat.v1 as tf
from PIL import Image, ImageDraw

# %% [markdown]
# TensorFlow 2 runs each line at once; the tutorials first describe a computation and
# then run it. The first line brings that back. The other two make the figures large
# enough for a projector.

# %%
tf.disable_eager_execution()
# %config InlineBackend.print_figure_kwargs = {'bbox_inches': 'tight', 'dpi': 140}
plt.rcParams['font.size'] = 14

# %% tags=["parameters"]
DATA_DIR = 'MNIST_data'
SOFTMAX_STEPS = 1_000
DEEP_STEPS = 2_000  # the tutorial takes 20,000, which is half an hour of work
SEED = 1  # of the batches, the initial weights and dropout

# %% [markdown]
# ## Setup
#
# ### The data
#
# `read_data_sets` returns three sets, each with `images`, `labels` and `next_batch`. A
# picture is one row of 784 pixel values in [0, 1]; 0 is background. With `one_hot=True`
# a label is a row of ten numbers with a single 1, at the place of the digit.

# %%
mnist = input_data.read_data_sets(DATA_DIR, one_hot=True, seed=SEED, search=True)

# %%
images, labels = mnist.test.images[:10], mnist.test.labels[:10]
print(images.shape, images.dtype, images.min(), images.max())
print(labels.astype(int))
plots.digit_grid(images, columns=10, labels=labels.argmax(axis=1)).figure

# %% [markdown]
# ### A session for interactive use
#
# Python only describes the computation; a session runs it, in C++. A program builds its
# whole graph first and then opens a session. With an `InteractiveSession` both can be
# mixed: it makes itself the default, which `x.eval()` uses.
#
# This cell begins a model. To begin again, after a change, run it and the cells below
# it: the old session is closed, and the graph is empty.

# %%
if 'sess' in globals():
    sess.close()
tf.reset_default_graph()
tf.set_random_seed(SEED)
sess = tf.InteractiveSession(config=runtime.session_config())

# %% [markdown]
# ## Softmax regression
#
# ### Placeholders
#
# The inputs of the model. `None` leaves the number of pictures open: 100 in training,
# more in the evaluation. The rest of the shape is checked at every feed.

# %%
x = tf.placeholder(tf.float32, shape=[None, 784])
y_ = tf.placeholder(tf.float32, shape=[None, 10])
x, y_

# %% [markdown]
# ### Variables
#
# One weight for each pixel and digit, one bias for each digit. Both start at zero, so
# that all digits are equally probable at first. That does no harm here, since there is
# only one layer.

# %%
W = tf.Variable(tf.zeros([784, 10]))
b = tf.Variable(tf.zeros([10]))

# %% [markdown]
# Variables have to be initialized in the session before they can be used.

# %%
sess.run(tf.global_variables_initializer())

# %% [markdown]
# ### Predicted class and loss
#
# The ten scores of a picture are weighted sums of its pixel values: `W` says how much a
# pixel counts for a digit or against it.

# %%
y = tf.matmul(x, W) + b

# %% [markdown]
# The loss is the cross-entropy: minus the logarithm of the probability that the right
# digit gets, on average over the batch. `softmax_cross_entropy_with_logits` computes
# softmax and logarithm in one op, without the overflow that is possible in two.

# %%
cross_entropy = tf.reduce_mean(
    tf.nn.softmax_cross_entropy_with_logits(labels=y_, logits=y)
)

# %% [markdown]
# With weights of zero it is log 10 for every picture:

# %%
print(cross_entropy.eval({x: images, y_: labels}), np.log(10))

# %% [markdown]
# ### Training
#
# TensorFlow can differentiate the graph. One line adds the ops for the gradients and
# for the updates, with a step length of 0.5; running `train_step` once takes one step.

# %%
train_step = tf.train.GradientDescentOptimizer(0.5).minimize(cross_entropy)

# %% [markdown]
# A hundred new digits in every step. (The tutorial runs `train_step` alone; the loss is
# fetched with it for the curve below.)

# %%
losses = []
for _ in range(SOFTMAX_STEPS):
    batch = mnist.train.next_batch(100)
    _, loss_value = sess.run(
        [train_step, cross_entropy], feed_dict={x: batch[0], y_: batch[1]}
    )
    losses.append(loss_value)

# %%
plots.loss_curve(losses).figure

# %% [markdown]
# ### Evaluation
#
# The prediction is the digit with the largest score. Comparing predictions with labels
# gives a list of booleans, and the mean of that list, with 1 for true, is the accuracy.

# %%
correct_prediction = tf.equal(tf.argmax(y, 1), tf.argmax(y_, 1))
accuracy = tf.reduce_mean(tf.cast(correct_prediction, tf.float32))

# %% [markdown]
# The first ten test digits, and then all. The tutorial gets 0.9215.

# %%
print(correct_prediction.eval({x: images, y_: labels}))

# %% tags=["lesson-softmax"]
print(accuracy.eval(feed_dict={x: mnist.test.images, y_: mnist.test.labels}))

# %% [markdown]
# What has it learned? The weights of a digit, drawn as a picture, are a template: a
# stroke on blue counts for the digit, one on red against it. The template of the 0 is a
# ring with an empty middle.

# %%
plots.weights_grid(W.eval()).figure

# %% [markdown]
# The predictions for the test set, to be compared with those of the second model:

# %%
softmax_guesses = y.eval({x: mnist.test.images}).argmax(axis=1)

# %% [markdown]
# ## A convolutional network
#
# One template for each digit does not fit if the same stroke is a little further to the
# left. A convolutional network finds small patterns wherever they are, and patterns of
# patterns.
#
# The tutorial adds it to the same graph. Here it gets a graph of its own, and batches
# from the beginning, so that it can be changed and trained again alone.

# %%
if 'sess' in globals():
    sess.close()
tf.reset_default_graph()
tf.set_random_seed(SEED)
sess = tf.InteractiveSession(config=runtime.session_config())

mnist = input_data.read_data_sets(DATA_DIR, one_hot=True, seed=SEED, search=True)

# %%
x = tf.placeholder(tf.float32, shape=[None, 784])
y_ = tf.placeholder(tf.float32, shape=[None, 10])

# %% [markdown]
# ### Initial weights
#
# With more than one layer, zeros do not work: all units of a layer would stay equal.
# The weights start with a little noise, and the biases are slightly positive, so that
# no unit begins in the flat part of its ReLU, where there is no gradient.


# %%
def weight_variable(shape):
    initial = tf.truncated_normal(shape, stddev=0.1)
    return tf.Variable(initial)


def bias_variable(shape):
    initial = tf.constant(0.1, shape=shape)
    return tf.Variable(initial)


# %% [markdown]
# ### Convolution and pooling
#
# The convolution moves a small filter over the picture, one pixel at a time, with zeros
# beyond the border so that the size stays. Max pooling keeps the largest of every four
# values and halves width and height.


# %%
def conv2d(x, W):
    return tf.nn.conv2d(x, W, strides=[1, 1, 1, 1], padding='SAME')


def max_pool_2x2(x):
    return tf.nn.max_pool(x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding='SAME')


# %% [markdown]
# Both on one digit, with four filters made by hand. Each finds edges of one direction:
# from light to dark when going right, left, down, up. Change a filter and look again.
# (The example has a graph of its own, so that nothing is added to the network's.)

# %%
to_right = np.repeat([[-1.0, -0.5, 0.0, 0.5, 1.0]], 5, axis=0) / 5
filters = np.stack([to_right, -to_right, to_right.T, -to_right.T], axis=-1)

with tf.Graph().as_default(), tf.Session() as example:
    digit = tf.constant(images[:1].reshape(1, 28, 28, 1))
    edges = tf.nn.relu(conv2d(digit, tf.constant(filters[:, :, None], tf.float32)))
    pooled = max_pool_2x2(edges)
    found = example.run(edges)
print(digit.shape, '->', edges.shape, '->', pooled.shape)

# %%
maps = np.concatenate([images[:1], found[0].transpose(2, 0, 1).reshape(4, -1)])
maps /= maps.max(axis=1, keepdims=True)
names = ['the digit', 'right', 'left', 'down', 'up']
plots.digit_grid(maps, columns=5, labels=names).figure

# %% [markdown]
# ### The first layer
#
# Thirty-two filters of 5 x 5, which are learned: [height, width, channels of the input,
# filters].

# %%
W_conv1 = weight_variable([5, 5, 1, 32])
b_conv1 = bias_variable([32])

# %% [markdown]
# The row of 784 pixels becomes a picture again: [batch, height, width, channels], with
# one channel for gray.

# %%
x_image = tf.reshape(x, [-1, 28, 28, 1])

# %%
h_conv1 = tf.nn.relu(conv2d(x_image, W_conv1) + b_conv1)
h_pool1 = max_pool_2x2(h_conv1)
print(h_conv1.shape, '->', h_pool1.shape)

# %% [markdown]
# ### The second layer
#
# Sixty-four filters, each applied to all 32 maps of the first layer.

# %%
W_conv2 = weight_variable([5, 5, 32, 64])
b_conv2 = bias_variable([64])

h_conv2 = tf.nn.relu(conv2d(h_pool1, W_conv2) + b_conv2)
h_pool2 = max_pool_2x2(h_conv2)
print(h_conv2.shape, '->', h_pool2.shape)

# %% [markdown]
# ### The dense layer
#
# Each of 1,024 units is connected to the whole picture: all 7 x 7 x 64 values. Of the
# network's 3.3 million weights, 3.2 million are here.

# %%
W_fc1 = weight_variable([7 * 7 * 64, 1024])
b_fc1 = bias_variable([1024])

h_pool2_flat = tf.reshape(h_pool2, [-1, 7 * 7 * 64])
h_fc1 = tf.nn.relu(tf.matmul(h_pool2_flat, W_fc1) + b_fc1)

# %% [markdown]
# ### Dropout
#
# In training, each of the 1,024 outputs is set to zero with probability 1 -
# `keep_prob`, so that no unit can rely on a particular other one. The others are scaled
# up, so that sums stay the same on average. In the evaluation `keep_prob` is 1, and
# dropout has no effect.

# %%
keep_prob = tf.placeholder(tf.float32)
h_fc1_drop = tf.nn.dropout(h_fc1, keep_prob)

# %%
with tf.Graph().as_default(), tf.Session() as example:
    tf.set_random_seed(1)
    for keep in (0.5, 1.0):
        print(keep, example.run(tf.nn.dropout(tf.ones([12]), keep)))

# %% [markdown]
# ### Readout
#
# The last layer is softmax regression again, on 1,024 learned features in place of 784
# pixels.

# %%
W_fc2 = weight_variable([1024, 10])
b_fc2 = bias_variable([10])

y_conv = tf.matmul(h_fc1_drop, W_fc2) + b_fc2

# %% [markdown]
# ### Training and evaluation
#
# Loss and accuracy are those from above. The optimizer is Adam, which adapts the step
# length of each weight to its past gradients.

# %%
cross_entropy = tf.reduce_mean(
    tf.nn.softmax_cross_entropy_with_logits(labels=y_, logits=y_conv)
)
train_step = tf.train.AdamOptimizer(1e-4).minimize(cross_entropy)

# %%
correct_prediction = tf.equal(tf.argmax(y_conv, 1), tf.argmax(y_, 1))
accuracy = tf.reduce_mean(tf.cast(correct_prediction, tf.float32))

# %% [markdown]
# Two thousand steps of 50 digits take a few minutes. Every 100 steps the loop prints
# the accuracy on the next batch, without dropout. (To stop, interrupt the kernel: the
# variables keep what they have learned.)

# %%
sess.run(tf.global_variables_initializer())
losses = []
for i in range(DEEP_STEPS):
    batch = mnist.train.next_batch(50)
    if i % 100 == 0:
        train_accuracy = accuracy.eval(
            feed_dict={x: batch[0], y_: batch[1], keep_prob: 1.0}
        )
        print('step %d, training accuracy %g' % (i, train_accuracy))
    _, loss_value = sess.run(
        [train_step, cross_entropy],
        feed_dict={x: batch[0], y_: batch[1], keep_prob: 0.5},
    )
    losses.append(loss_value)

# %% [markdown]
# All 10,000 test digits at once would take gigabytes in the first layer alone, so they
# are fed a thousand at a time. With the tutorial's 20,000 steps this is about 0.992.

# %% tags=["lesson-deep"]
test = {x: mnist.test.images, y_: mnist.test.labels, keep_prob: 1.0}
print('test accuracy %g' % accuracy_in_batches(sess, accuracy, test))

# %%
plots.loss_curve(losses).figure

# %% [markdown]
# The loss is higher than it would be without dropout: half of the hidden units are
# missing.
#
# ### What it has learned
#
# The thirty-two filters of the first layer. After 2,000 short steps they still look
# much like their initial noise.

# %%
plots.conv_filters(W_conv1.eval()).figure

# %% [markdown]
# But noise is not useless. Here is the first layer's output for the digit from above:
# nearly every map responds to different edges, and the layers above have learned to use
# that.

# %%
maps = h_conv1.eval({x: images[:1]})[0].transpose(2, 0, 1)
plots.digit_grid(maps / maps.max(), columns=8).figure

# %% [markdown]
# ### What it gets wrong
#
# Both models on the 10,000 test digits.

# %%
parts = np.array_split(mnist.test.images, 10)
scores = [y_conv.eval({x: part, keep_prob: 1.0}) for part in parts]
deep_guesses = np.concatenate(scores).argmax(axis=1)

# %%
test_labels = mnist.test.labels.argmax(axis=1)
print(f'softmax regression {np.sum(softmax_guesses != test_labels):5,} wrong')
print(f'conv net           {np.sum(deep_guesses != test_labels):5,} wrong')

# %% [markdown]
# The conv net's first thirty mistakes. Above each picture: the predicted label, and in
# parentheses the true one.

# %%
wrong = np.flatnonzero(deep_guesses != test_labels)[:30]
titles = [f'{deep_guesses[i]} ({test_labels[i]})' for i in wrong]
plots.digit_grid(mnist.test.images[wrong], columns=10, labels=titles).figure

# %% [markdown]
# ## A digit of your own
#
# The network was trained only on pictures that were cut out, scaled and centered as in
# MNIST. Other pictures have to be converted to that format first, which
# `inference.image` does. Here is a 3, drawn small and in a corner with a round pen:

# %%
drawing = Image.new('L', (200, 240), 235)
pen = ImageDraw.Draw(drawing)
pen.arc((90, 110, 140, 160), 190, 90, fill=40, width=9)
pen.arc((85, 151, 145, 215), 270, 160, fill=40, width=9)
drawing

# %%
seen = image.from_gray(np.asarray(drawing) / 255)
plots.digit_grid(seen[None], labels=['what it sees']).figure

# %% [markdown]
# The probabilities are the softmax of the scores.

# %%
row = seen.reshape(1, 784) / 255
[probabilities] = tf.nn.softmax(y_conv).eval({x: row, keep_prob: 1.0})
print(predict.format_probabilities(probabilities))

# %% [markdown]
# For a photo or a drawing in a file it is one command:
#
#     python -m mnist_tut.predict photo.jpg

# %% [markdown]
# ## Exercises
#
# Make a change, run the model again from the cell that begins it, and compare. The
# measured answers are folded away: guess first.

# %% [markdown]
# **Exercise 1.** Softmax regression starts with weights of zero. Start it with noise
# instead, `W = tf.Variable(tf.truncated_normal([784, 10], stddev=0.1))`. Is the
# accuracy after 1,000 steps lower, the same or higher?
#
# <details>
# <summary>What we measured</summary>
#
# The same but for the noise: 0.9196 in place of 0.9195. With one layer the loss has a
# single valley, and every start leads into it.
#
# `python scripts/maintain/measure_exercises.py --data_dir=MNIST_data deep_mnist`
#
# </details>

# %% [markdown]
# **Exercise 2.** Set `DEEP_STEPS = 300` and train the conv net with a step ten times as
# long, `AdamOptimizer(1e-3)`. Is it better or worse than 1e-4 after as many steps?
#
# <details>
# <summary>What we measured</summary>
#
# Better: 0.9651 on the test set, and 0.9302 with 1e-4. The tutorial's short steps are
# for 20,000 of them.
#
# `python scripts/maintain/measure_exercises.py --data_dir=MNIST_data deep_mnist`
#
# </details>

# %% [markdown]
# **Exercise 3.** Shuffle the pixels of every picture, all in the same way: `shuffle =
# np.random.RandomState(0).permutation(784)` and `x_image = tf.reshape(tf.gather(x,
# shuffle, axis=1), [-1, 28, 28, 1])`. What happens to the conv net after 300 steps? And
# what would happen to softmax regression?
#
# <details>
# <summary>What we measured</summary>
#
# The conv net gets 0.8353 in place of 0.9302: its filters look for patterns of
# neighbors, and there are none any more. Softmax regression would not notice, because
# it has a weight for each pixel wherever that is.
#
# `python scripts/maintain/measure_exercises.py --data_dir=MNIST_data deep_mnist`
#
# </details>
