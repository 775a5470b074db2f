"""TensorFlow 1's MNIST tutorials, running again on TensorFlow 2.

Each tutorial is a module with the tutorial's own names (`softmax`, `deep`, `mnist` and
`fully_connected_feed`, `tanh_mlp`, `convolutional`, `with_summaries`), run as
`python -m mnist_tut.<module>`. This file imports nothing, so that importing a module
loads only what that module needs.
"""

__version__ = '1.0.0'
