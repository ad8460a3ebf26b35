"""Serves the page; by itself to this machine alone."""

import asyncio
from collections.abc import Sequence

from fastapi import Response
from nicegui import app, ui

from motionclip_ros.studio.page import Page
from motionclip_ros.studio.service import Service
from motionclip_ros.studio.shapes import person_shape
from motionclip_ros.studio.stage import POSES, SHAPES
from motionclip_ros.studio.takes import Take, person_poses, robot_poses

_GLTF = 'model/gltf-binary'


def serve(
    service: Service,
    robot: str,
    host: str,
    port: int,
    opened: Sequence[Take] = (),
    *,
    show: bool = True,
) -> None:
    """Serve until Ctrl-C.

    Args:
        service: Behind all pages.
        robot: The robot to begin with.
        host: Address to listen on.
        port: Port to listen on.
        opened: Takes to begin with.
        show: Whether a browser is opened.
    """
    _serve_shapes(service)

    async def warm_up() -> None:
        # Kept in a variable, lest it be collected before it is done.
        app.state.warming = asyncio.create_task(service.warm_up(robot))

    app.on_startup(warm_up)
    ui.run(
        lambda: Page(service, robot, list(opened)) and None,
        host=host,
        port=port,
        title='motionclip studio',
        show=show,
        reload=False,
        favicon='🕺',
        show_welcome_message=False,
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
