"""Random commands of every kind, and the account of what became of each."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.action import ActionClient
from std_msgs.msg import String

from motionclip_ros import topics
from motionclip_ros.nodes.running import FLOOD

MOTIONS = (
    'a person walks forward', 'a person waves with the right hand', 'a person bows',
    'a person raises both arms', 'a person claps', 'a person kicks', 'a person jumps',
    'a person runs', 'someone sits down', 'a man turns left', 'he stretches', 'dance',
)  # fmt: skip
MIXED = (
    'walk + tired - normal', 'run - fast', 'between walk and run', '30 % between walk and run',
    'walk, then bow', 'wave, then clap, then bow',
)  # fmt: skip
STOPS = ('stop', 'Halt!', 'freeze')
REFUSED = ('', '   ', 'x' * 600, 'бежать', 'wave\x07', 'walk +', 'between walk')
NONSENSE = ('qwrt zxcv', 'the price of tea', '12345', 'colourless green ideas', '???')

_KINDS = {
    'text': 0.34, 'mixed': 0.1, 'stop': 0.1, 'refused': 0.08, 'nonsense': 0.08,
    'goal': 0.1, 'canceled goal': 0.08, 'preview': 0.05, 'parameter': 0.07,
}  # fmt: skip


class Asker:
    """Says random things to a generator, and keeps account.

    Attributes:
        said: How often each text was asked for.
        kinds: How many requests of each kind there were.
        outcomes: How often each outcome was told.
        results: Results of goals that have come, of those that were sent.
        failures: Why requests failed.
        wrong: Parameters that were taken or refused in the wrong place, goals that were rejected.
    """

    def __init__(self, node: Any, seed: int, goals: bool):
        """Find the generator's doors.

        Args:
            node: Who speaks.
            seed: Of the choices.
            goals: Whether the action GenerateMotion is there.
        """
        self._random = np.random.default_rng(seed)
        self._goals = goals
        self.said: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.told: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.sent, self.results = 0, 0
        self.wrong: list[str] = []
        self.failures: Counter[str] = Counter()
        self._text = node.create_publisher(String, f'/{topics.TEXT}', FLOOD)
        node.create_subscription(String, f'/{topics.OUTCOME}', self._on_outcome, FLOOD)
        self._parameters = node.create_client(SetParameters, f'/{topics.GENERATOR}/set_parameters')
        self._client: Any = None
        if goals:
            from motionclip_interfaces.action import GenerateMotion

            self._kind = GenerateMotion
            self._client = ActionClient(node, GenerateMotion, f'/{topics.GENERATE_MOTION}')

    @property
    def is_heard(self) -> bool:
        """Whether everything is there that it speaks to."""
        return bool(
            self._text.get_subscription_count()
            and self._parameters.service_is_ready()
            and (self._client is None or self._client.server_is_ready())
        )

    @property
    def is_answered(self) -> bool:
        """Whether every request has its outcome, and every goal its result."""
        return self.told.total() >= self.said.total() and self.results == self.sent

    @property
    def complaints(self) -> list[str]:
        """What did not end in exactly one outcome, and what else went wrong."""
        off = {
            text: (count, self.told[text])
            for text, count in (self.said | self.told).items()
            if self.said[text] != self.told[text]
        }
        found = [
            f'{text[:40]!r}: asked {self.said[text]} times, {self.told[text]} outcomes'
            for text in off
        ]
        if self.results != self.sent:
            found.append(f'{self.results} results of {self.sent} goals')
        return found + self.wrong

    def ask(self) -> float:
        """Say one thing; returns how long to wait before the next [s]."""
        kind = str(self._random.choice(list(_KINDS), p=list(_KINDS.values())))
        self.kinds[kind] += 1
        if kind == 'parameter':
            self._set_parameter()
        elif kind in ('goal', 'canceled goal', 'preview') and self._goals:
            self._send_goal(kind)
        else:
            texts = {
                'mixed': MIXED, 'stop': STOPS, 'refused': REFUSED, 'nonsense': NONSENSE,
            }.get(kind, MOTIONS)  # fmt: skip
            self._say(str(self._random.choice(texts)))
        # Often long enough for a motion to end, sometimes in a burst.
        return float(self._random.choice([0.05, 0.5, 2.0, 6.0], p=[0.15, 0.25, 0.35, 0.25]))

    def _say(self, text: str) -> None:
        self.said[text] += 1
        self._text.publish(String(data=text))

    def _send_goal(self, kind: str) -> None:
        text = str(self._random.choice(MOTIONS))
        goal = self._kind.Goal(
            text=text, seconds=float(self._random.uniform(1.0, 4.0)), seed=-1,
            execute=kind != 'preview',
        )  # fmt: skip
        delay = float(self._random.uniform(0.0, 2.0))
        self.said[text] += 1
        self.sent += 1

        def on_accepted(future: Any) -> None:
            handle = future.result()
            if not handle.accepted:
                self.wrong.append(f'goal {text!r} was rejected')
                return
            handle.get_result_async().add_done_callback(self._on_result)
            if kind == 'canceled goal':
                self._later(delay, handle.cancel_goal_async)

        self._client.send_goal_async(goal).add_done_callback(on_accepted)

    def _later(self, seconds: float, action: Callable[[], Any]) -> None:
        node = self._client._node

        def once() -> None:
            node.destroy_timer(timer)
            action()

        timer = node.create_timer(seconds, once)

    def _set_parameter(self) -> None:
        value, right = self._random.uniform(0.4, 1.0), bool(self._random.random() < 0.7)
        wanted = ParameterValue(
            type=ParameterType.PARAMETER_DOUBLE, double_value=float(value if right else 7.0)
        )
        name = str(self._random.choice(['velocity_scaling', 'acceleration_scaling']))
        request = SetParameters.Request(parameters=[Parameter(name=name, value=wanted)])

        def on_answer(future: Any) -> None:
            if future.result().results[0].successful != right:
                self.wrong.append(f'parameter {name} = {wanted.double_value}: taken {not right}')

        self._parameters.call_async(request).add_done_callback(on_answer)

    def _on_outcome(self, message: String) -> None:
        said = json.loads(message.data)
        self.told[said['text']] += 1
        self.outcomes[said['outcome']] += 1
        if said['outcome'] == 'failed':
            self.failures[said['message']] += 1

    def _on_result(self, _: Any) -> None:
        self.results += 1
