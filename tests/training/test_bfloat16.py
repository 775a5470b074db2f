"""Runs in bfloat16: the same each time, with the usual checkpoints, or refused."""

import builtins
import io

from mnist_tut import convolutional, deep, errors, softmax
from mnist_tut.training import bfloat16

import numpy as np
import pytest
import tensorflow.compat.v1 as tf


@pytest.fixture
def processor(monkeypatch):
    """Sets what /proc/cpuinfo says; None if there is none."""
    monkeypatch.delenv('TF_ENABLE_ONEDNN_OPTS', raising=False)
    monkeypatch.setattr(tf.config, 'list_physical_devices', lambda kind=None: [])
    real_open = builtins.open

    def set_to(text):
        def fake_open(path, *args, **options):
            if path != '/proc/cpuinfo':
                return real_open(path, *args, **options)
            if text is None:
                raise FileNotFoundError(path)
            return io.StringIO(text)

        monkeypatch.setattr(builtins, 'open', fake_open)

    return set_to


WITHOUT = 'processor\t: 0\nmodel name\t: avx512_bf16\nflags\t\t: fpu avx2 avx512f\n'


@pytest.mark.parametrize('feature', ['avx512_bf16', 'amx_bf16'])
def test_a_processor_with_either_feature_will_do(processor, feature):
    processor(WITHOUT + f'flags\t\t: fpu avx2 {feature} amx_tile\n')
    assert bfloat16._missing() is None


@pytest.mark.parametrize('text', [WITHOUT, None, ''])
@pytest.mark.parametrize('module', [deep, convolutional])
def test_a_processor_without_it_is_refused_before_anything_is_written(
    processor, tmp_path, few_digits_dir, module, text
):
    processor(text)
    with pytest.raises(errors.FlagError, match=r'^--bfloat16: this processor ') as info:
        module.run_training(
            data_dir=few_digits_dir, log_dir=tmp_path / 'log', bfloat16=True
        )
    assert '\n' not in str(info.value)
    assert list(tmp_path.iterdir()) == []


def test_a_gpu_is_refused(processor, monkeypatch):
    processor('flags\t: amx_bf16\n')
    monkeypatch.setattr(tf.config, 'list_physical_devices', lambda kind: [kind])
    assert 'uses a GPU' in bfloat16._missing()


def test_without_onednn_it_is_refused(processor, monkeypatch):
    processor('flags\t: amx_bf16\n')
    monkeypatch.setenv('TF_ENABLE_ONEDNN_OPTS', '0')
    assert 'TF_ENABLE_ONEDNN_OPTS=0' in bfloat16._missing()


def test_the_two_kinds_of_16_bits_exclude_each_other(tmp_path):
    with pytest.raises(errors.FlagError, match='--use_fp16 --bfloat16: expected one'):
        convolutional.run_training(
            self_test=True, log_dir=tmp_path / 'log', use_fp16=True, bfloat16=True
        )
    assert list(tmp_path.iterdir()) == []


def test_a_run_cannot_go_on_where_the_processor_lacks_it(processor, tmp_path, capsys):
    """The flag comes from the run: to leave it out is no help."""
    flags = {'self_test': True, 'batch_size': 4, 'log_dir': tmp_path / 'log'}
    processor('flags\t: amx_bf16\n')
    convolutional.run_training(max_steps=1, bfloat16=True, **flags)
    processor(WITHOUT)
    with pytest.raises(
        errors.FlagError,
        match=r'--bfloat16: .*, or continue a run where it was started$',
    ):
        convolutional.run_training(max_steps=2, resume=True, **flags)


def test_other_lessons_do_not_have_it():
    assert not bfloat16.is_wanted(softmax.flags)
    assert not bfloat16.is_wanted(deep.flags)


needs_bfloat16 = pytest.mark.skipif(
    bfloat16._missing() is not None,
    reason='this processor does not compute in bfloat16',
)
settings = pytest.mark.parametrize(
    ('module', 'flags'),
    [(deep, {'batch_size': 10}), (convolutional, {'self_test': True, 'batch_size': 8})],
    ids=['deep', 'convolutional'],
)


def variables(folder, step):
    """Returns the bytes and the type of each variable of a checkpoint, by its name."""
    [path] = folder.glob(f'*-{step}.index')
    reader = tf.train.load_checkpoint(str(path.with_suffix('')))
    arrays = {
        name: reader.get_tensor(name) for name in reader.get_variable_to_dtype_map()
    }
    return {name: (array.tobytes(), array.dtype) for name, array in arrays.items()}


@needs_bfloat16
@settings
def test_a_seed_repeats_and_resuming_is_exact(module, flags, few_digits_dir, tmp_path):
    flags = {'data_dir': few_digits_dir, 'seed': 3, 'bfloat16': True, **flags}
    whole, again, parts = (tmp_path / name for name in ('whole', 'again', 'parts'))
    history = module.run_training(**flags, log_dir=whole, max_steps=6)
    module.run_training(**flags, log_dir=again, max_steps=6)
    module.run_training(**flags, log_dir=parts, max_steps=3)
    # The flag is part of the run: it need not be given again, and may not change.
    del flags['bfloat16']
    resumed = module.run_training(**flags, log_dir=parts, max_steps=6, resume=True)
    expected = variables(whole, 5)
    assert variables(again, 5) == expected
    assert variables(parts, 5) == expected
    assert resumed.values('loss') == history.values('loss')
    with pytest.raises(errors.RunError, match='--bfloat16=False: the run in'):
        module.run_training(
            **flags, log_dir=parts, max_steps=9, resume=True, bfloat16=False
        )


@needs_bfloat16
@settings
def test_it_computes_otherwise_and_stores_the_same(
    module, flags, few_digits_dir, tmp_path
):
    flags = {'data_dir': few_digits_dir, 'seed': 3, 'max_steps': 3, **flags}
    single = module.run_training(**flags, log_dir=tmp_path / 'single')
    half = module.run_training(**flags, log_dir=tmp_path / 'half', bfloat16=True)
    assert half.values('loss') != single.values('loss')
    np.testing.assert_allclose(half.values('loss'), single.values('loss'), rtol=0.2)
    stored = variables(tmp_path / 'half', 2)
    expected = variables(tmp_path / 'single', 2)
    assert {name: dtype for name, (_, dtype) in stored.items()} == {
        name: dtype for name, (_, dtype) in expected.items()
    }
