"""Messages that no controller would send, and command lines that nobody would type."""

import copy
import json
import math
from typing import Any

from bad_inputs import samples
from bad_inputs.writing import Content

_POINT: dict[str, Any] = {
    'positions': [0.0, 0.0],
    'velocities': [0.0, 0.0],
    'time_from_start': {'sec': 1, 'nanosec': 0},
    'transforms': [
        {
            'translation': dict.fromkeys('xyz', 0.0),
            'rotation': {**dict.fromkeys('xyz', 0.0), 'w': 1.0},
        }
    ],
}  # fmt: skip
_JOINTS: dict[str, Any] = {
    'header': {'stamp': {'sec': 0, 'nanosec': 0}}, 'joint_names': ['a', 'b'], 'points': [_POINT],
}  # fmt: skip
_STATE: dict[str, Any] = {'name': ['a', 'b'], 'position': [0.0, 0.0], 'velocity': [0.0, 0.0]}


def _changed(message: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """A message with another value at `points.0.positions`."""
    changed = copy.deepcopy(message)
    place: Any = changed
    *way, last = path.split('.')
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    place[int(last) if last.isdigit() else last] = value
    return changed


def messages() -> dict[str, Content]:
    """Bad messages, as JSON of the reader's name and its messages."""
    numbers = {
        'NaN': math.nan, 'infinity': math.inf, '1e308': 1e308, 'minus zero': -0.0, '2^63': 2**63,
    }  # fmt: skip
    lists: dict[str, object] = {
        'nothing': [], 'one': [0.0], 'three': [0.0] * 3, 'a million': [0.0] * 1_000_000,
    }  # fmt: skip
    changes: dict[str, tuple[str, dict[str, Any]]] = {}
    for name, value in numbers.items():
        for field in ('position.0', 'velocity.1'):
            changes[f'state, {field} is {name}'] = 'joint_motion', _changed(_STATE, field, value)
        for field in (
            'points.0.positions.0', 'points.0.velocities.0', 'points.0.time_from_start.sec',
            'points.0.time_from_start.nanosec', 'points.0.transforms.0.translation.x',
            'points.0.transforms.0.rotation.w', 'header.stamp.sec',
        ):  # fmt: skip
            if name in ('NaN', 'infinity') and field.endswith('sec'):
                continue  # ROS carries whole numbers there
            kind = 'human_motion' if 'transforms' in field else 'joint_command'
            changes[f'{kind}, {field} is {name}'] = kind, _changed(_JOINTS, field, value)
            changes[f'trajectory, {field} is {name}'] = (
                'robot_trajectory', _changed(_JOINTS, field, value),
            )  # fmt: skip
    for name, found in lists.items():
        for field in ('name', 'position', 'velocity'):
            value = [f'j{i}' for i in range(len(found))] if field == 'name' else found
            changes[f'state, {field} has {name}'] = 'joint_motion', _changed(_STATE, field, value)
        for field in ('points.0.positions', 'points.0.velocities', 'points.0.transforms'):
            some = found if field[-1] != 's' or 'transforms' not in field else []
            changes[f'command, {field} has {name}'] = (
                'joint_command', _changed(_JOINTS, field, some),
            )  # fmt: skip
    changes['a joint twice'] = 'joint_command', _changed(_JOINTS, 'joint_names', ['a', 'a'])
    changes['a state of a joint twice'] = 'joint_motion', _changed(_STATE, 'name', ['a', 'a'])
    changes['no points'] = 'joint_command', _changed(_JOINTS, 'points', [])
    changes['time that stands'] = 'joint_command', _changed(_JOINTS, 'points', [_POINT, _POINT])
    changes['a million joints'] = (
        'joint_command',
        _changed(_JOINTS, 'joint_names', [str(i) for i in range(1_000_000)]),
    )
    odd = ['\ud800', '\x1b[2J' * 1000]
    changes['joints of odd names'] = 'joint_command', _changed(_JOINTS, 'joint_names', odd * 2)
    changes['no names'] = 'human_motion', _changed(_JOINTS, 'joint_names', [])
    changes['two bases'] = 'robot_trajectory', _changed(_JOINTS, 'joint_names', ['base', 'a'])
    changes['a quaternion of zeros'] = (
        'robot_trajectory', _changed(_JOINTS, 'points.0.transforms.0.rotation.w', 0.0),
    )  # fmt: skip
    return {
        name: json.dumps({'reader': reader, 'message': message}).encode()
        for name, (reader, message) in changes.items()
    }


def commands() -> dict[str, Content]:
    """Command lines, with the files that they name; `{}` stands for their folder."""
    urdf, motion = samples.urdf().decode(), '{}/walk.npz'
    lines: dict[str, tuple[list[str], dict[str, str]]] = {
        'a robot above the folder': (
            ['robot', 'add', '{}/a.urdf', '--name', '../../was_run', '--out', '{}/out'],
            {'a.urdf': urdf},
        ),
        'a robot of the system': (
            ['robot', 'add', '{}/a.urdf', '--name', '/tmp/was_run', '--out', '{}/out'],
            {'a.urdf': urdf},
        ),
        'a robot with a NUL': (
            ['robot', 'add', '{}/a.urdf', '--name', 'a\0b', '--out', '{}/out'], {'a.urdf': urdf},
        ),
        'a robot of no URDF': (['robot', 'add', '{}/a.urdf'], {'a.urdf': '<robot'}),
        'a robot that is not known': (['robot', 'show', '../../../etc/passwd'], {}),
        'a robot of a folder': (['robot', 'show', '{}'], {}),
        'a motion of nothing': (['retarget', motion, '--out', '{}/out.npz'], {'walk.npz': ''}),
        'a motion of another kind': (
            ['retarget', '{}/walk.fbx', '--out', '{}/out.npz'], {'walk.fbx': 'x'},
        ),
        'a trajectory of nothing': (['check', '{}/t.npz'], {'t.npz': 'PK'}),
        'a plot of nothing': (['plot', '{}/a.json'], {'a.json': '[' * 50_000}),
        'a plot of a folder': (['plot', '{}'], {}),
        'no recording to repair': (['repair', '{}'], {}),
        'no recording to verify': (['verify', '{}'], {'metadata.yaml': 'a: &a [*a]'}),
        'no recording to draw': (['render', '{}', '--out', '{}/out.mp4'], {'metadata.yaml': '1'}),
        'a corpus that leads out': (
            ['data', 'manifest', '--data', '{}'],
            {
                'splits.json': '{"train": [], "val": []}',
                'texts_a.jsonl': '{"path": "../../etc/passwd", "captions": ["a"]}\n',
            },
        ),
        'an import of nothing': (['data', 'import', '{}', '--out', '{}/out'], {}),
        'an import of damaged files': (
            ['data', 'import', '{}', '--out', '{}/out'], {'walk.bvh': 'HIERARCHY', 'run.npz': 'x'},
        ),
        'an import of a billion frames': (
            ['data', 'import', '{}', '--out', '{}/out'],
            {'walk_fast.bvh': samples.bvh().decode().replace('Frames: 2', 'Frames: 1e9')},
        ),
        'a training of nothing': (
            ['train', '{}/c.yaml', '--data', '{}', '--out', '{}/out'], {'c.yaml': 'a: *b'},
        ),
        'a model of nothing': (
            ['generate', 'walk', '--model', '{}/m.safetensors', '--out', '{}/out'],
            {'m.safetensors': 'x'},
        ),
        'a model of the system': (
            ['generate', 'walk', '--model', '../../../../etc/passwd', '--out', '{}/out'], {},
        ),
        'a table of nothing': (
            ['edit', '--csv', '{}/a.csv', '--out', '{}/out'], {'a.csv': 'x\n\0'},
        ),
        'an option of nobody': (['generate', 'walk', '--nothing'], {}),
        'a command of nobody': (['../../etc/passwd'], {}),
        'seconds of NaN': (['generate', 'walk', '--seconds', 'nan', '--out', '{}/out'], {}),
        'a seed of 10^400': (['generate', 'walk', '--seed', '9' * 400, '--out', '{}/out'], {}),
    }  # fmt: skip
    return {
        name: json.dumps({'arguments': arguments, 'files': files}).encode()
        for name, (arguments, files) in lines.items()
    }
