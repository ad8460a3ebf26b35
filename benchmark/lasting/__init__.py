"""What the scripts share that run the nodes for long, or break them."""

import sys
from pathlib import Path

# The graph of processes that the tests use.
sys.path.append(str(Path(__file__).resolve().parent.parent.parent / 'test'))
