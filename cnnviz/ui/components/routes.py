"""What `app.py` adds to its server for the components: `st.App(…, routes=component_routes())`."""

from starlette.routing import Route

from cnnviz.ui.components.figure_chart import chart_routes
from cnnviz.ui.components.grid_answers import answer_routes
from cnnviz.ui.components.live_curves import curve_routes
from cnnviz.ui.components.live_grid import grid_routes
from cnnviz.ui.components.plotly_js import plotly_route


def component_routes() -> list[Route]:
    """Every route that the components load from or ask."""
    return [plotly_route(), *curve_routes(), *chart_routes(), *grid_routes(), *answer_routes()]
