"""Measure the product on labelled data and on its own demonstration: replay, agreement, reports, the bench."""
