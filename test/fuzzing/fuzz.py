"""Fuzz one reader, guided by coverage, until time is up or something is found.

    python test/fuzzing/fuzz.py bvh --seconds 600 --out FOLDER

Ends with status 0 where nothing was found. A finding is left in the folder, as `crash-...`,
`timeout-...` or `oom-...`.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

_WATCHED = ('motionclip_model', 'motionclip_ros', 'bad_inputs', 'yaml', 'rosbags', 'json', 'csv')

with atheris.instrument_imports(include=[*_WATCHED]):
    from fuzzing.targets import TARGETS, Target

_SECONDS, _MEMORY_MB, _LONGEST = 5.0, 2048, 65536
_PATIENCE = 60
"""Seconds after which a reader that waits is ended; what it works is measured by the processor."""


def prepare(target: Target, folder: Path) -> tuple[Path, Path]:
    """Write the seeds and the words; return the folder of inputs and the dictionary."""
    inputs = folder / 'inputs'
    inputs.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (inputs / f'seed{number}').write_bytes(seed)
    words = folder / 'words'
    escaped = (''.join(f'\\x{byte:02x}' for byte in word.encode()) for word in target.words)
    words.write_text(''.join(f'"{word}"\n' for word in escaped))
    return inputs, words


def timed(run: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """Have a reader that works for too long break, however busy the machine is."""

    def measured(data: bytes) -> None:
        began = time.process_time()
        run(data)
        if (seconds := time.process_time() - began) > _SECONDS:
            raise TimeoutError(f'it took {seconds:.1f} s')

    return measured


def main() -> None:
    """Fuzz."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('target', choices=sorted(TARGETS))
    parser.add_argument('--seconds', type=int, default=600)
    parser.add_argument('--out', type=Path, required=True)
    asked = parser.parse_args()
    target = TARGETS[asked.target]
    inputs, words = prepare(target, asked.out)
    options = [
        f'-max_total_time={asked.seconds}', f'-timeout={_PATIENCE}',
        f'-rss_limit_mb={_MEMORY_MB}', f'-max_len={_LONGEST}',
        f'-artifact_prefix={asked.out}/', '-print_final_stats=1', '-seed=1',
    ]  # fmt: skip
    if target.words:
        options.append(f'-dict={words}')
    atheris.Setup([sys.argv[0], *options, str(inputs)], timed(target.run))
    atheris.Fuzz()


if __name__ == '__main__':
    main()
