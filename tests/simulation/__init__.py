"""Many instances of the function in one thread: virtual time, seeded faults, and a book that tells
whether it went well.

``world`` moves the time and picks who goes on; ``chaos`` draws the faults; ``process``, ``store``
and ``venue`` are the ports as one instance meets them; ``exchange`` is the venue's own side, its
book above all; ``alerts`` are what one seed has in store, single orders, several legs or the
positions of a strategy; ``senders`` fire them; ``watch`` holds the invariants, and ``target_watch``
those of positions; ``run`` puts one seed together; ``mutations`` break the protocol on purpose.
"""
