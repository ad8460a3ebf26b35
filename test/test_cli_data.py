"""The data commands say in a few lines what came in, what did not, and on what terms."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from motionclip_model.errors import MotionClipError
from motionclip_ros.cli import app


@pytest.fixture
def made(bvh_files: dict[str, Path], tmp_path: Path) -> tuple[str, Path]:
    """What an import of three BVH files printed, and the corpus that it made."""
    source = tmp_path / 'mine'
    source.mkdir()
    for name in ('jump_01', 'run', '13_19'):
        shutil.copy(bvh_files['daz'], source / f'{name}.bvh')
    (source / 'broken jump.bvh').write_text('HIERARCHY\n')
    out = tmp_path / 'corpus'
    command = ['data', 'import', str(source), '--out', str(out), '--licence', 'CC BY 4.0']
    result = CliRunner().invoke(app, command, catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout, out


def test_an_import_counts_and_lists_what_it_left_out(made: tuple[str, Path]) -> None:
    printed, out = made
    assert 'motions: 2 clips of 2 files, 2 skipped' in printed
    assert 'texts_motions_mine.jsonl' in printed
    listed = (out / 'skipped_motions_mine.jsonl').read_text().splitlines()
    assert len([json.loads(line) for line in listed]) == 2


def test_the_manifest_is_read_by_people_and_programs(made: tuple[str, Path]) -> None:
    _, out = made
    command = ['data', 'manifest', '--data', str(out)]
    for_people = CliRunner().invoke(app, command, catch_exceptions=False)
    assert '2 clips' in for_people.stdout
    assert 'CC BY 4.0' in for_people.stdout
    target = out / 'manifest.jsonl'
    command += ['--licence', 'commercial', '--json', '--out', str(target)]
    for_programs = CliRunner().invoke(app, command, catch_exceptions=False)
    value = json.loads(for_programs.stdout)
    assert value['totals']['licences']['CC BY 4.0']['commercial'] == 2
    assert [json.loads(line) for line in target.read_text().splitlines()] == value['clips']


def test_words_without_motions_are_refused(tmp_path: Path) -> None:
    (tmp_path / 'train.json').write_text('{}')
    with pytest.raises(MotionClipError, match='--amass'):
        CliRunner().invoke(
            app,
            ['data', 'import', str(tmp_path), '--out', str(tmp_path / 'out')],
            catch_exceptions=False,
        )
