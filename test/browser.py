"""A real browser without a window, and the page served for it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

BROWSERS = ('chromium', 'chromium-browser', 'google-chrome')
_FLAGS = (
    '--headless=new',
    '--no-sandbox',
    '--use-angle=swiftshader',
    '--enable-unsafe-swiftshader',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-quic',
    '--no-first-run',
)
_COMMAND = 'from motionclip_ros.__main__ import main; main()'


def require_browser() -> tuple[str, str]:
    """Paths of browser and driver; the test is skipped where they are not, but never in CI."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    driver = shutil.which('chromedriver')
    if browser is None or driver is None:
        missing = 'no browser here; install one with: apt-get install chromium chromium-driver'
        if os.environ.get('CI'):
            pytest.fail(missing)
        pytest.skip(missing)
    return browser, driver


@contextmanager
def served(*arguments: str, log: Path) -> Iterator[str]:
    """Run a command that serves the page; gives its address, and ends it with Ctrl-C."""
    # NiceGUI would take the server for one of its own tests.
    environment = {k: v for k, v in os.environ.items() if not k.startswith('PYTEST')}
    with log.open('wb') as output:
        process = subprocess.Popen(
            [sys.executable, '-c', _COMMAND, *arguments, '--port', '0', '--no-browser'],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
        )
    try:
        end = time.monotonic() + 60.0
        while not (found := re.search(r'http://\S+', log.read_text())):
            if process.poll() is not None or time.monotonic() > end:
                pytest.fail(f'no page was served:\n{log.read_text()}')
            time.sleep(0.1)
        yield found[0]
        process.send_signal(signal.SIGINT)
        assert process.wait(20.0) == 130
        assert 'Traceback' not in log.read_text(), log.read_text()
    finally:
        process.kill()
        process.wait()


class Visitor:
    """Looks at the page and uses it as people do."""

    def __init__(self, address: str, downloads: Path):
        browser, driver = require_browser()
        options = webdriver.ChromeOptions()
        options.binary_location = browser
        for flag in _FLAGS:
            options.add_argument(flag)
        options.add_experimental_option('prefs', {'download.default_directory': str(downloads)})
        options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
        self.driver = webdriver.Chrome(options, Service(driver))
        self.address, self.downloads = address, downloads
        self.resize(1280, 800)
        self.open()

    def open(self) -> None:
        """Load the page and wait until the stage stands."""
        end = time.monotonic() + 30.0
        while True:  # the address is said a moment before it is served
            try:
                self.driver.get(self.address)
                break
            except WebDriverException:
                if time.monotonic() > end:
                    raise
                time.sleep(0.3)
        self.until(lambda: self.all('.stage canvas') and self.all('.prompt input'))
        # Until the page's socket is open, what is typed stays unheard.
        self.until(lambda: self.driver.execute_script('return window.socket?.connected'))

    def resize(self, width: int, height: int) -> None:
        metrics = {'width': width, 'height': height, 'deviceScaleFactor': 1, 'mobile': False}
        self.driver.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', metrics)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def until(self, condition: Callable[[], object], seconds: float = 40.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                self.driver.save_screenshot(str(self.downloads / 'in_vain.png'))
                pytest.fail(f'waited {seconds} s in vain; see {self.downloads}/in_vain.png')
            time.sleep(0.05)

    def type(self, text: str) -> None:
        """Write into the prompt in place of what stands there, and press Enter."""
        self.write(text)
        self.press(Keys.ENTER)

    def write(self, text: str) -> None:
        """Write into the prompt in place of what stands there."""
        self.one('.prompt input').send_keys(Keys.CONTROL + 'a', Keys.NULL, text)

    def press(self, *keys: str) -> None:
        """Press keys wherever the focus is."""
        self.driver.switch_to.active_element.send_keys(*keys)

    def click(self, text: str, inside: str = 'body') -> None:
        """Click a button, tab or entry of a menu by its words."""
        kinds = ('button', '[role=tab]', '[role=listitem]', '.q-item')
        selector = ', '.join(f'{inside} {kind}' for kind in kinds)
        # Icons are words of a font, which stand beside a button's own.
        found = [words.split('\n') for words in self.texts(selector)]
        assert any(text in words for words in found), f'no button {text!r} among {found}'
        self.until(lambda: self._clicked(selector, text), 10.0)

    def _clicked(self, selector: str, text: str) -> bool:
        try:
            button = next(each for each in self.all(selector) if text in each.text.split('\n'))
            self.driver.execute_script('arguments[0].scrollIntoView({block: "center"})', button)
            button.click()
        except (StopIteration, WebDriverException):  # it is redrawn, or something is before it
            return False
        return True

    def texts(self, selector: str) -> list[str]:
        """The words of all elements at one moment."""
        read = 'return [...document.querySelectorAll(arguments[0])].map(each => each.innerText)'
        return list(self.driver.execute_script(read, selector))

    @property
    def actors(self) -> list[str]:
        return [name for name in self.stage('actors').split('|') if name]

    @property
    def history(self) -> list[str]:
        return [text.strip() for text in self.texts('.history .entry-text')]

    def stage(self, what: str) -> str:
        """What the stage says of itself: actors, time, playing."""
        return self.one('.stage').get_attribute(f'data-{what}') or ''

    def perform(self, text: str) -> None:
        """Type a command and wait until it is on the stage."""
        count = len(self.history)
        self.type(text)
        self.until(lambda: len(self.history) > count)
        self.settle()

    def settle(self) -> None:
        self.until(lambda: self.actors and float(self.stage('time')) > 0.0)

    def picture(self, selector: str) -> bytes:
        return self.one(selector).screenshot_as_png

    def complaints(self) -> list[str]:
        """What the browser's console has warned of since last asked."""
        # Chromium warns of its own slow reading of software-drawn pictures.
        ours = (each['message'] for each in self.driver.get_log('browser'))
        return [message for message in ours if 'GPU stall' not in message]

    def close(self) -> None:
        self.driver.quit()
