"""Names of message types come from recordings and from the graph; they decide no import."""

import sys

import pytest
from std_msgs.msg import String

from motionclip_model.errors import MotionClipError
from motionclip_ros.nodes.message_types import message_type


def test_installed_messages_are_found() -> None:
    assert message_type('std_msgs/msg/String') is String


@pytest.mark.parametrize(
    'kind',
    [
        '',
        'String',
        'std_msgs/String',
        'std_msgs/msg/string',
        'std_msgs/msg/__loader__',
        'std_msgs/srv/String',
        'std_msgs/msg/String\n',
        '../msg/String',
        'std_msgs.msg/msg/String',
        'std_msgs/msg/Stringy',
        'std_srvs/msg/Trigger',
    ],
)
def test_other_names_are_one_line(kind) -> None:
    with pytest.raises(MotionClipError) as caught:
        message_type(kind)
    assert str(caught.value).isprintable()


def test_a_module_that_holds_no_messages_is_not_imported(tmp_path, monkeypatch) -> None:
    package = tmp_path / 'strange_msgs'
    package.mkdir()
    (package / '__init__.py').write_text('raise SystemExit("imported")')
    (package / 'msg.py').write_text('class Message: pass')
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MotionClipError, match='strange_msgs is not installed'):
        message_type('strange_msgs/msg/Message')
    assert 'strange_msgs' not in sys.modules
