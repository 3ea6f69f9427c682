"""The executor for one machine: worker processes that wait warm (see `dispatch`)."""

from cnnviz.training.dispatch import QueueExecutor
from cnnviz.training.process import WorkerProcess
from cnnviz.training.seats import WorkerLink
from cnnviz.training.settings import process_limit, slot_count


class LocalExecutor(QueueExecutor):
    """Runs on this machine, in worker processes, as many at once as there are slots.

    Slots are `CNNVIZ_SLOTS` (1 unless set) where the argument is None.
    """

    def hire(self, shape: int) -> WorkerLink:
        """A process of this machine; those that share a run with it are its own."""
        return WorkerProcess()

    @property
    def most_processes(self) -> int:
        """What the environment says, else one for each GPU."""
        limit = process_limit()
        if limit is not None:
            return limit
        import torch

        return max(1, torch.cuda.device_count())

    def default_slots(self) -> int:
        """What the environment says."""
        return slot_count()
