"""Training is told in whole lines."""

import io

from rich.console import Console

from motionclip_ros.training_progress import TrainingProgress


def test_notes_and_warnings_are_lines_and_the_bar_marks_a_warning() -> None:
    out = io.StringIO()
    long = 'words ' * 40 + '[end]'
    with TrainingProgress(Console(file=out, width=100)) as progress:
        progress.note(long)
        progress.step('prior', 1, 3, {'flow': 0.5})
        progress.warn(f'prior: {long}')
        progress.step('prior', 3, 3, {'flow': 0.25})
    lines = out.getvalue().splitlines()
    assert long in lines
    assert f'warning: prior: {long}' in lines
    assert any('3/3' in line and 'see warning flow 0.250' in line for line in lines)


def test_without_steps_nothing_is_drawn() -> None:
    out = io.StringIO()
    with TrainingProgress(Console(file=out, width=100)):
        pass
    assert out.getvalue() == ''
