"""Rules of acknowledgements: what is known of the numbers of a boot."""
