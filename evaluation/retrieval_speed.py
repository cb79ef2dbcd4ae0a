"""How fast an index is searched, loaded and built, on made-up passages; run as `python -m evaluation.retrieval_speed`."""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import rag.assembling
from evaluation.made_up import Made, made_up
from rag.index import Asked, Index, assemble
from rag.ranking import search
