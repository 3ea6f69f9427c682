"""An interactive explorer of modern convolutional networks."""

__version__ = "0.1.0"
