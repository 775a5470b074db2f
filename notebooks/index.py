# %% [markdown]
# # The tutorials as notebooks
#
# In this order; each can also be read alone. All models are built in the cells, so
# whatever a tutorial says can be changed and tried. Each notebook ends with exercises
# whose answers were measured, and are folded away.
#
# | | notebook | what it teaches | it runs for |
# | --- | --- | --- | --- |
# | 1 | [Mechanics 101](mechanics_101.ipynb) | tensor, graph, session, variable; a network in four functions; checkpoints and TensorBoard | half a minute |
# | 2 | [A lecture on MNIST](mnist_lecture.ipynb) | from the pixels of a file to two dense layers, with the numbers at every stage; a softmax too many | a minute |
# | 3 | [Deep MNIST](deep_mnist.ipynb) | softmax regression and a convolutional network, side by side; filters, dropout, a digit of your own | 5 minutes |
# | 4 | [A beginner's notes](beginner_notes.ipynb) | the same two models on the way to a telephone; an unstable loss; saving a model for other programs | 6 minutes |
# | 5 | [A trial on MNIST images](convolutional_trial.ipynb) | momentum, L2 regularization, evaluation in batches; what is predicted wrong | 2 minutes |
#
# The times were measured on two processor cores on which other programs ran, too.
#
# To work with them: `pip install -e '.[notebooks]'`, then `jupyter notebook notebooks`.
# MNIST is taken from `notebooks/MNIST_data`, or else from where the lessons look for it
# (`MNIST_TUT_DATA_DIR`, or `data` or `MNIST_data` in the clone); if it is nowhere, the
# first notebook downloads it. To use other files, change `DATA_DIR` in the cell with
# the parameters. The numbers of steps are there, too. Without a network, digits drawn
# by code are used, and a line says so.
#
# What each cell does is in the lessons as well, as programs with flags, checkpoints and
# `--resume`: `python -m mnist_tut` lists them.
