# %% [markdown]
# # A lecture on MNIST
#
# From the pixels of a file to a network that reads 96 of 100 digits, with the numbers
# at every stage. This notebook follows a lecture, *MNIST classification*, in its order
# and with its lines. The model is built in the cells: change a layer or the loss, and
# run on. At the end are three exercises.
#
# The same from a command line:
#
#     python -m mnist_tut.tanh_mlp

# %%
# %matplotlib inline
from mnist_tut import plots, predict, runtime
from mnist_tut.data import npz
from mnist_tut.training.evaluation import accuracy_in_batches

import matplotlib.pyplot as plt
import numpy as np

# %% [markdown]
# Figures that are large enough for a projector, and three digits of every number:

# %%
# %config InlineBackend.print_figure_kwargs = {'bbox_inches': 'tight', 'dpi': 140}
plt.rcParams['font.size'] = 14
np.set_printoptions(precision=3, suppress=True, linewidth=140)

# %% tags=["parameters"]
DATA_DIR = 'MNIST_data'
EPOCHS = 5
SEED = 1  # of the initial weights

# %% [markdown]
# ## The data
#
# The lecture has all digits in one file, `mnist_data.npz`, with four arrays. `npz.load`
# reads that file if it exists, and MNIST's own four files if not.

# %%
mnist, _ = npz.load(data_dir=DATA_DIR, search=True)

X_train = mnist['X_train']
X_test = mnist['X_test']
y_train = mnist['y_train']
y_test = mnist['y_test']

# %% [markdown]
# 60,000 pictures for training and 10,000 for testing, of 28 x 28 pixels each.

# %%
print(X_train.shape)
print(X_test.shape)

# %% [markdown]
# A pixel value is between 0, the background, and 255. As numbers the first picture is
# hard to read, but the zeros show its outline:

# %%
print(X_train[0])

# %% [markdown]
# As a picture it is easier:

# %%
plots.digit_grid(X_train[:1]).figure

# %% [markdown]
# Here it is with the next 24:

# %%
plots.digit_grid(X_train[:25], columns=5).figure

# %% [markdown]
# Each has a label, the digit that was meant:

# %%
print(y_train[:25].reshape([5, 5]))

# %% [markdown]
# ## Pre-processing
#
# The network takes a picture as a row of 784 numbers, without any information on which
# of them are neighbors.

# %%
train_data = X_train.reshape([-1, 28 * 28])
test_data = X_test.reshape([-1, 28 * 28])
print(train_data.shape, test_data.shape)

# %% [markdown]
# Numbers up to 255 would drive every tanh to its limits at once, where it has no
# gradient. So they are scaled to the range from 0 to 1.


# %%
def normalize_data(x):
    L = np.min(x)
    H = np.max(x)
    return (x.astype(np.float32) - L) / (H - L)


# %%
train_data = normalize_data(train_data)
test_data = normalize_data(test_data)
print(train_data.dtype, train_data.min(), train_data.max())
print(train_data[0, 150:180])

# %% [markdown]
# The network returns ten probabilities. To be compared with them, a label is written as
# ten probabilities too: 1 for the right digit, 0 for the others.


# %%
def to_one_hot(labels, num):
    one_hot_labels = np.zeros((labels.shape[0], num))
    one_hot_labels[np.arange(labels.shape[0]), labels] = 1.0
    return one_hot_labels


# %%
train_labels = to_one_hot(y_train, 10)
test_labels = to_one_hot(y_test, 10)

print('Initial labels:')
print(y_train[:5])
print('1-hot representation:')
print(train_labels[:5])

# %% [markdown]
# ## Building a model
#
# First TensorFlow is imported. TensorFlow 2 runs each line at once; the lecture first
# describes a computation and then runs it, which the second line brings back.

# %%
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()

# %% [markdown]
# This cell begins the model. To begin again, after a change, run it and the cells below
# it: the old session is closed, and the graph is empty.

# %%
if 'sess' in globals():
    sess.close()
tf.reset_default_graph()
tf.set_random_seed(SEED)

# %% [markdown]
# Placeholders stand for values that are fed at run time: the pictures and, for the
# loss, the labels.

# %%
x = tf.placeholder(tf.float32, [None, 784])
y = tf.placeholder(tf.float32, [None, 10])

# %% [markdown]
# Two dense layers, each a matrix of weights and a row of biases. The first maps the 784
# numbers to 64, each limited by tanh to the range from -1 to 1.

# %%
h1_sz = 64

W1 = tf.get_variable('W1', [784, h1_sz])
b1 = tf.Variable(tf.zeros([h1_sz]))
h1 = tf.matmul(x, W1) + b1

h1 = tf.tanh(h1)

# %% [markdown]
# The second maps those to ten scores.

# %%
W2 = tf.get_variable('W2', [h1_sz, 10])
b2 = tf.Variable(tf.zeros([10]))
h2 = tf.matmul(h1, W2) + b2

# %% [markdown]
# The softmax turns the scores into probabilities.

# %%
class_probs = tf.nn.softmax(h2)

# %% [markdown]
# ### Loss, and a softmax too many
#
# The loss is the cross-entropy between label and probabilities. But the lecture takes
# the softmax of `class_probs`, which is a softmax already:

# %%
cross_entropy_loss = tf.reduce_mean(
    -tf.reduce_sum(y * tf.log(tf.nn.softmax(class_probs)), axis=[1])
)

# %% [markdown]
# The input of the second softmax is between 0 and 1, so its output is nearly uniform.
# Even if the network is right and certain, the probability of the right digit is only
# 0.232, and the loss stays above 1.461. The predictions are the same, because the order
# of the ten does not change.

# %%
certain = np.eye(10)[5]
again = np.exp(certain) / np.exp(certain).sum()
lowest = -np.log(again[5])
print(again)
print(f'lowest loss: {lowest:.4f}')

# %% [markdown]
# ### A training step
#
# Gradient descent with step length 0.5, on the mean of a batch: stochastic gradient
# descent, since the batch is only a sample.

# %%
train_step = tf.train.GradientDescentOptimizer(0.5).minimize(cross_entropy_loss)

# %% [markdown]
# ### Five digits first
#
# A session runs the graph, and the variables get their initial values.

# %%
sess = tf.InteractiveSession(config=runtime.session_config())
init = tf.global_variables_initializer()
init.run()

# %% [markdown]
# The probabilities of the first five digits, before any training. That needs no labels:
# they are not in this part of the graph.

# %%
batch_x = train_data[:5]
batch_y = train_labels[:5]

vis_probs = sess.run([class_probs], feed_dict={x: batch_x})
print(vis_probs[0])

# %% [markdown]
# Two hundred steps on these five alone. Now one number of each row is nearly 1: that of
# its digit, 5, 0, 4, 1 and 9. This network has learned nothing about other digits. (Run
# the cell once more, and the numbers come closer still.)

# %%
for _ in range(200):
    [_, vis_probs] = sess.run(
        [train_step, class_probs], feed_dict={x: batch_x, y: batch_y}
    )
print(vis_probs)

# %% [markdown]
# So the variables are initialized again.

# %%
init.run()

# %% [markdown]
# ### The training
#
# All digits, five times, 32 at a time and always in the same order.

# %%
batch_size = 32
N = train_data.shape[0]

hist_loss = []

for epoch in range(EPOCHS):
    print('Epoch:', epoch)

    for index in range(int(N / batch_size)):
        batch_x = train_data[index * batch_size : (index + 1) * batch_size]
        batch_y = train_labels[index * batch_size : (index + 1) * batch_size]

        [vis_loss, _] = sess.run(
            [cross_entropy_loss, train_step], feed_dict={x: batch_x, y: batch_y}
        )
        hist_loss += [vis_loss]

# %% [markdown]
# The loss of each step. The dashed line is its lower limit with the second softmax.

# %%
ax = plots.loss_curve(hist_loss)
ax.axhline(lowest, color='black', linestyle='--', linewidth=1)
ax.figure

# %% [markdown]
# ## What the model has learned
#
# The first five digits of the test set: the label and the probabilities.

# %%
for j in range(5):
    digit = test_data[j].reshape([1, 784])
    actual_label = test_labels[j]
    print(actual_label)
    [vis_probs] = sess.run([class_probs], feed_dict={x: digit})
    print(vis_probs)

# %% [markdown]
# With their pictures:

# %%
rows = sess.run(class_probs, feed_dict={x: test_data})
titles = [f'{row.argmax()}: {100 * row.max():.1f} %' for row in rows[:5]]
plots.digit_grid(X_test[:5], columns=5, labels=titles).figure

# %% [markdown]
# Of these it is certain. Of all 10,000 this is the digit where it is least certain:

# %%
unsure = rows.max(axis=1).argmin()
plots.digit_grid(X_test[[unsure]], labels=[f'label: {y_test[unsure]}']).figure

# %%
print(predict.format_probabilities(rows[unsure]))

# %% [markdown]
# ### Accuracy
#
# The accuracy on the whole sets. The lecture has 0.9703 on the training data and 0.9615
# on the test data; initial weights are random, and each run differs a little. (The sets
# are fed a thousand digits at a time.)

# %%
correct_prediction = tf.equal(tf.argmax(y, 1), tf.argmax(class_probs, 1))
accuracy = tf.reduce_mean(tf.cast(correct_prediction, tf.float32))

# %% tags=["lesson-tanh_mlp"]
train = {x: train_data, y: train_labels}
test = {x: test_data, y: test_labels}
print('Accuracy on training data:', accuracy_in_batches(sess, accuracy, train))
print('Accuracy on test data:', accuracy_in_batches(sess, accuracy, test))

# %% [markdown]
# ## Exercises
#
# Make a change, run the cells again from the one that begins the model (for the second
# exercise from the pre-processing), and compare. The measured answers are folded away:
# guess first.

# %% [markdown]
# **Exercise 1.** Take the second softmax out: `tf.log(class_probs)`. Does the accuracy
# change?
#
# <details>
# <summary>What we measured</summary>
#
# It is 0.9782 on the training data and 0.9679 on the test data, with the second softmax
# 0.9694 and 0.9608. The gradients are larger, and the network gets further in as many
# steps. The loss of the last batch is 0.006: the floor is gone.
#
# `python scripts/maintain/measure_exercises.py --data_dir=MNIST_data mnist_lecture`
#
# </details>

# %% [markdown]
# **Exercise 2.** Leave the normalization out: let `normalize_data` return
# `x.astype(np.float32)`. What happens?
#
# <details>
# <summary>What we measured</summary>
#
# The accuracy is 0.2477 on the test data. Sums of pixel values up to 255 put nearly
# every tanh at -1 or 1, where it has no gradient.
#
# `python scripts/maintain/measure_exercises.py --data_dir=MNIST_data mnist_lecture`
#
# </details>

# %% [markdown]
# **Exercise 3.** Give the hidden layer 8 units in place of 64. How much of the accuracy
# is left?
#
# <details>
# <summary>What we measured</summary>
#
# Most of it: 0.9048 on the test data, and 0.9061 on the training data. There are few
# parameters, and nothing to overfit with.
#
# `python scripts/maintain/measure_exercises.py --data_dir=MNIST_data mnist_lecture`
#
# </details>
