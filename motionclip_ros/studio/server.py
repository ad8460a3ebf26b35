"""Serves the page; by itself to this machine alone."""

import asyncio
from collections.abc import Sequence

from fastapi import Response
from nicegui import app, ui

from motionclip_ros.studio.guard import LOCAL, Guard, entrance
from motionclip_ros.studio.page import Page
from motionclip_ros.studio.robot_link import RobotLink
from motionclip_ros.studio.service import Service
from motionclip_ros.studio.shapes import person_shape
from motionclip_ros.studio.stage import POSES, SHAPES
from motionclip_ros.studio.takes import Take, person_poses, robot_poses

_GLTF = 'model/gltf-binary'

_PATIENCE = 60.0
"""How long a page that a busy machine has lost sight of may come back to where it was [s]."""


def serve(
    service: Service,
    robot: str,
    address: tuple[str, int],
    opened: Sequence[Take] = (),
    *,
    link: RobotLink | None = None,
    token: str | None = None,
    show: bool = True,
) -> None:
    """Serve until Ctrl-C.

    Args:
        service: Behind all pages.
        robot: The robot to begin with.
        address: Host and port to listen on.
        opened: Takes to begin with.
        link: The way to a robot, if there is one.
        token: What visitors have to show; None where only this machine can come in.
        show: Whether a browser is opened.
    """
    for take in opened[::-1]:
        service.takes.add(take)
    _serve_shapes(service)
    app.add_middleware(Guard, hosts=LOCAL if token is None else None, token=token)

    async def warm_up() -> None:
        # Kept in a variable, lest it be collected before it is done.
        app.state.warming = asyncio.create_task(service.warm_up(robot))

    def page() -> None:
        Page(service, robot, opened[0] if opened else None, link)

    app.on_startup(warm_up)
    if link is not None:
        app.on_shutdown(link.close)
    ui.run(
        page,
        host=address[0],
        port=address[1],
        title='motionclip studio',
        show=entrance(token) if show else False,
        reload=False,
        favicon='🕺',
        show_welcome_message=False,
        reconnect_timeout=_PATIENCE,
        dark=None,
    )


def _serve_shapes(service: Service) -> None:
    """Answer the stage, which fetches bodies and poses by itself."""

    @app.get(f'{SHAPES}/{{name}}')
    async def shape(name: str) -> Response:
        found = person_shape() if name == 'person' else service.shape_of(name)
        return _answer(None if found is None else found.glb, _GLTF)

    @app.get(f'{POSES}/{{identity}}/{{who}}')
    async def poses(identity: str, who: str) -> Response:
        take = service.takes.find(identity)
        if take is None:
            return _answer(None, '')
        if who == 'person':
            return _answer(person_poses(take, person_shape().bodies).tobytes(), _BYTES)
        drawn = (await service.shape(take)).bodies
        return _answer(robot_poses(take, drawn).tobytes(), _BYTES)


_BYTES = 'application/octet-stream'


def _answer(content: bytes | None, kind: str) -> Response:
    if content is None:
        return Response('no such take or robot here; perform it again', 404)
    return Response(content, media_type=kind, headers={'Cache-Control': 'private, max-age=86400'})
