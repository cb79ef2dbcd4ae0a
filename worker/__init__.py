"""The jobs, in the order in which mail meets them. The only place that names rq and redis."""
