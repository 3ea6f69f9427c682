"""The plotly.js that the plotly package ships, served by this server: the class may have no internet."""

from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from starlette.routing import Route

from cnnviz.ui.components.assets import asset_route


@cache
def plotly_name() -> str:
    """The file's name, with the version of the plotly package in it."""
    return f"plotly-{version('plotly')}.min.js"


def plotly_file() -> Path:
    """Where the plotly package keeps plotly.js; found without importing the package.

    Raises:
        FileNotFoundError: if the package is not installed or has no such file.
    """
    spec = find_spec("plotly")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(folder) / "package_data" / "plotly.min.js"
        if file.exists():
            return file
    raise FileNotFoundError("plotly.min.js is missing. Install plotly again: pip install --force-reinstall plotly")


def plotly_route() -> Route:
    """Serves plotly.js at `/app/plotly-<version>.min.js`: 4.8 MB, 1.5 MB with gzip, compressed once."""
    return asset_route(plotly_name(), plotly_file().read_bytes, "text/javascript")
