"""The rooms of the services: each puts together the adapters of one subject. `bootstrap.py` joins them."""
