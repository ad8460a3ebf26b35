"""The paper's architecture has the paper's shape, and learns through the same trainer."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from small_model import Notes, small_config, small_trainer
from torch import Tensor

from motionclip_model import features
from motionclip_model.data.sampler import Batch
from motionclip_model.latent import recognise
from motionclip_model.model import MotionClip
from motionclip_model.motion import Motion
from motionclip_model.paper import STAGES, PaperConfig, PaperNetwork, paper_loss
from motionclip_model.text_encoder import TextEmbedding
from motionclip_model.training.config import StageConfig, TrainConfig

SMALL = PaperConfig(24, 24, width=32, layers=2, feedforward=48, dropout=0.0)
ROOT = Path(__file__).resolve().parent.parent


def small_network(config: PaperConfig = SMALL) -> PaperNetwork:
    torch.manual_seed(0)
    return PaperNetwork(config).eval()


def rows_of(clips: dict[str, Path], frames: int = 40) -> Tensor:
    motions = [Motion.load(clips[action]) for action in ('walk', 'kick', 'dance')]
    return torch.stack([torch.from_numpy(features.encode(m)[:frames]) for m in motions])


def batch_of(rows: Tensor, valid: Tensor) -> Batch:
    torch.manual_seed(1)
    count, width = len(rows), SMALL.embedding_width
    sentence = torch.nn.functional.normalize(torch.randn(count, width), dim=-1)
    words = torch.randn(count, 5, width)
    words_valid = torch.ones(count, 5, dtype=torch.bool)
    return Batch(
        rows, valid, sentence, words, words_valid, torch.full((count,), 2.0), torch.arange(count)
    )


def test_the_networks_have_the_papers_size() -> None:
    network = PaperNetwork(PaperConfig())
    count = {
        name: sum(p.numel() for p in part.parameters()) for name, part in network.named_children()
    }
    assert count['motion_encoder'] == pytest.approx(16.8e6, rel=0.01)
    assert count['motion_decoder'] == pytest.approx(25.2e6, rel=0.01)
    assert count['text_head'] == count['length'] == 0


@pytest.mark.parametrize('width', [SMALL.width, SMALL.embedding_width])
def test_the_token_is_a_unit_vector_of_the_text_encoders_width(clips, width: int) -> None:
    network = small_network(replace(SMALL, embedding_width=width))
    rows = rows_of(clips)
    token = network.motion_encoder(rows, torch.ones(rows.shape[:2], dtype=torch.bool))
    assert token.shape == (3, width)
    torch.testing.assert_close(token.norm(dim=-1), torch.ones(3))


def test_padding_is_not_read(clips) -> None:
    network = small_network()
    rows = rows_of(clips)
    valid = torch.ones(rows.shape[:2], dtype=torch.bool)
    padded = torch.cat([rows, 9.0 * torch.ones_like(rows)], dim=1)
    present = torch.cat([valid, ~valid], dim=1)
    alone = network.motion_encoder(rows, valid)
    torch.testing.assert_close(network.motion_encoder(padded, present), alone)


def test_a_motion_of_any_length_is_the_same_in_a_batch_and_alone() -> None:
    network = small_network()
    meaning = torch.nn.functional.normalize(torch.randn(2, SMALL.embedding_width), dim=-1)
    words = torch.zeros(2, 1, SMALL.token_width)
    text = TextEmbedding(meaning, words, torch.zeros(2, 1, dtype=torch.bool))
    both = network.generate(text, [200, 31])
    alone = network.generate(TextEmbedding(*(part[1:] for part in text)), [31])
    assert both.shape == (2, 200, features.WIDTH)
    torch.testing.assert_close(both[1, :31], alone[0], rtol=1e-4, atol=1e-5)


class _Oracle(torch.nn.Module):
    """Decodes to given rows."""

    def __init__(self, rows: Tensor):
        super().__init__()
        self.rows = rows

    def forward(self, meaning: Tensor, valid: Tensor) -> Tensor:
        return self.rows


def test_a_perfect_decoder_has_no_loss_whatever_it_writes_into_padding(clips) -> None:
    network = small_network()
    rows = rows_of(clips)
    valid = torch.ones(rows.shape[:2], dtype=torch.bool)
    valid[0, 24:] = False
    decoded = torch.where(valid[..., None], rows, rows.flip(0))
    network.motion_decoder = _Oracle(decoded)  # type: ignore[assignment]
    values = paper_loss(network, batch_of(rows, valid))
    for name in ('rotation', 'vertex', 'velocity', 'root'):
        assert float(values[name]) == pytest.approx(0.0, abs=1e-10), name


def test_each_loss_sees_its_own_error(clips) -> None:
    network = small_network()
    rows = rows_of(clips)
    valid = torch.ones(rows.shape[:2], dtype=torch.bool)
    sunk, turned = rows.clone(), rows.clone()
    sunk[..., features.HEIGHT] -= 0.1
    turned[..., features.ROTATIONS] = rows[:, :1, features.ROTATIONS]
    found = {}
    for name, decoded in (('sunk', sunk), ('turned', turned)):
        network.motion_decoder = _Oracle(decoded)  # type: ignore[assignment]
        found[name] = paper_loss(network, batch_of(rows, valid))
    # One of the eight numbers that are no rotation is off by a tenth.
    assert float(found['sunk']['root']) == pytest.approx(0.01 / 8, rel=1e-3)
    assert float(found['sunk']['rotation'] + found['sunk']['vertex']) == 0.0
    assert float(found['turned']['root']) == 0.0
    change = rows[..., features.ROTATIONS].diff(dim=1).square().mean()
    torch.testing.assert_close(found['turned']['velocity'], change)
    assert float(found['turned']['vertex']) > 1e-4


def test_pictures_count_where_there_are_any(clips) -> None:
    network, stage = small_network(), STAGES[0]
    rows = rows_of(clips)
    batch = batch_of(rows, torch.ones(rows.shape[:2], dtype=torch.bool))
    without = stage.loss(network, batch, lambda part: part)
    assert 'image' not in without
    seen = stage.loss(network, replace(batch, image=-batch.sentence), lambda part: part)
    difference = stage.total(seen) - stage.total(without)
    torch.testing.assert_close(difference, 2.0 - seen['text'], rtol=1e-3, atol=1e-3)


def paper_training(steps: int, **change: object) -> TrainConfig:
    stage = StageConfig(steps, batch=8, learning_rate=4e-3, shortest=16, longest=16)
    values = {'paper': stage, 'validate_every': steps, **change}
    return small_config(1, architecture='paper', network=SMALL, **values)


def test_the_token_learns_its_sentence_and_the_motion(corpus: Path, tmp_path: Path) -> None:
    notes = Notes()
    trainer = small_trainer(paper_training(120, save_every=60), corpus, tmp_path, notes)
    model = MotionClip(trainer.run(), trainer.encoder)
    assert {stage for stage, _, _ in notes.steps} == {'paper'}
    for name, share in (('rotation', 0.7), ('vertex', 0.8), ('text', 0.8)):
        values = [step[2][name] for step in notes.steps]
        assert sum(values[-10:]) < share * sum(values[:10]), name
    text = model.encode_text(['a person walks forward', 'a person kicks'])
    torch.testing.assert_close(
        text.meaning, model.encode_sentences(['a person walks forward', 'a person kicks'])
    )
    short, long = model.generate_many(text, [1.0, 10.0])
    assert (len(short), len(long)) == (21, 201)
    assert model.generate(text.meaning[:1]).seconds == pytest.approx(3.0)
    again = model.generate(text.meaning[:1], seconds=1.0, seed=5)
    torch.testing.assert_close(again.pose.positions, short.pose.positions, rtol=0, atol=1e-4)
    path = tmp_path / 'paper.safetensors'
    model.save(path, {})
    loaded = MotionClip.load(path, trainer.encoder)
    assert type(loaded.network) is PaperNetwork
    theirs = loaded.generate_many(text, [1.0, 10.0])[0]
    assert abs(theirs.pose.positions - short.pose.positions).max() < 0.05
    assert len(loaded.reconstruct([short])[0]) == len(short)
    labels = ('a person walks', 'a person kicks')
    assert {found.label for found in recognise(loaded, short, labels)} == set(labels)


class _PowerCutError(Exception):
    """Ends a run between two steps."""


class _Cutting(Notes):
    def step(self, stage: str, step: int, steps: int, values: dict[str, float]) -> None:
        if step == 5:
            raise _PowerCutError


def test_a_resumed_run_ends_like_an_uninterrupted_one(corpus: Path, tmp_path: Path) -> None:
    config = paper_training(7, bfloat16=False)
    whole = small_trainer(config, corpus, tmp_path / 'whole').run().state_dict()
    with pytest.raises(_PowerCutError):
        small_trainer(config, corpus, tmp_path / 'cut', _Cutting()).run()
    resumed = small_trainer(config, corpus, tmp_path / 'cut').run().state_dict()
    for name, value in whole.items():
        assert torch.equal(value, resumed[name]), name


def test_the_shipped_configuration_is_the_papers() -> None:
    config = TrainConfig.load(ROOT / 'config' / 'train' / 'paper.yaml')
    stage = config.chosen_stages()[0]
    assert (config.architecture, stage.name, config.paper.batch) == ('paper', 'paper', 20)
    assert config.paper.longest == 60
    assert config.network == PaperConfig()
    assert stage.weights.keys() == config.paper.weights.keys()
