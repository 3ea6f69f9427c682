"""The executor for one machine: a fair queue, a few slots, and worker processes that wait warm.

Each worker has a thread that moves its lines into the store, one transaction an event. When the store cannot be
written the thread tries again until it can; the worker then waits on a full pipe, and nothing is lost. A worker that
dies ends its run truthfully: stopped if somebody had asked for that, failed otherwise.
"""

import atexit
import threading
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from cnnviz.errors import CnnvizError
from cnnviz.events import Event, Failed, Finished, parse_event
from cnnviz.specs.training import Action, TrainingConfig
from cnnviz.training.control import check_learning_rate
from cnnviz.training.expected import remaining, seconds_needed, start_of
from cnnviz.training.history import LAST
from cnnviz.training.persistence import Persistence
from cnnviz.training.process import WorkerProcess
from cnnviz.training.records import ENDED, State
from cnnviz.training.settings import slot_count
from cnnviz.training.store import RunStore
from cnnviz.training.waiting import FairQueue

WAITING_PER_OWNER: Final = 3
_PATIENCE: Final = 1.2  # seconds from Stop until a worker in a slow step is killed
_STATES: Final[dict[Action, State]] = {"pause": "paused", "resume": "running", "step": "paused", "stop": "stopping"}


@dataclass(frozen=True, slots=True)
class _Job:
    owner: str
    config: TrainingConfig
    continues: bool = False


@dataclass(eq=False)
class _Worker:
    process: WorkerProcess
    run_id: str | None = None
    owner: str = ""
    stopping: bool = False
    lost: bool = False
    ready: threading.Event = field(default_factory=threading.Event)


class LocalExecutor:
    """Runs on this machine, in worker processes.

    Runs that an earlier server left unfinished are marked as interrupted when it is made. Workers end with this
    process, however it ends.

    Args:
        store: where runs are kept.
        slots: how many may run at once; `CNNVIZ_SLOTS` (1 unless set) if None.
        waiting_per_owner: how many runs of one owner may wait. One of each owner trains at a time.
    """

    def __init__(
        self, store: RunStore, *, slots: int | None = None, waiting_per_owner: int = WAITING_PER_OWNER
    ) -> None:
        self.store = store
        self.slots = slot_count() if slots is None else slots
        self._waiting_per_owner = waiting_per_owner
        self._lock = threading.RLock()
        self._queue = FairQueue()
        self._jobs: dict[str, _Job] = {}
        self._workers: list[_Worker] = []
        self._threads: list[threading.Thread] = []
        self._arriving: Counter[str] = Counter()
        self._closed = threading.Event()
        self._persistence = Persistence(store, self._closed)
        store.mark_interrupted()
        atexit.register(self.close)

    # what pages call

    def warm(self, timeout: float | None = None) -> bool:
        """Have a worker waiting, so that a click does not pay for importing torch.

        Args:
            timeout: seconds to wait until it is ready; None does not wait.

        Returns:
            Whether it is ready.
        """
        with self._lock:
            self._keep_one_warm()
            worker = next(iter(self._alive), None)
        return worker is not None and (worker.ready.is_set() if timeout is None else worker.ready.wait(timeout))

    def submit(self, config: TrainingConfig, *, owner: str, name: str = "", group: str | None = None) -> str:
        """See `Executor.submit`."""
        with self._room_for(owner):
            run_id = self.store.create(config, owner=owner, name=name, group=group)
            self._wait(run_id, _Job(owner, config))
        return run_id

    def continue_run(self, run_id: str, config: TrainingConfig | None = None) -> None:
        """See `Executor.continue_run`."""
        record = self.store.record(run_id)
        config = config or record.config
        with self._room_for(record.owner):
            self.store.requeue(run_id, config)
            self._wait(run_id, _Job(record.owner, config, continues=True))

    def extend(self, run_id: str, epochs: int) -> None:
        """See `Executor.extend`."""
        config = self.store.record(run_id).config
        if not epochs > config.epochs:
            raise CnnvizError("value_too_small", field="epochs", label="epochs", value=epochs, limit=config.epochs + 1)
        self.continue_run(run_id, config.replace(epochs=epochs))

    def command(self, run_id: str, action: Action, *, learning_rate: float | None = None) -> bool:
        """See `Executor.command`."""
        if action == "learning_rate":
            learning_rate = check_learning_rate(learning_rate)
        self.store.record(run_id)  # raises for a run that does not exist
        with self._lock:
            if action == "stop" and self._queue.remove(run_id):
                del self._jobs[run_id]
                self.store.append(run_id, [Finished(reason="stopped")])
                return True
            worker = next((worker for worker in self._workers if worker.run_id == run_id), None)
            if worker is None:
                return False
            worker.process.send({"command": action, "run": run_id, "learning_rate": learning_rate})
            if action == "stop" and not worker.stopping:
                worker.stopping = True
                self._later(_PATIENCE, self._lose_patience, worker, run_id)
        if action in _STATES:
            self.store.set_state(run_id, _STATES[action], unless=(*ENDED, "stopping"))
        return True

    def queue_position(self, run_id: str) -> int | None:
        """See `Executor.queue_position`."""
        with self._lock:
            return self._queue.position(run_id)

    def expected_start(self, run_id: str) -> float | None:
        """See `Executor.expected_start`."""
        with self._lock:
            order = [run for _owner, run in self._queue.in_order()]
            running = [worker.run_id for worker in self._alive if worker.run_id is not None]
        if run_id not in order:
            return None
        ahead = order[: order.index(run_id)]
        slots = [remaining(self.store, self.store.record(run)) for run in running]
        slots += [0.0] * (self.slots - len(running))
        return start_of([seconds_needed(self.store, self.store.record(run)) for run in ahead], slots)

    def close(self) -> None:
        """See `Executor.close`."""
        with self._lock:
            if self._closed.is_set():
                return
            self._closed.set()
            workers = tuple(self._workers)
        atexit.unregister(self.close)
        for worker in workers:
            worker.process.end()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout=2)
        with suppress(CnnvizError):  # a store that cannot be written now says it at the next start
            self.store.mark_interrupted(own=True)

    # the queue and the workers

    @contextmanager
    def _room_for(self, owner: str) -> Iterator[None]:
        """A place in the queue, held while the run is written down; the queue itself is not."""
        with self._lock:
            waiting = self._queue.count(owner) + self._arriving[owner]
            if waiting >= self._waiting_per_owner:
                raise CnnvizError("queue_full_for_owner", waiting=waiting, limit=self._waiting_per_owner)
            self._arriving[owner] += 1
        try:
            yield
        finally:
            with self._lock:
                self._arriving[owner] -= 1
                self._arriving += Counter()  # forgets who has none left

    def _wait(self, run_id: str, job: _Job) -> None:
        with self._lock:
            self._jobs[run_id] = job
            self._queue.put(job.owner, run_id)
            self._dispatch()

    def _dispatch(self) -> None:
        """Give waiting runs to idle workers, hiring as many as there are slots; with the lock held."""
        while not self._closed.is_set():
            worker = next((worker for worker in self._alive if worker.run_id is None), None)
            if worker is None and len(self._alive) >= self.slots:
                return
            run_id = self._queue.pop({worker.owner for worker in self._alive if worker.run_id is not None})
            if run_id is None:
                return
            job = self._jobs.pop(run_id)
            try:
                self._give(worker or self._hire(), run_id, job)
            except OSError as error:
                failure = Failed(code="training_failed", parameters={"error": "no process"}, detail=str(error))
                self._persistence.keep(run_id, failure)

    @property
    def _alive(self) -> list[_Worker]:
        return [worker for worker in self._workers if not worker.lost]

    def _keep_one_warm(self) -> None:
        if not self._alive and not self._closed.is_set():
            with suppress(OSError):  # no process to be had now; the next run asks again
                self._hire()

    def _hire(self) -> _Worker:
        worker = _Worker(WorkerProcess())
        self._workers.append(worker)
        thread = threading.Thread(target=self._attend, args=(worker,), name=f"worker {worker.process.pid}", daemon=True)
        self._threads = [thread, *(other for other in self._threads if other.is_alive())]
        thread.start()
        return worker

    def _give(self, worker: _Worker, run_id: str, job: _Job) -> None:
        worker.run_id, worker.owner, worker.stopping = run_id, job.owner, False
        folder = self.store.run_folder(run_id)
        checkpoint = folder / LAST
        with suppress(CnnvizError):  # its first event says it again
            self.store.set_state(run_id, "running")
        message = {
            "command": "train",
            "run": run_id,
            "config": job.config.model_dump(mode="json"),
            "folder": str(folder),
            "resume": str(checkpoint) if job.continues and checkpoint.exists() else None,
        }
        worker.process.send(message)  # if it is gone, its thread says so

    def _lose_patience(self, worker: _Worker, run_id: str) -> None:
        """A worker is still in its step: the run ends now, the process as fast as the system can take it down."""
        with self._lock:
            if worker.run_id != run_id:
                return
            worker.run_id, worker.lost = None, True
            worker.process.kill()
            self._keep_one_warm()
        self._persistence.end_stopped(run_id)
        with self._lock:
            self._dispatch()

    # the thread of a worker

    def _attend(self, worker: _Worker) -> None:
        words = ""
        try:
            for message in worker.process.messages():
                if message.get("kind") == "ready":
                    worker.ready.set()
                elif message.get("kind") == "event" and message["run"] == worker.run_id:
                    self._take(worker, message["run"], parse_event(message["event"]))
        except Exception:  # whatever it said, its run must come to an end
            words = traceback.format_exc()
            worker.process.kill()
        self._bury(worker, words)

    def _take(self, worker: _Worker, run_id: str, event: Event) -> None:
        self._persistence.keep(run_id, event)
        if isinstance(event, Finished | Failed):
            with self._lock:
                worker.run_id = None
                self._dispatch()
            with suppress(CnnvizError, OSError):  # asked again after the next run
                self.store.make_room()

    def _bury(self, worker: _Worker, words: str) -> None:
        """A worker has ended: say what became of its run, and hire another one."""
        words = worker.process.last_words() + words
        worker.process.forget()
        with self._lock:
            run_id, worker.lost = worker.run_id, True
        if run_id is not None and not self._closed.is_set():
            if worker.stopping:
                self._persistence.end_stopped(run_id)
            elif worker.ready.is_set() or worker.process.was_killed:
                self._persistence.end_lost(run_id, words)
            else:
                self._persistence.end_failed(run_id, "training_failed", {"error": "worker"}, words)
        with self._lock:
            self._workers.remove(worker)
            if worker.ready.is_set():  # one that failed at its start would fail again
                self._keep_one_warm()
            self._dispatch()

    def _later(self, seconds: float, function: Any, *arguments: Any) -> None:
        timer = threading.Timer(seconds, function, arguments)
        timer.daemon = True
        timer.start()
