"""Of all texts that came, each is taken, replaced or called off; the last one never replaced."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from motionclip_ros.inbox import STOP_WORDS, Inbox, Request, asks_to_stop


@given(st.lists(st.sampled_from(['put', 'take', 'stop']), max_size=40))
def test_no_text_is_lost_without_a_word(actions) -> None:
    inbox = Inbox()
    said, taken, replaced = [], [], []
    waiting = False
    for number, action in enumerate(actions):
        if action == 'put':
            said.append(str(number))
            old = inbox.put(Request(str(number)))
            assert (old is not None) == waiting
            waiting = True
        elif action == 'stop':
            old = inbox.stop()
            assert (old is not None) == waiting
            waiting = False
        elif waiting:
            request = inbox.take()
            assert request is not None
            assert not request.called_off
            taken.append(request.text)
            waiting, old = False, None
        else:
            old = None
        if old is not None:
            replaced.append(old.text)
    assert sorted(taken + replaced + ([said[-1]] if waiting else []), key=int) == said


def test_a_stop_calls_off_what_is_being_served_and_nothing_later() -> None:
    inbox = Inbox()
    walk, bow = Request('walk'), Request('bow')
    inbox.put(walk)
    assert inbox.take() is walk
    inbox.stop()
    assert walk.called_off
    inbox.put(bow)
    assert inbox.take() is bow
    assert not bow.called_off


def test_one_request_is_called_off_alone_wherever_it_is() -> None:
    inbox = Inbox()
    walk, bow = Request('walk'), Request('bow')
    inbox.put(walk)
    inbox.take()
    inbox.put(bow)
    assert not inbox.call_off(walk)  # it is being served, by who has to look
    assert walk.called_off
    assert not bow.called_off
    assert inbox.call_off(bow)
    assert inbox.stop() is None


def test_closing_calls_off_what_is_there() -> None:
    inbox = Inbox()
    walk, bow = Request('walk'), Request('bow')
    inbox.put(walk)
    inbox.take()
    inbox.put(bow)
    assert inbox.close() is bow
    assert walk.called_off
    assert inbox.take() is None


def test_texts_pass_between_threads_and_closing_ends_the_wait() -> None:
    inbox, served = Inbox(), []

    def work() -> None:
        while (request := inbox.take()) is not None:
            served.append(request.text)

    worker = threading.Thread(target=work)
    worker.start()
    replaced = [inbox.put(Request(str(number))) for number in range(1000)]
    while '999' not in served:
        pass
    inbox.close()
    worker.join(10.0)
    assert not worker.is_alive()
    assert len(served) + sum(request is not None for request in replaced) == 1000
    assert served == sorted(served, key=int)


@pytest.mark.parametrize('text', [*STOP_WORDS, ' Stop! ', 'HALT.', 'stop  moving'])
def test_a_stop_word_alone_stops(text) -> None:
    assert asks_to_stop(text)


@pytest.mark.parametrize('text', ['walk and stop', 'stand still', 'a person stops', ''])
def test_a_motion_that_ends_is_no_stop(text) -> None:
    assert not asks_to_stop(text)
