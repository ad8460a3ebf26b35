"""One visitor's page: what is asked on the left, the stage in the middle, the facts beside it."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from nicegui import ui

from motionclip_model.errors import MotionClipError, UnknownTextError
from motionclip_ros.studio.actions import Actions
from motionclip_ros.studio.asking import Asking
from motionclip_ros.studio.results import Results
from motionclip_ros.studio.robot_link import RobotLink
from motionclip_ros.studio.service import Service, Wish
from motionclip_ros.studio.stage import Stage
from motionclip_ros.studio.takes import Take

STYLE = (Path(__file__).parent / 'studio.css').read_text()


class Page:
    """What one visitor sees and does."""

    def __init__(
        self, service: Service, robot: str, opened: Take | None, link: RobotLink | None = None
    ):
        """Build the page.

        Args:
            service: Behind all pages.
            robot: The robot to begin with.
            opened: What is on the stage to begin with.
            link: The way to a robot, if there is one.
        """
        self._service = service
        # What was performed stays when the page is loaded again.
        self._history = service.takes.newest()
        self._current: Take | None = None
        self._other: Take | None = None
        self._wish: Wish | None = None
        ui.add_css(STYLE)
        ui.dark_mode(None)
        self._asking = Asking(self._perform, service.robots(), robot)
        with ui.element('main').classes('studio'):
            with ui.element('header').classes('top'):
                ui.label('motionclip').classes('brand')
                self._asking.prompt()
            with ui.element('section').classes('ask').props('aria-label="What to do"'):
                self._asking.settings()
                self._asking.panel()
                ui.label('History').classes('heading')
                self._list = ui.element('ol').classes('history').props('aria-label=History')
            with ui.element('section').classes('watch').props('aria-label=Stage'):
                self._progress = ui.linear_progress(show_value=False).props(
                    'indeterminate aria-label="Working"'
                )
                self._stage = Stage()
                with ui.element('div').classes('problem').props('role=alert') as self._problem:
                    self._reason = ui.label()
                    self._anyway = ui.button('Perform anyway', on_click=self._insist).props(
                        'flat dense no-caps'
                    )
            with ui.element('section').classes('facts').props('aria-label=Facts'):
                self._results = Results()
                self._actions = Actions(service, link)
        self._progress.visible = self._problem.visible = False
        self._draw_history()
        if opened is not None:
            ui.timer(0.0, partial(self._show, opened), once=True)

    async def _perform(self, wish: Wish) -> None:
        self._problem.visible = False
        self._progress.visible = True
        self._asking.button.disable()
        try:
            takes = await self._service.perform(wish)
        except MotionClipError as error:
            self._refuse(error, wish)
            return
        finally:
            self._progress.visible = False
            self._asking.button.enable()
        self._history[:0] = takes[::-1]
        await self._show(takes[0])

    def _refuse(self, error: MotionClipError, wish: Wish) -> None:
        """Say what is wrong; who insists on an unknown command may."""
        self._reason.text = str(error)
        self._wish = replace(wish, force=True)
        self._anyway.visible = isinstance(error, UnknownTextError)
        self._problem.visible = True

    async def _insist(self) -> None:
        if self._wish is not None:
            await self._perform(self._wish)

    async def _show(self, take: Take) -> None:
        self._current = take
        self._asking.show(take.scene.caption)
        await self._refresh()

    async def _compare(self, take: Take) -> None:
        """Put a take beside the one that is shown, or away again."""
        self._other = None if self._other is take else take
        await self._refresh()

    async def _refresh(self) -> None:
        takes = [take for take in (self._current, self._other) if take is not None]
        if len(takes) == 2 and takes[0] is takes[1]:
            takes = takes[:1]
        for take in takes:
            await self._service.shape(take)  # the stage asks for it at once
        self._stage.perform(takes)
        self._results.show(takes)
        self._actions.take = takes[0]
        self._draw_history()

    def _draw_history(self) -> None:
        self._list.clear()
        with self._list:
            for take in self._history:
                self._entry(take)

    def _entry(self, take: Take) -> None:
        seed = '' if take.seed is None else f', seed {take.seed}'
        verdict = take.report.get('retargeting', {}).get('verdict', '')
        shown = 'shown' if take is self._current else ''
        with ui.element('li').classes(f'entry {shown}'):
            ui.button(take.scene.caption or 'stop', on_click=partial(self._show, take)).props(
                'flat dense no-caps align=left'
            ).classes('entry-text')
            ui.label(f'{take.scene.seconds:.1f} s{seed}').classes('quiet')
            ui.element('span').classes(f'dot {verdict}').props(f'title="{verdict}"')
            pressed = str(take is self._other).lower()
            ui.button('A|B', on_click=partial(self._compare, take)).props(
                f'flat dense no-caps size=sm aria-pressed={pressed} '
                'title="Compare with the one that is shown"'
            )
