"""A venue that is not Kraken and speaks other words: its server, the Venue that asks it, and the
function that VENUE names. What somebody who adds a venue has to write, in small."""
