"""Does the verdict hold? What it says of maps that know nothing, that are right, and of all.

Each picture is examined once (``trial``) and its figures are kept, so that the work can be
interrupted and extended; ``summary`` adds them up with intervals by picture.
"""
