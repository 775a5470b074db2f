"""Runs the web page's JavaScript in V8, without a browser (needs mini-racer)."""

import json
import pathlib
import re
from typing import Any

from tests.support.paths import ROOT

import numpy as np

PAGE = ROOT / 'mnist_tut' / 'export' / 'page'


def load(*names: str, folder: pathlib.Path = PAGE) -> Any:
    """Returns a context of V8 with modules of the page.

    Args:
        names: Modules: 'image' is image.js, whose exports are image.toMnist and so on.
        folder: Folder of the modules.

    Returns:
        A MiniRacer, with the methods `eval` and `call`.
    """
    import py_mini_racer

    context, done = py_mini_racer.MiniRacer(), set()

    def add(name: str) -> None:
        if name in done:
            return
        done.add(name)
        source = (folder / f'{name}.js').read_text('utf-8')
        # V8 alone runs scripts, no modules: each becomes an object.
        pattern = r"^import (\{[^}]*\}) from '\./(\w+)\.js';"
        for _, imported in re.findall(pattern, source, re.M):
            add(imported)
        source = re.sub(pattern, r'const \1 = \2;', source, flags=re.M)
        exported = re.findall(r'^export (?:class|const|function) (\w+)', source, re.M)
        source = re.sub('^export ', '', source, flags=re.M)
        body = f'{source}\nreturn {{ {", ".join(exported)} }};'
        context.eval(f'const {name} = (() => {{ {body} }})();')

    for name in names:
        add(name)
    return context


class Network:
    """A model of an exported page, computed by the page's own JavaScript.

    Attributes:
        about: Its entry in models.json.
        context: A MiniRacer in which `model` is the decoded network.
    """

    def __init__(self, folder: pathlib.Path, number: int = 0):
        """Loads the model of this number in models.json."""
        models = json.loads((folder / 'models.json').read_text('utf-8'))['models']
        self.about = models[number]
        content = (folder / self.about['file']).read_bytes()
        self.context = load('network', folder=folder)
        file = self.context.eval(f'const file = new ArrayBuffer({len(content)}); file')
        memoryview(file)[:] = content
        self.context.eval(
            f'const model = network.decode({json.dumps(self.about)}, file);'
            'function answer(pixels) {'
            '  const answer = network.run(model, Uint8Array.from(pixels));'
            '  return Array.from(answer.probabilities);'
            '}'
        )

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Returns float64 [N, 10] for uint8 images [N, 28, 28]."""
        flat = np.reshape(images, [-1, 784]).tolist()
        return np.array([self.context.call('answer', pixels) for pixels in flat])
