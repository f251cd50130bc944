"""Public bank file formats, written from records: camt.05x, MT940, BAI2, receipts.

Rule kept here: nobody's dialect. A record that a format cannot carry exactly is refused, never
cut or rounded; what a format has no place for is left out and named in its module.
"""
