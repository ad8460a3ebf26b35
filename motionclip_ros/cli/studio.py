"""Commands that open the page in the browser."""

import importlib.util
import socket
from pathlib import Path
from typing import Annotated

import typer

from motionclip_model.errors import ConfigError, DependencyError
from motionclip_ros.cli.app import Model, Namespace, RecordedRobot, RobotName, app, say
from motionclip_ros.cli.helping import Panel

Host = Annotated[
    str,
    typer.Option(
        help='Address to listen on; any but this machine alone asks visitors for a token.'
    ),
]
Port = Annotated[int, typer.Option(min=0, max=65535, help='Port to listen on; 0 for a free one.')]
Browser = Annotated[bool, typer.Option('--browser/--no-browser', help='Open a browser.')]
Ros = Annotated[
    bool, typer.Option('--ros/--no-ros', help='Look for a generator in the ROS graph.')
]

_PORT = 8765


@app.command(rich_help_panel=Panel.MOTIONS)
def studio(
    robot: RobotName = 'g1',
    model: Model = 'base',
    host: Host = '127.0.0.1',
    port: Port = _PORT,
    browser: Browser = True,
    ros: Ros = True,
    namespace: Namespace = None,
) -> None:
    """Type commands in a page in the browser and watch person and robot do them.

    It is served to this machine alone unless --host says otherwise. Ctrl-C ends it.

    Example: motionclip studio

    Example: motionclip studio --robot talos --port 9000 --no-browser
    """
    _serve(None, robot, model, host, port, browser, ros, namespace)


@app.command(rich_help_panel=Panel.RECORDINGS)
def view(
    bag: Annotated[Path, typer.Argument(metavar='BAG', help='Folder of a recording.')],
    robot: RecordedRobot = None,
    model: Model = 'base',
    host: Host = '127.0.0.1',
    port: Port = _PORT,
    browser: Browser = True,
    namespace: Namespace = None,
) -> None:
    """Open a recording in the page of `motionclip studio`.

    Everything that the robot was told stands in the history, with what its joints really did.

    Example: motionclip view out/demo/bag
    """
    _serve(bag, robot, model, host, port, browser, ros=False, namespace=namespace)


def _serve(
    bag: Path | None,
    robot: str | None,
    model: str,
    host: str,
    port: int,
    browser: bool,
    ros: bool,
    namespace: str | None,
) -> None:
    if importlib.util.find_spec('nicegui') is None:
        raise DependencyError(
            'the page needs NiceGUI, which is not installed; pip install "motionclip_ros[studio]"'
        )
    from motionclip_model.checkpoint import checkpoint_path
    from motionclip_ros.progress import working
    from motionclip_ros.studio.guard import entrance, new_token
    from motionclip_ros.studio.recordings import recorded_takes
    from motionclip_ros.studio.robot_link import RobotLink
    from motionclip_ros.studio.server import serve
    from motionclip_ros.studio.service import Service

    checkpoint_path(model)  # what is missing is said now, not to the first visitor
    service = Service(model)
    with working('loading'):
        opened = [] if bag is None else recorded_takes(bag, robot, namespace)
        name = opened[0].robot_name if opened else robot or 'g1'
        service.robot(name)
    port, token = _free(host, port), new_token(host)
    place = f'[{host}]' if ':' in host else host
    say(f'http://{place}:{port}{entrance(token)} - Ctrl-C ends it')
    link = RobotLink(namespace or '') if ros else None
    serve(service, name, (host, port), opened, link=link, token=token, show=browser)


def _free(host: str, port: int) -> int:
    """Return the port, or a free one for 0.

    Raises:
        ConfigError: It cannot be listened on.
    """
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    with socket.socket(family) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f'{host}:{port}: cannot be listened on ({error.strerror}); choose another with '
                '--port, or 0 for a free one'
            ) from None
        return int(trial.getsockname()[1])
