# %% [markdown]
# # A lecture on MNIST
#
# From the pixels of a file to a network that reads 96 of 100 digits, with the numbers
# at every stage. This notebook follows a lecture, *MNIST classification*, in its order.
# The code is that of `mnist_tut.tanh_mlp`, imported and shown here.
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
# The lecture has all digits in one file, `mnist_data.npz`, with four arrays. `npz.load`
# reads that file if it exists, and MNIST's own four files if not.

# %%
mnist, _ = npz.load(data_dir=DATA_DIR)
X_train = mnist['X_train']
X_test = mnist['X_test']
y_train = mnist['y_train']
y_test = mnist['y_test']
print(X_train.shape)
print(X_test.shape)

# %% [markdown]
# 60,000 pictures for training and 10,000 for testing, of 28 x 28 pixels each. A pixel
# value is between 0, the background, and 255. As numbers the first picture is hard to
# read, but the zeros show its outline:

# %%
with np.printoptions(linewidth=140):
    print(X_train[0])

# %% [markdown]
# As a picture it is easier to read; here it is with the next 24:

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
excerpt.show(tanh_mlp.normalize_data)

# %%
train_data = tanh_mlp.normalize_data(train_data)
print(train_data.dtype, train_data.min(), train_data.max())
print(train_data[0, 150:180].round(2))

# %% [markdown]
# The network returns ten probabilities. To be compared with them, a label is written as
# ten probabilities too: 1 for the right digit, 0 for the others.

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
# Placeholders stand for values that are fed at run time: the pictures and, for the
# loss, the labels.

# %%
excerpt.show(tanh_mlp.run_training, 'Placeholders')

# %% [markdown]
# Two dense layers. The first maps the 784 numbers to 64, each limited by tanh to the
# range from -1 to 1; the second maps those to ten scores, and the softmax turns the
# scores into probabilities.

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
# The input of the second softmax is between 0 and 1, so its output is nearly uniform.
# Even if the network is right and certain, the probability of the right digit is only
# 0.23, and the loss stays above 1.46. The predictions are the same, because the order
# of the ten does not change. This project keeps the lecture's loss and lists it as a
# quirk; `double_softmax=False` turns it off.

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
# Before the real training the lecture shows the effect of a few steps. It computes the
# probabilities of the first five digits, which needs no labels: they are not in that
# part of the graph. Then it takes 200 steps on these five alone, and computes the
# probabilities again.

# %%
excerpt.show(tanh_mlp.run_training, 'Session', 'Five digits')

# %% [markdown]
# ### The training
#
# Then the variables are initialized again, and the network is trained on all digits for
# five epochs, 32 at a time, always in the same order.

# %%
excerpt.show(tanh_mlp.run_training, 'Loop')

# %% [markdown]
# ## The run
#
# The output is the lecture's, stage by stage, but with long arrays abbreviated. Look
# for the two arrays of five rows. Before the 200 steps the probabilities of a row are
# similar; after them one of each row is nearly 1, that of its digit, 5, 0, 4, 1 and 9.
# That network has learned nothing about other digits.

# %%
with np.printoptions(threshold=60, precision=3, suppress=True, linewidth=88):
    history = tanh_mlp.run_training(data_dir=DATA_DIR, max_steps=MAX_STEPS, seed=1)

# %% [markdown]
# The loss of each step. The dashed line is its lower limit with the second softmax.

# %%
ax = plots.loss_curve(history.values('loss'))
ax.axhline(lowest, color='black', linestyle='--', linewidth=1)
ax.figure

# %% [markdown]
# ## What the model has learned
#
# The first five digits of the test set, with the model's predictions:

# %%
class_probs = history.arrays['class_probs']
titles = [f'{row.argmax()}: {100 * row.max():.1f} %' for row in class_probs]
plots.digit_grid(X_test[:5], columns=5, labels=titles).figure

# %% [markdown]
# Of these it is certain. `predict.load` loads the trained network from the run's
# folder; here it predicts all 10,000. This is the digit where it is least certain, with
# all ten probabilities:

# %%
with predict.load(history.log_dir) as predictor:
    probabilities = predictor.probabilities(X_test)
unsure = probabilities.max(axis=1).argmin()
print(predict.format_probabilities(probabilities[unsure]))
plots.digit_grid(X_test[[unsure]], labels=[f'label: {y_test[unsure]}']).figure

# %% [markdown]
# The accuracy on the whole sets. The lecture has 0.9703 on the training data and 0.9615
# on the test data; initial weights are random, and each run differs a little.

# %%
for name in ('training_accuracy', 'test_accuracy'):
    print(f'{name:18} {history.last(name):.4f}')

# %% [markdown]
# ### One softmax fewer
#
# The same training without the second softmax. (Its output is left out.)

# %%
with contextlib.redirect_stdout(io.StringIO()):
    single = tanh_mlp.run_training(
        data_dir=DATA_DIR, max_steps=MAX_STEPS, seed=1, double_softmax=False
    )
for name in ('training_accuracy', 'test_accuracy'):
    print(f'{name:18} {single.last(name):.4f}')

# %% [markdown]
# Without the second softmax the gradients are larger, and the network gets further in
# as many steps.

# %%
plots.loss_curve(single.values('loss')).figure
