"""netcourse: understand Docker networking by doing it."""
