"""What is known of a take: may the robot do it, how long did it take, how near are the limits."""

from collections.abc import Sequence
from typing import Any

from nicegui import ui

from motionclip_ros.studio.curves import joint_curves, joints_by_use
from motionclip_ros.studio.takes import Take

_COLOURS = {'accept': 'positive', 'slowed': 'warning', 'refuse': 'negative'}
_FIGURES = (
    ('Least distance to a position limit', 'position_margin_rad', 'position_margin_joint', 'rad'),
    ('Velocity, share of the limit', 'velocity_use', 'velocity_joint', ''),
    ('Acceleration, share of the limit', 'acceleration_use', 'acceleration_joint', ''),
    ('Torque, share of the limit', 'torque_use', 'torque_joint', ''),
    ('Slowed by', 'time_stretch', None, 'times'),
)


class Results:
    """The panel beside the stage."""

    def __init__(self) -> None:
        """Build it empty."""
        self._takes: Sequence[Take] = ()
        self._nearest: str | None = None
        with ui.element('div').classes('verdict') as self._verdict:
            ui.label('Nothing performed yet').classes('quiet')
        with ui.element('div').classes('details') as self._details:
            self._joint = (
                ui.select([], label='Joint', on_change=self._draw)
                .props('dense outlined use-input fill-input hide-selected input-debounce=0')
                .classes('joint')
            )
            self._charts = [self._chart('Position'), self._chart('Velocity')]
            with ui.expansion('Figures').classes('w-full').props('dense'):
                self._figures = ui.element('div').classes('figures')
        self._details.visible = False

    def show(self, takes: Sequence[Take]) -> None:
        """Show what is known of takes: of the first all, of the second its curves."""
        self._takes = takes
        self._details.visible = True
        take = takes[0]
        facts: dict[str, Any] = take.report.get('retargeting', {})
        self._verdict.clear()
        with self._verdict:
            self._tell(take, facts)
        joints = joints_by_use(take)
        if self._joint.value == self._nearest or self._joint.value not in joints:
            self._nearest = joints[0]  # unless somebody wants to see another
            self._joint.set_options(joints, value=joints[0])
        else:
            self._joint.set_options(joints, value=self._joint.value)
        self._draw()
        self._figures.clear()
        with self._figures:
            for label, value, joint, unit in _FIGURES:
                if facts.get(value) is not None:
                    ui.label(label)
                    name = f', {facts[joint]}' if joint else ''
                    ui.label(f'{facts[value]:.2f} {unit}{name}'.replace(' ,', ','))

    def _tell(self, take: Take, facts: dict[str, Any]) -> None:
        with ui.row().classes('items-center gap-2'):
            verdict = str(facts.get('verdict', 'not judged'))
            ui.badge(verdict, color=_COLOURS.get(verdict, 'grey')).classes('verdict-word')
            seed = 'typical' if take.seed is None else f'seed {take.seed}'
            ui.label(f'{take.scene.caption} · {take.robot_title} · {seed}').classes('caption')
        if facts.get('reason'):
            ui.label(str(facts['reason']))
        for line in (*facts.get('warnings', ()), *facts.get('notes', ())):
            ui.label(str(line)).classes('quiet')
        if latency := dict(take.report.get('latency_ms', {})):
            whole = latency.pop('total', sum(latency.values()))
            stages = ', '.join(f'{stage} {value:.0f}' for stage, value in latency.items())
            ui.label(f'{whole:.0f} ms: {stages}').classes('quiet latency')

    def _chart(self, name: str) -> ui.echart:
        box = ui.element('div').classes('curve').props(f'role=img aria-label="{name} of a joint"')
        with box:
            chart = ui.echart({'series': []}).classes('curve-chart')
            ui.element('div').classes('curve-cursor')
        return chart

    def _draw(self) -> None:
        if not self._takes or not self._joint.value:
            return
        pictures = joint_curves(self._takes, str(self._joint.value))
        for chart, options in zip(self._charts, pictures, strict=True):
            chart.options.clear()
            chart.options.update(options)
            chart.update()
