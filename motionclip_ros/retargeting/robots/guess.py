"""A correspondence guessed from nothing but a URDF, and how sure each part of it is."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from motionclip_ros.retargeting.robots import catalogue
from motionclip_ros.retargeting.robots.anatomy import Anatomy, Limb, find_anatomy
from motionclip_ros.retargeting.robots.correspondence import Correspondence, Foot, LinkMatch
from motionclip_ros.retargeting.robots.rest_posture import RestPosture, find_rest_posture
from motionclip_ros.retargeting.robots.robot import Robot, robot_from
from motionclip_ros.retargeting.robots.shapes import missing_meshes, shapes
from motionclip_ros.retargeting.robots.soles import find_sole
from motionclip_ros.retargeting.robots.urdf import Urdf, read_urdf

ACCELERATION = 250.0
"""Limit of a joint that follows a limb [rad/s^2]; people's arms reach it when they punch."""

WAIST_ACCELERATION = 120.0
"""Limit of a joint that moves the whole upper body [rad/s^2]."""

_NOTABLE = np.radians(10.0)  # a rest posture this far off deserves a word


class Finding(NamedTuple):
    """One link and why it was chosen.

    Attributes:
        link: Robot link.
        human: SMPL joint that it follows.
        role: What it is for the robot.
        sure: `sure` if names and shape agree, `likely` if only the shape speaks, else `guess`.
        why: The reason in words.
    """

    link: str
    human: str
    role: str
    sure: str
    why: str


@dataclass(frozen=True, eq=False)
class Guess:
    """A guessed robot.

    Attributes:
        robot: The robot with the guessed correspondence.
        findings: Its links in the correspondence's order, and the soles.
        notes: What was mended in the URDF and what should be looked at, one line each.
    """

    robot: Robot
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


def guess(path: Path) -> Guess:
    """Guess which link follows which human joint.

    Args:
        path: A URDF.

    Returns:
        The robot, ready to be used, with reasons.

    Raises:
        RobotError: The URDF cannot be used, or has neither two arms nor two legs.
    """
    urdf = read_urdf(path)
    bare = robot_from(urdf, _bare(urdf))
    anatomy = find_anatomy(bare)
    rest = find_rest_posture(bare, anatomy)
    links = _Links(bare, anatomy)
    feet, foot_findings = _feet(bare, anatomy, rest.angles)
    correspondence = replace(
        bare.correspondence,
        links=links.matches,
        feet=feet,
        human_rest_posture=_written(bare, rest),
        acceleration_limits={'*': ACCELERATION} | dict.fromkeys(links.waist, WAIST_ACCELERATION),
        front=_point(anatomy.upright[0]),
        up=_point(anatomy.upright[2]),
        base_kind='floating' if anatomy.of('leg') else 'fixed',
    )
    robot = robot_from(urdf, correspondence)
    notes = (*robot.notes, *_doubts(robot, anatomy, rest))
    return Guess(robot, (*links.findings, *foot_findings), notes)


def _bare(urdf: Urdf) -> Correspondence:
    """Make a correspondence that says no more than which link is the root."""
    carried = {joint.find('child').get('link') for joint in urdf.root.findall('joint')}  # type: ignore[union-attr]
    names = [link.get('name', '') for link in urdf.root.findall('link')]
    root = next(name for name in names if name not in carried)
    return Correspondence(
        source=f'guess for {urdf.path.name}',
        links={root: LinkMatch('pelvis')},
        acceleration_limits={'*': ACCELERATION},
        urdf=catalogue.urdf_entry(urdf.path),
    )


class _Links:
    """The links of the correspondence, gathered one after the other."""

    def __init__(self, robot: Robot, anatomy: Anatomy):
        self.robot = robot
        self.matches: dict[str, LinkMatch] = {}
        self.findings: list[Finding] = []
        pelvis, torso = self._trunk(anatomy)
        for limb in (*anatomy.of('leg'), *anatomy.of('arm')):
            self._limb(limb, pelvis if limb.kind == 'leg' else torso)
        if anatomy.head is not None:
            match = LinkMatch('head', rigid_to=torso, orientation=1.0)
            self._add(self._carried(anatomy.head), match, 'head', 'likely', 'ends the neck')

    def _add(self, link: str, match: LinkMatch, role: str, sure: str, why: str) -> str:
        self.matches[link] = match
        self.findings.append(Finding(link, match.human, role, sure, why))
        return link

    def _carried(self, joint: int) -> str:
        return self.robot.urdf.child_links[self.robot.joint_names[joint]]

    def _carrying(self, joint: int) -> str:
        return self.robot.urdf.parent_links[self.robot.joint_names[joint]]

    def _trunk(self, anatomy: Anatomy) -> tuple[str, str]:
        """Match base, pelvis and torso; return the links that carry legs and arms."""
        legs, arms = anatomy.of('leg'), anatomy.of('arm')
        self.waist = self._waist(anatomy)
        if anatomy.pelvis == -1 and legs:
            base = self._carrying(legs[0].joints[0])
            human, why = 'pelvis', 'carries the legs'
        elif anatomy.torso == -1 and arms and legs:
            base, human, why = (
                self._carrying(arms[0].joints[0]),
                'spine3',
                'root; carries the arms',
            )
        else:
            base, human, why = self.robot.correspondence.base, 'pelvis', 'root of the URDF'
        weight = 4.0 if human == 'pelvis' else 6.0
        match = LinkMatch(human, position=20.0, orientation=weight)
        pelvis = torso = self._add(base, match, 'base', 'sure', why)
        if anatomy.pelvis != -1:
            match = LinkMatch('pelvis', rigid_to=base, orientation=4.0)
            pelvis = self._carried(anatomy.pelvis)
            self._add(pelvis, match, 'pelvis', 'sure', 'carries the legs')
        if anatomy.torso == anatomy.pelvis:
            torso = pelvis
        elif anatomy.torso != -1:
            match = LinkMatch('spine3', rigid_to=pelvis, orientation=6.0)
            torso = self._carried(anatomy.torso)
            self._add(torso, match, 'torso', 'sure', 'carries the arms')
        return pelvis, torso

    def _waist(self, anatomy: Anatomy) -> list[str]:
        """Name the joints between the base and the bodies that carry the limbs."""
        waist = []
        for body in (anatomy.pelvis, anatomy.torso):
            while body >= 0:
                waist.append(self.robot.joint_names[body])
                body = int(self.robot.tree.parent[body])
        return list(dict.fromkeys(reversed(waist)))

    def _limb(self, limb: Limb, trunk: str) -> None:
        """Match hip, knee and ankle, or shoulder, elbow and wrist."""
        is_leg = limb.kind == 'leg'
        parts = ('hip', 'knee', 'ankle') if is_leg else ('shoulder', 'elbow', 'wrist')
        sure = 'sure' if limb.named else 'likely'
        spoken = ', as its name says' if limb.named else ''
        humans = [f'{limb.side}_{part}' for part in parts]
        joints = limb.joints
        root = self._add(
            self._carried(joints[limb.root]),
            LinkMatch(humans[0], rigid_to=trunk),
            parts[0],
            sure,
            f'where the {limb.kind} turns',
        )
        ends = limb.has_end
        bend = self._add(
            self._carried(joints[limb.bend]),
            LinkMatch(
                humans[1],
                limb_from=root,
                position=20.0,
                # Without a wrist the forearm's direction is known from its turn alone.
                orientation=0.0 if ends or len(joints) > limb.bend + 1 else 1.0,
            ),
            parts[1],
            sure,
            f'hinge that halves the {limb.kind}{spoken}',
        )
        if len(joints) == limb.bend + 1:
            return
        if ends:
            position, orientation = (40.0, 1.0) if is_leg else (20.0, 0.03)
            match = LinkMatch(
                humans[2], limb_from=bend, position=position, orientation=orientation
            )
        else:
            match = LinkMatch(humans[2], rigid_to=bend, orientation=1.0)
        why = f'last joint of the {limb.kind} before {"toes" if is_leg else "fingers"}'
        self._add(self._carried(joints[-1]), match, parts[2], sure, why)


def _feet(
    robot: Robot, anatomy: Anatomy, rest: Float[np.ndarray, ' joint']
) -> tuple[dict[str, Foot], list[Finding]]:
    """Find the sole of each leg's last link."""
    feet, findings = {}, []
    found = shapes(robot) if anatomy.of('leg') else []
    for limb in anatomy.of('leg'):
        link = robot.urdf.child_links[robot.joint_names[limb.joints[-1]]]
        offsets = robot.tree.position[list(limb.joints[limb.root + 1 :])]
        length = float(np.linalg.norm(offsets, axis=1).sum())
        sole = find_sole(robot, link, found, anatomy.upright, length, rest)
        feet[link] = Foot(f'{limb.side}_ankle', f'{limb.side}_foot', sole.heel, sole.toe)
        sure = 'guess' if sole.source.startswith('no shape') else 'likely'
        findings.append(Finding(link, f'{limb.side}_foot', 'sole', sure, sole.source))
    return feet, findings


def _written(robot: Robot, rest: RestPosture) -> dict[str, float]:
    """Name the joints that are not at 0 in the rest posture."""
    rounded = np.round(rest.angles, 4)
    return {
        name: float(angle)
        for name, angle in zip(robot.joint_names, rounded, strict=True)
        if angle != 0.0
    }


def _point(axis: Float[np.ndarray, '3']) -> tuple[float, float, float]:
    x, y, z = (axis + 0.0).tolist()
    return x, y, z


def _doubts(robot: Robot, anatomy: Anatomy, rest: RestPosture) -> list[str]:
    """Say what a person should look at."""
    doubts = []
    for limb, error in zip(anatomy.limbs, rest.error, strict=True):
        if error > _NOTABLE:
            doubts.append(
                f'{limb.side} {limb.kind} is {np.degrees(error):.0f} degrees from the rest pose'
            )
    if rest.beyond:
        doubts.append(f'the rest pose is beyond the limits of {", ".join(rest.beyond)}')
    if not anatomy.of('leg'):
        doubts.append('no two legs: the base is taken as fixed')
    if not anatomy.of('arm'):
        doubts.append('no two arms: only the legs follow')
    if missing := missing_meshes(robot):
        doubts.append(f'{len(missing)} meshes are nowhere: {", ".join(missing[:3])}')
    return doubts
