"""A run over a folder: skip what is done, work on the rest, sum up."""

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from motionclip_model.errors import MotionError
from motionclip_model.reading import ARRAY_BYTES, read_bytes
from motionclip_ros.batch.job import Job, Outcome, failed
from motionclip_ros.batch.results import Results, find_sources
from motionclip_ros.batch.settings import Settings, identity

Runner = Callable[[Settings, str, Iterable[Job]], Generator[tuple[Job, Outcome]]]
"""What works through jobs: processes or a cluster."""


class Event(NamedTuple):
    """A file is dealt with.

    Attributes:
        name: Its path below the folder.
        total: How many files there are.
        skipped: It was done before.
        error: What was wrong with it.
    """

    name: str
    total: int
    skipped: bool = False
    error: str | None = None


def retarget_folder(
    folder: Path,
    out: Path,
    settings: Settings,
    runner: Runner,
    on_event: Callable[[Event], None] = lambda event: None,
) -> dict[str, Any]:
    """Retarget every motion below a folder into a tree of the same shape.

    What an earlier run has done with the same motion, robot, version and options stays. The
    files are the same byte for byte, whoever works and in which order.

    Args:
        folder: AMASS, BVH or our own motions, at any depth.
        out: Folder of the results, and of `manifest.jsonl` and `summary.json`.
        settings: What to make of each file.
        runner: Who works.
        on_event: Told of each file.

    Returns:
        The summary; one that is interrupted is on disk, too.

    Raises:
        MotionError: There are no motions.
        MotionClipError: The robot or an option is unusable.
    """
    sources = {source.name: source for source in find_sources(folder, out)}
    key = identity(settings.retargeter(), settings.live)
    results = Results(out, key, settings.formats)
    results.clear_away()
    errors: dict[str, str] = {}

    def settle(job: Job, outcome: Outcome) -> None:
        results.write(sources[job.name], job.content, outcome)
        if outcome.error is not None:
            errors[job.name] = outcome.error
        on_event(Event(job.name, len(sources), error=outcome.error))

    def jobs() -> Iterator[Job]:
        for name, source in sources.items():
            try:
                content = read_bytes(source.file, MotionError, ARRAY_BYTES)
            except MotionError as error:
                reason = str(error).removeprefix(f'{source.file}: ')
                settle(Job(name, b''), failed(reason))
                continue
            if results.report(source, content) is not None:
                on_event(Event(name, len(sources), skipped=True))
            else:
                yield Job(name, content)

    try:
        with closing(runner(settings, key, jobs())) as work:
            for job, outcome in work:
                settle(job, outcome)
    finally:
        summary = results.conclude(sources.values(), errors)
    return summary
