"""The executor for one machine: a fair queue, a few slots, and worker processes that wait warm.

Each worker has a thread that moves its lines into the store, one transaction an event. When the store cannot be
written the thread tries again until it can; the worker then waits on a full pipe, and nothing is lost. A worker that
dies ends its run truthfully: stopped if somebody had asked for that, failed otherwise.
"""

import atexit
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from cnnviz.errors import CnnvizError
from cnnviz.events import Controlled, Event, Failed, Finished, parse_event
from cnnviz.specs.training import Action, TrainingConfig
from cnnviz.training.control import check_learning_rate
from cnnviz.training.process import WorkerProcess
from cnnviz.training.records import ENDED, RunRecord, State
from cnnviz.training.store import METRICS, RunStore
from cnnviz.training.waiting import FairQueue

LAST_CHECKPOINT: Final = "last.safetensors"
_PATIENCE: Final = 1.2  # seconds from Stop until a worker in a slow step is killed
_RETRY: Final = 0.5  # seconds between two attempts to write into a store that refuses
_STATES: Final[dict[Action, State]] = {"pause": "paused", "resume": "running", "step": "paused", "stop": "stopping"}


@dataclass(frozen=True, slots=True)
class _Job:
    config: TrainingConfig
    continues: bool = False


@dataclass(eq=False)
class _Worker:
    process: WorkerProcess
    run_id: str | None = None
    stopping: bool = False
    lost: bool = False
    ready: threading.Event = field(default_factory=threading.Event)


class LocalExecutor:
    """Runs on this machine, in worker processes.

    Runs that an earlier server left unfinished are marked as interrupted when it is made. Workers end with this
    process, however it ends.

    Args:
        store: where runs are kept.
        slots: how many may run at once.
    """

    def __init__(self, store: RunStore, *, slots: int = 1) -> None:
        self.store = store
        self.slots = slots
        self._lock = threading.RLock()
        self._queue = FairQueue()
        self._jobs: dict[str, _Job] = {}
        self._workers: list[_Worker] = []
        self._threads: list[threading.Thread] = []
        self._closed = threading.Event()
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
        run_id = self.store.create(config, owner=owner, name=name, group=group)
        self._wait(owner, run_id, _Job(config))
        return run_id

    def continue_run(self, run_id: str, config: TrainingConfig | None = None) -> None:
        """See `Executor.continue_run`."""
        record = self.store.record(run_id)
        self.store.requeue(run_id, config)
        self._wait(record.owner, run_id, _Job(config or record.config, continues=True))

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

    def _wait(self, owner: str, run_id: str, job: _Job) -> None:
        with self._lock:
            self._jobs[run_id] = job
            self._queue.put(owner, run_id)
            self._dispatch()

    def _dispatch(self) -> None:
        """Give waiting runs to idle workers, hiring as many as there are slots; with the lock held."""
        while len(self._queue) and not self._closed.is_set():
            worker = next((worker for worker in self._alive if worker.run_id is None), None)
            if worker is None and len(self._alive) >= self.slots:
                return
            run_id = self._queue.pop()
            job = self._jobs.pop(run_id)
            try:
                self._give(worker or self._hire(), run_id, job)
            except OSError as error:
                failure = Failed(code="training_failed", parameters={"error": "no process"}, detail=str(error))
                self._keep(run_id, failure)

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
        worker.run_id, worker.stopping = run_id, False
        folder = self.store.run_folder(run_id)
        checkpoint = folder / LAST_CHECKPOINT
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
        self._keep(run_id, *self._stopped(run_id))
        with self._lock:
            self._dispatch()

    # the thread of a worker

    def _attend(self, worker: _Worker) -> None:
        for message in worker.process.messages():
            if message.get("kind") == "ready":
                worker.ready.set()
            elif message.get("kind") == "event" and message["run"] == worker.run_id:
                self._take(worker, message["run"], parse_event(message["event"]))
        self._bury(worker)

    def _take(self, worker: _Worker, run_id: str, event: Event) -> None:
        self._keep(run_id, event)
        if isinstance(event, Finished | Failed):
            with self._lock:
                worker.run_id = None
                self._dispatch()

    def _keep(self, run_id: str, *events: Event) -> None:
        """Write events into the store, however long it takes."""
        while True:
            try:
                self.store.append(run_id, events)
                return
            except CnnvizError as error:
                if error.code != "store_unusable" or self._closed.wait(_RETRY):
                    return

    def _bury(self, worker: _Worker) -> None:
        """A worker has ended: say what became of its run, and hire another one."""
        words = worker.process.last_words()
        worker.process.forget()
        with self._lock:
            run_id, worker.lost = worker.run_id, True
        if run_id is not None and not self._closed.is_set():
            self._keep(run_id, *(self._stopped(run_id) if worker.stopping else self._failed(worker, run_id, words)))
        with self._lock:
            self._workers.remove(worker)
            if worker.ready.is_set():  # one that failed at its start would fail again
                self._keep_one_warm()
            self._dispatch()

    def _stopped(self, run_id: str) -> tuple[Event, ...]:
        record = self._read(run_id)
        figures = {name: getattr(record, name) for name in METRICS}
        return Controlled(**_place(record), action="stop"), Finished(**_place(record), **figures, reason="stopped")

    def _failed(self, worker: _Worker, run_id: str, words: str) -> tuple[Event, ...]:
        place = _place(self._read(run_id))
        if not worker.ready.is_set() and not worker.process.was_killed:
            return (Failed(**place, code="training_failed", parameters={"error": "worker"}, detail=words),)
        steps = [event.step for _, event in self.store.events(run_id) if event.kind == "checkpoint"]
        return (Failed(**place, code="worker_lost", parameters={"step": steps[-1] if steps else 0}, detail=words),)

    def _read(self, run_id: str) -> RunRecord:
        while True:
            try:
                return self.store.record(run_id)
            except CnnvizError as error:
                if error.code != "store_unusable":
                    raise
                time.sleep(_RETRY)

    def _later(self, seconds: float, function: Any, *arguments: Any) -> None:
        timer = threading.Timer(seconds, function, arguments)
        timer.daemon = True
        timer.start()


def _place(record: RunRecord) -> dict[str, Any]:
    return {"step": record.step, "epoch": record.epoch, "seconds": record.seconds}
