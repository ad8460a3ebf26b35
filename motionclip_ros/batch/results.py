"""The tree of results: what is done stays done, and two files sum up all others.

A file's report is written last and names the input and the retargeter that it belongs to: where
it fits, the file is done. Nothing else remembers a run, so that one may end at any moment.
"""

import hashlib
import json
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from motionclip_model import __version__
from motionclip_model.data.amass import motion_files
from motionclip_model.data.motion_file import MOTION_SUFFIXES
from motionclip_model.errors import MotionError
from motionclip_model.reading import read_json
from motionclip_model.storage import write_atomically, write_json
from motionclip_ros.batch.job import Outcome
from motionclip_ros.batch.settings import FORMATS

REPORT = '.report.json'
MANIFEST, SUMMARY = 'manifest.jsonl', 'summary.json'


class Source(NamedTuple):
    """A motion file and where its results go.

    Attributes:
        file: The file.
        name: Its path below the folder, with forward slashes.
        stem: The beginning that its results' paths share, below the output folder.
    """

    file: Path
    name: str
    stem: str


def find_sources(folder: Path, out: Path) -> list[Source]:
    """List the motions below a folder, leaving out results that lie there.

    Raises:
        MotionError: There is none.
    """
    inside = out.absolute() != folder.absolute()
    files = [
        file
        for file in motion_files(folder, MOTION_SUFFIXES)
        if not file.name.endswith(tuple(FORMATS.values()))
        and not (inside and file.absolute().is_relative_to(out.absolute()))
    ]
    if not files:
        raise MotionError(f'{folder}: no .npz or .bvh files below this folder')
    names = [file.relative_to(folder).as_posix() for file in files]
    stems = [str(PurePosixPath(name).with_suffix('')) for name in names]
    count = Counter(stems)
    # walk.npz and walk.bvh keep their endings to stay apart.
    return [
        Source(file, name, name if count[stem] > 1 else stem)
        for file, name, stem in zip(files, names, stems, strict=True)
    ]


class Results:
    """The folder of results of one retargeter."""

    def __init__(self, out: Path, retargeter: str, formats: tuple[str, ...]):
        """Say where results are, and of what.

        Args:
            out: The folder.
            retargeter: Hash of all that decides a result beside the motion.
            formats: The files that belong to each result.
        """
        self.out = out
        self._retargeter = retargeter
        self._formats = formats

    def clear_away(self) -> None:
        """Remove what an earlier run was writing when it was killed."""
        endings = '|'.join(map(re.escape, (*FORMATS.values(), REPORT, MANIFEST, SUMMARY)))
        for path in self.out.rglob('.*'):
            if re.fullmatch(rf'\..*({endings})\.\w{{8}}', path.name):
                path.unlink(missing_ok=True)

    def report(self, source: Source, content: bytes | None = None) -> dict[str, Any] | None:
        """Read a file's report, if it is done.

        Args:
            source: The motion.
            content: Its bytes, where it is not known that they are the same as then.
        """
        try:
            report: dict[str, Any] = read_json(self._path(source, REPORT), MotionError)
            known = report['retargeter'] == self._retargeter
            if content is not None:
                known &= report['source_sha256'] == _sha256(content)
        except (MotionError, KeyError, TypeError):
            return None
        paths = [self._path(source, FORMATS[name]) for name in self._formats]
        return report if known and all(path.is_file() for path in paths) else None

    def write(self, source: Source, content: bytes, outcome: Outcome) -> None:
        """Write what a file came to, in place of what it may have come to before."""
        self._path(source, REPORT).unlink(missing_ok=True)
        if outcome.error is not None:
            for ending in FORMATS.values():
                self._path(source, ending).unlink(missing_ok=True)
            return
        for name, written in outcome.files.items():
            with write_atomically(self._path(source, FORMATS[name])) as file:
                file.write(written)
        key = {'source_sha256': _sha256(content), 'retargeter': self._retargeter}
        write_json(self._path(source, REPORT), {**outcome.report, **key})

    def conclude(self, sources: Iterable[Source], errors: Mapping[str, str]) -> dict[str, Any]:
        """Write the manifest and the summary; return the latter.

        Args:
            sources: All motions, in the order of the manifest.
            errors: What was wrong, by names of motions.
        """
        summary = _Summary()
        with write_atomically(self.out / MANIFEST) as file:
            for source in sources:
                entry = self._entry(source, errors)
                summary.add(entry)
                file.write(json.dumps(entry).encode() + b'\n')
        result = summary.result()
        write_json(self.out / SUMMARY, result)
        return result

    def _entry(self, source: Source, errors: Mapping[str, str]) -> dict[str, Any]:
        if source.name in errors:
            return {'source': source.name, 'status': 'failed', 'error': errors[source.name]}
        report = self.report(source)
        if report is None:
            return {'source': source.name, 'status': 'open'}
        files = {name: source.stem + FORMATS[name] for name in self._formats}
        figures = {name: value for name, value in report.items() if not isinstance(value, dict)}
        return {'source': source.name, 'status': 'done', 'files': files, **figures}

    def _path(self, source: Source, ending: str) -> Path:
        return self.out / (source.stem + ending)


class _Summary:
    """Counts and medians, gathered one entry at a time."""

    def __init__(self) -> None:
        self._status = {'done': 0, 'failed': 0, 'open': 0}
        self._verdicts: dict[str, int] = {}
        self._figures: dict[str, list[float]] = {}
        self._lists: dict[str, list[dict[str, str]]] = {'refused': [], 'failed': []}

    def add(self, entry: Mapping[str, Any]) -> None:
        self._status[entry['status']] += 1
        if entry['status'] == 'failed':
            self._lists['failed'].append({'source': entry['source'], 'error': entry['error']})
        if entry['status'] != 'done':
            return
        verdict = entry['verdict']
        self._verdicts[verdict] = self._verdicts.get(verdict, 0) + 1
        if verdict == 'refuse':
            self._lists['refused'].append({'source': entry['source'], 'reason': entry['reason']})
        for name, value in entry.items():
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if number and not name.endswith('_at_s'):  # where on a clip says nothing of others
                self._figures.setdefault(name, []).append(value)

    def result(self) -> dict[str, Any]:
        return {
            'version': __version__,
            'files': sum(self._status.values()),
            **self._status,
            'verdicts': dict(sorted(self._verdicts.items())),
            'total_seconds': sum(self._figures.get('seconds', [])),
            'medians': {name: statistics.median(values) for name, values in self._figures.items()},
            'refused': self._lists['refused'],
            'failures': self._lists['failed'],
        }


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
