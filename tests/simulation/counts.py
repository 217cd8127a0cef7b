"""Worlds in which a day has fewer places than alerts that want one: what the venue's book may hold
then, and that nobody is refused a place that is there."""

from __future__ import annotations

from random import Random

from tests.simulation.alerts import Alert, Plan, order_of, written
from tests.simulation.exchange import BookOrder
from tests.simulation.senders import Delivery
from tests.simulation.watch import Invariant, Watch
from tests.simulation.world import SECOND
from webhook_core.web.messages import HttpResponse

MOST = 2
LIMITS = {"ORDERS_PER_DAY": str(MOST)}


def draw_counted(random: Random) -> Plan:
    """Three to six alerts, close together, and one more for when all is over."""
    alerts = []
    for number in range(random.choice((3, 4, 5, 6)) + 1):
        volume, name = f"0.005{number + 1:05}", f"alert-{number}"
        pair = "ETH/USD" if random.random() < 0.3 else "BTC/USD"
        fields = {"symbol": pair, "id": name, **order_of(random, volume)}
        fires_at = int(random.random() * random.choice((0.1, 3, 40)) * SECOND)
        alerts.append(Alert(name, written(fields), (volume,), (fires_at,), stays_good=True))
    return Plan(tuple(alerts))


class CountWatch(Watch):
    def placed(self, order: BookOrder) -> None:
        super().placed(order)
        if len(self.book) > MOST:
            self.broken(Invariant.WITHIN_THE_COUNT, f"{order.order_id} is one too many")

    def answered(self, delivery: Delivery, response: HttpResponse) -> None:
        """The last alert comes when everything else is over: then the book says who has one."""
        super().answered(delivery, response)
        is_last = delivery.alert is self._alerts[-1]
        if is_last and "ORDERS_PER_DAY" in response.body.decode() and len(self.book) < MOST:
            self.broken(
                Invariant.A_PLACE_IS_A_PLACE,
                f"{delivery.alert.name} got none, and {len(self.book)} are taken",
            )
