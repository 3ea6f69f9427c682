"""The process that trains: `python -m cnnviz.training.worker`, JSON lines both ways, end of input means exit.

In, one object a line:
    {"command": "train", "run": id, "config": {…}, "folder": path or null, "resume": path or null,
     "passing": a folder that ends with this process, if there is one}
    {"command": "pause" | "resume" | "step" | "stop" | "learning_rate", "run": id, "learning_rate": rate}
Out:
    {"kind": "ready"}                        torch is imported and the data read
    {"kind": "acknowledged", "run": id, "action": …}   at once, even in the middle of a slow step
    {"kind": "event", "run": id, "event": {…}}          the last one of a run is finished or failed, whatever happened

One thread reads commands while the main thread trains. When the input ends the server is gone, however it went, and
this process ends at once. (A signal from the kernel at the parent's death would not do: it follows the thread that
started the process, and a Streamlit thread lives for one rerun.)
"""

import gc
import json
import os
import queue
import shutil
import signal
import sys
import threading
import traceback
from contextlib import suppress
from typing import IO, Any, Final

from cnnviz.errors import CnnvizError, problems
from cnnviz.events import Event, Failed
from cnnviz.specs.training import TrainingConfig
from cnnviz.training.control import Command, Control

_NICENESS: Final = 5  # the page comes first when both want a core


class Worker:
    """Jobs in, events out.

    Args:
        output: where the lines go.
    """

    def __init__(self, output: IO[str]) -> None:
        self._output = output
        self._writing = threading.Lock()
        self._jobs: queue.SimpleQueue[tuple[dict[str, Any], Control]] = queue.SimpleQueue()
        self._current = "", Control()
        self._passing: str | None = None

    def read_commands(self, lines: IO[bytes]) -> None:
        """Obey until the input ends, then end this process in whatever state it is."""
        try:
            for line in lines:
                self._obey(json.loads(line))
        finally:
            if self._passing:
                shutil.rmtree(self._passing, ignore_errors=True)
            os._exit(0)

    def run(self) -> None:
        """Get ready, then train one job after another, for ever."""
        _warm_up()
        self._say({"kind": "ready"})
        while True:
            job, control = self._jobs.get()
            for event in _events(job, control):
                self._say_event(job["run"], event)
            gc.collect()

    def _obey(self, message: dict[str, Any]) -> None:
        run, action = message["run"], message["command"]
        if action == "train":
            self._current = run, Control()
            self._passing = message.get("passing")
            self._jobs.put((message, self._current[1]))
            return
        wanted, control = self._current
        if run == wanted:
            control.send(Command(action, message.get("learning_rate")))
            self._say({"kind": "acknowledged", "run": run, "action": action})

    def _say(self, message: dict[str, Any]) -> None:
        self._write(json.dumps(message))

    def _say_event(self, run: str, event: Event) -> None:
        self._write(f'{{"kind": "event", "run": {json.dumps(run)}, "event": {event.model_dump_json()}}}')

    def _write(self, line: str) -> None:
        with self._writing:
            self._output.write(line + "\n")
            self._output.flush()


def _events(job: dict[str, Any], control: Control) -> Any:
    """The events of a job; whatever goes wrong becomes its last event."""
    from cnnviz.training.choices import set_threads
    from cnnviz.training.loop import train

    try:
        config = TrainingConfig.parse(job["config"])
        set_threads(config)
        yield from train(config, control=control, resume=job.get("resume"), folder=job.get("folder"))
    except CnnvizError as error:
        yield _failed(error, traceback.format_exc())
    except Exception as error:
        code = problems(error)[0] if isinstance(error, ValueError) else None
        failure = CnnvizError("training_failed", error=type(error).__name__)
        yield _failed(code or failure, traceback.format_exc())


def _failed(error: CnnvizError, detail: str) -> Failed:
    parameters = json.loads(json.dumps(error.parameters, default=str))
    return Failed(code=error.code, parameters=parameters, detail=detail)


def _warm_up() -> None:
    """Import torch, read the data, and take one tiny step, which is when torch loads most of its kernels."""
    from cnnviz.training.choices import set_threads
    from cnnviz.training.loop import train

    tiny = TrainingConfig(architecture="lenet", train_images=32, batch_size=32, test_images=32, evaluations=1)
    set_threads(tiny)
    with suppress(CnnvizError):  # a missing or damaged data file is the job's to say, in its own event
        for _ in train(tiny):
            pass


def _protected_output() -> IO[str]:
    """The standard output for the protocol alone: what anything else prints goes to the standard error."""
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return output


def main() -> None:
    """Be a worker until the input ends."""
    worker = Worker(_protected_output())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, whose end is this one's
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    threading.Thread(target=worker.read_commands, args=(sys.stdin.buffer,), daemon=True).start()
    try:
        worker.run()
    except BrokenPipeError:  # nobody listens any more
        os._exit(0)
    except BaseException:
        end_in_words()


def end_in_words() -> None:
    """Say what went wrong and end at once: an orderly end would trip over the thread that reads the input."""
    traceback.print_exc()
    sys.stderr.flush()
    os._exit(1)


if __name__ == "__main__":
    main()
