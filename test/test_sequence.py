"""Several commands become one motion without a jump."""

import re

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from motionclip_model import features
from motionclip_model.errors import MotionClipError, TextError
from motionclip_model.latent import recognise
from motionclip_model.model import MAX_SECONDS, MIN_SECONDS, MotionClip
from motionclip_model.motion import Motion
from motionclip_model.sequence import (
    MAX_PARTS,
    fade,
    generate_sequence,
    shared_seconds,
    split_commands,
    stretches,
)

SECONDS = st.lists(st.floats(MIN_SECONDS, MAX_SECONDS), min_size=1, max_size=5)


@pytest.fixture(scope='module')
def model() -> MotionClip:
    return MotionClip.load('base')


@pytest.mark.parametrize(
    ('text', 'parts'),
    [
        ('walk forward, then wave, then bow', ['walk forward', 'wave', 'bow']),
        ('walk and then run', ['walk', 'run']),
        ('sit down; stand up\njump', ['sit down', 'stand up', 'jump']),
        ('bow. After that, wave', ['bow', 'wave']),
        ('wave, afterwards bow', ['wave', 'bow']),
        ('wave with both hands, slowly', ['wave with both hands, slowly']),
        ('then walk', ['walk']),
        ('walk,  and\tThen,  run', ['walk', 'run']),
        ('strengthen your arms', ['strengthen your arms']),
        (';', [';']),
        ('', ['']),
    ],
)
def test_commands_are_found_between_separators(text: str, parts: list[str]) -> None:
    assert split_commands(text) == parts


def test_too_many_commands_are_refused() -> None:
    assert len(split_commands('jump;' * MAX_PARTS)) == MAX_PARTS
    with pytest.raises(TextError, match=f'at most {MAX_PARTS}'):
        split_commands('jump;' * (MAX_PARTS + 1))


@given(st.text(' ;,.\nadehnt', max_size=60))
def test_no_word_is_lost_or_invented(text: str) -> None:
    words = [w for w in re.findall(r'\w+', text) if w not in ('then', 'and')]
    found = re.findall(r'\w+', ' '.join(split_commands(text)))
    assert [w for w in found if w not in ('then', 'and')] == words


@given(SECONDS, st.floats(0.0, 1.0))
def test_durations_share_any_possible_total(suggested: list[float], share: float) -> None:
    low, high = len(suggested) * MIN_SECONDS, len(suggested) * MAX_SECONDS
    total = low + share * (high - low)
    found = shared_seconds(suggested, total)
    assert sum(found) == pytest.approx(total, abs=1e-6)
    assert all(MIN_SECONDS - 1e-9 <= each <= MAX_SECONDS + 1e-9 for each in found)


@pytest.mark.parametrize('total', [1.9, 20.1, float('nan')])
def test_an_impossible_total_is_refused(total: float) -> None:
    with pytest.raises(MotionClipError, match='2 to 20 s'):
        shared_seconds([3.0, 4.0], total)


@given(SECONDS)
def test_stretches_cover_every_latent_and_each_part_its_own(seconds: list[float]) -> None:
    parts = stretches(seconds)
    assert [part.first for part in parts[1:]] == [part.last for part in parts[:-1]]
    assert parts[0].begin == parts[0].first == 0
    weight = torch.zeros(parts[-1].end)
    for part in parts:
        assert part.begin <= part.first < part.last <= part.end
        weight[part.begin : part.end] += fade(part)
    assert (weight > 0.2).all()
    if min(seconds) > 2.0:
        assert torch.allclose(weight, torch.ones_like(weight), atol=1e-5)


def _sequence(model: MotionClip, texts: list[str], seconds: list[float], seed: int) -> Motion:
    return generate_sequence(model, model.encode_text(texts), seconds, seed)


@pytest.mark.parametrize('seed', [0, 1, 2])
def test_no_seam_is_rougher_than_the_rest(model: MotionClip, seed: int) -> None:
    seconds = [3.0, 2.5, 3.5]
    texts = ['walk forward', 'wave with the right hand', 'run']
    motion = _sequence(model, texts, seconds, seed)
    assert motion.seconds == pytest.approx(sum(seconds), abs=0.5 / features.FPS)
    steps = [np.diff(motion.pose.positions, n, axis=0) for n in (1, 2)]
    for step in (np.linalg.norm(each, axis=-1).max(axis=1) for each in steps):
        near = np.zeros(len(step), dtype=bool)
        for seam in np.cumsum(seconds)[:-1] * features.FPS:
            near[round(seam) - 3 : round(seam) + 3] = True
        assert step[near].max() <= step[~near].max()


def test_each_part_shows_its_own_command(model: MotionClip) -> None:
    commands = ('run', 'bow', 'wave with both hands')
    motion = _sequence(model, list(commands), [3.0, 3.0, 3.0], 0)
    for part, command in enumerate(commands):
        own = motion[60 * part : 60 * (part + 1)]
        assert recognise(model, own, commands)[0].label == command


def test_a_sequence_of_one_is_the_motion_itself(model: MotionClip) -> None:
    text = model.encode_text(['walk forward'])
    alone = model.generate(text, 3.0, seed=4)
    sequence = generate_sequence(model, text, [3.0], seed=4)
    assert np.allclose(alone.root_position, sequence.root_position, atol=1e-4)
    assert np.allclose(alone.joint_rotations, sequence.joint_rotations, atol=1e-4)


def test_without_a_seed_the_same_motion_comes_again(model: MotionClip) -> None:
    texts = model.encode_text(['jump', 'bow'])
    first, again = (generate_sequence(model, texts, [2.0, 2.0]) for _ in range(2))
    assert np.array_equal(first.root_position, again.root_position)


def test_a_part_of_no_learned_length_is_refused(model: MotionClip) -> None:
    with pytest.raises(MotionClipError, match='1 to 10 s for each command'):
        _sequence(model, ['jump', 'bow'], [2.0, 11.0], 0)


def test_a_model_without_a_prior_says_so(
    model: MotionClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = model.encode_text(['jump', 'bow'])
    monkeypatch.setattr(model, 'network', object())
    with pytest.raises(MotionClipError, match='one token at a time'):
        generate_sequence(model, texts, [2.0, 2.0])
