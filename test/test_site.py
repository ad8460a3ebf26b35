"""Pages of the documentation that are made of code hold all of it."""

import importlib.util
from types import SimpleNamespace

import pytest
import typer
import yaml
from conftest import ROOT

from motionclip_ros.cli import app

pytest.importorskip('mkdocs', reason='needs the extra docs')


@pytest.fixture(scope='module')
def hooks():
    path = ROOT / 'scripts' / 'site_hooks.py'
    spec = importlib.util.spec_from_file_location('site_hooks', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_command_is_described_with_its_options(hooks) -> None:
    page = hooks.command_line()
    for name, command in typer.main.get_command(app).commands.items():
        assert f'## `motionclip {name}`' in page
        for inner in getattr(command, 'commands', {}):
            assert f'### `motionclip {name} {inner}`' in page
    assert '--text-encoder' in page
    assert '$ motionclip robot add my_robot.urdf --name mine\n' in page


def test_every_parameter_of_every_node_is_described(hooks) -> None:
    page = hooks.parameters()
    declared = yaml.safe_load((ROOT / 'config' / 'motionclip.yaml').read_text())
    for node in declared.values():
        for name in node['ros__parameters']:
            assert f'| `{name}` |' in page
    assert 'Part of the velocity limits that may be used. 0.01 to 1. Default: `1.0`. |' in page
    assert '0 leaves it to the text. 1 to 10 or 0. Default: `0.0`. |' in page
    assert 'to a manager. Default: `True`. *At start.* |' in page


def test_links_to_files_kept_elsewhere_lead_to_their_pages(hooks) -> None:
    def linked(page: str, text: str) -> str:
        return hooks.on_page_markdown(text, SimpleNamespace(file=SimpleNamespace(src_uri=page)))

    assert linked('model.md', '[b](../motionclip_model/weights/base.md)') == (
        '[b](model_cards/base.md)'
    )
    assert linked('tutorials/x.md', '[c](../../CONTRIBUTING.md#tests)') == (
        '[c](../contributing.md#tests)'
    )


def test_the_changelog_becomes_a_page(hooks) -> None:
    page = hooks.page_of(ROOT / 'CHANGELOG.rst')
    assert page.startswith('# Changelog\n')
    assert '\n0.1.0 (' in page
    assert '``' not in page
    assert '^^^' not in page
