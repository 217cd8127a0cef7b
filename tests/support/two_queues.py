"""Which file a worker plays next: every second of them begins with what waits for processes of its
own, the others with what computes, so that a processor always has something to do."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

WAITING = ("tests/browser/", "tests/e2e/")


class TwoQueues(LoadFileScheduling):
    """Each queue in the order of the collection. Whose queue is empty goes on with the other."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        waits = self.nodes.index(node) % 2 == 0
        for file in self.workqueue:
            if file.startswith(WAITING) == waits:
                self.workqueue.move_to_end(file, last=False)
                break
        super()._assign_work_unit(node)
