"""Commands that change and mix meanings, and show what comes of it."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from motionclip_model.errors import ConfigError
from motionclip_ros.cli.app import Json, Model, Seconds, app, load_motion, print_json, say
from motionclip_ros.cli.helping import Panel
from motionclip_ros.progress import Work, working

Out = Annotated[Path, typer.Option('--out', '-o', help='Folder for the motions.')]
Seed = Annotated[
    int, typer.Option(min=0, help='The same for all motions: only their meaning differs.')
]
Render = Annotated[bool, typer.Option('--render', help='Also motions.png, a row for each.')]


_TABLE_BYTES = 1_000_000
"""Largest table of what is to be made; each line takes a second and more."""


class Wanted(NamedTuple):
    """A motion to make: its file, what it is called, and its place in the aligned space."""

    file: str
    title: str
    meaning: Any


@app.command(rich_help_panel=Panel.MOTIONS)
def edit(
    base: Annotated[
        str | None,
        typer.Argument(
            metavar='[BASE]', help='Text, motion file, or a sum: "walk + tired - normal".'
        ),
    ] = None,
    out: Out = Path('out/edit'),
    start: Annotated[
        str | None, typer.Option('--from', help='Text or motion file where the change begins.')
    ] = None,
    end: Annotated[
        str | None, typer.Option('--to', help='Text or motion file where it leads.')
    ] = None,
    table: Annotated[
        Path | None,
        typer.Option('--csv', help='Many edits: motion_source (text or data),base,v_start,v_end.'),
    ] = None,
    strength: Annotated[float, typer.Option(help='1 is the whole change.')] = 1.0,
    seconds: Seconds = None,
    seed: Seed = 0,
    model: Model = 'base',
    render: Render = False,
    json_output: Json = False,
) -> None:
    """Change what a motion means: BASE - FROM + TO. Writes it as it was and as it is edited.

    Example: motionclip edit walk --from normal --to tired --out out/tired --render

    Example: motionclip edit "walk + tired - normal" --strength 1.5

    Example: motionclip edit --csv edits.csv --out out/edits
    """
    with working('loading') as work:
        from motionclip_model.latent import edited, meanings

        edits = _edits(base, start, end, table)
        network = _load(model)
        wanted = []
        for number, (name, title, terms) in enumerate(edits, start=1):
            mark = f'_{number}' if table else ''
            before = meanings(network, [terms[0].source])[0]
            wanted.append(Wanted(f'base{mark}.npz', name, before))
            wanted.append(Wanted(f'edited{mark}.npz', title, edited(network, terms, strength)))
        made = _make(network, wanted, out, seconds, seed, render, work)
    _tell(made, json_output)


@app.command(rich_help_panel=Panel.MOTIONS)
def interpolate(
    points: Annotated[
        list[str] | None,
        typer.Argument(metavar='[POINTS]...', help='Two or more texts or motion files.'),
    ] = None,
    out: Out = Path('out/interpolate'),
    stops: Annotated[int, typer.Option(min=2, help='Motions on the way, both ends included.')] = 5,
    table: Annotated[Path | None, typer.Option('--csv', help='Many ways: start,end.')] = None,
    seconds: Seconds = None,
    seed: Seed = 0,
    model: Model = 'base',
    render: Render = False,
    json_output: Json = False,
) -> None:
    """Go from one meaning to the next in even steps and make a motion at each stop.

    Example: motionclip interpolate walk run --stops 5 --out out/faster --render

    Example: motionclip interpolate walk.npz "a person dances" sit.bvh --stops 7
    """
    if bool(points) == bool(table):
        raise ConfigError('give two or more texts or motion files, or --csv FILE')
    ways = [points or []]
    if table:
        ways = [[row['start'], row['end']] for row in read_table(table, ('start', 'end'))]
    with working('loading') as work:
        from motionclip_model.latent import interpolated, meanings

        sources = [[_source(point, table) for point in way] for way in ways]
        network = _load(model)
        wanted = []
        for number, (way, own) in enumerate(zip(ways, sources, strict=True), start=1):
            mark = f'_{number}' if table else ''
            for stop, meaning in enumerate(interpolated(meanings(network, own), stops)):
                title = _share_of_way(way, stop, stops)
                wanted.append(Wanted(f'stop{mark}_{stop}.npz', title, meaning))
        made = _make(network, wanted, out, seconds, seed, render, work)
    _tell(made, json_output)


def _load(model: str) -> Any:
    """Load a model; PyTorch is set to one CPU thread, for the same bytes everywhere."""
    import torch

    from motionclip_model.model import MotionClip

    torch.set_num_threads(1)
    return MotionClip.load(model)


def _share_of_way(way: Sequence[str], stop: int, stops: int) -> str:
    """Say between which points a stop lies, and how far it is from one to the other."""
    place = stop * (len(way) - 1) / (stops - 1)
    first = min(int(place), len(way) - 2)
    return f'{_name(way[first])} to {_name(way[first + 1])}: {100 * (place - first):.0f} %'


def _edits(
    base: str | None, start: str | None, end: str | None, table: Path | None
) -> list[tuple[str, str, tuple[Any, ...]]]:
    """Edits with the names of their bases and their own, whichever way they were asked for."""
    from motionclip_model.latent import Term, parse_terms

    if table is not None and base is None and start is None and end is None:
        triples = []
        for row in read_table(table, ('motion_source', 'base', 'v_start', 'v_end')):
            if row['motion_source'] not in ('text', 'data'):
                raise ConfigError(
                    f'{table}: motion_source is "text" or "data" (motion files), not '
                    f'{row["motion_source"]!r}'
                )
            triples.append((row['base'], row['v_start'], row['v_end']))
    elif table is None and base is not None and (start is None) == (end is None):
        if start is None or end is None:
            found = parse_terms(base)
            terms = tuple(Term(each.sign, _source(str(each.source), None)) for each in found)
            return [(_name(str(found[0].source)), base, terms)]
        triples = [(base, start, end)]
    else:
        raise ConfigError('give BASE with both --from and --to, or a sum, or --csv FILE alone')
    return [
        (
            _name(before),
            ' '.join((_name(before), '-', _name(first), '+', _name(last))),
            tuple(
                Term(sign, _source(each, table))
                for sign, each in ((1, before), (-1, first), (1, last))
            ),
        )
        for before, first, last in triples
    ]


def _source(text: str, table: Path | None) -> Any:
    """A motion where the text names a file of one, beside the table that names it."""
    from motionclip_model.data.motion_file import MOTION_SUFFIXES

    if not text.lower().endswith(MOTION_SUFFIXES):
        return text
    return load_motion(table.parent / text if table else Path(text))


def _name(source: str) -> str:
    """A text itself, or the name of a motion file without its folders."""
    from motionclip_model.data.motion_file import MOTION_SUFFIXES

    return Path(source).name if source.lower().endswith(MOTION_SUFFIXES) else source


def read_table(table: Path, names: tuple[str, ...]) -> list[dict[str, str]]:
    """Read a table of texts and motion files.

    Args:
        table: A CSV file.
        names: Columns that every line must have.

    Raises:
        ConfigError: It is missing or malformed.
    """
    from motionclip_model.reading import read_text

    text = read_text(table, ConfigError, _TABLE_BYTES)
    try:
        rows = list(csv.DictReader(text.splitlines(keepends=True), skipinitialspace=True))
    except csv.Error as error:
        raise ConfigError(f'{table}: not a readable CSV file ({error})') from None
    if not rows or any(not row.get(name) for row in rows for name in names):
        raise ConfigError(f'{table}: every line must have {",".join(names)}, named in the first')
    return [{name: row[name].strip() for name in names} for row in rows]


def _make(
    model: Any,
    wanted: Sequence[Wanted],
    out: Path,
    seconds: float | None,
    seed: int,
    render: bool,
    work: Work,
) -> list[dict[str, Any]]:
    """Generate the motions, write them, and return how near they came to what was wanted."""
    import torch

    work.stage('generating')
    meanings = torch.stack([each.meaning for each in wanted])
    durations = None if seconds is None else [seconds] * len(wanted)
    motions = model.generate_many(meanings, durations, [seed] * len(wanted))
    cosines = (model.encode_motions(motions) * meanings).sum(-1).tolist()
    entries = []
    for each, motion, cosine in zip(wanted, motions, cosines, strict=True):
        motion.save(out / each.file)
        entries.append(
            {
                'file': str(out / each.file),
                'title': each.title,
                'seconds': motion.seconds,
                'cosine': cosine,
            }
        )
    if render:
        from motionclip_ros.comparison import compare

        work.stage('drawing motions.png')
        compare(out / 'motions.png', motions, [each.title for each in wanted], work)
    return entries


def _tell(entries: list[dict[str, Any]], json_output: bool) -> None:
    if json_output:
        print_json(entries)
        return
    for entry in entries:
        say(f'{entry["file"]}: {entry["title"]}, {entry["seconds"]:.1f} s')
