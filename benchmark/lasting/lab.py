"""Robot, recorder and generator as processes that may be broken, and what is seen of them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from ros_graph import GENERATOR, RECORDER, SIMULATOR, Graph
from ros_talk import Talk
from sensor_msgs.msg import JointState
from std_msgs.msg import String

from motionclip_model.errors import MotionClipError
from motionclip_ros import messages, topics
from motionclip_ros.bag import Bag
from motionclip_ros.nodes.running import FLOOD, LATEST
from motionclip_ros.repairing import repair
from motionclip_ros.retargeting.limits import JointLimits
from motionclip_ros.retargeting.robots.robot import load_robot

REAL = 'motionclip_ros.nodes.generator'
__all__ = ['GENERATOR', 'PATIENCE', 'REAL', 'Graph', 'Lab']

PATIENCE = 90.0
"""How long a node may take to start, on a busy machine [s]."""

REST = 0.05
"""Speed at which a joint counts as standing [rad/s]."""

NEAR = 0.06
"""How far from where it was told to be a standing joint may be [rad]."""

OVER = 1.15
"""Part of a velocity limit that a simulated motor may overshoot to."""

STEP = 0.03
"""What a joint may go beyond its fastest way between two states [rad]."""

GAP = 0.2
"""Time between two joint states after which they are of two robots [s]."""

STARTED = 20.0
"""Time after which a process that has not ended has started [s]."""

ATTEMPTS = 3
"""How often a command is said where the joint states come late."""

LONGEST = 20.0
"""What a command of a few seconds may take on a busy machine [s]."""

FLUSHED = 1.0
"""Last part of a recording that a killed recorder may lose [s]."""

SLACK = 1.0
"""What a busy machine may add to that [s]."""


class Seen(NamedTuple):
    """A joint state."""

    arrived: float
    stamp: float
    positions: np.ndarray
    velocities: np.ndarray


def unsafe(seen: Sequence[Seen], limits: JointLimits) -> list[str]:
    """Return what a robot did that it must not, of what was seen of it."""
    found = []
    for before, after in pairwise(seen):
        passed = after.stamp - before.stamp
        if not 0.0 < passed < GAP:
            continue  # it was restarted
        excess = (np.abs(after.positions - before.positions) - limits.velocity * passed).max()
        if excess > STEP:
            found.append(f'a jump: {excess:.3f} rad more than its speed allows')
    over = max((float((np.abs(s.velocities) / limits.velocity).max()) for s in seen), default=0.0)
    if over > OVER:
        found.insert(0, f'{over:.2f} of a velocity limit')
    return found[:3]


class Lab:
    """Starts, breaks and watches.

    Attributes:
        graph: Where the processes run.
        generator: Module of the generator.
        talk: What is said to the generator, and heard.
        late: How many commands were refused because the joint states came too late.
        takeovers: Times from the death of a commander until the next one served [s].
        running: The processes, by what they are.
    """

    def __init__(self, graph: Graph, generator: str, *options: str):
        """Start nothing yet.

        Args:
            graph: Where the processes run.
            generator: Module of the generator.
            options: For every node.
        """
        self.graph, self.talk, self._options = graph, Talk(graph), options
        self.generator = generator
        self._modules = {'simulator': SIMULATOR, 'recorder': RECORDER, 'generator': generator}
        self.takeovers: list[float] = []
        self.late = 0
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._limits = load_robot('g1').limits
        self._names = load_robot('g1').joint_names
        self._seen: list[Seen] = []
        self._bags, self._texts = 0, 0
        self._disk = graph.folder
        graph.node.create_subscription(JointState, topics.JOINT_STATES, self._on_state, LATEST)

    @property
    def bag(self) -> Path:
        """Folder of the newest recording."""
        return self._disk / f'bag{self._bags}'

    def start(self, *names: str) -> None:
        """Start some processes and wait until they serve."""
        for name in names:
            module, options = self._modules[name], self._options
            if name == 'recorder':
                self.next_bag()
                options = (*options, '-p', f'output:={self.bag}')
            self.running[name] = self.graph.start(module, *options)
        if 'recorder' in names:
            self.until(lambda: f'recording /{topics.TEXT}' in self.log('recorder'))
        if 'simulator' in names:
            self._seen.clear()
            self.until(lambda: self._seen)
        if 'generator' in names:
            self.until(lambda: 'ready' in self.log('generator'))
        self.ready()

    def refusal(self, name: str) -> str:
        """Return the last words of one process more, which cannot start; none if it can."""
        self.next_bag()
        output = ('-p', f'output:={self.bag}')
        process = self.graph.start(self._modules[name], *self._options, *output, as_='one more')
        try:
            process.wait(STARTED)
        except subprocess.TimeoutExpired:
            self.graph.stop('one more')
            return ''
        lines = self.graph.log('one more').strip().splitlines()
        return lines[-1] if lines else f'status {process.returncode}, no word'

    def next_bag(self, disk: Path | None = None) -> None:
        """Name a new recording, in the lab's folder or on a disk."""
        self._bags += 1
        self._disk = disk or self.graph.folder

    def second(self) -> 'Other':
        """Start another generator."""
        return Other(self)

    def ready(self) -> None:
        """Wait until everybody has found everybody."""
        self.talk.diagnostics.clear()
        listeners = 1 + ('recorder' in self.running) + ('simulator' in self.running)

        def found() -> bool:
            status = self.talk.status
            values = {v.key: v.value for v in status.values} if status else {}
            return (
                values.get('joint_states') == 'True'
                and int(values['controllers']) >= listeners
                and self.talk.text.get_subscription_count() >= 1
            )

        if 'generator' in self.running:
            self.until(found)

    def log(self, name: str) -> str:
        """What a process has said."""
        return self.graph.log(self._modules[name])

    def until(self, condition: Callable[[], object], seconds: float = PATIENCE) -> None:
        """Wait for something."""
        self.graph.until(condition, seconds)

    def kill(self, name: str) -> None:
        """End a process as nothing can prevent it."""
        process = self.running.pop(name)
        process.kill()
        process.wait()

    def stop(self, name: str) -> int:
        """End a process politely; returns its exit status."""
        process = self.running.pop(name)
        process.send_signal(signal.SIGINT)
        return process.wait(PATIENCE)

    def client(self, text: str) -> subprocess.Popen[bytes]:
        """Start a process that sends a goal and waits."""
        path = os.pathsep.join((str(Path(__file__).resolve().parent.parent), *sys.path))
        process = subprocess.Popen(
            [sys.executable, '-m', 'lasting.goal_client', text],
            env={**os.environ, 'PYTHONPATH': path},
            stdout=subprocess.DEVNULL,
        )
        told = len(self.talk.arrived)
        self.until(lambda: len(self.talk.arrived) > told)
        return process

    def begin(self, text: str = 'a person waves') -> str:
        """Say a text like no other and wait until the robot is told; returns the text."""
        told, self._texts = len(self.talk.arrived), self._texts + 1
        text += ' ' * self._texts
        self.talk.say(text)
        self.until(lambda: len(self.talk.arrived) > told or text in self.talk.told)
        return text

    def perform(self) -> None:
        """Say a text and wait until it is done; again, where joint states came too late.

        They do on a machine that is busy with something else.

        Raises:
            MotionClipError: It was not executed.
        """
        for _ in range(ATTEMPTS):
            text = self.begin()
            self.until(lambda text=text: text in self.talk.told, LONGEST)
            said = [json.loads(message.data) for message in self.talk.outcomes]
            last = next(outcome for outcome in said if outcome['text'] == text)
            if last['outcome'] != 'refused' or 'joint state' not in last['message']:
                break
            self.late += 1
            self.graph.spin(1.0)
        if last['outcome'] != 'executed':
            raise MotionClipError(f'next command {last["outcome"]}: {last["message"]}')

    def settled(self, seconds: float = 15.0) -> None:
        """Wait until the robot stands."""

        def stands() -> bool:
            last = [seen for seen in self._seen if seen.stamp > self._seen[-1].stamp - 0.3]
            return len(last) > 5 and all(np.abs(s.velocities).max() < REST for s in last)

        self.graph.spin(0.4)
        self.until(stands, seconds)

    def forget(self) -> None:
        """Begin a new round."""
        self.talk.arrived[:-1] = []
        del self._seen[:-1]
        for box in (
            self.talk.outcomes,
            self.talk.states,
            self.talk.markers,
            self.talk.preview,
            self.talk.human,
        ):
            box.clear()

    def unsafe(self) -> list[str]:
        """Return what the robot did in this round that it must not."""
        return unsafe(self._seen, self._limits)

    def where_told(self) -> list[str]:
        """Return whether the standing robot is where it was told to be last."""
        message = self.talk.arrived[-1].message
        told = dict(zip(message.joint_names, message.points[-1].positions, strict=True))
        is_at = dict(zip(self._names, self._seen[-1].positions, strict=True))
        off = max(abs(is_at[name] - place) for name, place in told.items())
        return [f'it stands {off:.3f} rad from where it was told'] if off > NEAR else []

    def opens(self) -> list[str]:
        """Return what is wrong with a recording that was ended politely."""
        try:
            return [] if Bag(self.bag).counts.get(topics.JOINT_STATES) else ['bag: empty']
        except MotionClipError as error:
            return [f'bag: {error}']

    def recorded(self, until: float) -> list[str]:
        """Repair the newest recording where needed; returns what it lacks.

        Args:
            until: When its recorder was broken [s since 1970].
        """
        try:
            repair(self.bag)
            bag = Bag(self.bag)
        except MotionClipError as error:
            return [f'bag: {error}']
        kept = {
            messages.nanoseconds(message.header.stamp) / 1e9
            for _, message in bag.all(topics.JOINT_STATES)
        }
        if not kept:
            return ['bag: no joint states']
        safe = until - FLUSHED - SLACK
        wanted = {s.stamp for s in self._seen if min(kept) <= s.stamp and s.arrived < safe}
        lost = len(wanted - kept)
        return [f'bag: {lost} of {len(wanted)} joint states are missing'] if lost else []

    def _on_state(self, message: JointState) -> None:
        motion = messages.joint_motion(message)
        values = np.array([motion[name] for name in self._names])
        stamp = messages.nanoseconds(message.header.stamp) / 1e9
        self._seen.append(Seen(time.time(), stamp, values[:, 0], values[:, 1]))


class Other:
    """Another generator for the same robot."""

    def __init__(self, lab: Lab):
        """Start it and wait until it speaks."""
        self._lab, self._outcomes = lab, []
        node = lab.graph.node
        self._text = node.create_publisher(String, '/second/text', FLOOD)
        self._heard = node.create_subscription(
            String, '/second/outcome', lambda m: self._outcomes.append(json.loads(m.data)), FLOOD
        )
        self._process = lab.graph.start(lab.generator, '-r', '__node:=second', as_='second')
        lab.until(self._text.get_subscription_count)
        lab.until(lambda: node.count_publishers('/second/outcome'))
        lab.graph.spin(1.0)

    def ask(self, text: str) -> dict[str, str]:
        """Say a text; returns its outcome."""
        self._outcomes.clear()
        self._text.publish(String(data=text))
        self._lab.until(lambda: self._outcomes)
        return self._outcomes[0]

    def end(self) -> None:
        """End it politely."""
        self._lab.graph.stop('second')
        self._lab.graph.node.destroy_publisher(self._text)
        self._lab.graph.node.destroy_subscription(self._heard)
