"""How long from Enter in the page until person and robot move on the stage.

    python benchmark/studio.py [--commands 20] [--json FILE]

Types commands into `motionclip studio` in a headless Chromium that draws without a graphics card,
and makes the same motions by `Pipeline.generate` alone in this process, for the ratio of both. The
server is warm. Browser, server and drawing share the processor.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from reporting.measured import save
from selenium.webdriver.common.keys import Keys

from motionclip_ros.pipeline import Pipeline

# The browser that the tests use.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'test'))
from browser import Visitor, served

TEXTS = (
    'a person waves with the right hand',
    'a person bows',
    'a person kicks',
    'a person walks forward',
    'a person jumps',
)
SECONDS = 4.0


def alone(count: int) -> list[float]:
    """Times of the pipeline alone [s]."""
    pipeline = Pipeline.load()
    pipeline.warm_up()
    found = []
    for number in range(count):
        began = time.perf_counter()
        pipeline.generate(TEXTS[number % len(TEXTS)], SECONDS)
        found.append(time.perf_counter() - began)
    return found


def in_the_page(count: int) -> list[float]:
    """Times from Enter until a new take stands on the stage and its clock runs [s]."""
    found = []
    with (
        tempfile.TemporaryDirectory() as folder,
        served('studio', '--no-ros', log=Path(folder) / 'log') as address,
    ):
        visitor = Visitor(address, Path(folder))
        length = visitor.one('.settings [aria-label="Length [s]"]')
        length.send_keys(str(SECONDS))
        visitor.perform(TEXTS[0])
        for number in range(count):
            before = visitor.stage('take')
            visitor.write(TEXTS[number % len(TEXTS)])
            began = time.perf_counter()
            visitor.press(Keys.ENTER)
            visitor.until(
                lambda before=before: (
                    visitor.stage('take') != before and float(visitor.stage('time')) > 0.0
                )
            )
            found.append(time.perf_counter() - began)
            time.sleep(SECONDS)  # until nothing is drawn any more
        visitor.close()
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--commands', type=int, default=20)
    parser.add_argument('--json', type=Path)
    asked = parser.parse_args()
    page, pipeline = in_the_page(asked.commands), alone(asked.commands)
    figures = {
        'commands': asked.commands,
        'seconds': SECONDS,
        'torch_threads': 1,
        'enter_to_motion_s': {
            'median': float(np.median(page)),
            'worst': float(np.max(page)),
        },
        'pipeline_alone_s': {
            'median': float(np.median(pipeline)),
            'worst': float(np.max(pipeline)),
        },
    }
    figures['ratio'] = float(np.median(page) / np.median(pipeline))
    print(
        f'{asked.commands} commands of {SECONDS:g} s, {os.cpu_count()} cores, 1 torch thread\n'
        f'Enter to motion on the stage: median {np.median(page):.2f} s, worst {max(page):.2f} s\n'
        f'the pipeline alone:           median {np.median(pipeline):.2f} s, '
        f'worst {max(pipeline):.2f} s\n'
        f'ratio of the medians: {figures["ratio"]:.2f}'
    )
    if asked.json is not None:
        save(asked.json, figures)


if __name__ == '__main__':
    main()
