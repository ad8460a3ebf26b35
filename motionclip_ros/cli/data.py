"""Commands that prepare a corpus and say what is in it."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from motionclip_model.storage import write_atomically
from motionclip_ros.cli.app import Corpus, Json, app, console, print_json, say

data = typer.Typer(help='Import captioned motions and list what a corpus holds.')
app.add_typer(data, name='data', no_args_is_help=True)

_SHOWN = 10


@data.command('import')
def import_data(
    source: Annotated[Path, typer.Argument(help='Folder of BABEL, HumanML3D, or .npz and .bvh.')],
    out: Annotated[Path, typer.Option('--out', '-o', help='Corpus to write or to add to.')],
    kind: Annotated[
        str | None,
        typer.Option(help='babel, humanml3d or motions.', show_default='what SOURCE looks like'),
    ] = None,
    amass: Annotated[
        Path | None, typer.Option(help='AMASS folder that BABEL and HumanML3D refer to.')
    ] = None,
    licence: Annotated[
        str | None,
        typer.Option(help='Terms of SOURCE, such as "CC BY 4.0".', show_default='what is known'),
    ] = None,
) -> None:
    """Turn a collection into a corpus that train and evaluate read. Can be interrupted.

    Example: motionclip data import babel_v1.0_release --amass AMASS --out data
    """
    from motionclip_model.data.importing import import_corpus

    with _bar() as bar:
        task = bar.add_task('importing', total=None)
        found = import_corpus(
            source,
            out,
            kind=kind,
            amass=amass,
            licence=licence,
            on_file=lambda done, total: bar.update(task, completed=done, total=total),
        )
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
        str, typer.Option(help='any, or commercial to leave out all other clips.')
    ] = 'any',
    json_output: Json = False,
    out: Annotated[
        Path | None, typer.Option('--out', '-o', help='Write a line of JSON for each clip.')
    ] = None,
) -> None:
    """List the clips of a corpus with their licences, and what cannot be used and why.

    Example: motionclip data manifest --data data --licence commercial --out manifest.jsonl
    """
    from motionclip_model.data.manifest import make_manifest

    with _bar() as bar:
        task = bar.add_task('reading', total=None)
        found = make_manifest(
            corpus, licence, lambda done, total: bar.update(task, completed=done, total=total)
        )
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


def _bar() -> Progress:
    # On stderr: with --json nothing else than JSON may stand on stdout.
    return Progress(
        TextColumn('{task.description:10}'),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
