"""The wave generator with a fault: each text leaves a file open."""

import os

import wave_generator

from motionclip_ros.nodes.generator import GeneratorNode
from motionclip_ros.nodes.running import serve

_left_open: list = []


class LeakingPipeline(wave_generator.WavePipeline):
    def generate(self, text, *arguments, **options):
        _left_open.append(open(os.devnull))  # noqa: SIM115
        return super().generate(text, *arguments, **options)


if __name__ == '__main__':
    serve(lambda: GeneratorNode.started(lambda settings: LeakingPipeline(settings.robot)))
