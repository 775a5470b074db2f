"""A document's names are in the module that mirrors it."""

import ast
import importlib
import json

from tests.support import documents
from tests.support.paths import ROOT

import pytest

NAMES = json.loads(documents.GOLDEN.read_text())

# Names of a document that are deliberately not in its module.
ELSEWHERE = {
    'beginner_notes.txt': {
        'data', 'df',  # the table, typed into pandas there; printed by --accuracy_at
        # The export, which is mnist_tut.export.
        'builder', 'classification_inputs', 'classification_outputs_classes',
        'classification_outputs_scores', 'classification_signature', 'export_path',
        'prediction_signature', 'tensor_info_x', 'tensor_info_y',
    },
    'mnist_classification_lecture.txt': {
        'flat_x',  # never used there
        'hist_loss',  # run.history has it
    },
    'convolutional_trial.txt': {
        'buf', 'filepath',  # the file format: idx, and the download: download
        'correct', 'i',  # the grid of pictures: plots.prediction_grid
    },
}  # fmt: skip


def names_in(module):
    """Returns every name that a module assigns, takes or defines as a flag."""
    path = ROOT / 'mnist_tut' / f'{module}.py'
    used = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            used.add(node.id)
        elif isinstance(node, ast.arg):
            used.add(node.arg)
    values = getattr(importlib.import_module(f'mnist_tut.{module}'), 'FLAGS', [])
    return used | set(values)


@pytest.mark.parametrize('document', documents.DOCUMENTS)
def test_every_name_of_a_document_is_in_its_modules(document):
    modules = [
        importlib.import_module(f'mnist_tut.{name}')
        for name in documents.DOCUMENTS[document]
    ]
    used = set().union(*(names_in(name) for name in documents.DOCUMENTS[document]))
    named = NAMES[document]
    assert len(named['functions']) + len(named['variables']) > 20
    for name in named['functions']:
        assert any(callable(getattr(module, name, None)) for module in modules), name
    for name in named['constants']:
        assert any(hasattr(module, name) for module in modules), name
    for name in named['flags']:
        assert any(
            name in module.FLAGS for module in modules if hasattr(module, 'FLAGS')
        ), name
    missing = set(named['variables']) - used - ELSEWHERE.get(document, set())
    assert not missing


def test_the_list_is_what_the_documents_say():
    folder = ROOT.parent / 'shared' / 'documents'
    if not folder.is_dir():
        pytest.skip('the documents are not here')
    assert documents.read(folder) == NAMES


def test_constants_of_the_trial():
    from mnist_tut import convolutional

    values = {name: getattr(convolutional, name) for name in (
        'IMAGE_SIZE', 'NUM_CHANNELS', 'PIXEL_DEPTH', 'NUM_LABELS', 'VALIDATION_SIZE',
        'SEED', 'BATCH_SIZE', 'NUM_EPOCHS', 'EVAL_BATCH_SIZE', 'EVAL_FREQUENCY',
    )}  # fmt: skip
    assert list(values.values()) == [28, 1, 255, 10, 5000, 66478, 64, 0.5, 64, 250]


@pytest.mark.mnist
def test_the_lecture_prints_its_arrays(mnist_dir, tmp_path, capsys):
    """What the lecture prints of the data, block for block."""
    document = ROOT.parent / 'shared' / 'documents' / 'mnist_classification_lecture.txt'
    if not document.is_file():
        pytest.skip('the documents are not here')
    from mnist_tut import tanh_mlp

    tanh_mlp.run_training(data_dir=mnist_dir, log_dir=tmp_path / 'log', max_steps=1)
    printed = capsys.readouterr().out
    blocks = document.read_text().split('\n\n')
    data = [
        block.strip('\n')
        for block in blocks
        if block.startswith(('\n[[', '\n[0.', '\n(60000', '\nInitial', '[[', '[0.'))
        and 'e-0' not in block
    ]
    assert len(data) >= 6
    for block in data:
        assert block in printed, block
