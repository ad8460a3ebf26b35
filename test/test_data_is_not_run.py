"""No code is made of data: what unpickles, evaluates or runs a shell stands nowhere."""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ('motionclip_model/', 'motionclip_ros/')
MADE = {'build', 'install', 'log', 'out', 'runs', 'dist', 'site', 'bags'}

BANNED = re.compile(
    # Modules that run what they read, or read it so unless told otherwise; of smplx, `lbs`
    # computes and no more.
    r'(_?c?pickle\w?|cloudpickle|dill|joblib|jsonpickle|marshal|shelve|pandas|runpy|codeop|code'
    r'|imp|torch\.(hub|package|jit)|numpy\.(f2py|testing\._private)|smplx(?!\.lbs))(\..*)?'
    # What else runs text or chooses by a name.
    r'|(builtins\.)?(eval|exec|compile|__import__)'
    r'|(os|posix)\.(system|popen)'
    r'|subprocess\.get\w*output|asyncio(\.\w+)?\.create_subprocess_shell'
    r'|yaml\.((?!safe_)\w*load(_all)?|C?(Full|Unsafe)?Loader)'
)

BUILT_IN = ('eval', 'exec', 'compile', '__import__')

SAFE_ARGUMENTS = {
    'allow_pickle': False, 'shell': False, 'trust_remote_code': False, 'weights_only': True,
}  # fmt: skip
"""Arguments that may be nothing else, and no variable."""

NEEDED = {'torch.load': 'weights_only'}
"""What may be called with an argument alone, and not mentioned otherwise."""

PLACES = {'numpy.load': 1, 'subprocess.run': 1, 'subprocess.Popen': 1}
"""How many arguments may come without a name, lest one of those above does."""

ALLOWED = {
    ('test/bad_inputs/archives.py', 'pickle'): 'writes a malicious pickle; reads none',
    ('test/bad_inputs/archives.py', 'eval'): 'what it names',
    ('test/smpl_cases.py', 'pickle'): 'writes body models as SMPL has them; reads none',
    ('test/test_smpl_file.py', 'pickle'): 'shows that its malicious pickles would do harm',
    ('test/test_smpl_file.py', 'os.system'): 'what a malicious pickle names',
    ('test/test_strange_encoders.py', 'pickle'): 'writes malicious weights',
    ('test/test_strange_encoders.py', 'os.system'): 'what they name',
    ('motionclip_model/drawing/screen.py', 'import_module'): "one of MuJoCo's three backends",
    ('motionclip_ros/nodes/message_types.py', 'import_module'): 'checked by the ament index',
    ('test/test_packaging.py', 'import_module'): 'the entry points that setup.py declares',
    ('test/test_interfaces.py', 'import_module'): 'the packages that the test lists',
}
"""Where something of it stands after all, and why."""


def python_files() -> list[str]:
    """Everything in the repository that Python runs, scripts without an ending included."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in MADE and name[0] != '.']
        for name in names:
            path = Path(folder) / name
            if path.suffix == '.py' or (
                not path.suffix and re.match(rb'#!.*python', path.read_bytes())
            ):
                found.append(path.relative_to(ROOT).as_posix())
    return sorted(found)


def imported(tree: ast.AST) -> dict[str, str]:
    """Names in a file, and what they were imported as."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                whole = alias.name if alias.asname else alias.name.partition('.')[0]
                found[alias.asname or whole] = whole
        elif isinstance(node, ast.ImportFrom):
            found |= {a.asname or a.name: f'{node.module}.{a.name}' for a in node.names}
    return found


def full_name(node: ast.AST, known: dict[str, str]) -> str:
    """Name of an expression as its module has it; empty for what comes from no module."""
    if isinstance(node, ast.Name):
        return known.get(node.id, node.id if node.id in BUILT_IN else '')
    if isinstance(node, ast.Attribute):
        inner = full_name(node.value, known)
        return f'{inner}.{node.attr}' if inner else ''
    return ''


def suspicions(source: str, *, strangers: bool = True) -> Iterator[str]:
    """What in a file may run data.

    Args:
        source: Its text.
        strangers: Whether files of strangers reach it.
    """
    tree = ast.parse(source)
    known = imported(tree)
    safe = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if BANNED.fullmatch(alias.name))
        elif isinstance(node, ast.ImportFrom):
            names = [f'{node.module}.{alias.name}' for alias in node.names]
            yield from (name for name in names if BANNED.fullmatch(name) or name in NEEDED)
        elif isinstance(node, ast.Call):
            if is_safe(node, full_name(node.func, known)):
                safe.add(node.func)
            yield from of_call(node, full_name(node.func, known), strangers)
        elif isinstance(node, ast.Name | ast.Attribute):
            name = full_name(node, known)
            if BANNED.fullmatch(name) or (name in NEEDED and node not in safe):
                yield name
            elif isinstance(node, ast.Attribute) and node.attr in ('Unpickler', 'read_pickle'):
                yield node.attr


def is_safe(call: ast.Call, name: str) -> bool:
    """Whether a call has the argument that makes it safe."""
    return NEEDED.get(name) in {keyword.arg for keyword in call.keywords}


def of_call(call: ast.Call, name: str, strangers: bool) -> Iterator[str]:
    """What is wrong with the arguments of a call."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    for argument, wanted in SAFE_ARGUMENTS.items():
        value = given.get(argument)
        if value is not None and not (isinstance(value, ast.Constant) and value.value is wanted):
            yield argument
    if len(call.args) > PLACES.get(name, 99):
        yield name
    if name.endswith('import_module'):
        first = call.args[0]
        if not isinstance(first, ast.Constant):
            yield 'import_module'
        elif BANNED.fullmatch(str(first.value)):
            yield str(first.value)
    own = isinstance(call.func, ast.Attribute) and call.func.attr == 'from_pretrained'
    if strangers and own and 'trust_remote_code' not in given:
        yield 'from_pretrained'


def is_allowed(file: str, name: str) -> bool:
    return any(file == where and f'{name}.'.startswith(f'{what}.') for where, what in ALLOWED)


def test_no_file_runs_data() -> None:
    files = python_files()
    assert {'setup.py', 'lib/generator', 'launch/text_to_robot.launch.py'} <= set(files)
    found = {
        (file, name)
        for file in files
        for name in suspicions((ROOT / file).read_text(), strangers=file.startswith(PACKAGES))
    }
    assert not {pair for pair in found if not is_allowed(*pair)}
    used = {
        (where, what)
        for where, what in ALLOWED
        for file, name in found
        if file == where and f'{name}.'.startswith(f'{what}.')
    }
    assert used == set(ALLOWED)


@pytest.mark.parametrize(
    'source',
    [
        'import pickle',
        'import pickle as p\np.loads(b"")',
        'from pickle import loads',
        'from pickle import Unpickler as U',
        'import _pickle',
        'import cloudpickle.cloudpickle',
        'import joblib',
        'from joblib import load',
        'import marshal, json',
        'import importlib\nimportlib.import_module("dill")',
        'from importlib import import_module\nimport_module(name)',
        'import importlib\nimportlib.import_module(f"{name}.msg")',
        'x.Unpickler(file)',
        'import torch\ntorch.load(path)',
        'import torch as t\nt.load(path, weights_only=False)',
        'import torch\nt = torch.load',
        'from torch import load',
        'import torch\ntorch.load(path, weights_only=safe)',
        'import torch.jit\ntorch.jit.load(path)',
        'import torch\ntorch.hub.load(a, b)',
        'import numpy as np\nnp.load(path, allow_pickle=True)',
        'import numpy as np\nnp.load(path, allow_pickle=anything)',
        'import numpy as np\nnp.load(path, None, True)',
        'import pandas\npandas.read_pickle(path)',
        'import yaml\nyaml.load(text)',
        'from yaml import load as safe_load',
        'import yaml as y\ny.full_load(text)',
        'import yaml\nclass Own(yaml.Loader): pass',
        'eval(text)',
        'run = exec',
        'import builtins\nbuiltins.eval(text)',
        'compile(text, "", "exec")',
        '__import__(name)',
        'import os\nos.system(command)',
        'from os import popen',
        'import subprocess\nsubprocess.run(command, shell=True)',
        'import subprocess as s\ns.getoutput(command)',
        'import asyncio\nasyncio.create_subprocess_shell(command)',
        'import smplx\nsmplx.SMPL(path)',
        'from smplx import create',
        'AutoModel.from_pretrained(folder)',
        'AutoModel.from_pretrained(folder, trust_remote_code=True)',
    ],
)
def test_what_runs_data_is_found(source) -> None:
    assert set(suspicions(source))


@pytest.mark.parametrize(
    'source',
    [
        'import pickletools',
        'import re\nre.compile(text)',
        'spec.compile()',
        'model.eval()',
        'code = 3\ncode + 1',
        'import torch\ntorch.load(path, weights_only=True)',
        'import numpy as np\nnp.load(path, allow_pickle=False)',
        'import yaml\nyaml.safe_load(text)',
        'from smplx.lbs import lbs',
        'import importlib\nimportlib.import_module("smplx.lbs").lbs',
        'import subprocess\nsubprocess.run(["ls"], check=True)',
        'AutoModel.from_pretrained(folder, trust_remote_code=False)',
    ],
)
def test_what_does_not_is_let_be(source) -> None:
    assert not set(suspicions(source))
