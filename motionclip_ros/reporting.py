"""What a generator says of what it made."""

from typing import Any

from motionclip_ros.performance import Performance


def performance_report(performance: Performance, published_ms: float = 0.0) -> dict[str, Any]:
    """Return all figures of what a robot was told, and what it was made from.

    Args:
        performance: What the robot was told.
        published_ms: How long it took to publish it [ms].
    """
    generation, trajectory = performance.generation, performance.command.trajectory
    made = {} if generation is None else generation.report
    latency = {
        **made.get('latency_ms', {}),
        'plan': performance.planned_ms,
        'publish': published_ms,
    }
    return {
        'text': performance.provenance.text,
        'seed': performance.provenance.seed,
        **made,
        'trajectory_seconds': trajectory.seconds,
        'trajectory_points': len(trajectory),
        'motion_begins_s': performance.command.begins,
        'latency_ms': {**latency, 'total': sum(latency.values())},
        'provenance': performance.provenance.facts(),
    }
