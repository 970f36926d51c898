"""Parts common to all requests: problems, parameters, redaction, observation."""
