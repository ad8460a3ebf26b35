"""Bad inputs of every kind, the readers that they are given to, and a process to do it in."""

KINDS = (
    'babel', 'bag', 'body', 'bvh', 'checkpoint', 'command', 'correspondence', 'edits',
    'evaluation', 'joint limits', 'mesh', 'message', 'motion', 'posture', 'repair', 'report',
    'rows', 'splits', 'text', 'texts', 'thresholds', 'training', 'trajectory',
    'trajectory table', 'urdf',
)  # fmt: skip
"""What is read; here, because making the inputs takes too long for who only wants to know."""
