"""rosbags makes Python classes of the message definitions in a recording: only of such."""

import contextlib
from pathlib import Path

import pytest
from rosbags.interfaces import Nodetype
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from motionclip_model.errors import MotionClipError
from motionclip_ros import topics
from motionclip_ros.bag import Bag
from motionclip_ros.repairing import repair
from motionclip_ros.replaying import read_replay

HARM = '__import__("pathlib").Path("mark").touch()'
KINDS = {
    'a type of two lines': ('a/msg/B:\n    {harm}\nclass C', 'float64 data\n'),
    'a type with a quote': ("a/msg/B'+{harm}+'", 'float64 data\n'),
    'a type with a base': ('a/msg/B({harm} or object)', 'float64 data\n'),
    'a field with code': ('a/msg/B', 'float64 data={harm}\n'),
    'a field of two statements': ('a/msg/B', 'float64 data;{harm}\n'),
    'a constant': ('a/msg/B', 'string DATA={harm}\n'),
    'a constant that ends its quote': ('a/msg/B', 'string DATA="\'+{harm}+\'"\n'),
    'a default': ('a/msg/B', 'string data "\'+{harm}+\'"\n'),
    'a length': ('a/msg/B', 'float64[{harm}] data\n'),
    'a type of a field': ('a/msg/B', 'c/{harm} data\n'),
    'another definition': ('a/msg/B', 'float64 data\n' + '=' * 80 + '\nMSG: a/{harm}\nint8 x\n'),
    'a comment': ('a/msg/B', 'float64 data # """\n{harm}\n"""\n'),
}


def cut_and_repair(path: Path) -> None:
    """Save what is whole in a recording that was cut off: there definitions are read."""
    (path / 'metadata.yaml').unlink()
    for file in path.glob('*.mcap'):
        file.write_bytes(file.read_bytes()[:-60])
    repair(path)


@pytest.mark.parametrize('kind', KINDS)
def test_no_definition_smuggles_code_in(tmp_path, monkeypatch, kind) -> None:
    monkeypatch.chdir(tmp_path)
    name, text = (part.replace('{harm}', HARM) for part in KINDS[kind])
    with Writer(tmp_path / 'bag', version=9, storage_plugin=StoragePlugin.MCAP) as bag:
        rihs01 = 'RIHS01_' + '0' * 64
        channel = bag.add_connection(f'/{topics.TEXT}', name, msgdef=text, rihs01=rihs01)
        bag.write(channel, 1, bytes(12))
    for read in (Bag, lambda path: read_replay(path, (topics.TEXT,)), cut_and_repair):
        with contextlib.suppress(MotionClipError):
            read(tmp_path / 'bag')
    assert not Path('mark').exists()


def test_a_definition_that_came_through_would_be_run(tmp_path, monkeypatch) -> None:
    """Else the test above would show nothing."""
    monkeypatch.chdir(tmp_path)
    name = KINDS['a type with a base'][0].replace('{harm}', HARM)
    fields = [('data', (Nodetype.BASE, ('int8', 0)))]
    with pytest.raises(AttributeError):
        get_typestore(Stores.EMPTY).register({name: ([], fields)})
    assert Path('mark').exists()
