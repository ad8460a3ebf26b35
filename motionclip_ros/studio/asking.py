"""Where one says what to do: in words, as a change, as a mixture, as a row of commands."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from nicegui import ui

from motionclip_model.model import MAX_SECONDS, MIN_SECONDS
from motionclip_model.sequence import MAX_PARTS
from motionclip_ros.studio.service import MOST_SAMPLES, Wish

Perform = Callable[[Wish], Awaitable[None]]

_IDEAS = (
    'a person waves with the right hand',
    'a person bows',
    'a person kicks',
    'a person walks in a circle',
    'walk forward, then wave, then bow',
    'a person dances',
    'a person jumps',
    'a person sits down',
)
_CHANGES = ('tired', 'happy', 'angry', 'old', 'proud', 'childlike', 'fast', 'slow')


@dataclass
class _Part:
    """A command in a row; no length leaves it to the text."""

    text: str
    seconds: float | None = None


class Asking:
    """The prompt and the panel below it.

    Attributes:
        base: What "Change" changes: the text that was performed last.
    """

    def __init__(self, perform: Perform, robots: list[str], robot: str):
        """Remember what to call; `prompt` and `panel` build the elements.

        Args:
            perform: Called with every wish.
            robots: Names to choose from.
            robot: The one to begin with.
        """
        self._perform = perform
        self._robots, self._robot = robots, robot
        self._parts = [_Part('walk forward'), _Part('wave with the right hand'), _Part('bow')]

    def prompt(self) -> None:
        """Build the line that one types into, and its button."""
        self.text = (
            ui.input(placeholder='Say what to do: a person waves with the right hand')
            .props('outlined dense autofocus clearable maxlength=500 aria-label="Command"')
            .classes('prompt grow')
            .on('keydown.enter', self._say)
        )
        self.text.props('autocomplete=off')
        self.button = ui.button('Perform', on_click=self._say).props('unelevated no-caps')

    def settings(self) -> None:
        """Build what holds for all ways to ask: robot, length, seed, samples."""
        with ui.element('div').classes('settings'):
            self.robot = ui.select(self._robots, value=self._robot, label='Robot')
            self.seconds = ui.number('Length [s]', min=MIN_SECONDS, max=60, step=0.5).props(
                'placeholder=auto'
            )
            self.seed = ui.number('Seed', min=0, precision=0).props('placeholder=typical')
            self.samples = ui.number('Samples', value=1, min=1, max=MOST_SAMPLES, precision=0)
            for field in (self.robot, self.seconds, self.seed, self.samples):
                field.props('dense outlined stack-label')
        self.force = ui.checkbox('Serve unknown commands, too').props('dense')

    def panel(self) -> None:
        """Build the other ways to ask."""
        with ui.tabs().props('dense no-caps align=justify').classes('w-full') as tabs:
            ideas, change, mix, chain = (
                ui.tab(name) for name in ('Ideas', 'Change', 'Mix', 'Chain')
            )
        with ui.tab_panels(tabs, value=ideas).classes('w-full'):
            with ui.tab_panel(ideas):
                self._ideas()
            with ui.tab_panel(change):
                self._change()
            with ui.tab_panel(mix):
                self._mix()
            with ui.tab_panel(chain):
                self._chain()

    def wish(self, text: str, seconds: float | tuple[float, ...] | None = None) -> Wish:
        """Return a wish with the settings of the page."""
        seed = self.seed.value
        return Wish(
            text,
            str(self.robot.value),
            seconds if seconds is not None else self.seconds.value,
            None if seed is None else int(seed),
            int(self.samples.value or 1),
            bool(self.force.value),
        )

    def show(self, text: str) -> None:
        """Put what is on the stage into the prompt, and where changes start from."""
        self.text.value = self.base.value = text

    async def _say(self) -> None:
        await self._perform(self.wish(str(self.text.value or '')))

    async def _say_text(self, text: str) -> None:
        self.text.value = text
        await self._say()

    def _ideas(self) -> None:
        with ui.row().classes('chips'):
            for text in _IDEAS:
                ui.button(text, on_click=partial(self._say_text, text)).props(
                    'flat dense no-caps size=sm'
                )

    def _change(self) -> None:
        self.base = _line('Start from', 'walk')
        more = _line('More', 'tired')
        less = _line('Less', 'normal')
        with ui.row().classes('chips'):
            for word in _CHANGES:
                ui.button(word, on_click=partial(more.set_value, word)).props(
                    'flat dense no-caps size=sm'
                )

        async def change() -> None:
            terms = [str(self.base.value).strip()]
            terms += [f'+ {more.value.strip()}'] if str(more.value or '').strip() else []
            terms += [f'- {less.value.strip()}'] if str(less.value or '').strip() else []
            await self._say_text(' '.join(terms))

        _go('Change', change)

    def _mix(self) -> None:
        first, last = _line('From', 'walk'), _line('To', 'run')
        with ui.row().classes('w-full items-center no-wrap'):
            share = ui.slider(min=0, max=100, step=5, value=50).props(
                'label label-always snap :label-value="value + \' %\'" aria-label="Share"'
            )

        async def mix() -> None:
            await self._say_text(f'{share.value:g} % between {first.value} and {last.value}')

        # When it is let go: every stop of the slider would be a motion otherwise.
        share.on('change', mix)
        _go('Mix', mix)

    def _chain(self) -> None:
        @ui.refreshable
        def rows() -> None:
            for number, part in enumerate(self._parts):
                with ui.row().classes('chain-part no-wrap items-center w-full'):
                    ui.input(label=f'Command {number + 1}').bind_value(part, 'text').props(
                        'dense outlined'
                    ).classes('grow')
                    ui.number(label='s', min=MIN_SECONDS, max=MAX_SECONDS, step=0.5).bind_value(
                        part, 'seconds'
                    ).props('dense outlined stack-label placeholder=auto').classes('part-seconds')
                    _icon('arrow_upward', 'Earlier', partial(move, number, -1))
                    _icon('close', 'Remove', partial(remove, number))

        def move(number: int, by: int) -> None:
            other = max(number + by, 0)
            parts = self._parts
            parts[number], parts[other] = parts[other], parts[number]
            rows.refresh()

        def remove(number: int) -> None:
            if len(self._parts) > 1:
                del self._parts[number]
                rows.refresh()

        def add() -> None:
            if len(self._parts) < MAX_PARTS:
                self._parts.append(_Part('stand still'))
                rows.refresh()

        async def chain() -> None:
            parts = [part for part in self._parts if part.text.strip()]
            lengths = [part.seconds for part in parts]
            text = '; '.join(part.text.strip() for part in parts)
            self.text.value = text
            known = tuple(float(each) for each in lengths if each is not None)
            if known and len(known) < len(parts):
                ui.notify('Give every command a length, or none', type='warning')
                return
            await self._perform(self.wish(text, known or None))

        rows()
        with ui.row():
            ui.button('Add', icon='add', on_click=add).props('flat dense no-caps')
            _go('Chain', chain)


def _line(label: str, value: str) -> ui.input:
    return ui.input(label, value=value).props('dense outlined maxlength=200').classes('w-full')


def _go(label: str, action: Callable[[], Awaitable[None]]) -> None:
    ui.button(label, on_click=action).props('unelevated dense no-caps').classes('go')


def _icon(name: str, label: str, action: Callable[[], None]) -> None:
    ui.button(icon=name, on_click=action).props(f'flat dense round size=sm aria-label="{label}"')
