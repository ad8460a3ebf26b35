"""What can be done with the take that is shown: save it, send it to a robot."""

from functools import partial

from nicegui import ui

from motionclip_model.errors import MotionClipError
from motionclip_ros.studio.exporting import EXPORTS, Export, exported
from motionclip_ros.studio.robot_link import RobotLink
from motionclip_ros.studio.service import Service
from motionclip_ros.studio.takes import Take

_LOOK = 1.0  # [s] between two looks for a generator


class Actions:
    """Buttons below the facts.

    Attributes:
        take: What they act on.
    """

    def __init__(self, service: Service, link: RobotLink | None):
        """Build the buttons.

        Args:
            service: Behind all pages.
            link: The way to a robot, if there is one.
        """
        self.take: Take | None = None
        self._service, self._link = service, link
        with ui.row().classes('actions w-full'):
            with ui.dropdown_button('Save as', icon='download', auto_close=True).props(
                'dense no-caps outline'
            ):
                for export in EXPORTS:
                    ui.item(export.title, on_click=partial(self._save, export))
            if link is not None:
                self._send = ui.button('Send to robot', icon='send', on_click=self._send_take)
                self._send.props('dense no-caps outline')
                self._stop = ui.button('Stop', icon='front_hand', on_click=link.stop)
                self._stop.props('dense no-caps unelevated color=negative')
                self._state = ui.label().classes('quiet w-full')
                self._look()
                ui.timer(_LOOK, self._look)

    async def _save(self, export: Export) -> None:
        take = self.take
        if take is None:
            ui.notify('Perform something first', type='info')
            return
        waiting = ui.notification(f'Writing {export.name}', spinner=True, timeout=None)
        try:
            content = await self._service.draw(
                partial(exported, take, export, self._service.model)
            )
            ui.download.content(content, export.name)
        except MotionClipError as error:
            ui.notify(str(error), type='negative', multi_line=True)
        finally:
            waiting.dismiss()

    async def _send_take(self) -> None:
        if self.take is None or self._link is None:
            ui.notify('Perform something first', type='info')
            return
        self._state.text = 'sent'
        try:
            ui.notify(await self._link.send(self.take), type='positive')
        except MotionClipError as error:
            ui.notify(str(error), type='negative', multi_line=True)

    def _look(self) -> None:
        """Say whether a generator is there."""
        if self._link is None:
            return
        there = self._link.is_connected
        self._send.set_enabled(there)
        self._stop.set_enabled(there)
        self._state.text = (
            'a generator is running: the robot can be told'
            if there
            else self._link.absence or 'no generator in the ROS graph'
        )
