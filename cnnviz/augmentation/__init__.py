"""Augmentation pipelines: drawn, applied to a picture for the page and to a batch for training, exported as code.

What an operation is stands in `cnnviz.specs.augmentation`, how it is drawn and applied in `behaviours`; importing this
package needs no torch, and neither do `Pipeline(...)` and `Pipeline.code()`.
"""

from cnnviz.augmentation.distribution import distribution, distribution_names
from cnnviz.augmentation.pipeline import Pipeline, Sample
from cnnviz.data.encoding import contact_sheet, encode_jpeg, encode_png
from cnnviz.specs.augmentation import CHAPTER_PIPELINES, OPERATIONS, Draw, Drawn, PipelineSpec

__all__ = [
    "CHAPTER_PIPELINES",
    "OPERATIONS",
    "Draw",
    "Drawn",
    "Pipeline",
    "PipelineSpec",
    "Sample",
    "contact_sheet",
    "distribution",
    "distribution_names",
    "encode_jpeg",
    "encode_png",
]
