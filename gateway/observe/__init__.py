"""What operators see: log lines and metrics of every process."""
