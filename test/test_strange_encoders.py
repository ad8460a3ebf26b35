"""A folder with a text encoder comes from elsewhere; none of its code is run."""

import json
import os
import pickle
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from small_clip import small_clip

from motionclip_model.errors import EncoderError
from motionclip_model.text_encoder import TextEncoder


@pytest.fixture(scope='module')
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_clip(tmp_path_factory.mktemp('clip'))


@pytest.fixture
def folder(clip_folder: Path, tmp_path: Path) -> Path:
    """A copy that may be changed."""
    return Path(shutil.copytree(clip_folder, tmp_path / 'clip'))


class Harm:
    """Pickles as a command."""

    def __init__(self, mark: Path):
        self.mark = mark

    def __reduce__(self):
        """Say what to call."""
        return os.system, (f'touch {self.mark}',)


def refused(folder: Path) -> str:
    with pytest.raises(EncoderError) as caught:
        TextEncoder.load(str(folder))
    assert '\n' not in str(caught.value)
    return str(caught.value)


def test_weights_in_a_pickle_are_read_as_tensors_alone(folder: Path, tmp_path: Path) -> None:
    weights = load_file(folder / 'model.safetensors')
    (folder / 'model.safetensors').unlink()
    torch.save(weights, folder / 'pytorch_model.bin')
    assert TextEncoder.load(str(folder)).encode(['walk']).meaning.shape == (1, 24)

    mark = tmp_path / 'mark'
    torch.save({**weights, 'harm': Harm(mark)}, folder / 'pytorch_model.bin')
    assert 'more than tensors' in refused(folder)
    (folder / 'pytorch_model.bin').write_bytes(pickle.dumps(Harm(mark)))
    refused(folder)
    assert not mark.exists()


def test_code_in_a_folder_is_not_run_and_nobody_is_asked(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / 'mark'
    (folder / 'own.py').write_text(f'open({str(mark)!r}, "w").close()\n')
    config = json.loads((folder / 'config.json').read_text())
    names = {
        'AutoConfig': 'own.Config',
        'AutoModel': 'own.Model',
        'AutoTokenizer': ['own.T', None],
    }
    monkeypatch.setattr('builtins.input', lambda *_: pytest.fail('somebody was asked'))
    (folder / 'config.json').write_text(
        json.dumps({**config, 'auto_map': names, 'model_type': 'x'})
    )
    assert 'x' in refused(folder)
    tokenizer = json.loads((folder / 'tokenizer_config.json').read_text())
    (folder / 'config.json').write_text(json.dumps({**config, 'auto_map': names}))
    (folder / 'tokenizer_config.json').write_text(json.dumps({**tokenizer, 'auto_map': names}))
    TextEncoder.load(str(folder))  # what is known here takes nobody's code
    assert not mark.exists()
