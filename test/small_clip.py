"""A CLIP of random weights in the folder layout of the real one, 300 kB in all."""

from pathlib import Path

import torch
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPConfig, CLIPModel, CLIPTokenizer
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

EMBEDDING_WIDTH, TOKEN_WIDTH, IMAGE_SIZE = 24, 32, 32

_MERGES = (('t', 'h'), ('th', 'e</w>'), ('a', 'n'), ('e', 'r'), ('o', 'n</w>'), ('w', 'a'))


def small_clip(folder: Path, seed: int = 0) -> Path:
    """Save a CLIP that `TextEncoder.load(str(folder))` takes.

    Args:
        folder: Where to; it is made.
        seed: Another seed, other weights and so another space.

    Returns:
        The folder.
    """
    letters = sorted(ByteLevel.alphabet())
    merged = [''.join(pair) for pair in _MERGES]
    ends = ['<|startoftext|>', '<|endoftext|>']
    tokens = [*letters, *(f'{letter}</w>' for letter in letters), *merged, *ends]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    CLIPTokenizer(vocab=vocabulary, merges=list(_MERGES)).save_pretrained(folder)
    side = {'shortest_edge': IMAGE_SIZE}
    crop = {'height': IMAGE_SIZE, 'width': IMAGE_SIZE}
    CLIPImageProcessorPil(size=side, crop_size=crop).save_pretrained(folder)
    text = {
        'vocab_size': len(tokens),
        'hidden_size': TOKEN_WIDTH,
        'intermediate_size': 64,
        'num_hidden_layers': 2,
        'num_attention_heads': 2,
        'bos_token_id': vocabulary[ends[0]],
        'eos_token_id': vocabulary[ends[1]],
        'pad_token_id': vocabulary[ends[1]],
    }
    vision = {
        'hidden_size': 32,
        'intermediate_size': 64,
        'num_hidden_layers': 1,
        'num_attention_heads': 2,
        'image_size': IMAGE_SIZE,
        'patch_size': 16,
    }
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        config = CLIPConfig(text_config=text, vision_config=vision, projection_dim=EMBEDDING_WIDTH)
        CLIPModel(config).save_pretrained(folder)
    return folder
