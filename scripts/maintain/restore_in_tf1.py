"""Restores checkpoints of the lessons in TensorFlow 1.15, in the documents' graphs.

    tf1/bin/python scripts/maintain/restore_in_tf1.py MNIST_data RUN...

(run_originals.py says how tf1 is made.) For the newest checkpoint of each run it prints
the accuracy on the test digits, in TensorFlow 1.15 and in the run's own history, and
what TensorFlow 1.15 says to the .meta file beside it.
"""

import json
import os.path
import sys

import numpy
import original_programs
import tensorflow as tf


def accuracy(data_dir, lesson, checkpoint):
    """Returns the accuracy of a checkpoint, and the number of digits."""
    images, labels = original_programs.read_idx(data_dir, 't10k')
    images = images.astype(numpy.float32) / 255
    if lesson == 'convolutional':
        images -= 0.5
    with tf.Graph().as_default(), tf.Session() as sess:
        model = getattr(original_programs, lesson)()
        # All variables, those of the optimizer included.
        tf.train.Saver().restore(sess, checkpoint)
        shape = model.eval_images.shape.as_list()
        batch_size = shape[0] or 1000
        feeds = {} if model.keep_prob is None else {model.keep_prob: 1.0}
        right = total = 0
        for end in range(batch_size, len(images) + 1, batch_size):
            batch = images[end - batch_size : end].reshape([batch_size, *shape[1:]])
            feeds[model.eval_images] = batch
            guesses = sess.run(model.scores, feeds).argmax(1)
            right += (guesses == labels[end - batch_size : end]).sum()
            total += batch_size
    return right / float(total), total


def import_meta(checkpoint):
    """Returns what happens to the .meta file: 'imported', or the error."""
    with tf.Graph().as_default():
        try:
            tf.train.import_meta_graph(checkpoint + '.meta')
        except Exception as error:  # which of many is the question
            line = str(error).strip().split('\n')[0]
            return '%s: %s' % (type(error).__name__, line[:100])
    return 'imported'


def main(data_dir, *runs):
    """Prints three lines for each run."""
    print('TensorFlow', tf.__version__)
    for run in runs:
        with open(os.path.join(run, 'run.json')) as file:
            lesson = json.load(file)['lesson']
        with open(os.path.join(run, 'history.json')) as file:
            records = json.load(file)['records']
        own = [record for record in records if record[1].startswith('test_')][-1]
        checkpoint = tf.train.latest_checkpoint(run)
        fraction, total = accuracy(data_dir, lesson, checkpoint)
        print('%s: %s' % (lesson, os.path.basename(checkpoint)))
        print('  restored: accuracy %.4f on %d test digits' % (fraction, total))
        print('  run: %s %.4f at step %d' % (own[1], own[2], own[0]))
        print('  .meta: ' + import_meta(checkpoint))


if __name__ == '__main__':
    tf.logging.set_verbosity(tf.logging.ERROR)
    main(*sys.argv[1:])
