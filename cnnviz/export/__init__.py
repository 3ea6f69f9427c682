"""Take it away: runnable Python and notebooks without cnnviz, from the specs alone; no torch is imported here.

- `architecture_script`, `architecture_notebook`: a network.
- `run_script`, `run_notebook`: a training run, with the run's own numbers where that is possible.
- `augmentation_notebook`: a chain of augmentations over one picture.

Each returns the text of a file, the same bytes for the same arguments.
"""

from cnnviz.export.architecture import architecture_notebook, architecture_script
from cnnviz.export.augmentation import augmentation_notebook
from cnnviz.export.run import run_notebook, run_script

__all__ = ["architecture_notebook", "architecture_script", "augmentation_notebook", "run_notebook", "run_script"]
