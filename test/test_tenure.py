"""Of all who want to command one robot, one does, whatever they hear of each other and when."""

import numpy as np
import pytest

from motionclip_ros.execution.tenure import BEAT, LEASE, SETTLE, Commanding, Tenure

STEP = 0.05


class World:
    """Commanders who hear each other with a delay, and may be frozen, die or leave."""

    def __init__(self, identities: str, delay: float = 0.1):
        self.now, self.delay = 0.0, delay
        self.all = {
            name: Tenure(name, f'/{name}', brakes=True, calendar=self.calendar)
            for name in identities
        }
        self.living, self.frozen = set(identities), set()
        self._under_way: list[tuple[float, Commanding]] = []
        self._spoke = dict.fromkeys(identities, -BEAT)

    def calendar(self) -> int:
        return round(self.now * 1e9)

    def enter(self, *names: str) -> None:
        for name in names:
            self.all[name]._others.clear()  # who was not there has heard nobody
            self.all[name].enter(self.now)

    def run(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end - 1e-9:
            self.now += STEP
            due = [word for at, word in self._under_way if at <= self.now]
            self._under_way = [each for each in self._under_way if each[0] > self.now]
            for name in sorted(self.living - self.frozen):
                tenure = self.all[name]
                for word in due:
                    tenure.hear(word, self.now)
                tenure.look(self.now)
                if self.now - self._spoke[name] >= BEAT and tenure._entered is not None:
                    self._spoke[name] = self.now
                    self._under_way.append((self.now + self.delay, tenure.speak(self.now)))

    def holders(self) -> list[str]:
        """Who would command now, if asked to."""
        awake = sorted(self.living - self.frozen)
        for name in awake:
            self.all[name].look(self.now)
        return [name for name in awake if self.all[name].holds]


def test_one_alone_commands_once_it_has_listened() -> None:
    world = World('a')
    world.enter('a')
    world.run(SETTLE - 2 * STEP)
    assert not world.all['a'].is_known
    world.run(3 * STEP)
    assert world.holders() == ['a']


@pytest.mark.parametrize('delay', [0.05, 0.4, 1.5])
def test_of_those_who_start_at_once_one_commands_however_late_they_hear_it(delay) -> None:
    world = World('cab', delay)
    world.enter('c', 'a', 'b')
    world.run(SETTLE + 2 * delay + 2 * BEAT)
    assert world.holders() == ['a']
    assert world.all['b'].rival.name == '/a'
    assert world.all['c'].rival.name == '/a'


def test_who_commands_goes_on_when_a_smaller_one_comes() -> None:
    world = World('ab')
    world.enter('b')
    world.run(SETTLE + 2 * BEAT)
    world.enter('a')
    for _ in range(100):
        world.run(STEP)
        assert world.holders() == ['b']


def test_where_two_command_that_did_not_hear_each_other_the_later_ends() -> None:
    world = World('ab')
    world.enter('b')
    world.run(SETTLE + 2 * BEAT)
    world.delay = 10.0  # the network is parted
    world.enter('a')
    world.run(LEASE + SETTLE + 2 * BEAT)
    assert world.holders() == ['a', 'b']
    world.delay = 0.1
    world.run(2 * BEAT)
    assert world.holders() == ['b']
    assert world.all['a'].rival.name == '/b'


def test_the_next_one_takes_its_turn_a_lease_after_a_death() -> None:
    world = World('abc')
    world.enter('a')
    world.run(SETTLE + 2 * BEAT)
    world.enter('b', 'c')
    world.run(SETTLE + 2 * BEAT)
    world.living.remove('a')
    world.run(LEASE - BEAT - 2 * STEP)
    assert world.holders() == []
    world.run(BEAT + world.delay + 4 * STEP)
    assert world.holders() == ['b']


def test_who_leaves_is_followed_at_once() -> None:
    world = World('ab')
    world.enter('a')
    world.run(SETTLE + 2 * BEAT)
    world.enter('b')
    world.run(SETTLE + 2 * BEAT)
    world.all['a'].leave()
    world.living.remove('a')
    world._under_way.clear()
    world.all['b'].lose('a')
    world.run(STEP)
    assert world.holders() == ['b']


def test_who_was_frozen_finds_that_another_commands() -> None:
    world = World('ab')
    world.enter('a')
    world.run(SETTLE + 2 * BEAT)
    world.enter('b')
    world.run(SETTLE + 2 * BEAT)
    world.frozen.add('a')
    world.run(LEASE + 1.0)
    assert world.holders() == ['b']
    world.frozen.clear()
    for _ in range(100):
        world.run(STEP)
        assert world.holders() == ['b']
    assert world.all['a'].rival.name == '/b'


@pytest.mark.parametrize('hangs', np.arange(0.1, 3.0, 0.2))
@pytest.mark.parametrize('before', [0.0, 0.2, 0.4])
def test_who_hangs_just_while_another_comes_does_not_command_beside_it(hangs, before) -> None:
    world = World('ab')
    world.enter('b')
    world.run(SETTLE + 2 * BEAT)
    world.frozen.add('b')
    world.run(before)
    world.enter('a')
    world.run(hangs)
    world.frozen.clear()
    for _ in range(100):
        assert len(world.holders()) <= 1
        world.run(STEP)
    assert len(world.holders()) == 1


@pytest.mark.parametrize('seed', range(20))
def test_never_two_and_in_the_end_one(seed) -> None:
    """Who is frozen is so for a moment, or for longer than a lease; newcomers may come then."""
    random = np.random.default_rng(seed)
    world = World('abcd')
    outside, thaws = list('abcd'), {}
    for _ in range(40):
        name = str(random.choice(list('abcd')))
        match random.integers(4):
            case 0 if len(world.living) > 2:
                world.living.discard(name)
            case 1 if not world.frozen:
                world.frozen.add(name)
                thaws[name] = world.now + random.choice([0.2, 1.0, 1.7, LEASE + 0.5])
            case _ if name in outside and name not in world.frozen:
                world.enter(name)
                outside.remove(name)
        for _ in range(int(random.integers(1, 30))):
            world.run(STEP)
            world.frozen -= {name for name, end in thaws.items() if end <= world.now}
            assert len(world.holders()) <= 1
    world.frozen.clear()
    world.run(LEASE + SETTLE + 1.0)
    assert len(world.holders()) == bool(world.living - set(outside))
