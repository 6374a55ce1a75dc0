"""The hub: wakes readers of events and logs, and reads the event log by position. It knows no web."""
