"""Which executor a server has: that of this machine, or a cluster's, as the environment says."""

import os
from importlib.util import find_spec
from typing import Final

from cnnviz.errors import CnnvizError
from cnnviz.training.dispatch import QueueExecutor
from cnnviz.training.local import LocalExecutor
from cnnviz.training.store import RunStore

VARIABLE: Final = "CNNVIZ_EXECUTOR"
KINDS: Final = ("local", "ray")


def chosen_executor(store: RunStore) -> QueueExecutor:
    """The executor that `CNNVIZ_EXECUTOR` names: "local" (unless set) or "ray".

    Raises:
        CnnvizError: if it names another one, or what it needs is not there.
    """
    kind = os.environ.get(VARIABLE, "").strip().lower() or KINDS[0]
    if kind not in KINDS:
        raise CnnvizError(
            "value_not_allowed", field=VARIABLE, label=VARIABLE, value=kind[:60], allowed=", ".join(KINDS)
        )
    if kind == "local":
        return LocalExecutor(store)
    if find_spec("ray") is None:
        raise CnnvizError("ray_missing")
    from cnnviz.training.ray_executor import RayExecutor

    return RayExecutor(store)
