"""What the policy allows is what the nodes do in a graph: nothing less, and nothing more."""

import contextlib
import importlib.util
import re
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from pathlib import Path

import pytest
from rclpy.node import Node
from ros_graph import GENERATOR, RECORDER, SIMULATOR, Graph, graph
from std_msgs.msg import String
from test_bag import record

from motionclip_model.errors import MotionClipError
from motionclip_ros import topics
from motionclip_ros.nodes.client import GeneratorClient
from motionclip_ros.nodes.messenger import Messenger
from motionclip_ros.nodes.running import LATCHED, RELIABLE
from motionclip_ros.retargeting.robots.robot import load_robot

__all__ = ['graph']

ROOT = Path(__file__).resolve().parent.parent
POLICY = ROOT / 'config' / 'security' / 'policy.xml'
OTHERS = ('/robot_state_publisher', '/motionclip/preview/robot_state_publisher')
"""Nodes that are not ours; ROS 2 brings them."""

KINDS = {
    'topics': ('publish', 'subscribe'),
    'services': ('reply', 'request'),
    'actions': ('execute', 'call'),
}
"""Of SROS 2's schema: what a profile lists, and what may be done with it."""

Rights = dict[str, set[str]]


def enclaves() -> list[ElementTree.Element]:
    return list(ElementTree.parse(POLICY).getroot().iter('enclave'))


def allowed(profile: ElementTree.Element) -> Rights:
    """What a profile allows, by full names, as `ros2 security create_permission` resolves them."""
    namespace, node = profile.attrib['ns'].rstrip('/'), profile.attrib['node']
    found = defaultdict(set)
    for block in profile:
        for deed in block.attrib:
            for name in (each.text or '' for each in block):
                own = f'{namespace}/{node}{name[1:]}' if name[0] == '~' else topics.absolute(
                    name, namespace
                )  # fmt: skip
                found[deed].add(own)
    return found


def test_the_policy_keeps_to_the_schema() -> None:
    """Of SROS 2, version 0.2.0, rule by rule."""
    # `ros2 security generate_artifacts` takes a comment among enclaves for an enclave.
    parser = ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True))
    tree = ElementTree.parse(POLICY, parser)
    assert {child.tag for child in tree.getroot()[0]} == {'enclave'}
    root = ElementTree.parse(POLICY).getroot()
    assert (root.tag, root.attrib) == ('policy', {'version': '0.2.0'})
    assert [child.tag for child in root] == ['enclaves']
    paths = [enclave.attrib['path'] for enclave in root[0]]
    assert len(set(paths)) == len(paths)
    for enclave in root[0]:
        assert set(enclave.attrib) == {'path'}
        assert [child.tag for child in enclave] == ['profiles']
        assert not enclave[0].attrib
        (profile,) = enclave[0]
        assert (profile.tag, set(profile.attrib)) == ('profile', {'ns', 'node'})
        for block in profile:
            assert len(block.attrib) == 1
            assert set(block.attrib) <= set(KINDS[block.tag])
            assert set(block.attrib.values()) == {'ALLOW'}
            names = [each.text or '' for each in block]
            assert {each.tag for each in block} == {block.tag.removesuffix('s')}
            assert names == sorted(set(names))
            assert all(re.fullmatch(r'(/|~/)?[a-z]\w*(/\w+)*', name) for name in names)


def test_an_enclave_has_the_full_name_of_its_node() -> None:
    """The launch file gives each node the enclave of that name."""
    for enclave in enclaves():
        (profile,) = enclave.iter('profile')
        assert enclave.attrib['path'] == topics.absolute(
            profile.attrib['node'], profile.attrib['ns']
        )


def rights(node: Node, name: str) -> Rights:
    """What a node of the graph does."""
    namespace, _, own = name.rpartition('/')
    ways = {
        'publish': node.get_publisher_names_and_types_by_node,
        'subscribe': node.get_subscriber_names_and_types_by_node,
        'reply': node.get_service_names_and_types_by_node,
        'request': node.get_client_names_and_types_by_node,
    }
    deeds = {'reply': 'execute', 'request': 'call'}
    found: Rights = defaultdict(set)
    for deed, ask in ways.items():
        for each, _ in ask(own, namespace or '/'):
            action, _, part = each.partition('/_action/')
            if not part:
                found[deed].add(each)
            elif deed in deeds:  # an action's topics come with its services
                found[deeds[deed]].add(action)
    return found


def start_all(graph: Graph) -> None:
    """Start every node so that it does all it can."""
    clock = ('-p', 'use_sim_time:=true')
    graph.start(
        GENERATOR, '-p', 'robot:=description', '-p', 'execution:=action', *clock
    )  # fmt: skip
    record(graph.folder / 'recorded', robot='g1')
    graph.start(RECORDER, '-p', f'output:={graph.folder / "bag"}', *clock)
    graph.start('stub_recogniser', *clock)
    player = ('-p', f'bag:={graph.folder / "recorded"}', '-p', 'patience:=60.0')
    graph.start('motionclip_ros.nodes.player', *player, *clock)
    # What nobody publishes here is recorded once somebody does.
    transforms = importlib.import_module('tf2_msgs.msg').TFMessage
    graph.node.create_publisher(transforms, topics.TF_STATIC, RELIABLE)


@pytest.mark.skipif(
    any(
        getattr(importlib.util.find_spec(package), 'origin', None) is None
        for package in ('control_msgs', 'motionclip_interfaces', 'tf2_msgs')
    ),
    reason='the interface packages are not installed; `make interfaces` builds them',
)
def test_each_node_may_do_what_it_does_and_nothing_else(graph) -> None:
    expected = {
        enclave.attrib['path']: allowed(profile)
        for enclave in enclaves()
        for profile in enclave.iter('profile')
        if enclave.attrib['path'] not in OTHERS
    }
    seen = {name: defaultdict(set) for name in expected}

    def look() -> None:
        there = {topics.absolute(*pair) for pair in graph.node.get_node_names_and_namespaces()}
        for name in seen.keys() & there:
            for deed, names in rights(graph.node, name).items():
                seen[name][deed] |= names

    def waits_for_the_robot() -> bool:
        look()
        return '/robot_description' in seen['/motionclip']['subscribe']

    def all_is_seen() -> bool:
        look()
        return all(
            seen[name][deed] >= names
            for name, each in expected.items()
            for deed, names in each.items()
        )

    messenger = Messenger()
    try:
        with GeneratorClient():
            start_all(graph)
            graph.until(waits_for_the_robot)
            # Not the simulator's, which may be too late for one that waits ten seconds.
            description = graph.node.create_publisher(String, topics.ROBOT_DESCRIPTION, LATCHED)
            description.publish(String(data=load_robot('g1').urdf_path.read_text()))
            graph.start(SIMULATOR, '-p', 'use_sim_time:=true')
            with contextlib.suppress(pytest.fail.Exception):  # what is missing is said below
                graph.until(all_is_seen, 60.0)
            graph.spin(0.5)
            look()
    finally:
        messenger.close()
    wrong = {
        f'{name} {deed}': {
            'not allowed': seen[name][deed] - each[deed],
            'not done': each[deed] - seen[name][deed],
        }
        for name, each in expected.items()
        for deed in {*each, *seen[name]}
        if seen[name][deed] != each[deed]
    }
    assert not wrong


def test_a_graph_that_lets_nobody_in_says_so_in_a_line(graph, monkeypatch) -> None:
    monkeypatch.setenv('ROS_SECURITY_ENABLE', 'true')
    monkeypatch.setenv('ROS_SECURITY_STRATEGY', 'Enforce')
    monkeypatch.setenv('ROS_SECURITY_KEYSTORE', str(graph.folder))
    process = graph.start(RECORDER, '-p', f'output:={graph.folder / "bag"}')
    assert process.wait(40.0) == 2
    (line,) = graph.log(RECORDER).strip().splitlines()
    assert line.startswith('ROS_SECURITY_ENABLE is set, but')
    for build in (Messenger, GeneratorClient):
        with pytest.raises(MotionClipError, match='secured graph'):
            build()
