"""Commands that prepare a corpus and say what is in it."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from motionclip_ros.cli import completing
from motionclip_ros.cli.app import Corpus, Json, app, console, print_json, say
from motionclip_ros.cli.helping import Group, Panel
from motionclip_ros.progress import working

data = typer.Typer(cls=Group, help='Import captioned motions and list what a corpus holds.')
app.add_typer(data, name='data', no_args_is_help=True, rich_help_panel=Panel.MODEL)

_SHOWN = 10


@data.command('import')
def import_data(
    source: Annotated[
        Path,
        typer.Argument(metavar='SOURCE', help='Folder of BABEL, HumanML3D, or .npz and .bvh.'),
    ],
    out: Annotated[Path, typer.Option('--out', '-o', help='Corpus to write or to add to.')],
    kind: Annotated[
        str | None,
        typer.Option(
            help='babel, humanml3d or motions.',
            show_default='what SOURCE looks like',
            autocompletion=completing.one_of('babel', 'humanml3d', 'motions'),
        ),
    ] = None,
    amass: Annotated[
        Path | None, typer.Option(help='AMASS folder that BABEL and HumanML3D refer to.')
    ] = None,
    licence: Annotated[
        str | None,
        typer.Option(help='Terms of SOURCE, such as "CC BY 4.0".', show_default='what is known'),
    ] = None,
    json_output: Json = False,
) -> None:
    """Turn a collection into a corpus that train and evaluate read. Can be interrupted.

    Example: motionclip data import babel_v1.0_release --amass AMASS --out data

    Example: motionclip data import my_clips --licence "CC BY 4.0" --out data
    """
    with working('importing') as work:
        from motionclip_model.data.importing import import_corpus

        found = import_corpus(source, out, kind=kind, amass=amass, licence=licence, on_file=work)
    if json_output:
        print_json(
            {
                'kind': found.kind,
                'clips': found.clips,
                'files': found.files,
                'skipped': [{'path': each.path, 'reason': each.reason} for each in found.skipped],
                'texts': str(found.texts),
            }
        )
        return
    say(
        f'{found.kind}: {found.clips} clips of {found.files} files, {len(found.skipped)} skipped; '
        f'wrote {found.texts}'
    )
    if found.skipped:
        console.print(_reasons(Counter(each.reason for each in found.skipped).items()))
        say(f'all of them: {out / found.texts.name.replace("texts", "skipped", 1)}')


@data.command()
def manifest(
    corpus: Corpus,
    licence: Annotated[
        str,
        typer.Option(
            help='any, or commercial to leave out all other clips.',
            autocompletion=completing.one_of('any', 'commercial'),
        ),
    ] = 'any',
    json_output: Json = False,
    out: Annotated[
        Path | None, typer.Option('--out', '-o', help='Write a line of JSON for each clip.')
    ] = None,
) -> None:
    """List the clips of a corpus with their licences, and what cannot be used and why.

    Example: motionclip data manifest --data data --licence commercial --json
    """
    with working('reading') as work:
        from motionclip_model.data.manifest import make_manifest
        from motionclip_model.storage import write_atomically

        found = make_manifest(corpus, licence, work)
    everything = found.as_json()
    if out is not None:
        with write_atomically(out) as file:
            file.writelines(f'{json.dumps(line)}\n'.encode() for line in everything['clips'])
    if json_output:
        print_json(everything)
        return
    totals = everything['totals']
    splits = ', '.join(f'{count} {split}' for split, count in totals['splits'].items())
    say(f'{totals["clips"]} clips, {totals["hours"]:.2f} h ({splits})')
    console.print(_licences(totals['licences']))
    if found.skipped:
        say(f'{len(found.skipped)} left out:')
        console.print(_reasons(totals['skipped'].items()))
        for each in found.skipped[:_SHOWN]:
            say(f'  {each.path}: {each.reason}')
        if len(found.skipped) > _SHOWN:
            say(f'  and {len(found.skipped) - _SHOWN} more; --json lists them all')
    if out is not None:
        say(f'wrote {out}')


def _licences(totals: dict[str, dict[str, Any]]) -> Table:
    table = Table('licence', 'use', 'clips', 'hours', 'captions', 'commercial clips')
    for licence, entry in totals.items():
        numbers = (entry['clips'], f'{entry["hours"]:.2f}', entry['captions'], entry['commercial'])
        table.add_row(licence, entry['terms'], *map(str, numbers))
    return table


def _reasons(counts: Iterable[tuple[str, int]]) -> Table:
    table = Table('why', 'how many')
    for reason, count in sorted(counts, key=lambda item: -item[1])[:_SHOWN]:
        table.add_row(reason, str(count))
    return table
