"""A recording that was cut off anywhere gives back all that was whole."""

import random
import shutil
import signal
import subprocess
import sys

import pytest
from ros_graph import RECORDER, ROOT, environment, graph
from std_msgs.msg import String
from std_srvs.srv import Trigger
from test_bag import SECOND, record, wire

from motionclip_model.errors import ConfigError
from motionclip_ros import topics
from motionclip_ros.bag import Bag
from motionclip_ros.nodes.running import RELIABLE
from motionclip_ros.recording import BagWriter
from motionclip_ros.repairing import repair

__all__ = ['graph']

KIND = 'std_msgs/msg/String'


def unfinished(path, seconds=5):
    """Ten texts a second, flushed each second, never closed; returns the texts by second."""
    bag = BagWriter(path)
    bag.add_topic('/number', KIND, latched=False, reliable=True)
    bag.add_topic('/late', KIND, latched=True, reliable=True)
    for index in range(10 * seconds):
        bag.write('/number', index * SECOND // 10, wire(KIND, String(data=str(index))))
        if index == 35:
            bag.write('/late', index * SECOND // 10, wire(KIND, String(data='late')))
        if index % 10 == 9:
            bag.flush()
    return bag


def numbers(path):
    return [int(message.data) for _, message in Bag(path).all('/number')]


def test_what_was_flushed_survives_a_process_that_dies(tmp_path):
    bag = unfinished(tmp_path / 'bag')
    bag.write('/number', 6 * SECOND, wire(KIND, String(data='lost')))
    shutil.copytree(tmp_path / 'bag', tmp_path / 'dead')  # as the disk has it at this moment
    with pytest.raises(ConfigError, match='motionclip repair'):
        Bag(tmp_path / 'dead')
    assert repair(tmp_path / 'dead') == {'/number': 50, '/late': 1}
    assert numbers(tmp_path / 'dead') == list(range(50))
    text = (tmp_path / 'dead' / 'metadata.yaml').read_text()
    assert text.count('durability: transient_local') == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == ['bag', 'dead']
    assert repair(tmp_path / 'dead') is None
    with pytest.raises(ConfigError, match='still being recorded'):
        repair(tmp_path / 'bag')
    bag.close()


@pytest.mark.parametrize('seed', range(8))
def test_cut_anywhere_the_whole_seconds_before_are_kept(tmp_path, seed):
    """Also with zeros behind, as a power cut leaves them."""
    unfinished(tmp_path / 'bag').abort()
    file = next((tmp_path / 'bag').glob('*.mcap'))
    whole = file.read_bytes()
    choice = random.Random(seed)
    length = choice.randrange(len(whole) // 5 + 500, len(whole))
    file.write_bytes(whole[:length] + bytes(choice.choice((0, 4096))))
    kept = repair(tmp_path / 'bag')['/number']
    assert kept >= 10 * int(5 * length / len(whole)) - 10
    assert kept % 10 == 0
    assert numbers(tmp_path / 'bag') == list(range(kept))


def test_a_recording_without_metadata_loses_nothing(tmp_path):
    record(tmp_path / 'bag')
    before = Bag(tmp_path / 'bag').counts
    (tmp_path / 'bag' / 'metadata.yaml').unlink()
    saved = repair(tmp_path / 'bag')
    assert {topics.relative(name, ''): count for name, count in saved.items()} == before
    assert Bag(tmp_path / 'bag').text() == 'wave'


def test_a_clock_that_was_set_back_loses_nothing(tmp_path):
    bag = BagWriter(tmp_path / 'bag')
    bag.add_topic('/number', KIND, latched=False, reliable=True)
    for received in (5, 6, 1, 2):
        bag.write('/number', received * SECOND, wire(KIND, String(data=str(received))))
    bag.flush()
    bag.abort()
    repair(tmp_path / 'bag')
    assert sorted(numbers(tmp_path / 'bag')) == [1, 2, 5, 6]


@pytest.mark.parametrize('content', [None, b'', b'no recording at all', b'\x89MCAP0\r\n'])
def test_what_holds_nothing_is_refused_and_left_alone(tmp_path, content):
    path = tmp_path / 'bag'
    path.mkdir()
    if content is not None:
        (path / 'bag.mcap').write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        repair(path)
    assert '\n' not in str(caught.value)
    assert [file.read_bytes() for file in path.iterdir()] == ([] if content is None else [content])


def test_a_killed_recorder_leaves_all_but_the_last_second(graph):
    path = graph.folder / 'bag'
    publisher = graph.node.create_publisher(String, topics.TEXT, RELIABLE)
    process = graph.start(RECORDER, '-p', f'output:={path}')
    graph.until(lambda: publisher.get_subscription_count() == 1)
    for index in range(60):
        publisher.publish(String(data=str(index)))
        graph.spin(0.05)
    process.kill()
    process.wait(10.0)
    result = subprocess.run(
        [sys.executable, '-c', 'from motionclip_ros.cli import main; main()', 'repair', str(path)],
        cwd=ROOT, env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    texts = [int(message.data) for _, message in Bag(path).all(topics.TEXT)]
    assert texts == list(range(len(texts)))
    # A message each 50 ms: 20 a second, and as many again for a machine that is late.
    assert len(texts) >= 20


def test_start_and_stop_make_a_new_folder_each_time(graph):
    pattern = graph.folder / 'bag_{time}'
    publisher = graph.node.create_publisher(String, topics.TEXT, RELIABLE)
    graph.start(RECORDER, '-p', f"output:='{pattern}'", '-p', 'at_once:=false')
    calls = {
        name: graph.node.create_client(Trigger, f'/recorder/{name}') for name in ('start', 'stop')
    }

    def call(name):
        graph.until(calls[name].service_is_ready)
        future = calls[name].call_async(Trigger.Request())
        graph.until(future.done)
        return future.result()

    refused = call('stop')
    assert (refused.success, refused.message) == (
        False,
        'nothing is being recorded; call ~/start first',
    )
    folders = []
    for text in ('wave', 'bow'):
        answer = call('start')
        assert answer.success, answer.message
        folders.append(answer.message)
        assert 'already' in call('start').message
        graph.until(lambda: publisher.get_subscription_count() == 1)
        publisher.publish(String(data=text))
        graph.spin(1.2)  # also: the next folder has another second in its name
        stopped = call('stop')
        assert stopped.success
        assert folders[-1] in stopped.message
        graph.until(lambda: publisher.get_subscription_count() == 0)
    assert [Bag(folder).text() for folder in folders] == ['wave', 'bow']
    assert [Bag(folder).counts[topics.TEXT] for folder in folders] == [1, 1]
    assert graph.stop(RECORDER, signal.SIGTERM) == 0
    assert 'Traceback' not in graph.log(RECORDER)
