"""What is told of training while it runs: to people, to TensorBoard, to the checkpoint."""

from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from motionclip_model.errors import DependencyError
from motionclip_model.training.optimisation import Move
from motionclip_model.training.watch import Meter, peak_memory

CURVE_EVERY = 10
"""Steps between points of the curves."""


@runtime_checkable
class Reporter(Protocol):
    """Who is told how training goes: a progress bar or a log."""

    def step(self, stage: str, step: int, steps: int, values: dict[str, float]) -> None:
        """Take note of a step's losses."""

    def note(self, text: str) -> None:
        """Take note of a sentence."""

    def warn(self, text: str) -> None:
        """Take note of what needs attention."""


class Journal:
    """Keeps curves for TensorBoard, tells the reporter, and remembers what the checkpoint says.

    Attributes:
        meter: Counts the windows that this stage was trained on.
        facts: Of each stage its validation losses, speed and liveliness; and all warnings.
    """

    def __init__(self, reporter: Reporter | None, facts: dict[str, Any] | None = None):
        """Start, or go on from the facts of an earlier run.

        Args:
            reporter: Told of each step; None where another process does that.
            facts: What was remembered.
        """
        self._reporter = reporter
        self._board: Any = None
        self._warned: set[str] = set()
        self.meter = Meter()
        self.facts = facts or {'stages': {}, 'warnings': []}

    def open_curves(self, folder: Path, first: int) -> None:
        """Write curves from the step `first` on; later ones of an earlier run are dropped.

        Raises:
            DependencyError: TensorBoard is not installed.
        """
        if self._reporter is None:
            return
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise DependencyError(
                "training writes curves with tensorboard; run: pip install 'motionclip_ros[train]'"
            ) from None
        self._board = SummaryWriter(str(folder), purge_step=first)  # type: ignore[no-untyped-call]

    def note(self, text: str) -> None:
        """Tell a sentence."""
        if self._reporter is not None:
            self._reporter.note(text)

    def progress(self, task: str, done: int, count: int) -> None:
        """Tell how far a preparation is."""
        if self._reporter is not None:
            self._reporter.step(task, done, count, {})

    def losses(
        self,
        stage: str,
        step: int,
        steps: int,
        values: dict[str, float],
        place: int,
        moved: Move,
    ) -> None:
        """Tell a step's losses.

        Args:
            stage: Name of the stage.
            step: Steps of this stage so far.
            steps: Steps that it has.
            values: Losses by name.
            place: Steps of all stages so far.
            moved: How the step moved the weights.
        """
        if self._reporter is not None:
            self._reporter.step(stage, step, steps, values)
        if step % CURVE_EVERY == 0:
            pace = {**moved._asdict(), 'windows_per_s': self.meter.rate}
            self._curve(stage, {**values, **pace}, place)

    def validated(
        self,
        stage: str,
        step: int,
        values: dict[str, float],
        ratios: dict[str, float],
        warning: str | None,
        place: int,
    ) -> None:
        """Tell what validation found.

        Args:
            stage: Name of the stage.
            step: Steps of this stage so far.
            values: Losses by name.
            ratios: Joint speed of each kind of motion as a share of the real one.
            warning: What needs attention.
            place: Steps of all stages so far.
        """
        speeds = {f'{kind}_speed': ratio for kind, ratio in ratios.items()}
        numbers = {**values, **speeds}
        self.note(
            f'{stage} step {step}, validation: '
            + ', '.join(f'{name} {value:.4f}' for name, value in numbers.items())
        )
        memory = peak_memory()
        self._curve(f'{stage}_validation', numbers, place)
        self._curve('machine', memory, place)
        self.facts['stages'][stage] = {
            'steps': step,
            'validation': _rounded(values),
            'joint_speed_ratio': _rounded(ratios),
            'windows_per_s': round(self.meter.rate, 1),
            **memory,
        }
        # Told once, not at every validation while it stays so.
        if warning is not None and stage not in self._warned:
            self.facts['warnings'].append(f'step {step}: {warning}')
            if self._reporter is not None:
                self._reporter.warn(warning)
        self._warned = {stage} if warning is not None else set()

    def finish(self, stage: str) -> None:
        """Tell how fast a stage was and what it took; the next one is measured anew."""
        facts = self.facts['stages'][stage]
        places = [('memory_mb', 'memory'), ('gpu_memory_mb', 'GPU memory')]
        peaks = [f'{facts[key] / 1e3:.2f} GB of {name}' for key, name in places if key in facts]
        self.note(f'{stage}: {facts["windows_per_s"]} windows/s, at most {" and ".join(peaks)}')
        self.meter = Meter()

    def close(self) -> None:
        """Bring the curves to the disk."""
        if self._board is not None:
            self._board.close()

    def _curve(self, group: str, values: dict[str, float], place: int) -> None:
        if self._board is not None:
            for name, value in values.items():
                self._board.add_scalar(f'{group}/{name}', value, place)


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in values.items()}
