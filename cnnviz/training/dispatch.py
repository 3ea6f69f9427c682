"""A fair queue, a few seats, and workers that wait warm: the executor, wherever its workers are.

Each worker has a thread that moves its lines into the store, one transaction an event. When the store cannot be
written the thread tries again until it can; the worker then waits on a full pipe, and nothing is lost. A worker that
dies ends its run truthfully: stopped if somebody had asked for that, failed otherwise. One that dies before it has said
anything of its run has cost nothing but time: another one takes the run, once.

A paused run keeps its seat while nobody needs it. Once it has been paused for a while (`CNNVIZ_PAUSE_SECONDS`) and
somebody waits, it writes a checkpoint and gives the seat up: it is parked, still paused, and goes on from there when it
is told to, behind those who wait.
"""

import atexit
import logging
import threading
import time
import traceback
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any, Final

from cnnviz.errors import CnnvizError
from cnnviz.events import Controlled, Event, Failed, Finished, parse_event
from cnnviz.specs.training import Action, TrainingConfig
from cnnviz.training.control import check_learning_rate
from cnnviz.training.expected import remaining, seconds_needed, start_of
from cnnviz.training.history import LAST
from cnnviz.training.journal import note
from cnnviz.training.persistence import Persistence, place_of, stopped_events
from cnnviz.training.records import ENDED, State
from cnnviz.training.seats import Job, Message, Seat, WorkerLink
from cnnviz.training.settings import pause_patience
from cnnviz.training.store import RunStore
from cnnviz.training.waiting import FairQueue

WAITING_PER_OWNER: Final = 3
WAITING_TOGETHER: Final = 25  # runs of an owner, while some of them were asked for with one press (a sweep)
WAITING_IN_ALL: Final = 300  # owners cost nothing to make up, so their number bounds nothing
_PATIENCE: Final = 1.2  # seconds from Stop until a worker in a slow step is killed
_STATES: Final[dict[Action, State]] = {"pause": "paused", "resume": "running", "step": "paused", "stop": "stopping"}


class QueueExecutor(ABC):
    """See `executor.Executor`; what is left open is where a worker comes from and how many there may be.

    Runs that an earlier server left unfinished are marked as interrupted when it is made. Workers end with this
    process, however it ends.

    Args:
        store: where runs are kept.
        slots: how many may run at once; what the kind of executor says if None.
        waiting_per_owner: how many runs of one owner may wait, parked ones included. One of each owner trains at a
            time.
        patience: seconds that a paused run keeps its seat while others wait; `CNNVIZ_PAUSE_SECONDS` if None.
    """

    def __init__(
        self,
        store: RunStore,
        *,
        slots: int | None = None,
        waiting_per_owner: int = WAITING_PER_OWNER,
        patience: float | None = None,
    ) -> None:
        self.store = store
        self.slots = self.default_slots() if slots is None else slots
        self._waiting_per_owner = waiting_per_owner
        self._patience = pause_patience() if patience is None else patience
        self._lock = threading.RLock()
        self._queue = FairQueue()
        self._jobs: dict[str, Job] = {}
        self._parked: dict[str, Job] = {}
        self._workers: list[Seat] = []
        self._threads: list[threading.Thread] = []
        self._arriving: Counter[str] = Counter()
        self._held = False
        self._closed = threading.Event()
        self._persistence = Persistence(store, self._closed)
        store.mark_interrupted()
        atexit.register(self.close)

    @abstractmethod
    def hire(self, shape: int) -> WorkerLink:
        """A new worker.

        Args:
            shape: how many processes of a run it has to have room for, where that matters.

        Raises:
            OSError: if there is none to be had.
        """

    @abstractmethod
    def default_slots(self) -> int:
        """How many runs may train at once if nobody says otherwise."""

    @property
    @abstractmethod
    def most_processes(self) -> int:
        """Between how many processes one run may be shared here."""

    def shape_of(self, config: TrainingConfig) -> int:
        """How many processes a worker has to have room for to take a run; any worker of one machine takes all."""
        return 1

    def seats_of(self, shape: int) -> int:
        """How many seats a worker of a shape takes."""
        return 1

    @property
    def seats(self) -> int:
        """How many runs may train at once now."""
        return self.slots

    @property
    def keeps_one(self) -> bool:
        """Whether a worker waits even while nobody has a run."""
        return True

    @property
    def seats_per_owner(self) -> int:
        """How many of them one owner may have while nobody else waits for one."""
        return 1

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

    def submit(
        self, config: TrainingConfig, *, owner: str, name: str = "", group: str | None = None, address: str = ""
    ) -> str:
        """See `Executor.submit`."""
        self._check(config)
        with self._room_for(owner, address):
            run_id = self.store.create(config, owner=owner, name=name, group=group)
            self._wait(run_id, Job(owner, config, address))
        return run_id

    def submit_all(
        self,
        configs: Sequence[TrainingConfig],
        *,
        owner: str,
        names: Sequence[str] = (),
        group: str | None = None,
        address: str = "",
    ) -> tuple[str, ...]:
        """See `Executor.submit_all`."""
        for config in configs:
            self._check(config)
        with self._room_for(owner, address, len(configs)):
            run_ids = self.store.create_all(configs, owner=owner, names=names, group=group)
            with self._lock:
                for run_id, config in zip(run_ids, configs, strict=True):
                    self._wait(run_id, Job(owner, config, address))
        return run_ids

    def continue_run(self, run_id: str, config: TrainingConfig | None = None, *, address: str = "") -> None:
        """See `Executor.continue_run`."""
        record = self.store.record(run_id)
        config = config or record.config
        self._check(config)
        with self._room_for(record.owner, address):
            self.store.requeue(run_id, config)
            self._wait(run_id, Job(record.owner, config, address, continues=True))

    def extend(self, run_id: str, epochs: int, *, address: str = "") -> None:
        """See `Executor.extend`."""
        config = self.store.record(run_id).config
        if not epochs > config.epochs:
            raise CnnvizError("value_too_small", field="epochs", label="epochs", value=epochs, limit=config.epochs + 1)
        self.continue_run(run_id, config.replace(epochs=epochs), address=address)

    def command(self, run_id: str, action: Action, *, learning_rate: float | None = None) -> bool:
        """See `Executor.command`."""
        if action == "learning_rate":
            learning_rate = check_learning_rate(learning_rate)
        self.store.record(run_id)  # raises for a run that does not exist
        order: Message = {"command": action, "run": run_id, "learning_rate": learning_rate}
        with self._lock:
            if action == "stop" and self._queue.position(run_id) is not None:
                self.store.append(run_id, [Finished(reason="stopped")])  # first: a store that refuses leaves it waiting
                self._queue.remove(run_id)
                del self._jobs[run_id]
                return True
            if run_id in self._parked:
                self._tell_parked(run_id, order)
                return True
            worker = next((worker for worker in self._workers if worker.run_id == run_id), None)
            if worker is None:
                return False
            heard = self._tell(worker, run_id, order)
        if heard and action in _STATES:
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
            busy = [worker for worker in self._alive if worker.run_id is not None]
            paused = [worker.patience_left(self._patience) for worker in busy]
            running = [worker.run_id for worker in busy]
        if run_id not in order or self._held:
            return None
        ahead = order[: order.index(run_id)]
        slots = [
            remaining(self.store, self.store.record(str(run))) if left is None else left
            for run, left in zip(running, paused, strict=True)
        ]
        slots += [0.0] * (self.seats - len(running))
        return start_of([seconds_needed(self.store, self.store.record(run)) for run in ahead], slots)

    def is_parked(self, run_id: str) -> bool:
        """See `Executor.is_parked`."""
        with self._lock:
            return run_id in self._parked

    def unfinished(self) -> tuple[str, ...]:
        """See `Executor.unfinished`."""
        with self._lock:
            seated = [worker.run_id for worker in self._workers if worker.run_id is not None]
            return (*seated, *(run for _owner, run in self._queue.in_order()), *self._parked)

    @property
    def waiting(self) -> int:
        """How many runs wait for a seat."""
        with self._lock:
            return len(self._queue)

    @property
    def held(self) -> bool:
        """See `Executor.held`."""
        return self._held

    def hold(self, held: bool) -> None:
        """See `Executor.hold`."""
        with self._lock:
            self._held = held
            self._dispatch()

    def clear(self) -> int:
        """See `Executor.clear`."""
        with self._lock:
            waiting = [run for _owner, run in self._queue.in_order()]
            stopped = sum(self.command(run, "stop") for run in waiting)
        note("queue cleared", runs=stopped)
        return stopped

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

    # the queue and the seats

    def _check(self, config: TrainingConfig) -> None:
        if config.processes > 1 and config.processes > self.most_processes:
            raise CnnvizError(
                "value_too_large", field="processes", label="processes", value=config.processes,
                limit=self.most_processes,
            )  # fmt: skip

    @contextmanager
    def _room_for(self, owner: str, address: str, count: int = 1) -> Iterator[None]:
        """Places in the queue, held while the runs are written down; the queue itself is not."""
        with self._lock:
            parked = sum(job.owner == owner for job in self._parked.values())
            waiting = self._queue.count(owner) + self._arriving[owner] + parked
            if count > 1 and waiting + count > WAITING_TOGETHER:
                raise CnnvizError("queue_full_for_sweep", count=count, waiting=waiting, limit=WAITING_TOGETHER)
            if count == 1 and waiting >= self._waiting_per_owner:
                raise CnnvizError("queue_full_for_owner", waiting=waiting, limit=self._waiting_per_owner)
            in_all = WAITING_IN_ALL if count == 1 else WAITING_IN_ALL // 2  # sweeps leave room for single runs
            if len(self._queue) + self._arriving.total() + count > in_all:
                self._make_room(owner, address, count, in_all)
            self._arriving[owner] += count
        try:
            yield
        finally:
            with self._lock:
                self._arriving[owner] -= count
                self._arriving += Counter()  # forgets who has none left

    def _make_room(self, owner: str, address: str, count: int, limit: int) -> None:
        """For a single run the newest of whoever has most of them waiting gives its place up; with the lock held."""
        run_id = self._queue.surplus(owner, address) if count == 1 else None
        if run_id is None:
            raise CnnvizError("queue_full", limit=limit)
        place = place_of(self.store.record(run_id))
        self.store.append(run_id, [Failed(**place, code="queue_displaced", parameters={"limit": limit})])
        self._queue.remove(run_id)
        del self._jobs[run_id]

    def _wait(self, run_id: str, job: Job) -> None:
        with self._lock:
            self._jobs[run_id] = job
            self._queue.put(job.owner, run_id, job.address)
            self._dispatch()

    def _dispatch(self) -> None:
        """Give waiting runs to idle workers, hiring as many as there are seats; with the lock held."""
        while not self._closed.is_set() and not self._held:
            idle = [worker for worker in self._alive if worker.idle]
            if idle and any(worker.looks_for_room for worker in self._alive):
                self._dismiss(idle)  # whoever is looking for room comes before those who wait
                return
            busy = self._busy()
            following = self._queue.peek(busy)
            if following is None:
                return
            shape = self.shape_of(self._jobs[following[1]].config)
            worker = next((worker for worker in idle if worker.shape == shape), None)
            taken = sum(worker.size for worker in self._alive)
            if worker is None and taken and taken + self.seats_of(shape) > self.seats:
                self._dismiss(idle)  # of another shape
                self._claim_seats()
                return
            self._queue.pop(busy)
            self._begin(following[1], worker, shape)

    def _begin(self, run_id: str, worker: Seat | None, shape: int) -> None:
        """Let a run have a worker, an idle one or a new one; with the lock held."""
        job = self._jobs.pop(run_id)
        try:
            self._check(job.config)  # a cluster may have shrunk since
            self._give(worker or self._hire(shape), run_id, job)
        except CnnvizError as error:
            self._persistence.end_failed(run_id, error.code, error.parameters, "")
        except OSError as error:
            self._persistence.end_failed(run_id, "training_failed", {"error": "no process"}, str(error))

    def _busy(self) -> Container[str | None]:
        """Who may not have one more seat: whoever has one, or, where nobody else waits, as many as one may have."""
        taken: Counter[str | None] = Counter()
        for worker in self._alive:
            if not worker.idle:
                taken[worker.owner] += worker.size
        if self.seats_per_owner > 1 and self._queue.peek(taken) is None:
            return {owner for owner, seats in taken.items() if seats >= self.seats_per_owner}
        return taken

    def _release(self, patience: float, keep: int) -> None:
        """Send workers away that have had nothing to do for so many seconds, all but some."""
        with self._lock:
            idle = [worker for worker in self._alive if worker.idle]
            kept = [worker for worker in idle if worker.shape == 1][:keep]
            now = time.monotonic()
            self._dismiss(worker for worker in idle if worker not in kept and now - worker.since >= patience)

    def _dismiss(self, workers: Iterable[Seat]) -> None:
        """Send idle workers away, so that somebody else has their room; with the lock held."""
        for worker in workers:
            worker.dismissed = worker.lost = True
            worker.process.kill()

    def _look_again(self) -> None:
        with self._lock:
            self._dispatch()

    @property
    def _alive(self) -> list[Seat]:
        return [worker for worker in self._workers if not worker.lost]

    def _keep_one_warm(self) -> None:
        if self.keeps_one and not self._alive and not self._closed.is_set():
            with suppress(OSError):  # no process to be had now; the next run asks again
                self._hire(1)

    def _hire(self, shape: int) -> Seat:
        worker = Seat(self.hire(shape), shape=shape, size=self.seats_of(shape))
        self._workers.append(worker)
        thread = threading.Thread(target=self._attend, args=(worker,), name="worker", daemon=True)
        self._threads = [thread, *(other for other in self._threads if other.is_alive())]
        thread.start()
        return worker

    def _give(self, worker: Seat, run_id: str, job: Job) -> None:
        worker.take(run_id, job)
        note("run begins", run=run_id, network=job.config.architecture.key, continues=job.continues)
        folder = self.store.run_folder(run_id)
        checkpoint = folder / LAST
        message = {
            "command": "train",
            "run": run_id,
            "config": job.config.model_dump(mode="json"),
            "folder": str(folder),
            "resume": str(checkpoint) if job.continues and checkpoint.exists() else None,
        }
        worker.process.send(message)  # if it is gone, its thread says so
        if worker.ready.is_set():
            self._say_running(run_id)
        for order in job.orders:
            self._tell(worker, run_id, order)

    def _say_running(self, run_id: str) -> None:
        with suppress(CnnvizError):  # its first event says it again
            self.store.set_state(run_id, "running", unless=(*ENDED, "paused", "stopping"))

    def _tell(self, worker: Seat, run_id: str, order: Message) -> bool:
        """A command to a run that has a seat, with the lock held; returns whether it is heard now."""
        action = order["command"]
        if worker.leaving and action != "stop":
            worker.orders.append(order)  # it is giving its seat up and hears no more: told again once it has
            return False
        worker.process.send(order)
        worker.note(action)
        if action == "stop" and not worker.stopping:
            worker.stopping, worker.leaving = True, False
            self._later(_PATIENCE, self._lose_patience, worker, run_id)
        elif worker.paused_since is not None:
            self._later(self._patience, self._look_again)
        return True

    # paused runs that others wait for

    def _claim_seats(self) -> None:
        """Ask runs that have been paused for too long for their seats, as many as can be used; with the lock held."""
        for worker in self._alive:
            left = worker.patience_left(self._patience)
            others = {other.owner for other in self._alive if other is not worker and other.run_id is not None}
            if left == 0 and not worker.leaving and self._queue.peek(others) is not None:
                worker.leaving = True
                worker.process.send({"command": "stop", "run": worker.run_id, "learning_rate": None})
                return  # when it has gone, whoever still waits asks again

    def _park(self, worker: Seat, run_id: str) -> bool:
        """A run has given its seat up; False if that is not why it ended."""
        with self._lock:
            if not worker.leaving or worker.job is None:
                return False
            note("run gives its seat up", run=run_id)
            self._parked[run_id] = replace(worker.job, continues=True, orders=())
            orders = worker.orders
            worker.leave()
            worker.leaving, worker.orders, worker.paused_since = False, [], None
            with suppress(CnnvizError):  # it stays paused then, and can be told again
                for order in orders:
                    self._tell_parked(run_id, order)
            self._dispatch()
        return True

    def _tell_parked(self, run_id: str, order: Message) -> None:
        """A command to a run that gave its seat up; with the lock held."""
        job = self._parked.get(run_id)
        if job is None or order["command"] == "pause":
            return
        record = self.store.record(run_id)
        match order["command"]:
            case "stop":
                self.store.append(run_id, stopped_events(record))
                del self._parked[run_id]
                return
            case "learning_rate":
                self._parked[run_id] = replace(job, orders=(*job.orders, order))
                return
            case "resume":
                self.store.append(run_id, [Controlled(**place_of(record), action="resume")])
            case "step":
                job = replace(job, orders=(*job.orders, order))
        self.store.set_state(run_id, "queued")
        del self._parked[run_id]
        self._wait(run_id, job)

    # the thread of a worker

    def _attend(self, worker: Seat) -> None:
        words = ""
        try:
            for message in worker.process.messages():
                if message.get("kind") == "ready":
                    with self._lock:
                        worker.ready.set()
                        if worker.run_id is not None:
                            self._say_running(worker.run_id)
                elif message.get("kind") == "event" and message["run"] == worker.run_id:
                    self._take(worker, message["run"], parse_event(message["event"]))
        except Exception:  # whatever it said, its run must come to an end
            words = traceback.format_exc()
            worker.process.kill()
        self._bury(worker, words)

    def _take(self, worker: Seat, run_id: str, event: Event) -> None:
        worker.heard = True
        if worker.leaving:
            if isinstance(event, Controlled) and event.action == "stop":
                return  # nobody has stopped it
            if isinstance(event, Finished) and event.reason == "stopped" and self._park(worker, run_id):
                return
        self._persistence.keep(run_id, event)
        if isinstance(event, Finished | Failed):
            reason = event.reason if isinstance(event, Finished) else event.code
            level = logging.INFO if isinstance(event, Finished) else logging.WARNING
            note("run ends", level=level, run=run_id, reason=reason, step=event.step, seconds=round(event.seconds, 3))
            if isinstance(event, Failed) and event.code == "disk_full":
                self._persistence.wait_for_space()  # this seat is nobody's meanwhile
            with self._lock:
                worker.leave()
                self._dispatch()
            with suppress(CnnvizError, OSError):  # asked again after the next run
                self.store.make_room()

    def _bury(self, worker: Seat, words: str) -> None:
        """A worker has ended: say what became of its run, and hire another one."""
        broke_off, words = bool(words), worker.process.last_words() + words
        worker.process.forget()
        with self._lock:
            run_id, worker.lost = worker.run_id, True
        if not self._closed.is_set() and not worker.dismissed:
            note("worker lost", level=logging.WARNING, run=run_id, killed=worker.process.was_killed)
        if run_id is not None and not self._closed.is_set() and not self._park(worker, run_id):
            if not broke_off and self._begin_again(worker, run_id):
                pass
            elif worker.stopping:
                self._persistence.end_stopped(run_id)
            elif worker.ready.is_set() or worker.process.was_killed:
                self._persistence.end_lost(run_id, words)
            else:
                self._persistence.end_failed(run_id, "training_failed", {"error": "worker"}, words)
        with self._lock:
            worker.leave()  # so that nobody's patience with it ends the run once more, which may have been continued
            self._workers.remove(worker)
            if worker.ready.is_set() and not worker.dismissed:  # one that failed at its start would fail again
                self._keep_one_warm()
            self._dispatch()

    def _begin_again(self, worker: Seat, run_id: str) -> bool:
        """Somebody else takes a run that its worker was lost with before it began; False if it had, or if that is so
        for the second time: the run itself may be what ends workers.
        """
        with self._lock:
            started = worker.heard or not (worker.ready.is_set() or worker.process.was_killed)
            if started or worker.job is None or worker.job.again or worker.stopping or worker.paused_since is not None:
                return False
            note("run waits again", run=run_id)
            worker.leave()
            with suppress(CnnvizError):  # its first event says where it is
                self.store.set_state(run_id, "queued", unless=ENDED)
            self._wait(run_id, replace(worker.job, again=True))
        return True

    def _lose_patience(self, worker: Seat, run_id: str) -> None:
        """A worker is still in its step: the run ends now, the process as fast as the system can take it down."""
        with self._lock:
            if worker.run_id != run_id or not worker.stopping:  # it has stopped, and may have been continued since
                return
            worker.run_id, worker.lost = None, True
            worker.process.kill()
            self._keep_one_warm()
        self._persistence.end_stopped(run_id)
        with self._lock:
            self._dispatch()

    def _later(self, seconds: float, function: Any, *arguments: Any) -> None:
        timer = threading.Timer(seconds, function, arguments)
        timer.daemon = True
        timer.start()
