"""Behind the page: loads models and robots, performs texts, keeps what was performed."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from motionclip_model.errors import ConfigError
from motionclip_ros.pipeline import Pipeline
from motionclip_ros.retargeting.robots import naming
from motionclip_ros.retargeting.robots.robot import Robot, load_robot
from motionclip_ros.scenes import Scene
from motionclip_ros.studio.shapes import Shape, person_shape, robot_shape
from motionclip_ros.studio.takes import Take, Takes

MOST_SAMPLES = 6
"""Motions of one text at a time."""

_Result = TypeVar('_Result')


@dataclass(frozen=True)
class Wish:
    """What somebody wants to see.

    Attributes:
        text: In plain words, or as `motionclip_model.instruction.understand` reads it.
        robot: Name of a known robot.
        seconds: Duration of all or of each part [s]; None leaves it to the text.
        seed: First of the seeds; None for the most typical motion.
        samples: How many motions, of as many seeds.
        force: Serve a text that asks for no known motion, too.
    """

    text: str
    robot: str
    seconds: float | tuple[float, ...] | None = None
    seed: int | None = None
    samples: int = 1
    force: bool = False


class Service:
    """One for all pages of a server.

    Attributes:
        takes: What was performed.
        model: Name or path of the checkpoint.
    """

    def __init__(self, model: str = 'base'):
        """Load nothing yet.

        Args:
            model: Name of a shipped checkpoint or path of a .safetensors file.
        """
        self.model = model
        self.takes = Takes()
        self._pipelines: dict[str, Pipeline] = {}
        self._robots: dict[str, Robot] = {}
        self._shapes: dict[str, Shape] = {}
        # Motions are made one after the other: the model and the kernels are not for two threads.
        self._performing = ThreadPoolExecutor(1, 'performing')
        self._drawing = ThreadPoolExecutor(1, 'drawing')

    def robots(self) -> list[str]:
        """Name all robots that are known, and those that are loaded."""
        return sorted({*naming.known(), *self._robots})

    async def warm_up(self, robot: str) -> None:
        """Load model and robot, and do everything once, so that the first command is fast."""
        await asyncio.gather(
            self._perform(lambda: self._pipeline(robot).warm_up()),
            self.draw(lambda: (person_shape(), self._shape(self.robot(robot)))),
        )

    async def perform(self, wish: Wish) -> list[Take]:
        """Make the motions that somebody wishes, and keep them.

        Raises:
            MotionClipError: The text or a length cannot be served.
        """
        if not 1 <= wish.samples <= MOST_SAMPLES:
            raise ConfigError(f'{wish.samples} samples; choose 1 to {MOST_SAMPLES}')
        # The most typical is only one; with several, each has a seed of its own.
        first = wish.seed if wish.samples == 1 else wish.seed or 0
        takes = []
        for sample in range(wish.samples):
            seed = None if first is None else first + sample
            takes.append(await self._perform(partial(self._take, wish, seed)))
        for take in takes:
            self.takes.add(take)
        return takes

    async def shape(self, take: Take) -> Shape:
        """Return what a take's robot looks like."""
        return await self.draw(lambda: self._shape(take.robot))

    def shape_of(self, sha256: str) -> Shape | None:
        """Return the shape of the robot with this hash, if a take or the server has it."""
        return self._shapes.get(sha256)

    async def draw(self, work: Callable[[], _Result]) -> _Result:
        """Do something that takes long but needs no model, beside the performing."""
        return await asyncio.get_running_loop().run_in_executor(self._drawing, work)

    async def _perform(self, work: Callable[[], _Result]) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._performing, work)

    def _take(self, wish: Wish, seed: int | None) -> Take:
        pipeline = self._pipeline(wish.robot)
        made = pipeline.generate(wish.text, wish.seconds, seed, wish.force)
        scene = Scene(made.text, made.trajectory.seconds, made.motion, made.trajectory)
        return Take(scene, pipeline.robot, wish.robot, made.report, seed, wish.seconds)

    def robot(self, name: str) -> Robot:
        """Load a robot, once.

        Raises:
            MotionClipError: There is none, or it is damaged.
        """
        if name not in self._robots:
            self._robots[name] = load_robot(name)
        return self._robots[name]

    def _pipeline(self, robot: str) -> Pipeline:
        if robot not in self._pipelines:
            loaded = next(iter(self._pipelines.values()), None)
            self._pipelines[robot] = (
                Pipeline.load(self.model, robot)
                if loaded is None
                else Pipeline(loaded.model, self.robot(robot))
            )
        return self._pipelines[robot]

    def _shape(self, robot: Robot) -> Shape:
        if robot.sha256 not in self._shapes:
            self._shapes[robot.sha256] = robot_shape(robot)
        return self._shapes[robot.sha256]
