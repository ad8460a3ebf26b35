"""What can be trained: networks with the stages that train them, by name."""

from dataclasses import dataclass, fields, replace
from typing import Any

from motionclip_model import paper
from motionclip_model.network import MotionClipNetwork, NetworkConfig
from motionclip_model.text_encoder import TextEncoder
from motionclip_model.training.stages import STAGES, Stage


@dataclass(frozen=True)
class Architecture:
    """Networks and how they are trained.

    Attributes:
        sizes: Dataclass with the sizes of the networks.
        network: Module that is built from it.
        stages: What trains it, in this order.
    """

    sizes: type[Any]
    network: type[Any]
    stages: tuple[Stage, ...]


ARCHITECTURES = {
    'latent': Architecture(NetworkConfig, MotionClipNetwork, STAGES),
    'paper': Architecture(paper.PaperConfig, paper.PaperNetwork, paper.STAGES),
}


def build_network(name: str, sizes: Any, encoder: TextEncoder) -> Any:
    """Build networks that fit a text encoder.

    Args:
        name: A key of `ARCHITECTURES`.
        sizes: Sizes of the networks; the widths of embedding and token are the encoder's.
        encoder: The text encoder to align to.
    """
    widths = {'embedding_width': encoder.embedding_width, 'token_width': encoder.token_width}
    known = {field.name for field in fields(sizes)}
    fitted = replace(sizes, **{key: widths[key] for key in widths.keys() & known})
    network = ARCHITECTURES[name].network(fitted)
    network.encoder_probe.copy_(encoder.probe())
    return network


def architecture_name(network: Any) -> str:
    """Key of `ARCHITECTURES` that a network was built from."""
    return next(name for name, kind in ARCHITECTURES.items() if type(network) is kind.network)
