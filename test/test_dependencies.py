"""What is installed is listed with its hashes and licences, and in a bill of materials."""

import json
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest
from conftest import ROOT
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name

from motionclip_model.storage import file_hash

sys.path.append(str(ROOT / 'scripts'))

import audit
import licences
import lock
import sbom
from dependencies import Dependency, dependencies, hashes, table

LISTS = ('build', 'environment', 'cpu', 'cuda', 'interfaces')
PLAIN = Dependency('thing', '1.0', 'MIT', '', (), '')


@pytest.fixture(scope='module')
def found() -> list[Dependency]:
    return dependencies()


def entries(name: str) -> dict[str, str]:
    """Names and versions of a list in requirements/; each entry has a hash."""
    text = (ROOT / 'requirements' / f'{name}.txt').read_text()
    listed = {}
    for entry in re.split(r'(?<!\\)\n', text):
        if entry and not entry.startswith('#'):
            head, *values = entry.split(' \\\n    --hash=sha256:')
            assert values, f'{head} has no hash'
            assert all(re.fullmatch('[0-9a-f]{64}', value) for value in values), head
            package, version = head.partition(' ;')[0].split('==')
            listed[canonicalize_name(package)] = version
    return listed


@pytest.mark.parametrize('name', LISTS)
def test_a_list_names_no_registry_and_agrees_with_the_constraints(name) -> None:
    lines = (ROOT / 'constraints.txt').read_text().splitlines()
    pins = dict(line.split('==') for line in lines if '==' in line)
    pins = {canonicalize_name(package): version for package, version in pins.items()}
    assert '://' not in (ROOT / 'requirements' / f'{name}.txt').read_text()
    for package, version in entries(name).items():
        if name != 'interfaces' or package in pins:
            assert version.partition('+')[0] == pins[package], f'{package}: run make lock'


def test_all_that_is_needed_is_listed(found) -> None:
    listed = {**entries('environment'), **entries('cpu')}
    for each in found:
        assert each.name in listed, f'{each.name}: run make lock'
    wanted = {canonicalize_name(re.split(r'[<>=]', line)[0]) for line in lock.wanted()}
    assert wanted <= listed.keys(), 'setup.py has changed: run make lock'
    builds = {line.partition('==')[0] for line in lock.build_requirements()}
    assert {canonicalize_name(name) for name in builds} <= entries('interfaces').keys()
    assert hashes().keys() >= listed.keys()


def test_only_files_for_our_pythons_are_kept() -> None:
    for tag in (
        'py3-none-any', 'py2.py3-none-any', 'py311-none-any', 'cp39-abi3-manylinux2014_x86_64',
        'cp311-cp311-manylinux_2_28_x86_64', 'cp312-cp312-manylinux2014_x86_64',
    ):  # fmt: skip
        assert lock.fits(f'a-1-{tag}.whl'), tag
    for tag in (
        'cp313-cp313-manylinux_2_28_x86_64', 'cp311-cp311-win_amd64', 'py313-none-any',
        'cp311-cp311-musllinux_1_2_x86_64', 'cp312-cp312-manylinux_2_28_aarch64',
    ):  # fmt: skip
        assert not lock.fits(f'a-1-{tag}.whl'), tag


def test_pip_refuses_a_file_that_was_changed(tmp_path) -> None:
    path = tmp_path / 'thing-1.0-py3-none-any.whl'
    with zipfile.ZipFile(path, 'w') as archive:
        archive.writestr('thing.py', '')
        archive.writestr('thing-1.0.dist-info/METADATA', 'Name: thing\nVersion: 1.0\n')
        archive.writestr('thing-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\nTag: py3-none-any\n')
        archive.writestr('thing-1.0.dist-info/RECORD', '')
    (tmp_path / 'list.txt').write_text(f'thing==1.0 --hash=sha256:{file_hash(path)}\n')
    script = (ROOT / 'scripts' / 'environment').read_text()
    options = '--require-hashes -r'
    assert f'install {options} "requirements/$1.txt"' in script
    command = [sys.executable, '-m', 'pip', '--isolated', 'install', '--no-index', '--no-deps',
               '--target', tmp_path / 'there', '--find-links', tmp_path,
               *options.split(), tmp_path / 'list.txt']  # fmt: skip
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    path.write_bytes(path.read_bytes() + b'\0')
    result = subprocess.run([*command, '--upgrade'], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert 'DO NOT MATCH THE HASHES' in result.stderr


def test_every_licence_is_known_and_fits(found) -> None:
    assert list(licences.complaints(found, table())) == []


@pytest.mark.parametrize(
    ('licence', 'wrong'),
    [
        ('MIT', ''),
        ('GPL-2.0-only OR MIT', ''),
        ('Apache-2.0 WITH LLVM-exception AND (MPL-2.0 OR AGPL-3.0-only)', ''),
        ('', 'name no licence'),
        ('GPL-3.0-or-later', 'not among the allowed'),
        ('MIT AND AGPL-3.0-only', 'not among the allowed'),
    ],
)
def test_unknown_and_unfit_licences_are_a_line_each(licence, wrong) -> None:
    lines = list(licences.complaints([PLAIN._replace(licence=licence)], {}))
    assert len(lines) == bool(wrong)
    assert all(wrong in line and '\n' not in line for line in lines)
    allowed = {'thing': {'accept': ['GPL-3.0-or-later']}}
    assert not list(licences.complaints([PLAIN._replace(licence='GPL-3.0-or-later')], allowed))


def test_the_table_of_licences_has_reasons_and_nothing_stale(found) -> None:
    names = {each.name for each in found}
    for name, entry in table().items():
        assert name in names
        assert entry['why']
        assert licences._SPDX.validate(entry['licence']).errors == []


def test_the_bill_of_materials_is_valid_and_the_same_each_time(found) -> None:
    needed = [each for each in found if not each.needed_by]
    text = sbom.written(needed, 1_700_000_000)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert sbom.written(list(reversed(needed)), 1_700_000_000) == text
    parts = {part['name']: part for part in json.loads(text)['components']}
    for name in ('base', 'open'):
        path = ROOT / 'motionclip_model' / 'weights' / f'{name}.safetensors'
        assert parts[f'motionclip {name}']['hashes'][0]['content'] == file_hash(path)
        assert parts[f'motionclip {name}']['licenses']
    numpy = parts['numpy']
    assert numpy['version'] == metadata.version('numpy')
    assert numpy['licenses']
    (files,) = numpy['externalReferences']
    assert {each['content'] for each in files['hashes']} == set(hashes()['numpy'])


@dataclass
class Asked:
    """A report of pip-audit with one package that was looked up and one that may not have been."""

    flaws: tuple[str, ...] = ()
    skipped: bool = False

    def report(self) -> dict:
        other = {'name': 'b', 'version': '2', 'vulns': []}
        if self.skipped:
            other = {'name': 'b', 'skip_reason': 'not found'}
        flaws = [{'id': name, 'fix_versions': ['3']} for name in self.flaws]
        return {'dependencies': [{'name': 'a', 'version': '1', 'vulns': flaws}, other]}


@pytest.mark.parametrize(
    ('report', 'status', 'said'),
    [
        (Asked().report(), audit.CLEAN, '2 packages, no known flaws'),
        (Asked(('PYSEC-1',)).report(), audit.FOUND, 'a 1: PYSEC-1, mended in 3'),
        (Asked(('PYSEC-1',), skipped=True).report(), audit.FOUND, 'PYSEC-1'),
        (Asked(skipped=True).report(), audit.NOT_ASKED, 'knew 1 of 2 packages'),
        (None, audit.NOT_ASKED, 'was not reached'),
        ({'dependencies': []}, audit.NOT_ASKED, 'was not reached'),
    ],
)
def test_not_being_able_to_look_is_not_being_clean(report, status, said) -> None:
    answer = audit.judged(report, 'pypi')
    assert answer.status == status
    assert said in ' '.join(answer.lines)


def test_the_lists_that_are_asked_about_are_there() -> None:
    for name in audit.LISTS:
        assert Path(ROOT / 'requirements' / f'{name}.txt').is_file()
