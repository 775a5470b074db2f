"""Compares loading MNIST's four files here and in the original's way.

    python scripts/maintain/benchmark_input_data.py --data_dir=MNIST_data

Each measurement is a process of its own, the two ways in turn, so that other load on
the machine affects both. Memory is the peak above that of the imports. The original's
way (TensorFlow 1.15, contrib/learn/python/learn/datasets/mnist.py) is to read
through gzip.GzipFile and to hold every image as float32.
"""

import json
import os
import statistics
import subprocess
import sys
import time

from mnist_tut.flags import Flags

flags = Flags()
FLAGS = flags.FLAGS
flags.DEFINE_folder('data_dir', 'MNIST_data', 'Folder of the four files.')
flags.DEFINE_integer('rounds', 5, 'Number of measurements of each way.', 1)
flags.DEFINE_string('way', None, 'Measure only this way, in this process.')


def load_as_the_original(data_dir):
    """Returns the train, validation and test sets, made in the original's way."""
    import gzip

    import numpy

    def images(name):
        with open(os.path.join(data_dir, name), 'rb') as f:
            with gzip.GzipFile(fileobj=f) as bytestream:
                header = numpy.frombuffer(bytestream.read(16), dtype='>u4')
                num_images, rows, cols = (int(number) for number in header[1:])
                buf = bytestream.read(rows * cols * num_images)
            data = numpy.frombuffer(buf, dtype=numpy.uint8)
            return data.reshape(num_images, rows, cols, 1)

    def labels(name):
        with open(os.path.join(data_dir, name), 'rb') as f:
            with gzip.GzipFile(fileobj=f) as bytestream:
                header = numpy.frombuffer(bytestream.read(8), dtype='>u4')
                buf = bytestream.read(int(header[1]))
            return numpy.frombuffer(buf, dtype=numpy.uint8)

    def data_set(images, labels):
        images = images.reshape(images.shape[0], images.shape[1] * images.shape[2])
        images = images.astype(numpy.float32)
        images = numpy.multiply(images, 1.0 / 255.0)
        return images, labels

    train_images = images('train-images-idx3-ubyte.gz')
    train_labels = labels('train-labels-idx1-ubyte.gz')
    test_images = images('t10k-images-idx3-ubyte.gz')
    test_labels = labels('t10k-labels-idx1-ubyte.gz')
    return (
        data_set(train_images[5000:], train_labels[5000:]),
        data_set(train_images[:5000], train_labels[:5000]),
        data_set(test_images, test_labels),
    )


def load_as_here(data_dir):
    """Returns the train, validation and test sets of mnist_tut."""
    from mnist_tut import input_data

    return input_data.read_data_sets(data_dir, dataset='mnist')


def first_batch_as_the_original(data_sets):
    """Returns 100 training examples; the original shuffled all images for them."""
    import numpy

    images, labels = data_sets[0]
    order = numpy.arange(len(labels))
    numpy.random.shuffle(order)
    images, labels = images[order], labels[order]
    return images[:100], labels[:100]


def first_batch_here(data_sets):
    """Returns 100 training examples."""
    return data_sets.train.next_batch(100)


WAYS = {
    'original': (load_as_the_original, first_batch_as_the_original),
    'mnist_tut': (load_as_here, first_batch_here),
}


def peak_bytes():
    """Returns the peak memory of this process, in bytes."""
    try:
        with open('/proc/self/status') as status:
            line = next(line for line in status if line.startswith('VmHWM'))
        return int(line.split()[1]) * 1024
    except FileNotFoundError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == 'darwin' else peak * 1024


def measure(way, data_dir):
    """Loads, draws a batch, and prints [seconds, bytes] after each as JSON."""
    from mnist_tut import input_data  # noqa: F401

    load, first_batch = WAYS[way]
    before, start = peak_bytes(), time.perf_counter()
    data_sets = load(data_dir)
    loaded = [time.perf_counter() - start, peak_bytes() - before]
    images, _ = first_batch(data_sets)
    drawn = [time.perf_counter() - start, peak_bytes() - before]
    assert images.shape == (100, 784)
    print(json.dumps([loaded, drawn]))


def main(_):
    """Measures both ways in turn and prints medians and ratios."""
    if FLAGS.way:
        measure(FLAGS.way, FLAGS.data_dir)
        return
    runs: dict[str, list] = {way: [] for way in WAYS}
    for _ in range(FLAGS.rounds):
        for way in WAYS:
            command = [sys.executable, __file__, f'--data_dir={FLAGS.data_dir}']
            output = subprocess.run(
                [*command, f'--way={way}'], check=True, stdout=subprocess.PIPE
            ).stdout
            runs[way].append(json.loads(output.splitlines()[-1]))
    for row, what in enumerate(('load', 'load and draw the first batch')):
        print(f'{what}:')
        medians = {}
        for way in WAYS:
            seconds, peaks = zip(*(run[row] for run in runs[way]), strict=True)
            medians[way] = statistics.median(seconds), statistics.median(peaks)
            print(
                f'  {way:9}  {medians[way][0]:.2f} s '
                f'({min(seconds):.2f} to {max(seconds):.2f}), '
                f'{medians[way][1] / 1e6:.0f} MB above the import'
            )
        (time_here, peak_here), (time_there, peak_there) = (
            medians['mnist_tut'],
            medians['original'],
        )
        print(
            f'  ratio      time {time_here / time_there:.2f}, '
            f'memory {peak_here / peak_there:.2f}'
        )


if __name__ == '__main__':
    flags.run(main)
