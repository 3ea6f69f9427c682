"""What can be taken along from the augmentation page: the chain as code and notebook, the grid as a picture."""

import streamlit as st

from cnnviz.augmentation import contact_sheet
from cnnviz.data import encode_png
from cnnviz.export import augmentation_notebook
from cnnviz.language import Language
from cnnviz.ui.augmentation import last_view


def render_augmentation_downloads(_: Language) -> None:
    """Downloads of what is shown now, made when they are asked for; pixels alone leave, no place and no date."""
    view = last_view()
    if view is None:
        return
    files = (
        (_("Python script"), ":material/code:", "augmentation.py", "text/x-python", view.chain.code),
        (_("Notebook"), ":material/menu_book:", "augmentation.ipynb", "application/x-ipynb+json",
         lambda: augmentation_notebook(view.chain)),
        (_("Pictures as PNG"), ":material/image:", "augmentation.png", "image/png",
         lambda: encode_png(contact_sheet(view.images()))),
    )  # fmt: skip
    for label, icon, file, mime, make in files:
        st.download_button(label, make, file_name=file, mime=mime, icon=icon, on_click="ignore")
