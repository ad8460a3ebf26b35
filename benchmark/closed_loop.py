"""Does a robot look like it is doing what it was told? Text or clip, robot, and back to words.

    python benchmark/closed_loop.py [--model PATH] [--robot NAME] [--seeds N] [--json FILE]

Commands go through the pipeline, recorded clips through the retargeter; the recogniser sees the
robot's trajectory alone: whole with its base's path, and as a stream of joint states, in which the
window with the highest score counts. Printed: how often the right label is the first and among the
first three of all 18, for people's own motions beside the robot's; and what the recogniser costs.
"""

import os

os.environ.setdefault('OMP_NUM_THREADS', '1')
os.environ.setdefault('HF_HUB_OFFLINE', '1')

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

from reporting.measured import save
from rich.console import Console
from rich.progress import track
from rich.table import Table

from motionclip_model.latent import DEFAULT_LABELS, recognise
from motionclip_model.motion import Motion
from motionclip_ros.pipeline import ROBOT_FPS, Pipeline
from motionclip_ros.recognition import STILL, Impression, Recogniser
from motionclip_ros.retargeting.retargeter import Retargeter
from motionclip_ros.retargeting.trajectory import RobotTrajectory

CLIPS = Path(__file__).resolve().parent.parent / 'test' / 'data' / 'amass' / 'CMU'
WAVES = {'wave with the left hand', 'wave with the right hand', 'wave with both hands'}
WALKS = {'walk forward', 'walk and turn left', 'walk and turn right'}
RECORDED = {
    '05/05_03': {'dance'},
    '35/35_20': {'run'},
    '13/13_40': {'jump'},
    '10/10_03': {'kick'},
    '13/13_18': {'punch'},
    '127/127_03': {'run'},
    '13/13_01': {'sit down'},
    '07/07_01': WALKS,
    '14/14_24': WAVES,
}
"""What is done in the clips; for a cartwheel there is no label."""
COMMANDS = {
    'a person waves': WAVES,
    'a person waves with the left hand': {'wave with the left hand'},
    'a person waves with the right hand': {'wave with the right hand'},
    'a person walks forward': WALKS,
    'someone walks backwards': {'walk backward'},
    'a person walks and turns left': {'walk and turn left'},
    'a person runs': {'run'},
    'someone raises both hands': {'raise both hands'},
    'a person raises the right hand': {'raise the right hand'},
    'a person bows': {'bow'},
    'a person kicks': {'kick'},
    'someone punches': {'punch'},
    'a person jumps': {'jump'},
    'a person dances': {'dance'},
    'a person sits down': {'sit down'},
    'a person stands still': {'stand still'},
}
STREAM_FPS, LOOKS_PER_SECOND = 100.0, 2.0


class Case(NamedTuple):
    """A motion, what the robot makes of it, and the labels that would be right."""

    source: str
    name: str
    right: set[str]
    motion: Motion
    trajectory: RobotTrajectory


class Result(NamedTuple):
    """Labels in order of likelihood by what was seen, and what the stream cost [s/s]."""

    case: Case
    ranked: dict[str, list[str]]
    cost: float


def recorded(pipeline: Pipeline) -> Iterator[Case]:
    """Carry the recorded clips over to the robot."""
    retargeter = Retargeter(pipeline.robot)
    for name, right in RECORDED.items():
        motion = Motion.load(CLIPS / f'{name}_poses.npz').resampled(ROBOT_FPS)
        yield Case('clip', name, right, motion, retargeter.retarget(motion).trajectory)


def generated(pipeline: Pipeline, seeds: int) -> Iterator[Case]:
    """Give the commands, each with several seeds."""
    for text, right in COMMANDS.items():
        for seed in range(seeds):
            made = pipeline.generate(text, seed=seed, force=True)
            yield Case('text', text, right, made.motion, made.trajectory)


def looked_at(case: Case, pipeline: Pipeline, recogniser: Recogniser) -> Result:
    """Name one motion in every way."""
    person = [each.label for each in recognise(pipeline.model, case.motion)]
    whole = labels(recogniser.look_at(case.trajectory))
    begin = time.process_time()
    best = streamed(case.trajectory, recogniser)
    cost = (time.process_time() - begin) / case.trajectory.seconds
    ranked = {'person': person, 'robot': whole, 'joint states': labels(best)}
    return Result(case, ranked, cost)


def streamed(trajectory: RobotTrajectory, recogniser: Recogniser) -> Impression:
    """Play a trajectory as joint states, and keep the most certain impression."""
    recogniser.forget()
    impressions = []
    for tick in range(int(trajectory.seconds * STREAM_FPS) + 1):
        now = tick / STREAM_FPS
        if recogniser.wants(now):
            positions = trajectory.sample(now).positions.tolist()
            recogniser.add(now, dict(zip(trajectory.joint_names, positions, strict=True)))
        if tick % round(STREAM_FPS / LOOKS_PER_SECOND) == 0:
            impressions.append(recogniser.look())
    impressions.append(recogniser.look())
    moving = [impression for impression in impressions if impression.ranked]
    return max(moving or impressions, key=lambda impression: impression.score)


def labels(impression: Impression) -> list[str]:
    """Labels in order; a robot that is still stands still."""
    if impression.label == STILL:
        return ['stand still']
    return [each.label for each in impression.ranked] or ['nothing']


def shares(results: list[Result], seen: str) -> dict[str, float]:
    """How often a right label is the first, and among the first three."""

    def among(count: int) -> float:
        return mean(bool(r.case.right & set(r.ranked[seen][:count])) for r in results)

    return {'first': round(among(1), 3), 'first_three': round(among(3), 3)}


def figures(results: list[Result]) -> dict[str, Any]:
    """Sum up."""
    found: dict[str, Any] = {'labels': len(DEFAULT_LABELS)}
    for source in ('clip', 'text'):
        own = [result for result in results if result.case.source == source]
        found[source] = {'motions': len(own)} | {seen: shares(own, seen) for seen in own[0].ranked}
    found['cpu_percent'] = round(100.0 * mean(result.cost for result in results), 2)
    return found


def show(console: Console, results: list[Result], found: dict[str, Any]) -> None:
    """Print each motion, then the shares."""
    table = Table('source', 'told', *results[0].ranked)
    for result in results:
        firsts = [
            ('' if ranked[0] in result.case.right else '[red]') + ranked[0]
            for ranked in result.ranked.values()
        ]
        table.add_row(result.case.source, result.case.name, *firsts)
    console.print(table)
    summary = Table('source', 'motions', 'seen', 'first', 'first three')
    for source in ('clip', 'text'):
        for seen in results[0].ranked:
            row = found[source][seen]
            summary.add_row(
                source,
                str(found[source]['motions']),
                seen,
                f'{row["first"]:.0%}',
                f'{row["first_three"]:.0%}',
            )
    console.print(summary)
    console.print(f'joint states cost {found["cpu_percent"]} % of a core')


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or '').partition('\n')[0])
    parser.add_argument('--model', default='base', help='shipped checkpoint, or path of one')
    parser.add_argument('--robot', default='g1', help='robot, or path of a URDF')
    parser.add_argument('--seeds', type=int, default=3, help='motions for each command')
    parser.add_argument('--json', type=Path, help='write the figures to this file')
    arguments = parser.parse_args()
    console = Console()
    pipeline = Pipeline.load(arguments.model, arguments.robot)
    recogniser = Recogniser(pipeline.model, pipeline.robot)
    cases = [*recorded(pipeline), *generated(pipeline, arguments.seeds)]
    # The kernels compile at their first use, which is nobody's cost.
    recogniser.look_at(cases[0].trajectory)
    results = [
        looked_at(case, pipeline, recogniser)
        for case in track(cases, 'looking', console=console, transient=True)
    ]
    found = figures(results)
    show(console, results, found)
    if arguments.json:
        save(arguments.json, found)


if __name__ == '__main__':
    main()
