"""Stand-ins for the part of TensorFlow 1's contrib that MNIST programs use."""
