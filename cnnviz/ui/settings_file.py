"""The settings of several runs as a file for spreadsheets."""

import csv
import io
from collections.abc import Sequence
from typing import Final

from cnnviz.language import Language
from cnnviz.training.comparing import Setting
from cnnviz.ui.overlay import setting_text

_COMPUTED: Final = ("=", "+", "-", "@")  # a spreadsheet computes a text that begins with one of these


def settings_csv(settings: Sequence[Setting], names: Sequence[str], _: Language) -> str:
    """One line per setting, one column per run, as plain text; a name that would be computed gets an apostrophe.

    Args:
        settings: of the runs, in their order.
        names: the runs' names, as people typed them.
        _: the reader's language.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([_("Setting"), *(f"'{name}" if name.startswith(_COMPUTED) else name for name in names)])
    for setting in settings:
        texts = [setting_text(setting, place, _) for place in range(len(setting.values))]
        writer.writerow([_(setting.label), *texts])
    return file.getvalue()
