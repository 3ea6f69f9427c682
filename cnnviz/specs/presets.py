"""The TRAINING presets belong here (class and chapter settings); the architectures' named variants are in `variants.py`."""
