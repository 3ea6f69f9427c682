"""Pictures: Fashion-MNIST and the cat from `assets/`, safe decoding of uploads, encoding for the page. No torch."""

from cnnviz.data.decoding import MAX_BYTES, MAX_PIXELS, MAX_SIDE, decode_image
from cnnviz.data.encoding import contact_sheet, encode_jpeg, encode_png, png_uri
from cnnviz.data.fashion_mnist import (
    CLASS_NAMES,
    DATA_MD5,
    PIXEL_MEAN,
    PIXEL_STD,
    Garments,
    Split,
    fashion_mnist,
    garment,
)
from cnnviz.data.samples import cat

__all__ = [
    "CLASS_NAMES",
    "DATA_MD5",
    "MAX_BYTES",
    "MAX_PIXELS",
    "MAX_SIDE",
    "PIXEL_MEAN",
    "PIXEL_STD",
    "Garments",
    "Split",
    "cat",
    "contact_sheet",
    "decode_image",
    "encode_jpeg",
    "encode_png",
    "fashion_mnist",
    "garment",
    "png_uri",
]
