"""The page in a real browser: say something, watch it, use every way to ask."""

import io
import json
import zipfile
from collections.abc import Iterator

import numpy as np
import pytest
from browser import Visitor, require_browser, served
from PIL import Image
from selenium.webdriver.common.keys import Keys

from motionclip_model.motion import Motion
from motionclip_ros.bag import Bag
from motionclip_ros.retargeting.trajectory import RobotTrajectory


@pytest.fixture(scope='module')
def visitor(tmp_path_factory) -> Iterator[Visitor]:
    require_browser()
    folder = tmp_path_factory.mktemp('visit')
    with served('studio', '--no-ros', log=folder / 'log') as address:
        visitor = Visitor(address, folder)
        yield visitor
        visitor.close()


@pytest.fixture(autouse=True)
def quiet(visitor: Visitor) -> Iterator[None]:
    """No test may leave a complaint in the browser's console."""
    yield
    assert not visitor.complaints()


def drawn(picture: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture)).convert('RGB')).astype(int)


def saved(visitor: Visitor, name: str) -> bytes:
    visitor.click('Save as')
    visitor.until(lambda: name in visitor.texts('.q-item'))
    before = set(visitor.downloads.iterdir())
    visitor.click(name)

    def fresh():
        found = set(visitor.downloads.iterdir()) - before
        return [path for path in found if path.suffix not in ('.crdownload', '.tmp', '.png')]

    visitor.until(fresh)
    path = fresh()[0]
    visitor.until(lambda: path.exists() and path.stat().st_size)
    return path.read_bytes()


def test_a_command_is_typed_and_person_and_robot_do_it(visitor) -> None:
    empty = drawn(visitor.picture('.stage canvas'))
    visitor.perform('a person waves with the right hand')
    assert visitor.actors == ['person', 'g1']
    first = drawn(visitor.picture('.stage canvas'))
    low = min(len(first), len(empty))  # contacts have come below the picture
    assert (np.abs(first[:low] - empty[:low]).max(axis=2) > 30).mean() > 0.01
    moment = float(visitor.stage('time'))
    visitor.until(lambda: float(visitor.stage('time')) > moment + 0.5)
    assert (np.abs(drawn(visitor.picture('.stage canvas')) - first).max(axis=2) > 30).any()


def test_the_verdict_the_stages_and_the_joint_curves_are_shown(visitor) -> None:
    words = visitor.one('.verdict').text
    assert any(verdict in words for verdict in ('accept', 'slowed', 'refuse'))
    assert all(stage in words for stage in ('encode', 'decode', 'retarget'))
    charts = visitor.all('.curve')
    assert len(charts) == 2
    for chart in charts:
        visitor.driver.execute_script('arguments[0].scrollIntoView()', chart)
        picture = drawn(chart.screenshot_as_png)
        blue = (np.abs(picture - [47, 126, 216]).max(axis=2) < 40).mean()
        assert blue > 0.001  # the curve's own colour
    spans = visitor.all('.stage-lane i')
    assert len(visitor.all('.stage-lane')) == 2
    assert spans


def test_the_keyboard_is_enough(visitor) -> None:
    visitor.driver.execute_script('document.activeElement.blur()')
    visitor.press(Keys.HOME)
    if visitor.stage('playing') == 'true':
        visitor.press(Keys.SPACE)
    visitor.until(lambda: visitor.stage('playing') == 'false')
    visitor.press(Keys.HOME)
    visitor.until(lambda: visitor.stage('time') == '0.00')
    visitor.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    visitor.until(lambda: visitor.stage('time') == '0.20')
    visitor.press(Keys.ARROW_LEFT)
    visitor.until(lambda: visitor.stage('time') == '0.10')
    visitor.press(Keys.SPACE)
    visitor.until(lambda: visitor.stage('playing') == 'true')
    visitor.press(Keys.END)
    visitor.until(lambda: visitor.stage('playing') == 'false')
    visitor.press('/')
    focused = 'return document.activeElement.getAttribute("aria-label")'
    assert visitor.driver.execute_script(focused) == 'Command'
    count = len(visitor.history)
    visitor.press(Keys.CONTROL + 'a', Keys.NULL, 'a person bows', Keys.ENTER)
    visitor.until(lambda: len(visitor.history) == count + 1)
    assert visitor.one('.prompt input').get_attribute('value') == 'a person bows'


def test_the_time_is_scrubbed_and_the_charts_follow(visitor) -> None:
    visitor.settle()
    slide = visitor.one('.stage input[type=range]')
    set_value = "arguments[0].value = 1.5; arguments[0].dispatchEvent(new Event('input'))"
    if visitor.stage('playing') == 'true':
        visitor.click('❚❚')
    visitor.until(lambda: visitor.stage('playing') == 'false')
    visitor.driver.execute_script(set_value, slide)
    visitor.until(lambda: visitor.stage('time') == '1.50')
    part = 1.5 / float(slide.get_attribute('max'))
    read = 'return getComputedStyle(document.documentElement).getPropertyValue("--moment")'
    assert float(visitor.driver.execute_script(read)) == pytest.approx(part, abs=1e-3)
    cursor, chart = visitor.one('.curve-cursor').rect, visitor.one('.curve').rect
    wanted = chart['x'] + 46 + (chart['width'] - 56) * part
    assert cursor['x'] == pytest.approx(wanted, abs=1.5)


def test_an_unknown_command_is_refused_in_one_line_unless_one_insists(visitor) -> None:
    count = len(visitor.history)
    visitor.type('stock prices fell')
    visitor.until(lambda: visitor.one('[role=alert]').is_displayed())
    assert "unknown command 'stock prices fell'" in visitor.one('[role=alert]').text
    assert len(visitor.history) == count
    visitor.click('Perform anyway')
    visitor.until(lambda: len(visitor.history) == count + 1)
    assert not visitor.one('[role=alert]').is_displayed()


def test_a_motion_is_changed_mixed_and_chained(visitor) -> None:
    visitor.perform('walk')
    for tab, text in (
        ('Change', 'walk + tired - normal'),
        ('Mix', '50 % between walk and run'),
        ('Chain', 'walk forward; wave with the right hand; bow'),
    ):
        count = len(visitor.history)
        visitor.click(tab)
        visitor.until(lambda tab=tab: visitor.texts('.ask .go')[-1:] == [tab])
        visitor.click(tab, '.ask .q-tab-panel')
        visitor.until(lambda count=count: len(visitor.history) == count + 1)
        assert visitor.history[0] == text
    visitor.settle()
    visitor.until(lambda: visitor.texts('.stage-segments span') == text.split('; '))


def test_two_takes_are_compared(visitor) -> None:
    other = [each for each in visitor.all('.entry button') if each.text == 'A|B'][1]
    other.click()
    visitor.until(lambda: visitor.actors == ['person A', 'g1 A', 'person B', 'g1 B'])
    visitor.until(lambda: visitor.all('.entry [aria-pressed=true]'))
    visitor.click('A|B', '.entry:nth-child(2)')
    visitor.until(lambda: visitor.actors == ['person', 'g1'])


def test_seed_and_samples_are_obeyed(visitor) -> None:
    count = len(visitor.history)
    for label, value in (('Seed', '7'), ('Samples', '2')):
        field = visitor.one(f'.settings [aria-label={label}]')
        field.send_keys(Keys.CONTROL + 'a', Keys.NULL, value, Keys.TAB)
    visitor.type('a person jumps')
    visitor.until(lambda: len(visitor.history) == count + 2)
    entries = visitor.texts('.entry')
    assert 'seed 8' in entries[0]
    assert 'seed 7' in entries[1]
    for label, value in (('Seed', Keys.DELETE), ('Samples', '1')):
        field = visitor.one(f'.settings [aria-label={label}]')
        field.send_keys(Keys.CONTROL + 'a', Keys.NULL, value, Keys.TAB)


def test_what_is_shown_can_be_saved(visitor, tmp_path) -> None:
    visitor.perform('a person waves')
    (tmp_path / 'a.npz').write_bytes(saved(visitor, 'Trajectory (npz)'))
    trajectory = RobotTrajectory.load(tmp_path / 'a.npz')
    (tmp_path / 'm.npz').write_bytes(saved(visitor, 'Person (AMASS npz)'))
    assert Motion.load(tmp_path / 'm.npz').seconds == pytest.approx(trajectory.seconds, rel=0.5)
    assert json.loads(saved(visitor, 'Report (JSON)'))['text'] == 'a person waves'
    with zipfile.ZipFile(io.BytesIO(saved(visitor, 'Recording (rosbag2)'))) as archive:
        archive.extractall(tmp_path)
    assert Bag(tmp_path / 'recording').text() == 'a person waves'


def test_the_history_outlives_the_page(visitor) -> None:
    before = visitor.history
    visitor.open()
    visitor.until(lambda: visitor.history == before)
    visitor.click(before[-1], '.history')
    visitor.settle()


@pytest.mark.parametrize('width', [1280, 400])
def test_everything_fits_into_the_window(visitor, width) -> None:
    visitor.resize(width, 800)
    visitor.until(lambda: visitor.one('.stage canvas').size['width'] <= width)
    scrolled = 'return document.documentElement.scrollWidth'
    visitor.until(lambda: visitor.driver.execute_script(scrolled) <= width)
    for button in visitor.all('button'):
        if button.is_displayed():
            place = button.rect
            assert place['x'] >= 0
            assert place['x'] + place['width'] <= width + 1, button.text
    canvas = visitor.one('.stage canvas').size
    assert canvas['width'] > 0.4 * width
    assert canvas['height'] > 200
    visitor.resize(1280, 800)


def test_the_page_loads_nothing_from_another_host_and_cannot(visitor) -> None:
    loaded = visitor.driver.execute_script(
        "return performance.getEntriesByType('resource').map(entry => entry.name)"
    )
    assert len(loaded) > 10
    strange = [url for url in loaded if not url.startswith((visitor.address, 'blob:', 'data:'))]
    assert not strange
    refused = visitor.driver.execute_async_script(
        """
        const done = arguments[0];
        addEventListener('securitypolicyviolation', event => done(event.effectiveDirective));
        fetch('http://elsewhere.example/').catch(() => {});
        """
    )
    assert refused == 'connect-src'
    assert visitor.complaints()  # the one of the browser about this
