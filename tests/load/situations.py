"""What people of a class have in front of them that a passer-by has not: their panels, and runs of their own."""

import hashlib
from contextlib import closing

from cnnviz.events import Evaluated, Finished, Started, Steps
from cnnviz.specs.range_test import STEPS, range_config
from cnnviz.training import RunStore, TrainingConfig

TABS = {
    "queue": "Queue and runs",
    "caps": "Caps",
    "frozen": "Freeze settings",
    "screens": "Screens",
    "people": "People",
}
SITUATIONS = {
    "a member of the class": ("Use this nickname", "nickname", "leave"),
    "the teacher at the queue": ("hold", "clear", "lock"),
    "the teacher at the caps": ("Settle", "cap most_epochs", "cap threshold", "recount"),
    "the teacher at the frozen settings": ("freeze", "freeze as", "freeze what"),
    "the teacher at the screens": ("Show on every screen", "board open", "address"),
    "the teacher at the people": ("take_away_names", "unwanted", "take_away_idle"),
    "a run of one's own that is held": ("use_rate", "resume", "one_step", "stop"),
    "a run of one's own that is over": (None, "extend", "delete"),
    "a run of one's own that broke off": (None, "continue"),
    "a range test of one's own": (None, "use_suggested"),
    "a run of somebody else": (None, "unfollow"),
    "runs of one's own side by side": ("note_prediction", "more_seeds"),
}
"""What people of a class have in front of them besides, with how the ids of some of its widgets end.

The first is a button, if there is one that makes what was forged beside it take effect.
"""


def begin(situation, home, visit):
    """Somebody in one of the situations, and what an honest person looks at meanwhile: a page and the rest of its link.

    Args:
        situation: which.
        home: the folder of the server's runs.
        visit: opens a page for somebody.
    """
    cookie = "".join(filter(str.isalpha, situation))
    kind, _at, tab = situation.partition(" at the ")
    if kind == "the teacher":
        visitor = unfolded(visit, "class", cookie)
        if "Unlock" in visitor.labels:
            visitor.fill({"Teacher's secret": "tea"}, "Unlock")
            visitor.open_drawers()
        visitor.set("tab_container", next(label for name, label in TABS.items() if name in tab), "string_value")
        visitor.open_drawers()
        return visitor, ("architecture", {"net": "lenet"})
    visitor = visit("class", cookie)
    if "Join the class" in visitor.labels:
        visitor.join_class(situation[-24:])
    if kind == "a member of the class":
        return unfolded(visit, "class", cookie), ("class", {})
    owner = hashlib.sha256(cookie.encode()).hexdigest()[:20]
    with closing(RunStore(home)) as store:
        if "side by side" in situation:
            link = {"runs": ",".join(crafted(store, owner, state, seed=7) for state in ("paused", "finished"))}
            return unfolded(visit, "runs", cookie, **link), ("runs", {})
        state = {"held": "paused", "over": "finished", "off": "stopped", "else": "paused"}.get(situation.split()[-1])
        of = "somebody else" if situation.endswith("else") else owner
        run_id = crafted(store, of, state or "finished", tests_range=state is None)
        return unfolded(visit, "training", cookie, run=run_id), ("training", {})


def crafted(store, owner, state, *, tests_range=False, seed=0):
    """A run as it would stand in the store after a while; returns its id. Nothing trains."""
    config = TrainingConfig(architecture="lenet", epochs=2, train_images=1280, test_images=100, seed=seed)
    config = range_config(config.replace(train_images=STEPS * config.batch_size)) if tests_range else config
    run_id, steps = store.create(config, owner=owner), config.total_steps - (0 if state == "finished" else 5)
    place = {"step": steps, "epoch": 1, "seconds": 9.0}
    figures = {"train_loss": 1.0, "train_accuracy": 0.5, "learning_rate": 0.1, "images_per_second": 1000.0}
    shares = [step / steps for step in range(steps)]
    losses = tuple(2.3 - 1.5 * share + 3 * max(0, share - 0.8) for share in shares)
    started = Started(
        total_steps=config.total_steps, steps_per_epoch=config.steps_per_epoch, parameters=61_706, train_images=1280,
        test_images=100, device="cpu", device_name="none", precision="float32", threads=1,
    )  # fmt: skip
    trained = Steps(
        first_step=1, losses=losses, accuracies=(0.5,) * steps,
        learning_rates=tuple(1e-6 * 10 ** (7 * share) for share in shares), **place, **figures,
    )  # fmt: skip
    evaluated = Evaluated(test_loss=1.0, test_accuracy=0.6, test_images=100, **place, **figures)
    store.append(run_id, [started, trained, evaluated])
    if state == "paused":
        store.set_state(run_id, "paused")
    else:
        store.append(run_id, [Finished(reason="stopped" if state == "stopped" else "completed", **place)])
    return run_id


def unfolded(visit, page, cookie=None, **query):
    """Somebody who has a page open, with all that can be unfolded."""
    visitor = visit(page, cookie, **query)
    visitor.open_drawers()
    return visitor
