"""RViz finds what its configuration names: display classes, topics, types, frames."""

import ast
from pathlib import Path

import pytest
import yaml
from ros_graph import GENERATOR, SIMULATOR, graph

from motionclip_ros import topics

__all__ = ['graph']

ROOT = Path(__file__).resolve().parent.parent
CONFIG = yaml.safe_load((ROOT / 'rviz' / 'motionclip.rviz').read_text())
MANAGER = CONFIG['Visualization Manager']

# RViz 2's display classes, with the property that names their topic and the type that they want.
DISPLAYS = {
    'rviz_default_plugins/Grid': None,
    'rviz_default_plugins/TF': None,
    'rviz_default_plugins/RobotModel': ('Description Topic', 'std_msgs/msg/String'),
    'rviz_default_plugins/MarkerArray': ('Topic', 'visualization_msgs/msg/MarkerArray'),
}
PREVIEW_DESCRIPTION = '/motionclip/preview/robot_description'


def wanted() -> dict[str, str]:
    """Topic -> type that the displays want."""
    found = {}
    for display in MANAGER['Displays']:
        topic = DISPLAYS[display['Class']]
        if topic is not None:
            name, kind = topic
            found[display[name]['Value']] = kind
    return found


@pytest.mark.parametrize('display', MANAGER['Displays'], ids=lambda each: each['Name'])
def test_displays_are_of_classes_that_rviz_has(display) -> None:
    assert display['Class'] in DISPLAYS
    topic = DISPLAYS[display['Class']]
    if topic is not None:
        latched = display[topic[0]]
        assert latched['Durability Policy'] == 'Transient Local'
        assert latched['Reliability Policy'] == 'Reliable'


def test_the_nodes_publish_what_the_displays_want(graph) -> None:
    graph.start(SIMULATOR)
    graph.start(GENERATOR)
    expected = {**wanted(), topics.TF: 'tf2_msgs/msg/TFMessage'}
    # Both descriptions come from a robot_state_publisher as well; the preview's from it alone.
    assert expected.pop(PREVIEW_DESCRIPTION) == 'std_msgs/msg/String'

    def published() -> dict[str, list[str]]:
        return {
            topic: kinds
            for topic, kinds in graph.node.get_topic_names_and_types()
            if graph.node.get_publishers_info_by_topic(topic)
        }

    try:
        import tf2_msgs.msg  # noqa: F401
    except ImportError:
        del expected[topics.TF]
    graph.until(lambda: expected.keys() <= published().keys())
    found = published()
    for topic, kind in expected.items():
        assert found[topic] == [kind]


def test_frames_are_those_of_the_transforms() -> None:
    assert MANAGER['Global Options']['Fixed Frame'] == topics.WORLD_FRAME
    preview = next(d for d in MANAGER['Displays'] if d['Name'] == 'Preview')
    assert f'{preview["TF Prefix"]}/' == topics.PREVIEW_PREFIX
    source = (ROOT / 'launch' / 'text_to_robot.launch.py').read_text()
    texts = {node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)}
    assert topics.PREVIEW_PREFIX in texts  # robot_state_publisher puts it before each frame
    # In a namespace every topic that is shown is remapped into it.
    assert {name.lstrip('/') for name in wanted()} <= texts
