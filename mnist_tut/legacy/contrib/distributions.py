"""Stand-in for tensorflow.contrib.distributions, as far as VAEs use it.

Source:
    TensorFlow 1.2, contrib/distributions, and 0.12's names of the arguments.
"""

import math
from typing import Any

from mnist_tut.legacy.contrib import scopes  # noqa: F401  (TensorFlow, quietly)

import tensorflow.compat.v1 as tf

_real: Any = tf.distributions

__all__ = [
    'Bernoulli',
    'BernoulliWithSigmoidProbs',
    'Beta',
    'Categorical',
    'Dirichlet',
    'Exponential',
    'Gamma',
    'Laplace',
    'MultivariateNormalDiag',
    'Normal',
    'NormalWithSoftplusScale',
    'NormalWithSoftplusSigma',
    'RelaxedOneHotCategorical',
    'StudentT',
    'Uniform',
    'kl',
    'kl_divergence',
    'softplus_inverse',
]

Beta = _real.Beta
Dirichlet = _real.Dirichlet
Exponential = _real.Exponential
Gamma = _real.Gamma
Laplace = _real.Laplace
StudentT = _real.StudentT
Uniform = _real.Uniform
kl_divergence = kl = _real.kl_divergence


class _Old:
    """The names of methods until 0.12."""

    def pdf(self, value: Any) -> tf.Tensor:
        """Returns the density."""
        return self.prob(value)  # type: ignore[attr-defined]

    pmf = pdf

    def log_pdf(self, value: Any) -> tf.Tensor:
        """Returns the logarithm of the density."""
        return self.log_prob(value)  # type: ignore[attr-defined]

    log_pmf = log_pdf

    def sample_n(self, n: int, seed: int | None = None) -> tf.Tensor:
        """Returns `n` samples."""
        return self.sample(n, seed)  # type: ignore[attr-defined]


class Normal(_Old, _real.Normal):
    """Normal distribution; `loc` and `scale` were `mu` and `sigma`."""

    def __init__(
        self,
        loc: Any = None,
        scale: Any = None,
        *args: Any,
        mu: Any = None,
        sigma: Any = None,
        **options: Any,
    ):
        loc = mu if loc is None else loc
        scale = sigma if scale is None else scale
        super().__init__(_float(loc), _float(scale), *args, **options)


def _float(value: Any) -> Any:
    """Returns a number as a float."""
    return float(value) if isinstance(value, int) else value


class NormalWithSoftplusScale(Normal):
    """Normal distribution whose scale goes through a softplus."""

    def __init__(self, loc: Any = None, scale: Any = None, **options: Any):
        loc = options.pop('mu', loc)
        scale = options.pop('sigma', scale)
        super().__init__(loc, tf.nn.softplus(scale), **options)


NormalWithSoftplusSigma = NormalWithSoftplusScale


class Bernoulli(_Old, _real.Bernoulli):
    """Zeros and ones; `probs` was `p`."""

    def __init__(
        self, logits: Any = None, probs: Any = None, *args: Any, **options: Any
    ):
        probs = options.pop('p', probs)
        super().__init__(logits, probs, *args, **options)


class BernoulliWithSigmoidProbs(Bernoulli):
    """Zeros and ones, by logits."""

    def __init__(self, logits: Any = None, **options: Any):
        super().__init__(options.pop('p', logits), **options)


class Categorical(_Old, _real.Categorical):
    """Class numbers; `probs` was `p`."""

    def __init__(
        self, logits: Any = None, probs: Any = None, *args: Any, **options: Any
    ):
        probs = options.pop('p', probs)
        super().__init__(logits, probs, *args, **options)


class MultivariateNormalDiag(_Old):
    """Independent normal numbers, whose densities are multiplied."""

    def __init__(self, loc: Any = None, scale_diag: Any = None, **options: Any):
        self.loc = options.pop('mu', loc)
        self.scale_diag = options.pop('diag_stdev', scale_diag)
        if self.scale_diag is None:
            self.scale_diag = tf.ones_like(self.loc)
        if self.loc is None:
            self.loc = tf.zeros_like(self.scale_diag)
        self._each = Normal(self.loc, self.scale_diag)

    def mean(self, name: str = 'mean') -> tf.Tensor:
        """Returns the mean."""
        return tf.identity(self._each.mean(), name)

    def stddev(self, name: str = 'stddev') -> tf.Tensor:
        """Returns the standard deviations."""
        return tf.identity(self._each.stddev(), name)

    def sample(self, *args: Any, **kwargs: Any) -> tf.Tensor:
        """Returns samples."""
        return self._each.sample(*args, **kwargs)

    def log_prob(self, value: Any) -> tf.Tensor:
        """Returns the logarithm of the density."""
        return tf.reduce_sum(self._each.log_prob(value), -1)

    def prob(self, value: Any) -> tf.Tensor:
        """Returns the density."""
        return tf.exp(self.log_prob(value))

    def entropy(self) -> tf.Tensor:
        """Returns the entropy."""
        return tf.reduce_sum(self._each.entropy(), -1)

    def kl_divergence(self, other: 'MultivariateNormalDiag') -> tf.Tensor:
        """Returns how far another distribution is from this one."""
        return tf.reduce_sum(kl_divergence(self._each, other._each), -1)


class RelaxedOneHotCategorical(_Old):
    """Nearly one-hot rows (Gumbel-softmax)."""

    def __init__(self, temperature: Any, logits: Any = None, probs: Any = None):
        self.temperature = temperature
        self.logits = tf.log(probs) if logits is None else logits

    def sample(self, sample_shape: Any = (), seed: int | None = None) -> tf.Tensor:
        """Returns samples."""
        count = [sample_shape] if isinstance(sample_shape, int) else list(sample_shape)
        shape = tf.concat([tf.cast(count, tf.int32), tf.shape(self.logits)], 0)
        tiny = 1e-20
        uniform = tf.random_uniform(shape, tiny, 1.0, seed=seed)
        gumbel = -tf.log(-tf.log(uniform) + tiny)
        return tf.nn.softmax((self.logits + gumbel) / self.temperature)


def softplus_inverse(x: Any, name: str | None = None) -> tf.Tensor:
    """Returns the number whose softplus is `x`."""
    x = tf.convert_to_tensor(x, name=name)
    threshold = math.log(1e-7)
    is_small, is_large = tf.less(x, math.exp(threshold)), tf.greater(x, -threshold)
    safe = tf.where(tf.logical_or(is_small, is_large), tf.ones_like(x), x)
    middle = safe + tf.log(-tf.math.expm1(-safe))
    return tf.where(is_small, tf.log(x), tf.where(is_large, x, middle))
