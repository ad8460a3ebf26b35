"""A configuration is read strictly: every mistake is one line that says what is allowed."""

from dataclasses import asdict
from pathlib import Path

import pytest
import yaml
from small_model import small_config

from motionclip_model.errors import ConfigError
from motionclip_model.training.config import TrainConfig
from motionclip_model.training.stages import STAGES

FOLDER = Path(__file__).parent.parent / 'config' / 'train'
CONFIGS = sorted(path for path in FOLDER.glob('*.yaml') if path.stem != 'held_out')


def load(folder: Path, text: str) -> TrainConfig:
    """Read a configuration from its text."""
    path = folder / 'c.yaml'
    path.write_text(text)
    return TrainConfig.load(path)


@pytest.mark.parametrize(
    ('text', 'reason'),
    [
        ('autoencoder: {steps: 3, stepz: 4}', 'stepz'),
        ('speed: 9', 'speed'),
        ('network: {wdith: 9}', 'wdith'),
        ('[1, 2]', r'base\.yaml'),
        ('a: b: c', r'base\.yaml'),
        ('autoencoder: 7', r'base\.yaml'),
        ('stages: [alignment, dance]', "no stage 'dance'; choose of autoencoder, alignment"),
        ('architecture: vae', "no architecture 'vae'; choose of latent"),
        ('alignment: {weights: {cosin: 1}}', 'alignment has no loss cosin; it has cosine'),
        ('alignment: {weights: {cosine: -1}}', 'alignment: the weight cosine -1.0 is below 0'),
        (
            'alignment: {weights: {cosine: much}}',
            'alignment: weights.cosine .much.: .*valid number',
        ),
        ('prior: {learning_rate: fast}', r'prior: learning_rate .fast.: .*valid number'),
        ('prior: {steps: 0}', 'prior: steps 0 is not above 0'),
        ('prior: {longest: 30, shortest: 8}', 'longest 30 must be a multiple of 4'),
        ('prior: {longest: 20, shortest: 40}', 'not below shortest 40'),
        ('average: 1.0', r'average 1\.0'),
        ('seed: -1', 'seed -1'),
        ('licence: mine', "licence 'mine' is not one of any, commercial"),
        ('save_every: 0', 'at least 1'),
        ('validate_every: often', 'validate_every .often.: .*valid integer'),
        ('bfloat16: 3', 'bfloat16 3: .*valid boolean'),
        ('network: {prior_width: wide}', 'network: prior_width .wide.: .*valid integer'),
        ('stages: alignment', 'stages .alignment.: .*valid tuple'),
    ],
)
def test_a_misspelt_configuration_is_refused_in_one_line(tmp_path, text, reason) -> None:
    with pytest.raises(ConfigError, match=reason) as caught:
        load(tmp_path, text)
    assert '\n' not in str(caught.value)
    assert 'c.yaml' in str(caught.value)


def test_scientific_notation_is_a_number_although_yaml_reads_a_word(tmp_path) -> None:
    assert load(tmp_path, 'prior: {learning_rate: 4e-4}').prior.learning_rate == 4e-4


def test_a_missing_configuration_is_named(tmp_path) -> None:
    with pytest.raises(ConfigError, match=r'none\.yaml: cannot be read'):
        TrainConfig.load(tmp_path / 'none.yaml')


@pytest.mark.parametrize('path', CONFIGS, ids=lambda path: path.stem)
def test_every_shipped_configuration_loads(path) -> None:
    assert TrainConfig.load(path).chosen_stages()


def test_a_configuration_survives_writing(tmp_path) -> None:
    config = small_config(3)
    assert load(tmp_path, yaml.safe_dump(asdict(config))) == config


def test_weights_are_changed_one_by_one(tmp_path) -> None:
    name, usual = next(iter(STAGES[1].weights.items()))
    config = load(tmp_path, f'{STAGES[1].name}: {{weights: {{{name}: {usual + 1.5}}}}}')
    changed = config.chosen_stages()[1]
    assert changed.weights == {**STAGES[1].weights, name: usual + 1.5}
    assert config.chosen_stages()[0] == STAGES[0]


def test_stages_keep_the_order_of_the_architecture(tmp_path) -> None:
    names = [stage.name for stage in STAGES]
    config = load(tmp_path, f'stages: [{names[2]}, {names[0]}]')
    assert [stage.name for stage in config.chosen_stages()] == [names[0], names[2]]
    assert [stage.name for stage in load(tmp_path, '').chosen_stages()] == names


def test_widths_of_the_text_encoder_may_be_left_open(tmp_path) -> None:
    assert load(tmp_path, 'network: {embedding_width: null, heads: 2}').network.heads == 2


def test_held_out_combinations_are_read_from_a_file_beside_it(tmp_path) -> None:
    text = 'combinations: [{content: walk, style: feminine}, {content: run, style: elderly}]'
    (tmp_path / 'held.yaml').write_text(text)
    wanted = (('walk', 'feminine'), ('run', 'elderly'))
    assert load(tmp_path, 'held_out: held.yaml').held_out == wanted
    assert load(tmp_path, 'held_out: [[walk, feminine], [run, elderly]]').held_out == wanted
    with pytest.raises(ConfigError, match=r'none\.yaml: cannot be read'):
        load(tmp_path, 'held_out: none.yaml')
