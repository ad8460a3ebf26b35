"""Generation speed of a model: one prompt, and many at once.

    python benchmark/generation.py [--model PATH] [--json FILE]

One prompt is text in, four seconds of motion out. On a CPU everything runs in one thread and
times are its processor time, so that other programs disturb them little; on a GPU, which is used
where there is one, they are those of the clock. Medians after a warm-up.
"""

import os

os.environ.setdefault('OMP_NUM_THREADS', '1')
os.environ.setdefault('HF_HUB_OFFLINE', '1')

import argparse
import resource
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import torch
from reporting.measured import save
from rich.console import Console
from rich.table import Table

from motionclip_model import features
from motionclip_model.generation import STEPS
from motionclip_model.model import MotionClip
from motionclip_model.text_encoder import TextEncoder

SECONDS = 4.0
PROMPTS = [
    f'{who} {what} {how}'
    for who, what, how in product(
        ('a person', 'a man', 'a woman', 'someone'),
        ('walks', 'waves with the left hand', 'jumps', 'kicks with the right leg'),
        ('slowly', 'quickly', 'twice', 'and then stands still'),
    )
]
WARM_UP = 5
REPEATS = 30
BATCH_REPEATS = 5
DEVICE = 'cuda' if torch.cuda.is_available() else 'cpu'


def clock() -> float:
    """Processor time of this thread [s]; on a GPU, time on the wall once its work is done."""
    if DEVICE == 'cpu':
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def times(function: Callable[[int], object], repeats: int, warm_up: int = 1) -> list[float]:
    """Time a function of the number of its call [ms], sorted."""
    found = []
    for call in range(warm_up + repeats):
        begin = clock()
        function(call)
        found.append(1000.0 * (clock() - begin))
    return sorted(found[warm_up:])


def single(model: MotionClip, encoder: TextEncoder) -> dict[str, Any]:
    """Time one prompt and its parts [ms]."""
    text = model.encode_text(PROMPTS[:1])

    def prompt(call: int) -> None:
        found = model.encode_text([PROMPTS[call % len(PROMPTS)]])
        model.generate(found, seconds=SECONDS, seed=call)

    def flow(steps: int) -> Callable[[int], object]:
        return lambda call: model.generate(text, seconds=SECONDS, seed=call, steps=steps)

    whole = times(prompt, REPEATS, WARM_UP)
    short, long = (median(times(flow(steps), REPEATS, WARM_UP)) for steps in (STEPS, 2 * STEPS))
    return {
        'ms': median(whole),
        'p90_ms': quantiles(whole, n=10)[-1],
        'text_encoder_ms': median(
            times(lambda call: encoder.encode(PROMPTS[call : call + 1]), REPEATS, WARM_UP)
        ),
        'text_ms': median(
            times(lambda call: model.encode_text(PROMPTS[call : call + 1]), REPEATS, WARM_UP)
        ),
        # Twice the steps cost as much more as the steps themselves.
        'flow_ms': long - short,
        'decode_ms': 2 * short - long,
        'steps': STEPS,
    }


def together(model: MotionClip) -> dict[str, float]:
    """Time all prompts in one batch and one after the other [ms a prompt]."""
    count = len(PROMPTS)

    def batch(call: int) -> None:
        seeds = [count * call + i for i in range(count)]
        model.generate_many(model.encode_text(PROMPTS), [SECONDS] * count, seeds)

    def alone(call: int) -> None:
        for i, prompt in enumerate(PROMPTS):
            model.generate(model.encode_text([prompt]), seconds=SECONDS, seed=count * call + i)

    # One after the other, alternating, so that a slow minute of the machine hurts both.
    pairs = [
        (times(batch, 1, int(i == 0))[0] / count, times(alone, 1, 0)[0] / count)
        for i in range(BATCH_REPEATS)
    ]
    in_batch, one_by_one = (median(column) for column in zip(*pairs, strict=True))
    return {
        'prompts': count,
        'ms_a_prompt': in_batch,
        'one_by_one_ms_a_prompt': one_by_one,
        'ratio': one_by_one / in_batch,
        'frames_per_s': 1000.0 * (SECONDS * features.FPS + 1) / in_batch,
    }


def measure(source: str) -> dict[str, Any]:
    """Time a checkpoint."""
    model = MotionClip.load(source)
    figures: dict[str, Any] = {
        'device': torch.cuda.get_device_name() if DEVICE == 'cuda' else 'one CPU thread',
        'parameters_m': sum(p.numel() for p in model.network.parameters()) / 1e6,
        'single': single(model, TextEncoder.load(device=DEVICE)),
        'batch': together(model),
        'peak_memory_mib': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10,
    }
    if DEVICE == 'cuda':
        figures['peak_gpu_memory_mib'] = torch.cuda.max_memory_allocated() / 2**20
    return figures


def show(figures: dict[str, Any]) -> None:
    """Print the figures as a table."""
    one, many = figures['single'], figures['batch']
    table = Table(title=f'text to {SECONDS:g} s of motion on {figures["device"]}')
    table.add_column('')
    table.add_column('ms a prompt', justify='right')
    table.add_row('one prompt, median', f'{one["ms"]:.1f}')
    table.add_row('  slowest of ten', f'{one["p90_ms"]:.1f}')
    table.add_row('  text encoder', f'{one["text_encoder_ms"]:.1f}')
    table.add_row('  text head', f'{one["text_ms"] - one["text_encoder_ms"]:.1f}')
    table.add_row(f'  prior, {one["steps"]} steps', f'{one["flow_ms"]:.1f}')
    table.add_row('  decoder', f'{one["decode_ms"]:.1f}')
    table.add_row(
        f'{many["prompts"]} prompts, one by one', f'{many["one_by_one_ms_a_prompt"]:.1f}'
    )
    table.add_row(f'{many["prompts"]} prompts, one batch', f'{many["ms_a_prompt"]:.1f}')
    console = Console()
    console.print(table)
    console.print(
        f'a batch is {many["ratio"]:.1f} times as fast and makes {many["frames_per_s"]:.0f} '
        f'frames/s; networks of {figures["parameters_m"]:.1f} M parameters; peak memory '
        f'{figures["peak_memory_mib"]:.0f} MiB'
    )
    if 'peak_gpu_memory_mib' in figures:
        console.print(f'peak GPU memory {figures["peak_gpu_memory_mib"]:.0f} MiB')


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--model', default='base', help='checkpoint')
    parser.add_argument('--json', type=Path, help='write the figures to this file')
    arguments = parser.parse_args()
    torch.set_num_threads(int(os.environ['OMP_NUM_THREADS']))
    figures = measure(arguments.model)
    show(figures)
    if arguments.json:
        save(arguments.json, figures)


if __name__ == '__main__':
    main()
