"""The executor for one machine: worker processes that wait warm (see `dispatch`)."""

from cnnviz.training.dispatch import QueueExecutor
from cnnviz.training.process import WorkerProcess
from cnnviz.training.seats import WorkerLink
from cnnviz.training.settings import slot_count


class LocalExecutor(QueueExecutor):
    """Runs on this machine, in worker processes, as many at once as there are slots.

    Slots are `CNNVIZ_SLOTS` (1 unless set) where the argument is None.
    """

    def hire(self) -> WorkerLink:
        """A process of this machine."""
        return WorkerProcess()

    def default_slots(self) -> int:
        """What the environment says."""
        return slot_count()
