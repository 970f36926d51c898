"""What every request passes: problems, parameters, redaction, observation."""
