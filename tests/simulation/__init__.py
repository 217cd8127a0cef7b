"""Many instances of the function in one thread: virtual time, seeded faults, and a book that tells whether it went well.

``world`` moves the time and picks who goes on; ``chaos`` draws the faults; ``process``, ``store`` and ``venue`` are the
ports as one instance meets them; ``exchange`` is the venue's own side, its book above all; ``senders`` fire the alerts;
``watch`` holds the invariants; ``run`` puts one seed together; ``mutations`` break the protocol on purpose.
"""
