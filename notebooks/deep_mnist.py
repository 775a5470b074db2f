# %% [markdown]
# # Deep MNIST
#
# Two ways to read handwritten digits. The first treats each pixel separately and gets
# 92 of 100 digits right; the second uses pixels together with their neighbors and gets
# 98 right after 2,000 steps, and 99 after 20,000. This notebook follows the tutorial
# *Deep MNIST for Experts* (2017) in its order. The code is that of `mnist_tut.softmax`
# and `mnist_tut.deep`, imported and shown here.
#
# The same from a command line:
#
#     python -m mnist_tut.softmax
#     python -m mnist_tut.deep --max_steps=2000

# %%
# %matplotlib inline
from mnist_tut import deep, input_data, plots, predict, runtime, softmax
from mnist_tut.inference import image

import excerpt
import numpy as np
import tensorflow.compat.v1 as tf
from PIL import Image, ImageDraw

# %% tags=["parameters"]
DATA_DIR = 'MNIST_data'
SOFTMAX_STEPS = 1_000
DEEP_STEPS = 2_000  # the tutorial takes 20,000, which is half an hour of work

# %% [markdown]
# ## Setup
#
# ### The data
#
# `read_data_sets` returns three sets, each with `images`, `labels` and `next_batch`. A
# picture is one row of 784 pixel values in [0, 1]; 0 is background. With `one_hot=True`
# a label is a row of ten numbers with a single 1, at the place of the digit.

# %%
digits = input_data.read_data_sets(DATA_DIR, one_hot=True, seed=1)
images, labels = digits.train.next_batch(5)
print(images.shape, images.dtype, images.min(), images.max())
print(labels.astype(int))
plots.digit_grid(images, columns=5, labels=labels.argmax(axis=1)).figure

# %% [markdown]
# ### A session for interactive use
#
# Python only describes the computation; a session runs it, in C++. A program builds its
# whole graph first and then opens a session. With an `InteractiveSession` both can be
# mixed: it makes itself and its graph the default, which `x.eval()` uses. That suits a
# notebook, so the small examples below share one.

# %%
sess = tf.InteractiveSession(graph=tf.Graph(), config=runtime.session_config())
six = tf.constant(2) * tf.constant(3)
print(six)
print(six.eval())

# %% [markdown]
# ## Softmax regression
#
# ### Placeholders
#
# The inputs of the model. `None` leaves the number of pictures open: 100 in training,
# more in the evaluation. The rest of the shape is checked at every feed.

# %%
excerpt.show(softmax.run_training, 'Placeholders')

# %% [markdown]
# ### Variables and the model
#
# One weight for each pixel and digit, one bias for each digit. The ten scores of a
# picture are weighted sums of its pixel values: `W` says how much a pixel counts for a
# digit or against it.

# %%
excerpt.show(softmax.run_training, 'Model')

# %% [markdown]
# Both start at zero, so that all digits are equally probable at first. That symmetry
# does no harm here, since there is only one layer. Variables have to be initialized in
# the session before they can be used. A model with three pixels and two classes shows
# the mechanics:

# %%
three = tf.placeholder(tf.float32, [None, 3])
weights = tf.Variable(tf.zeros([3, 2]))
scores = tf.matmul(three, weights)
sess.run(tf.global_variables_initializer())
feed = {three: [[0, 0.5, 1], [1, 0.5, 0]]}
print('before', tf.nn.softmax(scores).eval(feed).round(3), sep='\n')
sess.run(tf.assign(weights, [[0, 2], [0, 0], [3, 0]]))
print('after', tf.nn.softmax(scores).eval(feed).round(3), sep='\n')

# %% [markdown]
# ### Loss
#
# Cross-entropy: minus the logarithm of the probability that the right digit gets, on
# average over the batch. `softmax_cross_entropy_with_logits` computes softmax and
# logarithm in one op, without the overflow that is possible in two. With zero weights
# it is log 10 = 2.303 for every picture.

# %%
excerpt.show(softmax.run_training, 'Loss')

# %% [markdown]
# ### Training
#
# TensorFlow can differentiate the graph. One line adds the ops for the gradients and
# for the updates; running `train_step` once takes one step.

# %%
excerpt.show(softmax.run_training, 'Training op', 'Loop')

# %% [markdown]
# ### Evaluation
#
# The prediction is the digit with the largest score. Comparing predictions with labels
# gives a list of booleans, and the mean of that list, with 1 for true, is the accuracy.

# %%
excerpt.show(softmax.run_training, 'Evaluation')

# %%
right = tf.equal([7, 2, 1, 0], [7, 2, 8, 0])
print(right.eval(), tf.reduce_mean(tf.cast(right, tf.float32)).eval())

# %% [markdown]
# ### The run
#
# The tutorial gets an accuracy of 0.9215 on the test set.

# %%
regression = softmax.run_training(data_dir=DATA_DIR, max_steps=SOFTMAX_STEPS, seed=1)

# %% [markdown]
# What has it learned? The weights of a digit, drawn as a picture, are a template: a
# stroke on blue counts for the digit, one on red against it. The template of the 0 is a
# ring with an empty middle.

# %%
W = tf.train.load_variable(regression.log_dir, 'Variable')
plots.weights_grid(W).figure

# %% [markdown]
# ## A convolutional network
#
# One template for each digit does not fit if the same stroke is a little further to the
# left. A convolutional network finds small patterns wherever they are, and patterns of
# patterns.
#
# ### Initial weights
#
# With more than one layer, zeros do not work: all units of a layer would stay equal.
# The weights start with a little noise, and the biases are slightly positive, so that
# no unit begins in the flat part of its ReLU, where there is no gradient.

# %%
excerpt.show(deep.weight_variable)

# %%
excerpt.show(deep.bias_variable)

# %% [markdown]
# ### Convolution and pooling
#
# The convolution moves a small filter over the picture, one pixel at a time, with zeros
# beyond the border so that the size stays. Max pooling keeps the largest of every four
# values and halves width and height.

# %%
excerpt.show(deep.conv2d)

# %%
excerpt.show(deep.max_pool_2x2)

# %% [markdown]
# Both on one digit, with four filters made by hand. Each finds edges of one direction:
# from light to dark when going right, left, down, up.

# %%
to_right = np.repeat([[-1.0, -0.5, 0.0, 0.5, 1.0]], 5, axis=0) / 5
filters = np.stack([to_right, -to_right, to_right.T, -to_right.T], axis=-1)
digit = tf.constant(images[:1].reshape(1, 28, 28, 1))
edges = tf.nn.relu(deep.conv2d(digit, tf.constant(filters[:, :, None], tf.float32)))
pooled = deep.max_pool_2x2(edges)
print(digit.shape, '->', edges.shape, '->', pooled.shape)

pictures = np.concatenate(
    [images[:1], edges.eval()[0].transpose(2, 0, 1).reshape(4, -1)]
)
pictures /= pictures.max(axis=1, keepdims=True)
names = ['the digit', 'right', 'left', 'down', 'up']
plots.digit_grid(pictures, columns=5, labels=names).figure

# %% [markdown]
# ### The first layer
#
# Thirty-two filters of 5 x 5, which are learned. The row of 784 pixels becomes a
# picture again: [batch, height, width, channels], with one channel for gray.

# %%
excerpt.show(deep.run_training, 'Model')

# %% [markdown]
# ### The second layer
#
# Sixty-four filters, each applied to all 32 maps of the first layer. After the second
# pooling the maps are 7 x 7.

# %%
excerpt.show(deep.run_training, 'Second convolutional layer')

# %% [markdown]
# ### The dense layer
#
# Each of 1,024 units is connected to the whole picture: all 7 x 7 x 64 values. Of the
# network's 3.3 million weights, 3.2 million are here.

# %%
excerpt.show(deep.run_training, 'Densely connected layer')

# %% [markdown]
# ### Dropout
#
# In training, each of the 1,024 outputs is set to zero with probability 1 -
# `keep_prob`, so that no unit can rely on a particular other one. The others are scaled
# up, so that sums stay the same on average. In the evaluation `keep_prob` is 1, and
# dropout has no effect.

# %%
excerpt.show(deep.run_training, 'Dropout')

# %%
ones = tf.ones([12])
tf.set_random_seed(1)
print('keep_prob 0.5:', tf.nn.dropout(ones, keep_prob=0.5).eval())
print('keep_prob 1.0:', tf.nn.dropout(ones, keep_prob=1.0).eval())

# %% [markdown]
# ### Readout, training and evaluation
#
# The last layer is softmax regression again, on 1,024 learned features in place of 784
# pixels. Loss and accuracy are those from above. The optimizer is Adam, which adapts
# the step length of each weight to its past gradients.

# %%
excerpt.show(deep.run_training, 'Readout layer', 'Loss', 'Training op')

# %% [markdown]
# Every 100 steps the loop prints the accuracy on the next batch, without dropout.

# %%
excerpt.show(deep.run_training, 'Loop')

# %% [markdown]
# ### The run
#
# Two thousand steps. With the tutorial's 20,000 the accuracy is about 0.992.

# %%
sess.close()

# %%
network = deep.run_training(data_dir=DATA_DIR, max_steps=DEEP_STEPS, seed=1)

# %%
plots.loss_curve(network.values('loss')).figure

# %% [markdown]
# The loss is higher than it would be without dropout: half of the hidden units are
# missing.
#
# ### What it has learned
#
# The thirty-two filters of the first layer. After 2,000 short steps they still look
# much like their initial noise.

# %%
W_conv1 = tf.train.load_variable(network.log_dir, 'Variable')
b_conv1 = tf.train.load_variable(network.log_dir, 'Variable_1')
plots.conv_filters(W_conv1).figure

# %% [markdown]
# But noise is not useless. Here is the first layer's output for the digit from above,
# computed with the same function, `conv2d`: nearly every map responds to different
# edges, and the layers above have learned to use that.

# %%
with tf.Graph().as_default(), tf.Session(config=runtime.session_config()):
    digit = tf.constant(images[:1].reshape(1, 28, 28, 1))
    maps = tf.nn.relu(deep.conv2d(digit, W_conv1) + b_conv1).eval()[0]
maps = maps.transpose(2, 0, 1)
plots.digit_grid(maps / maps.max(), columns=8).figure

# %% [markdown]
# ### What it gets wrong
#
# Both models on the 10,000 test digits. `predict.load` takes the folder of any run, and
# returns a model that takes pictures as bytes.

# %%
pixels = (255 * digits.test.images).round().astype(np.uint8).reshape(-1, 28, 28)
test_labels = digits.test.labels.argmax(axis=1)
guesses = {}
for name, run in (('softmax regression', regression), ('conv net', network)):
    with predict.load(run.log_dir) as predictor:
        probabilities = predictor.probabilities(pixels)
    guesses[name] = probabilities.argmax(axis=1)
    print(f'{name:20} {np.sum(guesses[name] != test_labels):5,} wrong')

# %%
wrong = np.flatnonzero(guesses['conv net'] != test_labels)[:30]
titles = [f'{guesses["conv net"][i]} ({test_labels[i]})' for i in wrong]
plots.digit_grid(pixels[wrong], columns=10, labels=titles).figure

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
seen = image.from_gray(np.asarray(drawing) / 255)
display_size = np.asarray(drawing.resize((28, 28), Image.Resampling.BOX))
plots.digit_grid(
    np.stack([255 - display_size, seen]), labels=['the drawing', 'what it sees']
).figure

# %%
with predict.load(network.log_dir) as predictor:
    [probabilities] = predictor.probabilities(seen[None])
print(predict.format_probabilities(probabilities))

# %% [markdown]
# For a photo or a drawing in a file it is one command:
#
#     python -m mnist_tut.predict photo.jpg
