"""What a text encoder accepts, and that it knows what words mean."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from small_clip import EMBEDDING_WIDTH, TOKEN_WIDTH, small_clip
from transformers import (
    CLIPModel,
    CLIPTextConfig,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    CLIPVisionConfig,
    SiglipConfig,
    T5Config,
)

from motionclip_model.errors import EncoderError, TextError
from motionclip_model.minilm import minilm_folder
from motionclip_model.model import MotionClip
from motionclip_model.text_encoder import MAX_CHARACTERS, TextEncoder, clean_text


@pytest.fixture(scope='module')
def minilm() -> TextEncoder:
    return TextEncoder.load()


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('', 'empty'),
        (' \t\n ', 'empty'),
        ('walk ' * 2000, '9999 characters'),
        ('wave\x07', 'U\\+0007'),
        ('wave\x00now', 'U\\+0000'),
        ('wa\u200bve', 'U\\+200B'),
        ('\u202egnivaw', 'U\\+202E'),
        ('человек идёт', 'cyrillic'),
        ('手を振る', 'cjk'),
        ('เดิน', 'thai'),
        ('12345 !!!', 'no words'),
        ('🤖🤖', 'no words'),
    ],
)
def test_what_is_no_command_is_refused_in_one_line(text: str, reason: str) -> None:
    with pytest.raises(TextError, match=reason) as caught:
        clean_text(text)
    assert '\n' not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize('text', ['a person waves', "it's a café salute", '2 steps forward, x3'])
def test_plain_words_pass(text: str) -> None:
    assert clean_text(f'  {text}\n') == text


@given(st.text(max_size=2 * MAX_CHARACTERS))
@settings(max_examples=300)
def test_any_text_is_cleaned_or_refused(text: str) -> None:
    try:
        cleaned = clean_text(text)
    except TextError:
        return
    assert clean_text(cleaned) == cleaned
    assert cleaned
    assert len(cleaned) <= MAX_CHARACTERS


def test_alike_sentences_are_near(minilm: TextEncoder) -> None:
    texts = ['a person waves', 'someone is waving a hand', 'a person kicks a ball']
    meaning = minilm.encode(texts).meaning
    assert meaning.shape == (3, minilm.embedding_width)
    assert torch.allclose(meaning.norm(dim=-1), torch.ones(3), atol=1e-5)
    assert meaning[0] @ meaning[1] > meaning[0] @ meaning[2] + 0.2


def test_it_says_what_transformers_says(minilm: TextEncoder) -> None:
    texts = ['a person waves', 'somebody turns left, then runs away', "it's a café salute!"]
    found = minilm.encode(texts)
    theirs = TextEncoder.load(str(minilm_folder())).encode(texts)
    assert torch.equal(found.words_valid, theirs.words_valid)
    assert torch.allclose(found.meaning, theirs.meaning, atol=1e-6)
    valid = found.words_valid
    assert torch.allclose(found.words[valid], theirs.words[valid], atol=1e-5)
    assert (minilm.embedding_width, minilm.token_width) == (384, 384)


def test_a_damaged_package_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(minilm_folder(), tmp_path / 'copy')
    weights = tmp_path / 'copy' / 'model.safetensors'
    weights.write_bytes(weights.read_bytes()[:10_000])
    monkeypatch.setattr('motionclip_model.minilm.minilm_folder', lambda: tmp_path / 'copy')
    with pytest.raises(EncoderError, match=r'damaged .* --force-reinstall') as caught:
        TextEncoder.load()
    assert '\n' not in str(caught.value)


def test_company_does_not_change_an_embedding(minilm: TextEncoder) -> None:
    alone = minilm.encode(['a person waves'])
    together = minilm.encode(['a person waves', 'somebody runs very fast around the corner'])
    assert torch.allclose(alone.meaning[0], together.meaning[0], atol=1e-5)
    count = int(together.words_valid[0].sum())
    assert count == alone.words.shape[1]
    assert torch.allclose(alone.words[0], together.words[0, :count], atol=1e-4)


def test_words_that_nobody_knows_are_refused(minilm: TextEncoder) -> None:
    with pytest.raises(TextError, match='hardly a word'):
        minilm.encode(['ꟻ ꟼ ꟽ ꟾ'])


@pytest.mark.parametrize('source', ['/no/such/folder', 'config'])
def test_no_encoder_there_is_one_line(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parent.parent)
    with pytest.raises(EncoderError, match='cannot load a text encoder') as caught:
        TextEncoder.load(source)
    assert '\n' not in str(caught.value)


@pytest.fixture(scope='module')
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_clip(tmp_path_factory.mktemp('clip'))


TEXTS = ['walk', 'a person waves with the left hand', 'Jump, 3 times!']


def test_a_clip_folder_gives_its_own_text_features(clip_folder: Path) -> None:
    encoder = TextEncoder.load(str(clip_folder))
    assert (encoder.embedding_width, encoder.token_width) == (EMBEDDING_WIDTH, TOKEN_WIDTH)
    assert encoder.has_image_tower
    found = encoder.encode(TEXTS)
    tokenizer = CLIPTokenizer.from_pretrained(clip_folder)
    theirs = CLIPModel.from_pretrained(clip_folder)
    for i, text in enumerate(TEXTS):
        tokens = tokenizer([text], return_tensors='pt')
        with torch.no_grad():
            features = theirs.get_text_features(**tokens).pooler_output[0]
        expected = torch.nn.functional.normalize(features, dim=-1)
        assert torch.allclose(found.meaning[i], expected, atol=1e-5), text
        assert int(found.words_valid[i].sum()) == tokens['input_ids'].shape[1]


def test_the_padding_of_clip_says_nothing(clip_folder: Path) -> None:
    encoder = TextEncoder.load(str(clip_folder))
    together = encoder.encode(TEXTS)
    for i, text in enumerate(TEXTS):
        alone = encoder.encode([text])
        assert torch.allclose(alone.meaning[0], together.meaning[i], atol=1e-5)
        count = alone.words.shape[1]
        assert torch.allclose(alone.words[0], together.words[i, :count], atol=1e-5)


def test_an_old_clip_finds_the_end_of_the_text(clip_folder: Path, tmp_path: Path) -> None:
    # The configuration of OpenAI's own upload names 2 as its last token, whatever it is.
    folder = tmp_path / 'old'
    shutil.copytree(clip_folder, folder)
    config = json.loads((folder / 'config.json').read_text())
    config['text_config']['eos_token_id'] = 2
    (folder / 'config.json').write_text(json.dumps(config))
    old, new = (TextEncoder.load(str(each)).encode(TEXTS) for each in (folder, clip_folder))
    assert torch.allclose(old.meaning, new.meaning, atol=1e-5)


def test_clip_refuses_more_words_than_it_reads(clip_folder: Path) -> None:
    with pytest.raises(TextError, match='at most 77'):
        TextEncoder.load(str(clip_folder)).encode(['walk ' * 60])


def test_a_text_tower_alone_gives_the_same_space(clip_folder: Path, tmp_path: Path) -> None:
    whole = TextEncoder.load(str(clip_folder))
    config = CLIPTextConfig.from_pretrained(clip_folder, projection_dim=EMBEDDING_WIDTH)
    tower = CLIPTextModelWithProjection(config)
    weights = whole.model.state_dict()
    tower.load_state_dict({name: weights[name] for name in tower.state_dict()})
    tower.save_pretrained(tmp_path)
    CLIPTokenizer.from_pretrained(clip_folder).save_pretrained(tmp_path)
    alone = TextEncoder.load(str(tmp_path))
    assert not alone.has_image_tower
    assert torch.allclose(alone.encode(TEXTS).meaning, whole.encode(TEXTS).meaning, atol=1e-6)


@pytest.mark.parametrize('kind', [T5Config, CLIPVisionConfig, SiglipConfig])
def test_what_is_no_text_encoder_is_refused(kind: type, tmp_path: Path) -> None:
    kind().save_pretrained(tmp_path)
    with pytest.raises(EncoderError, match='neither CLIP nor BERT-like') as caught:
        TextEncoder.load(str(tmp_path))
    assert '\n' not in str(caught.value)


def test_a_clip_without_all_its_weights_is_refused(
    clip_folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / 'half'
    shutil.copytree(clip_folder, folder)
    weights = load_file(folder / 'model.safetensors')
    del weights['text_projection.weight']
    save_file(weights, folder / 'model.safetensors', {'format': 'pt'})
    with pytest.raises(EncoderError, match='lacks 1 weights, text_projection'):
        TextEncoder.load(str(folder))
    (folder / 'model.safetensors').write_bytes(b'cut off')
    with pytest.raises(EncoderError, match='cannot load a text encoder'):
        TextEncoder.load(str(folder))
    assert not capfd.readouterr().err


def test_a_checkpoint_refuses_a_clip_it_was_not_aligned_to(clip_folder: Path) -> None:
    with pytest.raises(EncoderError, match=r'aligned to all-MiniLM-L6-v2, not to clip'):
        MotionClip.load('base', TextEncoder.load(str(clip_folder)))
