"""The names that the documents use, read from their text.

tests/goldens/documents.json holds the result of `names`, so that the check runs without
the documents; `python -m tests.support.documents FOLDER` writes it.
"""

import json
import pathlib
import re
import sys

from tests.support.paths import GOLDENS

GOLDEN = GOLDENS / 'documents.json'

# Document to the modules that mirror it.
DOCUMENTS = {
    'tensorflow_mechanics_101.txt': ['mnist', 'fully_connected_feed'],
    'deep_mnist_for_experts.txt': ['softmax', 'deep'],
    'beginner_notes.txt': ['softmax', 'deep'],
    'mnist_classification_lecture.txt': ['tanh_mlp'],
    'convolutional_trial.txt': ['convolutional'],
}


def names(text):
    """Returns the functions, constants, flags and variables of a document."""

    def find(pattern):
        matches = re.findall(pattern, text, re.MULTILINE)
        return sorted({name.replace(' ', '_') for name in matches})

    return {
        # The scan of one document lost an underscore: 'def extract data('.
        'functions': find(r'\bdef ([a-z]\w+(?: [a-z]\w+)?)\('),
        'constants': find(r'\b([A-Z][A-Z_]{3,}) = '),
        'flags': find(r"flags\.DEFINE_\w+\('(\w+)'"),
        'variables': find(r'^\s*(?:\d+ +)?([A-Za-z]\w*) = '),
    }


def read(folder):
    """Returns the names of every document in `folder`."""
    return {
        document: names((pathlib.Path(folder) / document).read_text())
        for document in DOCUMENTS
    }


if __name__ == '__main__':
    GOLDEN.write_text(json.dumps(read(sys.argv[1]), indent=1) + '\n')
