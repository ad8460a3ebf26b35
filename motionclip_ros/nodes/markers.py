"""A person, where it stands and what is asked of the robot, drawn for RViz."""

from typing import Any

from geometry_msgs.msg import Point, Vector3
from std_msgs.msg import ColorRGBA
from visualization_msgs.msg import Marker, MarkerArray

from motionclip_model import skeleton
from motionclip_ros.preview import BONES, FEET, Shown
from motionclip_ros.topics import WORLD_FRAME

_BLUE = ColorRGBA(r=0.3, g=0.6, b=1.0, a=1.0)
_ORANGE = ColorRGBA(r=1.0, g=0.5, b=0.1, a=0.8)
_GREEN = ColorRGBA(r=0.2, g=0.9, b=0.3, a=0.8)


def markers(shown: Shown, stamp: Any) -> MarkerArray:
    """Draw one moment: bones, joints, standing feet, and the targets of the robot's links."""
    places = _points(shown.joints)
    ends = [places[joint] for bone in BONES for joint in bone]
    feet = [places[skeleton.JOINT_INDEX[foot]] for foot in FEET]
    standing = [
        Point(x=p.x, y=p.y, z=0.0) for p, on in zip(feet, shown.standing, strict=True) if on
    ]
    return MarkerArray(
        markers=[
            _marker('bones', Marker.LINE_LIST, 0.03, _BLUE, ends, stamp),
            _marker('joints', Marker.SPHERE_LIST, 0.06, _BLUE, places, stamp),
            _marker('contacts', Marker.SPHERE_LIST, 0.09, _ORANGE, standing, stamp),
            _marker('targets', Marker.SPHERE_LIST, 0.05, _GREEN, _points(shown.targets), stamp),
        ]
    )


def _points(places: Any) -> list[Point]:
    return [Point(x=x, y=y, z=z) for x, y, z in places.tolist()]


def _marker(
    name: str, kind: int, size: float, color: ColorRGBA, points: list[Point], stamp: Any
) -> Marker:
    # RViz complains of a list without points; taking it away shows the same.
    action = Marker.ADD if points else Marker.DELETE
    marker = Marker(ns=name, type=kind, action=action, color=color, points=points)
    marker.header.frame_id, marker.header.stamp = WORLD_FRAME, stamp
    marker.scale = Vector3(x=size, y=size, z=size)
    marker.pose.orientation.w = 1.0
    return marker
