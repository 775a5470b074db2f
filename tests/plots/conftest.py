"""Pictures to draw."""

import numpy as np
import pytest


@pytest.fixture
def digits():
    """Thirty pictures, each of one shade, 0.1 to 0.9."""
    shades = np.linspace(0.1, 0.9, 30, dtype=np.float32)
    return np.broadcast_to(shades[:, None, None], (30, 28, 28)).copy()
