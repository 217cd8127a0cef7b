"""From what an alert wants to what is to be sent for it: which module answers which question.

**What becomes of an alert?** ``decide`` begins; an order of a fixed size needs no more. Whatever
follows from the account is planned by ``leg_plans``, each leg by ``leg_planner``, on what
``read_facts`` has read. ``decision`` has the words for both ends, ``sources`` is where facts come
from, ``shared_reads`` reads them once for several plans. ``pair_rules``, ``account_fees`` and
``account_worth``: a pair's decimals, what Kraken charges, what all is worth.

**When is a figure believed?** ``believed`` states the rule and asks, of each figure of a read
(``account_reads``):

- What can have changed it: ``own_orders`` (of ours), ``resting_orders`` (what rests); of which
  figure, and when, ``own_changes``. What that filled: ``order_fills``.
- Which of that it shows: ``settled_figures``, by what earlier plans saw (``among_others``) or
  reconcile (``seen_figures``); ``one_moment``, by the other side of the pair; ``position_course``,
  by the rows of a position.
- What rested then, and rests no more: ``resting_exits``, by ``open_orders``, ``seen_resting`` and
  ``last_prices``.
- What others have traded: ``others_trades`` (``other_steps``), ``accounted_rows``.

**What did a strategy buy itself?** ``own_positions``, from trades and ``unseen_trades``; whether
these are of the moment of the figures, ``own_agrees``. Its exits at rest: ``own_exits``. What
several sales leave of it: ``own_sold``; of a position, for a percentage, ``percent_left``. A close
of a whole scope: ``own_closes``.

**What gives way to a close, and what comes back?** ``freed_exits``, ``beside_exits``; with nothing
held ``idle_exits``; behind several closes ``several_closes``; behind a limit ``behind_limits``.

**What goes out although an order of ours has no outcome?** ``least_held``, ``passed_orders``.

**Which orders does a cancel or an amendment mean?** ``change_planner``: ``meant_orders``, those
that no list shows ``unlisted_orders``, those that were never sent ``unsent_orders``.

**What forbids a plan beside the limits of one order?** ``within_limits`` with ``held_figures``,
``open_entries``, ``wanted_entries`` and ``reservations``; ``guarded``; a token, ``permitted``; an
alert that was lost before, ``missed_alerts``.
"""
