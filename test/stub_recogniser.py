"""The recogniser node without a model."""

from types import SimpleNamespace

from motionclip_ros.nodes.recogniser import RecogniserNode
from motionclip_ros.nodes.running import serve


class Blind:
    """Sees nothing."""

    def wants(self, time_s: float) -> bool:
        return False

    def forget(self) -> None:
        pass

    def look(self) -> SimpleNamespace:
        return SimpleNamespace(label=None, score=0.0, ranked=())


if __name__ == '__main__':
    serve(lambda: RecogniserNode(lambda settings: Blind()))
