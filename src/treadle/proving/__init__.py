"""Whether jobs are safe to retry: `treadle job verify` kills them at every point and compares what they come to."""
