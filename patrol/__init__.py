"""The application: command line, settings, processes, embedded services."""
