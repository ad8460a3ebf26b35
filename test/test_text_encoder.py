"""What a text encoder accepts, and that it knows what words mean."""

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from motionclip_model.errors import EncoderError, TextError
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
def small_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CLIP of random weights in the folder layout of the real one."""
    from transformers import CLIPConfig, CLIPModel, CLIPTokenizer

    folder = tmp_path_factory.mktemp('clip')
    letters = [chr(c) for c in range(ord('a'), ord('z') + 1)]
    tokens = [*letters, *(f'{c}</w>' for c in letters), '<|startoftext|>', '<|endoftext|>']
    vocabulary = {token: i for i, token in enumerate(tokens)}
    tokenizer = CLIPTokenizer(vocab=vocabulary, merges=[])
    tokenizer.save_pretrained(folder)
    text = {
        'vocab_size': len(tokens),
        'hidden_size': 32,
        'intermediate_size': 64,
        'num_hidden_layers': 2,
        'num_attention_heads': 2,
        'bos_token_id': vocabulary['<|startoftext|>'],
        'eos_token_id': vocabulary['<|endoftext|>'],
        'pad_token_id': vocabulary['<|endoftext|>'],
    }
    vision = {
        'hidden_size': 32,
        'intermediate_size': 64,
        'num_hidden_layers': 1,
        'num_attention_heads': 2,
        'image_size': 32,
        'patch_size': 16,
    }
    torch.manual_seed(0)
    CLIPModel(
        CLIPConfig(text_config=text, vision_config=vision, projection_dim=24)
    ).save_pretrained(folder)
    return folder


def test_a_clip_folder_is_a_text_encoder(small_clip: Path) -> None:
    from transformers import CLIPModel, CLIPTokenizer

    encoder = TextEncoder.load(str(small_clip))
    assert (encoder.embedding_width, encoder.token_width) == (24, 32)
    found = encoder.encode(['walk', 'a person waves'])
    tokens = CLIPTokenizer.from_pretrained(small_clip)(['a person waves'], return_tensors='pt')
    with torch.no_grad():
        theirs = CLIPModel.from_pretrained(small_clip).get_text_features(**tokens).pooler_output
    assert torch.allclose(
        found.meaning[1], torch.nn.functional.normalize(theirs[0], dim=-1), atol=1e-5
    )


def test_clip_refuses_more_words_than_it_reads(small_clip: Path) -> None:
    with pytest.raises(TextError, match='at most 77'):
        TextEncoder.load(str(small_clip)).encode(['walk ' * 60])
