"""A small task service: what the suite is demonstrated and tested on."""
