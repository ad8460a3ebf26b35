"""From figures to a verdict in words: may the robot do it, and if not, why."""

import math
from typing import Any, NamedTuple

from motionclip_ros.retargeting.feasibility.thresholds import Thresholds

VERDICTS = ('accept', 'slowed', 'refuse')


class Verdict(NamedTuple):
    """What is made of a report.

    Attributes:
        verdict: `accept`, `slowed` or `refuse`.
        reason: Why, in words.
        warnings: What is wrong with it without being a reason to refuse.
    """

    verdict: str
    reason: str
    warnings: tuple[str, ...]


def judge(report: dict[str, Any], thresholds: Thresholds) -> Verdict:
    """Judge the figures of a report.

    Args:
        report: Figures, not yet made fit for JSON; None where something was not measured.
        thresholds: What is asked.

    Returns:
        The verdict; the first reason to refuse counts.
    """
    notes = tuple(_warnings(report, thresholds))
    reason = _refusal(report, thresholds)
    if reason is not None:
        return Verdict('refuse', reason, notes)
    done, more = report['time_stretch'], report['stretch_needed']
    limits = 'velocity, acceleration, jerk and torque limits'
    if more > 1.0 + 1e-6:
        reason = f'keeps the {limits} only if it is played {done * more:.2f} times slower'
        return Verdict('slowed', reason, notes)
    if done > 1.0:
        return Verdict('slowed', f'slowed {done:.2f} times to keep the {limits}', notes)
    return Verdict('accept', 'inside all limits at its own pace', notes)


def _refusal(report: dict[str, Any], thresholds: Thresholds) -> str | None:
    broken = [k for k, v in report.items() if isinstance(v, float) and not math.isfinite(v)]
    if broken:
        return f'{broken[0]} is not finite: points nearly coincide in time or numbers overflow'
    beyond = -report['position_margin_rad']
    if beyond > thresholds.position_tolerance_rad:
        return f'{report["position_margin_joint"]} goes {beyond:.3g} rad beyond its range'
    stretch = report['time_stretch'] * report['stretch_needed']
    if stretch > thresholds.max_stretch:
        return (
            f'it would have to be {stretch:.1f} times slower to keep the velocity, '
            'acceleration, jerk and torque limits'
        )
    if _above(report['limb_direction_error_deg'], thresholds.max_limb_error_deg):
        return (
            f'its limbs would point {report["limb_direction_error_deg"]:.0f} degrees away from '
            'the human ones on average'
        )
    # Where slowing helps, the verdict is about the slowed path.
    if _above(report['torque_excess_slowed_part'], thresholds.max_torque_excess_part):
        return f'{report["torque_joint"]} would need {report["torque_use"]:.1f} times its torque'
    if _above(report['self_collision_cm'], thresholds.max_self_collision_cm):
        return (
            f'{" and ".join(report["self_collision_links"])} would go '
            f'{report["self_collision_cm"]:.1f} cm into each other'
        )
    return None


def _warnings(report: dict[str, Any], thresholds: Thresholds) -> list[str]:
    found = []
    inside = report['zmp_inside_part']
    if report['needs_balance_controller']:
        flight = report['flight_part']
        above = '' if inside is None else f'; it is balanced in {inside:.0%} of the standing time'
        flies = f', in the air for {flight:.0%} of the time' if flight else ''
        found.append(f'needs a balance controller{above}{flies}')
    if report['held_elsewhere_part']:
        found.append(
            f'for {report["held_elsewhere_part"]:.0%} of the time no sole stands, though '
            'something must hold the robot up'
        )
    if _above(report['torque_loaded_excess_part'], thresholds.max_torque_excess_part):
        found.append(
            f'with the weight on its soles {report["torque_loaded_joint"]} would need about '
            f'{report["torque_loaded_use"]:.1f} times its torque'
        )
    if _above(report['self_collision_cm'], thresholds.self_collision_cm):
        found.append(
            f'{" and ".join(report["self_collision_links"])} touch, '
            f'{report["self_collision_cm"]:.1f} cm deep'
        )
    if _above(report['foot_slide_m_s'], thresholds.max_foot_slide_m_s):
        found.append(f'standing soles slide at {report["foot_slide_m_s"]:.2f} m/s')
    if _above(report['foot_penetration_cm'], thresholds.max_foot_penetration_cm):
        found.append(f'a sole goes {report["foot_penetration_cm"]:.1f} cm into the floor')
    if _above(report['foot_floating_cm'], thresholds.max_foot_floating_cm):
        found.append(f'standing soles float {report["foot_floating_cm"]:.1f} cm above the floor')
    return found


def _above(figure: float | None, limit: float) -> bool:
    return figure is not None and figure > limit


def summary(report: dict[str, Any]) -> str:
    """Put a report into one line."""
    parts = [f'{report["verdict"]}: {report["reason"]}']
    if report['torque_use'] is not None:
        parts.append(f'torque {report["torque_use"]:.0%} ({report["torque_joint"]})')
    if report['velocity_use'] is not None:
        parts.append(f'speed {report["velocity_use"]:.0%} ({report["velocity_joint"]})')
    return '; '.join([*parts, *report['warnings']])
