"""What `mkdocs build` adds to the pages in docs/: files kept elsewhere, and what code knows."""

import dataclasses
import re
import sys
from pathlib import Path
from typing import Any

import typer
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url
from rich.text import Text
from typer.cli import get_docs_for_click

from motionclip_ros.cli import app
from motionclip_ros.parameters import definitions

sys.path.append(str(Path(__file__).resolve().parent))

import licences

ROOT = Path(__file__).resolve().parent.parent

KEPT_ELSEWHERE = {
    'motionclip_model/weights/base.md': 'model_cards/base.md',
    'motionclip_model/weights/open.md': 'model_cards/open.md',
    'CONTRIBUTING.md': 'contributing.md',
    'CHANGELOG.rst': 'changelog.md',
}
"""Files of the repository and the pages that they become."""

NODES = {
    'generator': definitions.GeneratorParameters,
    'simulator': definitions.SimulatorParameters,
    'recorder': definitions.RecorderParameters,
    'recogniser': definitions.RecogniserParameters,
    'player': definitions.PlayerParameters,
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages whose files are kept elsewhere."""
    for path, name in KEPT_ELSEWHERE.items():
        files.append(File.generated(config, name, content=page_of(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Complete pages by what the code knows; lead links to files kept elsewhere to their pages."""
    if page.file.src_uri in COMPLETED:
        markdown += '\n\n' + COMPLETED[page.file.src_uri]()
    for path, target in KEPT_ELSEWHERE.items():
        there = get_relative_url(target, page.file.src_uri)
        markdown = re.sub(rf'\]\((?:\.\./)+{re.escape(path)}(?=[)#])', f']({there}', markdown)
    return markdown


def page_of(path: Path) -> str:
    """Read a file; the changelog's reStructuredText has titles, lists and literals alone."""
    text = path.read_text()
    if path.suffix == '.rst':
        body = text.split('\n', 3)[3]
        text = '# Changelog\n' + body.replace('``', '`')
    return text


def command_line() -> str:
    """Let every command be described by its own help."""
    group: Any = typer.main.get_command(app)
    context = typer.Context(group, info_name='motionclip')
    parts = [group.help, fenced(plain(group.epilog))]
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        for each in (command, *getattr(command, 'commands', {}).values()):
            each.short_help = each.help.partition('\n')[0]  # whole, not cut after 45 letters
            if each.epilog:
                _, _, examples = plain(each.epilog).partition('\n')
                each.epilog = fenced(examples)
        parts.append(
            get_docs_for_click(obj=command, ctx=context, indent=1, call_prefix='motionclip')
        )
    return '\n\n'.join(parts)


def plain(markup: str) -> str:
    """Take the colours out of what a terminal is shown."""
    return Text.from_markup(markup).plain


def fenced(text: str) -> str:
    """Show a text as it is, line by line."""
    return f'```text\n{text}\n```'


def parameters() -> str:
    """Tabulate the parameters of all nodes."""
    parts = []
    for node, kind in NODES.items():
        rows = (parameter_row(field) for field in dataclasses.fields(kind))
        head = '| name | |\n|---|---|'
        parts += [f'## {node}', '\n'.join([head, *rows])]
    return '\n\n'.join(parts)


def parameter_row(field: 'dataclasses.Field[Any]') -> str:
    """Describe a parameter by what ROS 2 is told of it."""
    told = field.metadata
    values = field.default if isinstance(field.default, tuple) else (field.default,)
    shown = ', '.join(f'`{value!r}`' for value in values)
    allowed = ', '.join(f'`{choice}`' for choice in told['choices'])
    if told['between']:
        allowed = '{:g} to {:g}'.format(*told['between']) + ' or 0' * told['or_zero']
    when = '*At start.*' if told['fixed'] else '*Unconfigured.*' if told['at_configure'] else ''
    about = [f'{told["description"]}.', allowed and f'{allowed}.', f'Default: {shown}.', when]
    return f'| `{field.name}` | {" ".join(filter(None, about))} |'


COMPLETED = {
    'reference/command_line.md': command_line,
    'reference/dependencies.md': licences.page,
    'reference/parameters.md': parameters,
}
"""Pages that end with what a function writes."""
