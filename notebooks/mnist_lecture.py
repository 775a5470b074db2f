# %% [markdown]
# # A lecture on MNIST
#
# From the pixels of a file to a network that reads 96 of 100 digits, with a look at the
# numbers at every stage. This notebook follows a lecture, *MNIST classification*, in
# its order. The code is that of `mnist_tut.tanh_mlp`, imported and shown here.
#
# The same from a command line:
#
#     python -m mnist_tut.tanh_mlp

# %%
# %matplotlib inline
import contextlib
import io

from mnist_tut import plots, predict, tanh_mlp
from mnist_tut.data import npz

import excerpt
import numpy as np

# %% tags=["parameters"]
DATA_DIR = 'MNIST_data'
MAX_STEPS = 9_375  # five epochs

# %% [markdown]
# ## The data
#
# The lecture has all digits in one file, `mnist_data.npz`, with four arrays.
# `npz.load` reads that file if it is there, and MNIST's own four files if not.

# %%
mnist, _ = npz.load(data_dir=DATA_DIR)
X_train = mnist['X_train']
X_test = mnist['X_test']
y_train = mnist['y_train']
y_test = mnist['y_test']
print(X_train.shape)
print(X_test.shape)

# %% [markdown]
# 60,000 pictures to learn from and 10,000 to be tested on, of 28 x 28 pixels each. A
# pixel is a number from 0 for paper to 255 for ink. As numbers the first picture is
# hard to read, though one can guess it from the zeros:

# %%
with np.printoptions(linewidth=140):
    print(X_train[0])

# %% [markdown]
# As a picture it is easier, and so are its 24 successors:

# %%
plots.digit_grid(X_train[:25], columns=5).figure

# %% [markdown]
# To each belongs a label, the digit that was meant:

# %%
print(y_train[:25].reshape([5, 5]))

# %% [markdown]
# ## Pre-processing
#
# The network takes a picture as a row of 784 numbers. It is told nothing about which of
# them are neighbors.

# %%
train_data = X_train.reshape([-1, 28 * 28])
test_data = X_test.reshape([-1, 28 * 28])
print(train_data.shape, test_data.shape)

# %% [markdown]
# Numbers up to 255 would drive every tanh to its limits at once, where it has no
# gradient. So they are stretched or squeezed to the range from 0 to 1.

# %%
excerpt.show(tanh_mlp.normalize_data)

# %%
train_data = tanh_mlp.normalize_data(train_data)
print(train_data.dtype, train_data.min(), train_data.max())
print(train_data[0, 150:180].round(2))

# %% [markdown]
# The network will answer with ten probabilities, and to be compared with them a label
# has to be ten probabilities too: all on the right digit.

# %%
excerpt.show(tanh_mlp.to_one_hot)

# %%
print('Initial labels:')
print(y_train[:5])
print('1-hot representation:')
print(tanh_mlp.to_one_hot(y_train[:5], 10))

# %% [markdown]
# ## Building a model
#
# Placeholders stand for what is given at run time: the pictures, and for the loss the
# labels.

# %%
excerpt.show(tanh_mlp.run_training, 'Placeholders')

# %% [markdown]
# Two dense layers. The first makes 64 numbers of the 784 and bends each by tanh to the
# range from -1 to 1; the second makes ten scores of the 64, and the softmax makes
# probabilities of the scores.

# %%
excerpt.show(tanh_mlp.run_training, 'Model')

# %% [markdown]
# ### Loss, and a softmax too many
#
# The loss is the cross-entropy between label and probabilities. But the lecture takes
# the softmax of `class_probs`, which is a softmax already:

# %%
excerpt.show(tanh_mlp.run_training, 'Loss')

# %% [markdown]
# The second softmax sees numbers between 0 and 1 and can make little of them. Even if
# the network is right and certain, it arrives at a probability of 0.23 for the right
# digit, and the loss stays above 1.46. The guesses are no others, for the order of the
# ten does not change. This project keeps the lecture's loss and names it;
# `double_softmax=False` turns it off.

# %%
certain = np.eye(10)[5]
again = np.exp(certain) / np.exp(certain).sum()
lowest = -np.log(again[5])
print(again.round(3))
print(f'lowest loss: {lowest:.4f}')

# %% [markdown]
# ### A training step
#
# Gradient descent with step length 0.5, on the mean of a batch: stochastic gradient
# descent, since the batch is only a sample.

# %%
excerpt.show(tanh_mlp.run_training, 'Training op', 'Evaluation')

# %% [markdown]
# ### Five digits first
#
# Before the real training the lecture shows what single steps do. The session is asked
# for the probabilities of the first five digits, for which no labels are needed: they
# are not in that part of the graph. Then it takes 200 steps on these five alone, and
# asks again.

# %%
excerpt.show(tanh_mlp.run_training, 'Session', 'Five digits')

# %% [markdown]
# ### The training
#
# After that the variables are initialized anew, and the network goes over all digits
# five times, 32 at a time, always in the same order.

# %%
excerpt.show(tanh_mlp.run_training, 'Loop')

# %% [markdown]
# ## The run
#
# What is printed is what the lecture prints, stage by stage; only NumPy is asked to
# abbreviate long arrays. Look for the two arrays of five rows. Before the 200 steps the
# rows are vague; after them each has nearly all of its probability in one place, that
# of its digit, 5, 0, 4, 1 and 9. Of other digits that network knows nothing.

# %%
with np.printoptions(threshold=60, precision=3, suppress=True, linewidth=88):
    history = tanh_mlp.run_training(data_dir=DATA_DIR, max_steps=MAX_STEPS, seed=1)

# %% [markdown]
# The loss of each step. The dashed line is the floor that the second softmax puts in.

# %%
ax = plots.loss_curve(history.values('loss'))
ax.axhline(lowest, color='black', linestyle='--', linewidth=1)
ax.figure

# %% [markdown]
# ## What the model has learned
#
# The first five digits of the test set, and what the model takes them for:

# %%
class_probs = history.arrays['class_probs']
titles = [f'{row.argmax()}: {100 * row.max():.1f} %' for row in class_probs]
plots.digit_grid(X_test[:5], columns=5, labels=titles).figure

# %% [markdown]
# Of these it is certain. `predict.load` takes the trained network out of the run's
# folder, and all 10,000 can be asked. This is the one where it is least certain, with
# all ten probabilities:

# %%
with predict.load(history.log_dir) as predictor:
    probabilities = predictor.probabilities(X_test)
unsure = probabilities.max(axis=1).argmin()
print(predict.format_probabilities(probabilities[unsure]))
plots.digit_grid(X_test[[unsure]], labels=[f'label: {y_test[unsure]}']).figure

# %% [markdown]
# On the whole sets. The lecture has 0.9703 on the training data and 0.9615 on the test
# data; initial weights are random, and each run differs a little.

# %%
for name in ('training_accuracy', 'test_accuracy'):
    print(f'{name:18} {history.last(name):.4f}')

# %% [markdown]
# ### One softmax fewer
#
# The same training without the second softmax. (What it prints is known by now and is
# left out.)

# %%
with contextlib.redirect_stdout(io.StringIO()):
    single = tanh_mlp.run_training(
        data_dir=DATA_DIR, max_steps=MAX_STEPS, seed=1, double_softmax=False
    )
for name in ('training_accuracy', 'test_accuracy'):
    print(f'{name:18} {single.last(name):.4f}')

# %% [markdown]
# The gradients are no longer held down by the second softmax, and the network gets
# further in as many steps.

# %%
plots.loss_curve(single.values('loss')).figure
