# ruff: noqa: E501, RUF001 - long lines of data, and letters that are meant to mislead
"""What an attacker or an accident would come up with for each format."""

import json
import struct

import numpy as np
from backports import zstd

from bad_inputs import archives, samples
from bad_inputs.writing import Content

_ODD_NAMES = (
    '../../was_run', '/tmp/was_run', 'a\0b', '\x1b[2J\x1b[31mred', 'a\nb', 'x' * 100_000,
    '\u202egnp.exe', '\u200b', 'كاحل', '脚踝', '👩\u200d👩\u200d👧', 'e' + '\u0301' * 500,
)  # fmt: skip


def babel_json() -> bytes:
    """BABEL's labels of one sequence."""
    label = {'raw_label': 'walk', 'proc_label': 'walk', 'act_cat': ['walk'], 'start_t': 0.0,
             'end_t': 1.0}  # fmt: skip
    return json.dumps({'1': {'feat_p': 'a/CMU/b', 'frame_ann': {'labels': [label]}}}).encode()


def _nested(start: str, end: str, depth: int = 100_000, middle: str = '') -> bytes:
    return (start * depth + middle + end * depth).encode()


def _aliases(levels: int, merged: bool = False) -> bytes:
    """Ten of the level before, and so on: few lines, and ten to their number of entries."""
    lines = ['a0: &a0 {k: v}' if merged else 'a0: &a0 [x]']
    for level in range(1, levels + 1):
        inside = ', '.join([f'*a{level - 1}'] * 10)
        value = f'{{<<: [{inside}]}}' if merged else f'[{inside}]'
        lines.append(f'a{level}: &a{level} {value}')
    return '\n'.join(lines).encode()


def yamls(key: str) -> dict[str, Content]:
    """Bad YAML.

    Args:
        key: An entry that the kind knows.
    """
    values = {
        'a list': '[1, 2]', 'a text': 'abc', 'NaN': '.nan', 'infinity': '.inf', 'minus': '-1',
        'nothing': '', 'truth': 'true', 'a date': '2020-01-01', 'no date': '2020-99-99',
        'bytes': '!!binary abc', 'a number of 5000 digits': '9' * 5000,
        'a hexadecimal number of 20000 digits': '0x' + 'f' * 20_000, 'sixty': '1' + ':1' * 3000,
        'an object': '!!python/object/apply:os.system ["touch was_run"]',
        'a tuple': '!!python/tuple [1]', 'an unknown kind': '!!what 1', 'a set': '{? a, ? b}',
        'a misread date': '!!timestamp x', 'a misread truth': '!!bool x', 'no integer': '!!int ""',
        'no mapping': '!!map [1]', 'an alias of nobody': '*nobody', 'itself': '&a [*a]',
    }  # fmt: skip
    return {f'{key} is {name}': f'{key}: {value}\n'.encode() for name, value in values.items()} | {
        f'an odd name {number}': f'{json.dumps(name)}: 1\n'.encode()
        for number, name in enumerate(_ODD_NAMES)
    } | {
        'aliases of aliases': _aliases(12),
        'aliases of aliases, merged': _aliases(12, merged=True),
        'nested lists': _nested('[', ']'),
        'nested mappings': _nested('{a: ', '}'),
        'nested by spaces': '\n'.join(f'{" " * i}a:' for i in range(900)).encode(),
        'a file of 1 MB': b'a: 1\n' * 200_000,
        'a list at the top': b'- 1\n- 2\n',
        'a text at the top': b'abc',
        'two documents': b'a: 1\n---\nb: 2\n',
        'tabs': b'a:\n\t- 1\n',
        'a name twice': f'{key}: 1\n{key}: 2\n'.encode(),
        'names that are no texts': b'1: 2\n[a]: 3\n',
        'a lone surrogate': b'a: "\\ud800"\n',
        'Latin-1': 'é: 1\n'.encode('latin-1'),
    }  # fmt: skip


def jsons(whole: bytes) -> dict[str, Content]:
    """Bad JSON: every entry in turn replaced by what nobody would write there."""
    good = json.loads(whole)
    values = {'a list': [1], 'a text': 'abc', 'nothing': None, 'a number': -1e400, 'truth': True,
              'a mapping': {'a': 1}}  # fmt: skip
    replaced = {
        f'{name} is {what}': json.dumps({**good, name: value}).encode()
        for name in list(good)[:4]
        for what, value in values.items()
    }
    left_out = {
        f'no {name}': json.dumps({k: v for k, v in good.items() if k != name}).encode()
        for name in good
    }
    return replaced | left_out | {
        'nested lists': _nested('[', ']'),
        'nested mappings': _nested('{"a":', '}', middle='1'),
        'a number of 10000 digits': b'{"a": ' + b'9' * 10_000 + b'}',
        'a number of 400 digits': whole.replace(b'0', b'9' * 400),
        'NaN': b'NaN', 'a text': b'"abc"', 'a list': b'[]', 'nothing': b'null',
        'two values': whole + b' ' + whole,
        'a byte order mark': b'\xef\xbb\xbf' + whole,
        'lone surrogates': b'{"\\ud800": "\\udfff"}',
        'odd names': json.dumps(dict.fromkeys(_ODD_NAMES, 1)).encode(),
        'no UTF-8': b'{"\xff": 1}',
    }  # fmt: skip


def _bvhs() -> dict[str, Content]:
    whole = samples.bvh()
    swaps = {
        'a billion frames': (b'Frames: 2', b'Frames: 1000000000'),
        'ten to the 300 frames': (b'Frames: 2', b'Frames: 1e300'),
        'minus one frames': (b'Frames: 2', b'Frames: -1'),
        'half a frame': (b'Frames: 2', b'Frames: 0.5'),
        'a million frames': (b'Frames: 2', b'Frames: 70000'),
        'frames without time': (b'0.0333333', b'0'),
        'frames of NaN': (b'0.0333333', b'nan'),
        'a billion channels': (b'CHANNELS 6', b'CHANNELS 1000000000'),
        'minus three channels': (b'CHANNELS 6', b'CHANNELS -3'),
        'the same channel six times': (
            b'Xposition Yposition Zposition Zrotation Yrotation Xrotation',
            b'Xrotation Xrotation Xrotation Xrotation Xrotation Xrotation',
        ),
        'an offset of NaN': (b'OFFSET 10 0 0', b'OFFSET nan 0 0'),
        'an offset of 1e308': (b'OFFSET 10 0 0', b'OFFSET 1e308 0 0'),
        'a value of 1e308': (b'1 1 1', b'1e308 1 1'),
        'a value of NaN': (b'1 1 1', b'nan 1 1'),
        'names that lead out': (b'JOINT Left', b'JOINT ../../Left'),
        'a name with an escape': (b'ROOT Hips', b'ROOT \x1b[2JHips'),
        'no end': (b'}', b''),
        'no frames': (b'MOTION', b'NOTION'),
        'limbs of no length': (b'OFFSET 0 -40 0', b'OFFSET 0 0 0'),
        'all in one point': (b'OFFSET', b'OFFSET 0 0 0\nOFFSET'),
    }
    deep = b'HIERARCHY\nROOT Hips\n' + b'{\nOFFSET 0 0 0\nCHANNELS 0\nJOINT a\n' * 50_000
    return {name: whole.replace(*swap) for name, swap in swaps.items()} | {
        'fifty thousand joints': deep,
        'a line of 30 MB': lambda: b'HIERARCHY\nROOT ' + b'a ' * 15_000_000,
        'a million empty lines': lambda: whole + b'\n' * 1_000_000,
        'more frames than promised': whole + (b'1 ' * 42 + b'\n') * 10,
    }


def _urdfs() -> dict[str, Content]:
    whole = samples.urdf()
    start = whole.index(b'<robot')
    laughs = '<!ENTITY a0 "ha">' + ''.join(
        f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 12)
    )
    doctypes = {
        'a billion laughs': f'<!DOCTYPE robot [{laughs}]><robot name="&a11;">',
        'a file as entity': '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><robot name="&x;">',
        'a DTD of elsewhere': '<!DOCTYPE robot SYSTEM "http://127.0.0.1:9/x.dtd"><robot name="a">',
        'one long entity': f'<!DOCTYPE r [<!ENTITY x "{"a" * 100_000}">]><robot name="{"&x;" * 2000}">',
    }  # fmt: skip
    swaps = {
        'a mesh above the folder': (b'package://small/meshes/part.stl', b'../../../../etc/passwd'),
        'a mesh of the system': (b'package://small/meshes/part.stl', b'file:///etc/passwd'),
        'a package that leads out': (b'package://small', b'package://../../../..'),
        'a mesh of the net': (b'package://small', b'http://127.0.0.1:9'),
        'a mesh with a NUL': (b'part.stl', b'&#0;'),
        'a mesh of 10000 letters': (b'part.stl', b'x' * 10_000),
        'a mass of NaN': (b'mass value="1"', b'mass value="nan"'),
        'a mass below 0': (b'mass value="1"', b'mass value="-1"'),
        'a mass of 1e308': (b'mass value="1"', b'mass value="1e308"'),
        'no mass': (b'<mass value="1"/>', b''),
        'an axis of zeros': (b'axis xyz="0 1 0"', b'axis xyz="0 0 0"'),
        'an axis of two': (b'axis xyz="0 1 0"', b'axis xyz="0 1"'),
        'limits the wrong way': (b'lower="-1.5" upper="1.5"', b'lower="1" upper="-1"'),
        'a place of 1e308': (b'origin xyz="0', b'origin xyz="1e308'),
        'a circle': (b'parent link="pelvis"', b'parent link="left_wrist_link"'),
        'a joint of itself': (b'parent link="left_hip_link"', b'parent link="left_knee_link"'),
        'no such link': (b'child link="left_knee_link"', b'child link="nobody"'),
        'joints of a kind unknown': (b'type="revolute"', b'type="magic"'),
        'planar joints': (b'type="revolute"', b'type="planar"'),
        'a mimic of itself': (b'mimic joint="left_elbow_joint"', b'mimic joint="left_finger_joint"'),
        'a mimic of 1e308': (b'multiplier="0.5"', b'multiplier="1e308"'),
        'xacro': (b'<robot ', b'<robot xmlns:xacro="http://ros.org/wiki/xacro" '),
        'a property of xacro': (b'name="small"', b'name="${name}"'),
        'no links': (b'<link ', b'<link '),
        'no joints': (b'<joint ', b'<point '),
        'boxes of a negative size': (b'size="0.1', b'size="-0.1'),
        'inertia of infinity': (b'ixx="0.01"', b'ixx="inf"'),
        'another root': (b'robot', b'sdf'),
    }  # fmt: skip
    return {
        f'{name}': whole[:start] + text.encode() + whole[whole.index(b'<link'):]
        for name, text in doctypes.items()
    } | {name: whole.replace(*swap) for name, swap in swaps.items()} | {
        f'an odd name {number}': whole.replace(
            b'left_knee', name.encode('utf-8', 'surrogatepass').replace(b'\0', b'&#0;')
        )
        for number, name in enumerate(_ODD_NAMES)
    } | {
        'nested elements': whole[:start] + b'<robot name="a">' + _nested('<a>', '</a>'),
        'nested ninety deep': whole.replace(b'</robot>', _nested('<a>', '</a>', 90) + b'</robot>'),
        'a mimic of a mimic, 3000 times': _mimics(3000),
        'a chain of 3000 links': _chain(3000),
        'ten thousand attributes': whole.replace(
            b'name="small"', b' '.join(b'a%d="1"' % i for i in range(10_000))
        ),
        'UTF-7': b'<?xml version="1.0" encoding="UTF-7"?>' + whole[start:],
    }  # fmt: skip


def _chain(count: int) -> bytes:
    links = ''.join(f'<link name="l{i}"/>' for i in range(count + 1))
    joints = ''.join(
        f'<joint name="j{i}" type="revolute"><parent link="l{i}"/><child link="l{i + 1}"/>'
        '<limit lower="-1" upper="1" velocity="1" effort="1"/></joint>'
        for i in range(count)
    )
    return f'<robot name="chain">{links}{joints}</robot>'.encode()


def _mimics(count: int) -> bytes:
    links = ''.join(f'<link name="l{i}"/>' for i in range(count + 2))
    joints = ''.join(
        f'<joint name="j{i}" type="continuous"><parent link="l0"/><child link="l{i + 1}"/>'
        + (f'<mimic joint="j{i + 1}"/>' if i < count else '')
        + '</joint>'
        for i in range(count + 1)
    )
    return f'<robot name="chain">{links}{joints}</robot>'.encode()


def _tensors() -> dict[str, Content]:
    whole = samples.checkpoint()
    (length,) = struct.unpack('<Q', whole[:8])
    head, weights = json.loads(whole[8 : 8 + length]), whole[8 + length :]
    facts = json.loads(head['__metadata__']['motionclip'])

    def written(change: object, name: str = 'motionclip') -> bytes:
        text = change if isinstance(change, str) else json.dumps(change)
        told = json.dumps({**head, '__metadata__': {name: text}}).encode()
        return struct.pack('<Q', len(told)) + told + weights

    sizes = {
        f'{name} is {value}': written({**facts, 'network': {**facts['network'], name: value}})
        for name in ('autoencoder_width', 'encoder_layers', 'prior_layers', 'heads')
        for value in (0, -1, 10**9, 1e300, 'x', None, 3)
    }
    first = next(name for name in head if name != '__metadata__')
    return sizes | {
        'a header of 2^63 bytes': struct.pack('<Q', 2**63) + whole[8:],
        'a header of 1 GB': struct.pack('<Q', 10**9) + whole[8:],
        'facts nested': written('[' * 100_000),
        'facts that are no JSON': written('{'),
        'facts that are a list': written([]),
        'no facts': written('x', 'other'),
        'facts without a network': written({'format': facts['format']}),
        'an architecture of nobody': written({**facts, 'architecture': 'x'}),
        'an architecture that is a list': written({**facts, 'architecture': []}),
        'info that is a number': written({**facts, 'info': 3}),
        'a format of tomorrow': written({**facts, 'format': 99}),
        'familiar with nothing': written({**facts, 'familiarity': {}}),
        'familiar with a list': written({**facts, 'familiarity': [1]}),
        'a tensor of another shape': whole.replace(
            json.dumps(head[first]['shape'], separators=(',', ':')).encode(), b'[1]', 1
        ),
        'a pickle': archives.pickled(),
    }


def _meshes() -> dict[str, Content]:
    whole = samples.stl()
    deep = b'<?xml version="1.0"?>' + _nested('<node>', '</node>', 20_000)
    return {
        'four billion triangles': whole[:80] + b'\xff\xff\xff\xff' + whole[84:],
        'a hundred triangles of one': whole[:80] + struct.pack('<I', 100) + whole[84:],
        'no triangles': whole[:80] + bytes(4),
        'vertices of NaN': whole[:96] + np.full(9, np.nan, '<f4').tobytes() + b'\0\0',
        'vertices of infinity': whole[:96] + np.full(9, np.inf, '<f4').tobytes() + b'\0\0',
        'letters': samples.ascii_stl(),
        'letters without an end': samples.ascii_stl()[:60],
        'letters of NaN': samples.ascii_stl().replace(b'1 0 0', b'nan 0 0'),
        'letters, 200000 facets begun': b'solid a\n' + b'facet normal 0 0 1\n' * 200_000,
        'OBJ in an STL': samples.obj(),
        'Collada in an STL': samples.dae(),
        'Collada nested': deep,
        'Collada of a huge count': samples.dae().replace(b'count="9"', b'count="4000000000"'),
        'glTF': b'glTF\x02\0\0\0\xff\xff\xff\xff\xff\xff\xff\xffJSON',
        'a picture': b'\x89PNG\r\n\x1a\n' + bytes(64),
        'PLY of 4 billion': b'ply\nformat ascii 1.0\nelement vertex 4000000000\nproperty float x\n'
        b'end_header\n',
        'OFF of 4 billion': b'OFF\n4000000000 4000000000 0\n',
    }  # fmt: skip


def _tables() -> dict[str, Content]:
    whole = samples.trajectory_csv()
    return {
        'no rows': whole.split(b'\n')[0] + b'\n',
        'a field of 200000 letters': whole.replace(b'0.1', b'x' * 200_000),
        'an open quote': b'"' + whole,
        'NaN': whole.replace(b'0.1', b'nan'),
        'infinity': whole.replace(b'0.1', b'1e999'),
        'words': whole.replace(b'0.1', b'one'),
        'times that go back': whole.replace(b'0.3', b'0.05'),
        'no joints': b'time,base_x,base_y,base_z,base_qx,base_qy,base_qz,base_qw\n0,0,0,0,0,0,0,1\n',
        'a joint twice': whole.replace(b'right_knee', b'left_knee'),
        'NULs': whole.replace(b',', b'\0'),
        'formulas': whole.replace(b'left_knee', b'=cmd|calc'),
        'a million columns': b','.join([b'a'] * 1_000_000) + b'\n',
        'a million empty rows': lambda: whole + b'\n' * 1_000_000,
        'semicolons': whole.replace(b',', b';'),
        'an escape in a name': whole.replace(b'left_knee', b'\x1b[2J'),
        'Latin-1': whole.replace(b'left_knee', 'é'.encode('latin-1')),
    }  # fmt: skip


def _edits() -> dict[str, Content]:
    return {
        'no rows': b'base,from,to\n', 'a column missing': b'base,from\nwalk,normal\n',
        'an empty value': b'base,from,to\nwalk,,tired\n', 'an open quote': b'"base,from,to\nwalk',
        'too many values': b'base,from,to\nwalk,normal,tired,and,more\n',
        'too few values': b'base,from,to\nwalk\n', 'NULs': b'base,from,to\nwalk,\0,tired\n',
        'a field of 200000 letters': b'base,from,to\n' + b'x' * 200_000 + b',a,b\n',
        'Latin-1': 'base,from,to\né,a,b\n'.encode('latin-1'),
        'a file of 2 MB': b'base,from,to\n' + b'walk,normal,tired\n' * 120_000,
    }  # fmt: skip


def bags() -> dict[str, dict[str, Content]]:
    """Bad recordings, by file."""
    whole = samples.bag_files()
    meta, mcap = whole['metadata.yaml'], whole['bag.mcap']
    magic = mcap[:8]

    def record(kind: int, content: bytes) -> bytes:
        return bytes([kind]) + struct.pack('<Q', len(content)) + content

    def chunk(packed: bytes, size: int, name: bytes = b'zstd') -> bytes:
        head = struct.pack('<QQQII', 0, 1, size, 0, len(name)) + name
        return record(6, head + struct.pack('<Q', len(packed)) + packed)

    end = record(15, bytes(4)) + record(2, bytes(20)) + magic

    def stored(*records: bytes) -> dict[str, Content]:
        return {**whole, 'bag.mcap': magic + b''.join(records) + end}

    def told(old: bytes, new: bytes) -> dict[str, Content]:
        return {**whole, 'metadata.yaml': meta.replace(old, new)}

    zeros = zstd.compress(bytes(100_000_000))
    wire = b'trajectory_msgs/msg/JointTrajectory'
    return {
        'an unpacked chunk of 10^18': stored(chunk(zeros, 10**18)),
        'a chunk that says it is small': stored(chunk(zeros, 100)),
        'twenty chunks of 100 MB': stored(*[chunk(zeros, 100_000_000)] * 20),
        'a chunk packed by nobody': stored(chunk(b'abc', 3, b'gzip')),
        'a chunk of noise': stored(chunk(b'abc', 3)),
        'a chunk in a chunk': stored(chunk(chunk(b'', 0, b''), 60, b'')),
        'a record of 2^63 bytes': {**whole, 'bag.mcap': magic + b'\5' + b'\xff' * 7 + b'\x7f'},
        'a million empty records': stored(record(12, b'') * 200_000),
        'an index without chunks': {**whole, 'bag.mcap': mcap.replace(b'\6', b'\x0c')},
        'only the end': stored(),
        'two storage files': {**whole, 'other.mcap': mcap},
        'a type of nobody': {**whole, 'bag.mcap': mcap.replace(wire, wire.upper())},
        'a type that is code': {
            **whole, 'bag.mcap': mcap.replace(b'std_msgs/msg/String', b"s';open('was_run','w')#"[:19]),
            'metadata.yaml': meta.replace(b'std_msgs/msg/String', b"s';open('was_run','w')#"[:19]),
        },
        'a definition that is code': {
            **whole, 'bag.mcap': mcap.replace(b'string data', b'string a=1;'),
        },
        'storage above the folder': told(b'bag.mcap', b'../../../etc/passwd'),
        'storage of the system': told(b'bag.mcap', b'/etc/passwd'),
        'storage of a database': told(b'storage_identifier: mcap', b'storage_identifier: sqlite3'),
        'storage of nobody': told(b'storage_identifier: mcap', b'storage_identifier: x'),
        'storage that is a list': told(b'storage_identifier: mcap', b'storage_identifier: [1]'),
        'compressed as a whole': told(b"compression_mode: ''", b'compression_mode: file'),
        'compressed by message': told(b"compression_mode: ''", b'compression_mode: message'),
        'compressed by a number': told(b"compression_mode: ''", b'compression_mode: 3'),
        'of version 99': told(b'version: 9', b'version: 99'),
        'of version x': told(b'version: 9', b'version: x'),
        'facts that are a list': {**whole, 'metadata.yaml': b'- 1'},
        'facts of aliases': {**whole, 'metadata.yaml': _aliases(12)},
        'facts nested': {**whole, 'metadata.yaml': _nested('[', ']')},
        'facts of 2 MB': {**whole, 'metadata.yaml': meta + b'# comment\n' * 200_000},
        'topics that lead out': {
            name: content.replace(b'/motionclip/text', b'/../../was_run!!')
            for name, content in whole.items()
        },
        'a report that is no JSON': {**whole, 'bag.mcap': mcap.replace(b'{"seed"', b'[[[[[[[')},
        'a report that is a list': {
            **whole, 'bag.mcap': mcap.replace(
                b'{"seed": 4, "provenance": {"is_stop": false}}', b'[1]'.ljust(45)),
        },
        'a provenance that is a number': {
            **whole, 'bag.mcap': mcap.replace(b'{"is_stop": false}', b'3'.ljust(18)),
        },
    }  # fmt: skip


def texts() -> dict[str, bytes]:
    """Text commands in the scripts of the world, and such as no one would type."""
    plain = {
        'Arabic': 'امشِ إلى الأمام', 'Chinese': '向前走', 'Japanese': '前に歩いて、お辞儀をする',
        'Korean': '앞으로 걸어', 'Hindi': 'आगे चलो', 'Thai': 'เดินไปข้างหน้า', 'Hebrew': 'לך קדימה',
        'Russian': 'иди вперёд', 'Greek': 'περπάτα', 'Georgian': 'წადი', 'Armenian': 'քայլիր',
        'Tamil': 'முன்னே நட', 'Amharic': 'ወደፊት ሂድ', 'Cherokee': 'ᎠᎢᏎᎭ', 'Khmer': 'ដើរ',
        'German': 'gehe drei Schritte vorwärts', 'Turkish': 'ileri yürü, sonra dön',
        'Vietnamese': 'đi về phía trước', 'a Cyrillic a': 'w\u0430lk', 'full width': 'ｗａｌｋ',
        'mathematical letters': '𝓌𝒶𝓁𝓀', 'small capitals': 'ᴡᴀʟᴋ', 'ligatures': 'ﬁst ﬂight',
        'emoji': 'walk 🚶', 'a family': '👩\u200d👩\u200d👧\u200d👦', 'a flag': 'walk 🇩🇪',
        'a skin': 'wave 👋🏽', 'only emoji': '🚶🏃💃', 'a variation': 'walk ✋\ufe0f',
        'turned round': 'walk \u202ekcab', 'isolates': '\u2066walk\u2069', 'marks': 'walk\u200f',
        'no width': 'wa\u200blk', 'joined': 'wa\u200dlk', 'a soft hyphen': 'wa\u00adlk',
        'a byte order mark': '\ufeffwalk', 'tags': 'walk\U000e0061', 'private': 'walk \ue000',
        'unassigned': 'walk \U000eff00', 'no character': 'walk \uffff', 'replaced': 'walk \ufffd',
        'a NUL': 'walk\0', 'an escape': 'walk \x1b[2J', 'a bell': '\x07walk', 'a delete': 'walk\x7f',
        'line breaks': 'walk\n\nrun\r\nbow', 'tabs': 'walk\trun', 'other spaces': 'walk\u3000run',
        'a line separator': 'walk\u2028run', 'a form feed': 'walk\x0crun',
        'combining marks': 'wa' + '\u0301' * 400 + 'lk', 'zalgo': 'w' + '\u0300\u0316' * 240,
        'a mark alone': '\u0301', 'enclosed': 'walk\u20dd',
        'empty': '', 'a space': ' ', 'a dot': '.', 'digits': '12345', 'signs': '!?#$%&',
        'one letter': 'a', '500 letters': 'a' * 500, '501 letters': 'a' * 501,
        'a million letters': 'walk ' * 200_000, 'a million spaces': ' ' * 1_000_000 + 'walk',
        'a million dots': '.' * 1_000_000, 'thousands of thens': 'then ' * 99,
        'twenty-one commands': ' then '.join(['walk'] * 21), 'semicolons': ';' * 499,
        'only then': 'then', 'nothing after then': 'walk then', 'plus': '+', 'plus alone': ' + ',
        'plus plus': 'walk + + run', 'a thousand terms': 'a + ' * 120 + 'a', 'minus': '- walk',
        'nothing between': 'between and', 'between itself': 'between walk and',
        '101 percent': '101 % between walk and run', 'minus percent': '-5 % between walk and run',
        'a percent of 400 digits': '9' * 400 + ' % between walk and run',
        'NaN percent': 'nan % between walk and run', 'ands': 'between ' + 'a and ' * 80 + 'a',
        'halves': 'half way ' * 50, 'quotes': '"walk"', 'a path': '../../etc/passwd',
        'a format': '{0} {} %s %n', 'a template': '${jndi:ldap://127.0.0.1:9/a}', 'a tag': '<b>walk</b>',
        'SQL': "walk'; DROP TABLE motions;--", 'a shell': 'walk; $(touch was_run) `touch was_run`',
    }  # fmt: skip
    return {name: text.encode() for name, text in plain.items()} | {
        'no UTF-8': b'walk \xff\xfe',
        'half a character': '脚'.encode()[:2],
        'a lone surrogate': '\ud800walk'.encode('utf-8', 'surrogatepass'),
        'a pair of surrogates': '\ud83d\ude00'.encode('utf-8', 'surrogatepass'),
        'overlong': b'\xc0\xafwalk',
        'UTF-16': 'walk'.encode('utf-16'),
    }


FILES: dict[str, dict[str, Content]] = {
    'babel': jsons(babel_json()),
    'body': archives.BODY,
    'bvh': _bvhs(),
    'checkpoint': _tensors(),
    'correspondence': yamls('links'),
    'edits': _edits(),
    'evaluation': jsons(samples.evaluation_json()),
    'joint limits': yamls('joint_limits'),
    'mesh': _meshes(),
    'motion': archives.MOTION,
    'posture': yamls('left_knee'),
    'report': jsons(samples.report_json()),
    'rows': archives.ROWS,
    'splits': jsons(b'{"train": ["a.npz"], "val": ["b.npz"]}'),
    'texts': jsons(samples.corpus_line()),
    'thresholds': yamls('friction'),
    'training': yamls('network'),
    'trajectory': archives.TRAJECTORY,
    'trajectory table': _tables(),
    'urdf': _urdfs(),
}
"""By the kind of reader."""
