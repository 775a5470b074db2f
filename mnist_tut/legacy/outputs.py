"""What a script shows or writes: plots without a screen, folders that are missing."""

import os
import sys
from typing import Any

from mnist_tut.legacy.current import Program


def make_folder(program: Program, path: Any) -> None:
    """Makes the folder of a file that a script is about to write."""
    if not isinstance(path, str | os.PathLike):
        return
    folder = os.path.dirname(os.fspath(path))
    if folder and not os.path.isdir(folder):
        os.makedirs(folder, exist_ok=True)
        program.record.add(f'the folder {folder} is missing', 'it is made', 'world')


class Plots:
    """Saves the figures that a script shows, and never waits for a window."""

    def __init__(self, program: Program):
        self._program = program
        self._saved = 0
        self._animations: list[Any] = []
        self.files: list[str] = []

    def _pyplot(self) -> Any:
        import matplotlib

        if matplotlib.get_backend().lower() != 'agg':
            matplotlib.use('Agg', force=True)
        import matplotlib.pyplot as plt

        return plt

    def _save(self, figure: Any) -> None:
        self._saved += 1
        stem = os.path.splitext(os.path.basename(self._program.path))[0]
        path = f'{stem}_{self._saved}.png'
        figure.savefig(path)
        self.files.append(path)

    def show(self, *_: Any, **__: Any) -> None:
        """Saves and closes all open figures, after their animations have run."""
        self._run_animations()
        plt = self._pyplot()
        for number in plt.get_fignums():
            self._save(plt.figure(number))
        self._program.record.add('plt.show()', 'plt.savefig(path)', 'world')
        plt.close('all')

    def show_open(self) -> None:
        """Saves the open figures, as a notebook shows them below each cell."""
        if 'matplotlib.pyplot' in sys.modules and self._pyplot().get_fignums():
            self.show()

    def show_figure(self, figure: Any, *_: Any, **__: Any) -> None:
        """Saves a figure."""
        self._run_animations()
        self._save(figure)
        self._program.record.add('figure.show()', 'figure.savefig(path)', 'world')

    def finish(self) -> None:
        """Runs the animations and saves the figures that the script left."""
        self._run_animations()

    def _run_animations(self) -> None:
        while self._animations:
            self._animations.pop(0)()

    def pyplot(self) -> dict[str, Any]:
        """Returns our names in matplotlib.pyplot."""
        self._pyplot()

        def nothing(*_: Any, **__: Any) -> None:
            return None

        def savefig(path: Any, *args: Any, **kwargs: Any) -> Any:
            make_folder(self._program, path)
            return self._pyplot().savefig(path, *args, **kwargs)

        def imsave(path: Any, *args: Any, **kwargs: Any) -> Any:
            make_folder(self._program, path)
            return self._pyplot().imsave(path, *args, **kwargs)

        def figure(*args: Any, **kwargs: Any) -> Any:
            return self._with_show(self._pyplot().figure(*args, **kwargs))

        def subplots(*args: Any, **kwargs: Any) -> Any:
            made, axes = self._pyplot().subplots(*args, **kwargs)
            return self._with_show(made), axes

        def gcf() -> Any:
            return self._with_show(self._pyplot().gcf())

        return {
            'show': self.show,
            'savefig': savefig,
            'imsave': imsave,
            'figure': figure,
            'subplots': subplots,
            'gcf': gcf,
            'pause': nothing,
            'waitforbuttonpress': nothing,
            'ginput': lambda *_, **__: [],
            'switch_backend': nothing,
            'hold': nothing,
            'ion': nothing,
            'ioff': nothing,
            'draw': nothing,
        }

    def _with_show(self, figure: Any) -> Any:
        figure.show = lambda *args, **kwargs: self.show_figure(figure)
        figure.waitforbuttonpress = lambda *args, **kwargs: None
        return figure

    def animation(self) -> dict[str, Any]:
        """Returns our names in matplotlib.animation."""
        program, plots = self._program, self

        class FuncAnimation:
            """Calls a function for each frame, when the figure is shown."""

            def __init__(
                self,
                fig: Any,
                func: Any,
                frames: Any = None,
                init_func: Any = None,
                fargs: Any = None,
                *_: Any,
                **__: Any,
            ):
                self._figure, self._function, self._first = fig, func, init_func
                self._frames, self._arguments = frames, tuple(fargs or ())
                self._has_run = False
                self.event_source = self
                plots._animations.append(self._run)

            def start(self) -> None:
                """Does nothing: the frames run at once."""

            stop = start

            def _run(self) -> None:
                if self._has_run:
                    return
                self._has_run = True
                frames = self._frames
                if callable(frames):
                    frames = frames()
                if frames is None:
                    frames = 100
                if isinstance(frames, int):
                    frames = range(frames)
                if self._first is not None:
                    self._first()
                with program.hooks.loop() as loop:
                    for frame in loop.turns(frames):
                        self._function(frame, *self._arguments)

            def save(self, path: Any, *_: Any, **__: Any) -> None:
                """Runs the frames, and saves the last as a picture."""
                self._run()
                plots._save(self._figure)

        return {'FuncAnimation': FuncAnimation}


def overlays(program: Program) -> dict[str, Any]:
    """Returns the overlays of Matplotlib: real module, function that makes ours."""
    plots = program.plots

    def matplotlib() -> dict[str, Any]:
        return {'use': lambda *_, **__: None}

    return {
        'matplotlib': ('matplotlib', matplotlib),
        'matplotlib.pyplot': ('matplotlib.pyplot', plots.pyplot),
        'matplotlib.pylab': ('matplotlib.pylab', plots.pyplot),
        'matplotlib.animation': ('matplotlib.animation', plots.animation),
        'pylab': ('pylab', plots.pyplot),
    }
